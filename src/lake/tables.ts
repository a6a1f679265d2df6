import {
  boolean,
  doublePrecision,
  index,
  integer,
  jsonb,
  numeric,
  pgTable,
  primaryKey,
  text,
  timestamp,
} from 'drizzle-orm/pg-core';

const moment = (name: string) => timestamp(name, { withTimezone: true, mode: 'date' });

/** What every believed record carries; see records.ts. */
const known = {
  id: text('id').primaryKey(),
  source: text('source').notNull(),
  asset: text('asset').notNull(),
  eventTime: moment('event_time').notNull(),
  knownAt: moment('known_at').notNull(),
  ingestedAt: moment('ingested_at').notNull(),
  backfilled: boolean('backfilled').notNull(),
};

/** Closed bars, every version of them. Prices keep the provider's decimals. */
export const candles = pgTable(
  'candles',
  {
    ...known,
    barMinutes: integer('bar_minutes').notNull(),
    open: numeric('open').notNull(),
    high: numeric('high').notNull(),
    low: numeric('low').notNull(),
    close: numeric('close').notNull(),
    volume: numeric('volume').notNull(),
  },
  (table) => [
    index('candles_known').on(table.asset, table.barMinutes, table.knownAt),
    index('candles_bar').on(table.eventTime, table.source),
  ],
);

/** Headlines; only the title is scored. */
export const articles = pgTable(
  'articles',
  {
    ...known,
    publisher: text('publisher'),
    title: text('title').notNull(),
    summary: text('summary'),
    url: text('url'),
  },
  (table) => [index('articles_known').on(table.asset, table.knownAt)],
);

export const posts = pgTable(
  'posts',
  { ...known, platform: text('platform'), text: text('text').notNull() },
  (table) => [index('posts_known').on(table.asset, table.knownAt)],
);

/** Daily values; `event_time` is the beginning of the day. */
export const indices = pgTable(
  'indices',
  { ...known, name: text('name').notNull(), value: numeric('value').notNull() },
  (table) => [
    index('indices_known').on(table.asset, table.knownAt),
    index('indices_day').on(table.eventTime, table.source, table.name),
  ],
);

/** What was turned away, whole, so that it can be replayed. */
export const quarantine = pgTable(
  'quarantine',
  {
    id: text('id').primaryKey(),
    source: text('source').notNull(),
    kind: text('kind').notNull(),
    asset: text('asset').notNull(),
    reason: text('reason').notNull(),
    message: text('message').notNull(),
    originFile: text('origin_file'),
    originLine: integer('origin_line'),
    record: jsonb('record').notNull(),
    at: moment('at').notNull(),
  },
  (table) => [index('quarantine_reason').on(table.reason, table.at)],
);

/** What a scorer said about an article's title or a post. */
export const scores = pgTable(
  'scores',
  {
    textId: text('text_id').notNull(),
    /** Family and version: `vader@1.0.0`. */
    scorer: text('scorer').notNull(),
    sentiment: doublePrecision('sentiment').notNull(),
    confidence: doublePrecision('confidence').notNull(),
    negative: doublePrecision('negative').notNull(),
    neutral: doublePrecision('neutral').notNull(),
    positive: doublePrecision('positive').notNull(),
    scoredAt: moment('scored_at').notNull(),
  },
  (table) => [primaryKey({ columns: [table.textId, table.scorer] })],
);
