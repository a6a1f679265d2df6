import {
  bigint,
  bigserial,
  doublePrecision,
  index,
  integer,
  jsonb,
  pgTable,
  primaryKey,
  text,
  timestamp,
  unique,
} from 'drizzle-orm/pg-core';
import { DEPLOYMENT_KINDS } from './records.ts';

const moment = (name: string) => timestamp(name, { withTimezone: true, mode: 'date' }).notNull();
const id = () => bigserial('id', { mode: 'number' }).notNull();

/** Every version that a training finished; its files lie in the registry folder. Numbers are unique per family. */
export const modelVersions = pgTable(
  'model_versions',
  {
    asset: text('asset').notNull(),
    family: text('family').notNull(),
    version: text('version').notNull(),
    manifestHash: text('manifest_hash').notNull(),
    recipe: text('recipe').notNull(),
    featureSet: text('feature_set').notNull(),
    scorer: text('scorer').notNull(),
    parent: text('parent'),
    trainedAt: moment('trained_at'),
    expiresAt: moment('expires_at'),
  },
  (table) => [primaryKey({ name: 'model_versions_pk', columns: [table.family, table.version] })],
);

/** Every training, also one that failed or was skipped. */
export const runs = pgTable(
  'runs',
  {
    id: id(),
    asset: text('asset').notNull(),
    family: text('family').notNull(),
    version: text('version'),
    at: moment('at'),
    trigger: text('trigger', { enum: ['first', 'schedule', 'expiry', 'hand'] }).notNull(),
    status: text('status', { enum: ['done', 'failed', 'skipped'] }).notNull(),
    reason: text('reason'),
    parameters: jsonb('parameters').notNull(),
    metrics: jsonb('metrics').notNull(),
    dataHash: text('data_hash'),
    trials: integer('trials').notNull(),
  },
  (table) => [
    primaryKey({ name: 'runs_pk', columns: [table.id] }),
    index('runs_by_time').on(table.asset, table.at),
  ],
);

/** What the gate found for every candidate; a figure that is not to be had is null. */
export const gateDecisions = pgTable(
  'gate_decisions',
  {
    id: id(),
    asset: text('asset').notNull(),
    at: moment('at'),
    horizonMinutes: integer('horizon_minutes').notNull(),
    arm: text('arm').notNull(),
    kind: text('kind', { enum: ['first', 'refresh', 'change', 'champion'] }).notNull(),
    candidate: text('candidate').notNull(),
    incumbentArm: text('incumbent_arm'),
    incumbent: text('incumbent'),
    n: integer('n').notNull(),
    gain: doublePrecision('gain'),
    low: doublePrecision('low'),
    high: doublePrecision('high'),
    threshold: doublePrecision('threshold'),
    agreement: doublePrecision('agreement'),
    verdict: text('verdict', { enum: ['promoted', 'refused'] }).notNull(),
    reason: text('reason').notNull(),
  },
  (table) => [
    primaryKey({ name: 'gate_decisions_pk', columns: [table.id] }),
    index('gate_decisions_by_time').on(table.asset, table.at),
  ],
);

/** What groups of columns were worth on the windows that judged a version; `variants` holds the figures. */
export const ablations = pgTable(
  'ablations',
  {
    id: id(),
    asset: text('asset').notNull(),
    at: moment('at'),
    modelVersion: text('model_version').notNull(),
    arm: text('arm').notNull(),
    scorer: text('scorer').notNull(),
    horizonMinutes: integer('horizon_minutes').notNull(),
    windowFrom: timestamp('window_from', { withTimezone: true, mode: 'date' }),
    windowTo: timestamp('window_to', { withTimezone: true, mode: 'date' }),
    n: integer('n').notNull(),
    // A whole number up to 2^53.
    seed: doublePrecision('seed').notNull(),
    variants: jsonb('variants').notNull(),
  },
  (table) => [
    primaryKey({ name: 'ablations_pk', columns: [table.id] }),
    index('ablations_by_arm').on(table.asset, table.arm, table.horizonMinutes, table.id),
  ],
);

/** The ledger of what was live when. A trigger keeps it append-only; an entry is taken back once at most. */
export const deployments = pgTable(
  'deployments',
  {
    id: id(),
    asset: text('asset').notNull(),
    at: moment('at'),
    kind: text('kind', { enum: DEPLOYMENT_KINDS }).notNull(),
    actor: text('actor').notNull(),
    reason: text('reason').notNull(),
    changes: jsonb('changes').notNull(),
    state: jsonb('state').notNull(),
    undoes: bigint('undoes', { mode: 'number' }),
  },
  (table) => [
    primaryKey({ name: 'deployments_pk', columns: [table.id] }),
    unique('deployments_undoes').on(table.undoes),
    index('deployments_by_asset').on(table.asset, table.id),
  ],
);
