import { bigint, bigserial, index, jsonb, pgTable, primaryKey, text, timestamp } from 'drizzle-orm/pg-core';

const moment = (name: string) => timestamp(name, { withTimezone: true, mode: 'date' });

/** Which windows are done. A row commits in the same transaction as the window's effects. */
export const windowLedger = pgTable(
  'window_ledger',
  {
    job: text('job').notNull(),
    asset: text('asset').notNull(),
    windowEnd: moment('window_end').notNull(),
    fence: bigint('fence', { mode: 'number' }).notNull(),
    state: text('state').notNull(),
    committedAt: moment('committed_at').notNull(),
  },
  (table) => [primaryKey({ columns: [table.job, table.asset, table.windowEnd] })],
);

/** The newest runner of each job and asset; an older one may not commit any more. */
export const windowRunners = pgTable(
  'window_runners',
  {
    job: text('job').notNull(),
    asset: text('asset').notNull(),
    fence: bigint('fence', { mode: 'number' }).notNull(),
  },
  (table) => [primaryKey({ columns: [table.job, table.asset] })],
);

/** The outbox: what happened, for whoever turns it into alerts. */
export const events = pgTable(
  'events',
  {
    id: bigserial('id', { mode: 'number' }).primaryKey(),
    at: moment('at').notNull(),
    kind: text('kind').notNull(),
    severity: text('severity').notNull(),
    asset: text('asset'),
    facts: jsonb('facts').notNull(),
    dedupKey: text('dedup_key').unique('events_dedup_key'),
  },
  (table) => [index('events_at').on(table.at)],
);

/** Single facts about a workspace: a finished result, the simulator's origin, what was imported. */
export const facts = pgTable('facts', {
  key: text('key').primaryKey(),
  value: jsonb('value').notNull(),
});
