// Every statement of the lake. Parameters are named where they are filled in, in silver.ts and as-of.ts.

/**
 * Columns that all tables of silver begin with, as parameters $1 to $7. Numbers travel as text that Postgres casts;
 * moments as milliseconds, because parsing a million dates on both sides would take longer than storing them.
 */
const KNOWN_COLUMNS = 'id, source, asset, backfilled, event_ms, known_ms';
const KNOWN_ARRAYS = '$1::text[], $2::text[], $3::text[], $4::boolean[], $5::float8[], $6::float8[]';
const KNOWN_TARGETS = 'id, source, asset, backfilled, event_time, known_at, ingested_at';
const KNOWN_VALUES =
  'id, source, asset, backfilled, to_timestamp(event_ms / 1000), to_timestamp(known_ms / 1000), to_timestamp($7::float8 / 1000)';
/** A row that contradicts an older one is known from now on only, like one that the door itself recognised. */
const REVISED_VALUES = KNOWN_VALUES.replace(
  'to_timestamp(known_ms / 1000)',
  'to_timestamp(CASE WHEN contradicts THEN greatest(known_ms, $7::float8) ELSE known_ms END / 1000)',
);
const RESULT = `SELECT coalesce(string_agg(id, ','), '') AS ids, count(*) FILTER (WHERE contradicts AND known_ms < $7::float8)::int AS revisions
  FROM incoming JOIN inserted USING (id)`;

// IS NOT DISTINCT FROM keeps the planner from looking up old versions through the index on (asset, bar, known_at), where
// it would walk over every bar there is; within an import it has no statistics yet to know that.
export const INSERT_CANDLES = `
  WITH arrived AS (
    SELECT * FROM unnest(${KNOWN_ARRAYS}, $8::int[], $9::numeric[], $10::numeric[], $11::numeric[], $12::numeric[], $13::numeric[])
      AS t (${KNOWN_COLUMNS}, bar_minutes, open, high, low, close, volume)
  ), incoming AS (
    SELECT arrived.*, EXISTS (
      SELECT FROM candles AS old WHERE old.event_time = to_timestamp(arrived.event_ms / 1000) AND old.source = arrived.source
        AND old.asset IS NOT DISTINCT FROM arrived.asset AND old.bar_minutes IS NOT DISTINCT FROM arrived.bar_minutes
        AND old.id <> arrived.id
    ) AS contradicts FROM arrived
  ), inserted AS (
    INSERT INTO candles (${KNOWN_TARGETS}, bar_minutes, open, high, low, close, volume)
    SELECT ${REVISED_VALUES}, bar_minutes, open, high, low, close, volume FROM incoming
    ON CONFLICT (id) DO NOTHING RETURNING id
  ) ${RESULT}`;

export const INSERT_INDICES = `
  WITH arrived AS (
    SELECT * FROM unnest(${KNOWN_ARRAYS}, $8::text[], $9::numeric[]) AS t (${KNOWN_COLUMNS}, name, value)
  ), incoming AS (
    SELECT arrived.*, EXISTS (
      SELECT FROM indices AS old WHERE old.event_time = to_timestamp(arrived.event_ms / 1000) AND old.source = arrived.source
        AND old.name = arrived.name AND old.asset IS NOT DISTINCT FROM arrived.asset AND old.id <> arrived.id
    ) AS contradicts FROM arrived
  ), inserted AS (
    INSERT INTO indices (${KNOWN_TARGETS}, name, value)
    SELECT ${REVISED_VALUES}, name, value FROM incoming ON CONFLICT (id) DO NOTHING RETURNING id
  ) ${RESULT}`;

export const INSERT_ARTICLES = `
  WITH incoming AS (
    SELECT *, false AS contradicts FROM unnest(${KNOWN_ARRAYS}, $8::text[], $9::text[], $10::text[], $11::text[])
      AS t (${KNOWN_COLUMNS}, publisher, title, summary, url)
  ), inserted AS (
    INSERT INTO articles (${KNOWN_TARGETS}, publisher, title, summary, url)
    SELECT ${KNOWN_VALUES}, publisher, title, summary, url FROM incoming ON CONFLICT (id) DO NOTHING RETURNING id
  ) ${RESULT}`;

export const INSERT_POSTS = `
  WITH incoming AS (
    SELECT *, false AS contradicts FROM unnest(${KNOWN_ARRAYS}, $8::text[], $9::text[]) AS t (${KNOWN_COLUMNS}, platform, text)
  ), inserted AS (
    INSERT INTO posts (${KNOWN_TARGETS}, platform, text)
    SELECT ${KNOWN_VALUES}, platform, text FROM incoming ON CONFLICT (id) DO NOTHING RETURNING id
  ) ${RESULT}`;

export const INSERT_QUARANTINE = `
  INSERT INTO quarantine (id, source, kind, asset, reason, message, origin_file, origin_line, record, at)
  SELECT id, source, kind, asset, reason, message, origin_file, origin_line, record, to_timestamp($10::float8 / 1000)
  FROM unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::text[], $6::text[], $7::text[], $8::int[], $9::jsonb[])
    AS t (id, source, kind, asset, reason, message, origin_file, origin_line, record)
  ON CONFLICT (id) DO NOTHING RETURNING id`;

export const SELECT_PRICE_REFERENCES = `
  SELECT DISTINCT ON (source, bar_minutes) source, bar_minutes AS "barMinutes", close::float8 AS close,
    (extract(epoch FROM event_time) * 1000)::float8 AS at
  FROM candles
  WHERE asset = $1 AND event_time > to_timestamp($2::float8 / 1000) - interval '1 day' AND event_time <= to_timestamp($2::float8 / 1000)
  ORDER BY source, bar_minutes, event_time DESC, known_at, id`;

/** One ingest at a time in a workspace; the lock goes with the transaction. */
export const LOCK_INGEST = `SELECT pg_advisory_xact_lock(hashtextextended('ingest:' || current_schema(), 0))`;

/** Lets the planner know how large the tables have become. */
export const ANALYZE_SILVER = 'ANALYZE candles, articles, posts, indices';

const KNOWN =
  'id, source, asset, (extract(epoch FROM event_time) * 1000)::float8 AS "eventTime", (extract(epoch FROM known_at) * 1000)::float8 AS "knownAt"';
const WITHIN = `asset = $1 AND known_at > to_timestamp($2::float8 / 1000) AND known_at <= to_timestamp($3::float8 / 1000)`;

// float8 prints the shortest text that reads back as itself, so a price is the number its decimals stand for.
export const SELECT_CANDLES = `SELECT 'candle' AS kind, ${KNOWN}, bar_minutes AS "barMinutes", open::float8, high::float8, low::float8, close::float8, volume::float8
  FROM candles WHERE ${WITHIN} AND bar_minutes = $4`;
export const SELECT_ARTICLES = `SELECT 'article' AS kind, ${KNOWN}, title AS text FROM articles WHERE ${WITHIN}`;
export const SELECT_POSTS = `SELECT 'post' AS kind, ${KNOWN}, text FROM posts WHERE ${WITHIN}`;
export const SELECT_INDICES = `SELECT 'index' AS kind, ${KNOWN}, name, value::float8 FROM indices WHERE ${WITHIN} AND ($4::text[] IS NULL OR name = ANY ($4))`;

/** The bar that reaches furthest; of several the longest. */
export const SELECT_FURTHEST_BAR = `
  SELECT bar_minutes FROM candles WHERE asset = $1
  GROUP BY bar_minutes ORDER BY max(event_time) DESC, bar_minutes DESC LIMIT 1`;

export const SELECT_BAR_SPAN = `
  SELECT (extract(epoch FROM min(event_time)) * 1000)::float8 AS first,
         (extract(epoch FROM max(event_time)) * 1000)::float8 AS last
  FROM candles WHERE asset = $1 AND bar_minutes = $2`;

export const INSERT_SCORES = `
  INSERT INTO scores (text_id, scorer, sentiment, confidence, negative, neutral, positive, scored_at)
  SELECT text_id, $7, sentiment, confidence, negative, neutral, positive, to_timestamp($8::float8 / 1000)
  FROM unnest($1::text[], $2::float8[], $3::float8[], $4::float8[], $5::float8[], $6::float8[])
    AS t (text_id, sentiment, confidence, negative, neutral, positive)
  ON CONFLICT (text_id, scorer) DO NOTHING`;

export const SELECT_SCORES = `
  SELECT text_id AS "textId", sentiment, confidence, negative, neutral, positive
  FROM scores WHERE scorer = $1 AND text_id = ANY ($2)`;

/** Parameters: asset, asOf. */
export const SELECT_FRESHNESS = `
  SELECT source, sum(rows)::float8 AS rows, (extract(epoch FROM max(last)) * 1000)::float8 AS "lastKnownAt" FROM (
    ${['candles', 'articles', 'posts', 'indices']
      .map(
        (table) =>
          `SELECT source, count(*) AS rows, max(known_at) AS last FROM ${table} WHERE asset = $1 AND known_at <= to_timestamp($2::float8 / 1000) GROUP BY source`,
      )
      .join(' UNION ALL ')}
  ) AS feeds GROUP BY source ORDER BY source`;
