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

const IN_SIGNAL_RANGE = `window_end > to_timestamp($1::float8 / 1000) AND window_end <= to_timestamp($2::float8 / 1000)
  AND ($3::text[] IS NULL OR arm = ANY ($3)) AND ($4::int IS NULL OR horizon_minutes = $4)`;

/** $1 after, $2 up to, $3 arms or null, $4 horizon or null: every arm and horizon there is, and how many are meant. */
export const SIGNAL_SERIES = `
  SELECT arm, horizon_minutes AS "horizonMinutes", (count(*) FILTER (WHERE ${IN_SIGNAL_RANGE}))::int AS count
  FROM predictions GROUP BY arm, horizon_minutes ORDER BY arm COLLATE "C", horizon_minutes`;

/**
 * For a cursor Postgres plans for the first rows and would walk the windows' closes once per prediction; all rows are
 * wanted, so the tables are hashed.
 */
export const SIGNAL_SETTINGS = ['SET LOCAL cursor_tuple_fraction = 1', 'SET LOCAL enable_nestloop = off'];

/** As SIGNAL_SERIES, and $5 job: predictions with their truth; the close is the first version of the ledger's own bar. */
export const SIGNALS = `
  WITH bars AS (
    SELECT asset, (extract(epoch FROM min(step)) / 60)::int AS bar_minutes
    FROM (
      SELECT asset, window_end - lag(window_end) OVER (PARTITION BY asset ORDER BY window_end) AS step
      FROM window_ledger WHERE job = $5
    ) AS steps
    GROUP BY asset
  ), closes AS (
    SELECT DISTINCT ON (c.asset, c.event_time) c.asset, c.event_time, c.close
    FROM candles c JOIN bars b ON b.asset = c.asset
    WHERE b.bar_minutes IS NULL OR c.bar_minutes = b.bar_minutes
    ORDER BY c.asset, c.event_time, c.known_at, c.source, c.id
  ), decided AS (
    SELECT asset, window_end, min(as_of) AS as_of FROM feature_rows GROUP BY asset, window_end
  ), meant AS (
    SELECT * FROM predictions WHERE ${IN_SIGNAL_RANGE}
  )
  SELECT p.asset, (extract(epoch FROM p.window_end) * 1000)::float8 AS "windowEnd",
         (extract(epoch FROM d.as_of) * 1000)::float8 AS "asOf", p.horizon_minutes AS "horizonMinutes", p.arm,
         p.model_version AS "modelVersion", p.probability_up AS "probabilityUp", p.direction, p.sentiment, p.degraded,
         (extract(epoch FROM p.predicted_at) * 1000)::float8 AS "predictedAt",
         (extract(epoch FROM p.matures_at) * 1000)::float8 AS "maturesAt", o.outcome,
         (extract(epoch FROM o.known_at) * 1000)::float8 AS "outcomeKnownAt", o.future_return AS "futureReturn",
         c.close::text AS close
  FROM meant p
  LEFT JOIN outcomes o ON o.asset = p.asset AND o.window_end = p.window_end
    AND o.horizon_minutes = p.horizon_minutes AND o.entry_delay_minutes = 0
  LEFT JOIN decided d ON d.asset = p.asset AND d.window_end = p.window_end
  LEFT JOIN closes c ON c.asset = p.asset AND c.event_time = p.window_end
  ORDER BY p.asset COLLATE "C", p.window_end, p.horizon_minutes, p.arm COLLATE "C"`;
