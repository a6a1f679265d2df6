/*
 * SQL of the commands that look a workspace over. Everything else they ask through the modules' own doors.
 * Table names are found by the workspace's search_path.
 */

/** $1 job: what the ledger holds of each asset, and the shortest step between two windows. */
export const LEDGER_SPANS = `
  SELECT asset, count(*)::int AS windows,
         (extract(epoch FROM min(window_end)) * 1000)::float8 AS first,
         (extract(epoch FROM max(window_end)) * 1000)::float8 AS last,
         (extract(epoch FROM min(step)) / 60)::float8 AS "barMinutes"
  FROM (
    SELECT asset, window_end, window_end - lag(window_end) OVER (PARTITION BY asset ORDER BY window_end) AS step
    FROM window_ledger WHERE job = $1
  ) AS steps
  GROUP BY asset ORDER BY asset`;

/** All predictions and what became of them. */
export const PREDICTION_COUNTS = `
  SELECT count(*)::int AS predictions, count(o.outcome)::int AS matured,
         (count(*) FILTER (WHERE o.outcome = 'void'))::int AS voids
  FROM predictions p
  LEFT JOIN outcomes o ON o.asset = p.asset AND o.window_end = p.window_end
    AND o.horizon_minutes = p.horizon_minutes AND o.entry_delay_minutes = 0`;

export const SILVER_COUNTS = `
  SELECT (SELECT count(*) FROM candles)::int AS candles, (SELECT count(*) FROM articles)::int AS articles,
         (SELECT count(*) FROM posts)::int AS posts, (SELECT count(*) FROM indices)::int AS indices`;

export const QUARANTINE_COUNTS = `
  SELECT reason, count(*)::int AS count FROM quarantine GROUP BY reason ORDER BY count(*) DESC, reason`;

/** $1 schema: bytes of its tables, indexes included. */
export const SCHEMA_BYTES = `
  SELECT coalesce(sum(pg_total_relation_size(c.oid)), 0)::float8 AS bytes
  FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
  WHERE n.nspname = $1 AND c.relkind IN ('r', 'p', 'm')`;

/** $1 job, $2 asset: windows from the first predicted one on that nobody predicted. */
export const UNPREDICTED_WINDOWS = `
  SELECT (extract(epoch FROM w.window_end) * 1000)::float8 AS "windowEnd"
  FROM window_ledger w
  WHERE w.job = $1 AND w.asset = $2
    AND w.window_end >= (SELECT min(p.window_end) FROM predictions p WHERE p.asset = $2)
    AND NOT EXISTS (SELECT FROM predictions p WHERE p.asset = $2 AND p.window_end = w.window_end)
  ORDER BY w.window_end`;
