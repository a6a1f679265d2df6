import { boolean, doublePrecision, pgTable, primaryKey, text, timestamp } from 'drizzle-orm/pg-core';

const moment = (name: string) => timestamp(name, { withTimezone: true, mode: 'date' }).notNull();

/** The offline store: every feature vector as it was at its decision. NaN = missing. */
export const featureRows = pgTable(
  'feature_rows',
  {
    asset: text('asset').notNull(),
    featureSet: text('feature_set').notNull(),
    windowEnd: moment('window_end'),
    asOf: moment('as_of'),
    values: doublePrecision('values').array().notNull(),
    degraded: boolean('degraded').notNull(),
  },
  (table) => [
    primaryKey({ name: 'feature_rows_pk', columns: [table.asset, table.featureSet, table.windowEnd] }),
  ],
);

/** What the features remember after a window. Text, because jsonb would write the numbers anew. */
export const featureState = pgTable(
  'feature_state',
  {
    asset: text('asset').notNull(),
    featureSet: text('feature_set').notNull(),
    windowEnd: moment('window_end'),
    state: text('state').notNull(),
  },
  (table) => [
    primaryKey({ name: 'feature_state_pk', columns: [table.asset, table.featureSet, table.windowEnd] }),
  ],
);
