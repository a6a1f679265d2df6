import {
  boolean,
  doublePrecision,
  index,
  integer,
  pgTable,
  primaryKey,
  text,
  timestamp,
} from 'drizzle-orm/pg-core';

const moment = (name: string) => timestamp(name, { withTimezone: true, mode: 'date' }).notNull();

/** What every arm said about every window, written once, when it was said. */
export const predictions = pgTable(
  'predictions',
  {
    asset: text('asset').notNull(),
    windowEnd: moment('window_end'),
    horizonMinutes: integer('horizon_minutes').notNull(),
    arm: text('arm').notNull(),
    modelVersion: text('model_version').notNull(),
    probabilityUp: doublePrecision('probability_up').notNull(),
    direction: text('direction', { enum: ['up', 'down'] }).notNull(),
    sentiment: doublePrecision('sentiment'),
    predictedAt: moment('predicted_at'),
    maturesAt: moment('matures_at'),
    degraded: boolean('degraded').notNull(),
    /** Why the model should rather have given no direction; null where it should. */
    abstention: text('abstention'),
  },
  (table) => [
    primaryKey({
      name: 'predictions_pk',
      columns: [table.asset, table.windowEnd, table.horizonMinutes, table.arm],
    }),
    index('predictions_by_arm').on(table.asset, table.arm, table.horizonMinutes, table.windowEnd),
  ],
);

/**
 * What came true, once for all arms of a window. `entry_delay_minutes` 0 is the truth itself, one bar is the same
 * direction entered one bar later.
 */
export const outcomes = pgTable(
  'outcomes',
  {
    asset: text('asset').notNull(),
    windowEnd: moment('window_end'),
    horizonMinutes: integer('horizon_minutes').notNull(),
    entryDelayMinutes: integer('entry_delay_minutes').notNull(),
    outcome: text('outcome', { enum: ['up', 'down', 'void'] }).notNull(),
    futureReturn: doublePrecision('future_return'),
    knownAt: moment('known_at'),
  },
  (table) => [
    primaryKey({
      name: 'outcomes_pk',
      columns: [table.asset, table.windowEnd, table.horizonMinutes, table.entryDelayMinutes],
    }),
  ],
);
