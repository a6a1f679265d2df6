import { createModels } from '../src/compose.ts';
import {
  createCache,
  createVirtualClock,
  SECOND_MS,
  silentLog,
  type EpochMs,
  type Workspace,
} from '../src/core/index.ts';
import { featureMigrations } from '../src/features/index.ts';
import { ingest, lakeMigrations } from '../src/lake/index.ts';
import { createFitPool } from '../src/models/index.ts';
import { predictionMigrations } from '../src/prediction/index.ts';
import { registryMigrations } from '../src/registry/index.ts';
import { createInputFeed } from '../src/input-feed.ts';
import type { WindowParts } from '../src/run-window.ts';
import { openRun, runThrough, type RunOptions, type WorkspaceRun } from '../src/window-run.ts';
import { createTestWorkspace, type TestWorkspace } from './database.ts';
import { ASSET, BAR_MINUTES, GRACE_SECONDS, openMarket, type MarketPlan } from './simulated-market.ts';

/** A workspace with all tables that a run writes. */
export function createRunWorkspace(): Promise<TestWorkspace> {
  return createTestWorkspace([lakeMigrations, featureMigrations, registryMigrations, predictionMigrations]);
}

/** Brings a simulated market into silver, whole, as an import does. */
export async function importMarket(workspace: Workspace, plan: MarketPlan): Promise<void> {
  const { simulator, range } = openMarket(plan);
  await ingest({ workspace, source: simulator, asset: ASSET, range, now: range.upTo });
}

/** Takes the workspace's run over, with the models of today unless others are given. */
export async function openTestRun(
  workspace: Workspace,
  changes: Partial<RunOptions> & Pick<RunOptions, 'predictAfter'>,
): Promise<WorkspaceRun> {
  return openRun({
    holdout: null,
    ...createModels(BAR_MINUTES),
    cadenceDays: 7,
    expiryDays: 182,
    firstChampion: 'logistic+vader',
    pool: createFitPool({ threads: 0 }),
    workspace,
    cache: await createCache({ redisUrl: '', log: silentLog }),
    asset: ASSET,
    graceSeconds: GRACE_SECONDS,
    seed: 1,
    ...changes,
  });
}

/** Decides windows as a replay does: the clock stands at each decision, inputs are read some days ahead. */
export async function replayWindows(
  windows: readonly EpochMs[],
  run: WorkspaceRun,
  options: {
    isLive?: boolean;
    aheadMs?: number;
    signal?: AbortSignal;
    onWindow?: (windowEnd: EpochMs) => void;
    onCommit?: (done: number, total: number) => void;
    collect?: WindowParts['collect'];
  } = {},
): Promise<void> {
  const { isLive = false, aheadMs = 3 * 86_400_000, onWindow, ...rest } = options;
  const clock = createVirtualClock(-Infinity);
  await runThrough(windows, run, {
    isLive,
    ...rest,
    beforeWindow: (windowEnd) => {
      onWindow?.(windowEnd);
      clock.advanceTo(windowEnd + GRACE_SECONDS * SECOND_MS);
    },
    parts: {
      clock,
      collect: options.collect ?? (() => Promise.resolve()),
      read: createInputFeed(run, { aheadMs }),
    },
  });
}

/** What a run leaves behind, as text in a fixed order; when something was written and by whom does not count. */
const LEFT_BEHIND = {
  windows: 'select window_end, state from window_ledger',
  predictions: 'select * from predictions',
  outcomes: 'select * from outcomes',
  feature_rows: 'select * from feature_rows',
  feature_state: 'select * from feature_state',
  scores: 'select text_id, scorer, sentiment, confidence, negative, neutral, positive from scores',
  events: 'select at, kind, severity, asset, facts from events',
  model_versions: 'select * from model_versions',
  runs: 'select asset, family, version, at, trigger, status, parameters, metrics, data_hash from runs',
  gate_decisions:
    'select asset, at, horizon_minutes, arm, kind, candidate, incumbent, n, gain, low, high, verdict from gate_decisions',
  deployments: 'select asset, at, kind, actor, reason, changes, state from deployments',
};
export type LeftBehind = Record<keyof typeof LEFT_BEHIND, string[]>;

/** Everything that a run has written, bit for bit: Postgres prints the shortest text that reads back as the double. */
export async function readLeftBehind({ pool }: Workspace): Promise<LeftBehind> {
  const found: Partial<LeftBehind> = {};
  for (const [table, statement] of Object.entries(LEFT_BEHIND)) {
    const { rows } = await pool.query<{ line: string }>(
      `select t::text as line from (${statement}) as t order by t::text collate "C"`,
    );
    found[table as keyof LeftBehind] = rows.map(({ line }) => line);
  }
  return found as LeftBehind;
}

/** Forgets all that runs have written; silver stays. */
export async function forgetRuns({ pool }: Workspace): Promise<void> {
  await pool.query('alter table deployments disable trigger user');
  await pool.query(
    `truncate window_ledger, window_runners, predictions, outcomes, feature_rows, feature_state, scores, events,
       model_versions, runs, gate_decisions, deployments`,
  );
  await pool.query('alter table deployments enable trigger user');
}
