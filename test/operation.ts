import { existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { inject } from 'vitest';
import { keepStorage } from '../src/commands/keep-storage.ts';
import { catchUp, type Work } from '../src/commands/operate.ts';
import { createOperation } from '../src/commands/start.ts';
import { planStart, type StartOptions, type StartPlan } from '../src/commands/start-plan.ts';
import { createModels, openStorage } from '../src/compose.ts';
import { openInstalledScorers } from '../src/compose-scorers.ts';
import {
  DAY_MS,
  dropWorkspace,
  openPostgres,
  SECOND_MS,
  silentLog,
  type Clock,
  type Config,
  type EpochMs,
  type Log,
} from '../src/core/index.ts';
import { ingest } from '../src/lake/index.ts';
import { createFitPool } from '../src/models/index.ts';
import { traceCommand, type CommandTrace } from './command-context.ts';
import { ASSET, BAR_MINUTES, GRACE_SECONDS, openMarket, ORIGIN } from './simulated-market.ts';

/** What a `start` is made of, in this process and on the shared server, without its API. */
export interface TestOperation extends Work {
  /** Tells it to stop. */
  stopping: AbortController;
  trace: CommandTrace;
  /** Decides everything up to its present. */
  catchUp(): Promise<void>;
  /** Ends what is still open and drops its workspace. */
  drop(): Promise<void>;
}

/** A data folder and an environment of a test's own. */
export function makeEnvironment(changes: Record<string, string> = {}): Record<string, string> {
  return {
    DATABASE_URL: inject('databaseUrl'),
    BELLWETHER_DATA_DIR:
      changes['BELLWETHER_DATA_DIR'] ?? mkdtempSync(join(tmpdir(), 'bellwether-operation-')),
    BELLWETHER_DASHBOARD: 'off',
    LOG_LEVEL: 'silent',
    ...changes,
  };
}

/**
 * Prepares a start: storage open, records in, nothing decided yet.
 * @param options.plan - instead of the one that `start` would make of the words
 */
export async function prepareOperation(options: {
  words?: StartOptions;
  plan?: StartPlan;
  environment?: Record<string, string>;
  real?: Clock;
  log?: Log;
  lookMs?: number;
  retryMs?: number;
}): Promise<TestOperation> {
  const { words = {}, log = silentLog, lookMs, retryMs } = options;
  const trace = traceCommand(options.environment ?? makeEnvironment());
  const { config, terminal } = trace.context;
  const plan = options.plan ?? (await planStart(words, config, { real: options.real }));
  // Small histories are fitted sooner than a thread is started.
  const { scorers } = await openInstalledScorers(config, { log: silentLog });
  const models = createModels(plan.barMinutes);
  const operation = {
    ...createOperation(plan, config, { log, scorers, models }),
    pool: createFitPool({ threads: 0 }),
  };
  const stopping = new AbortController();
  const { signal } = stopping;
  operation.storage = await openStorage({ config, workspaceName: plan.workspaceName, log });
  const keeper = keepStorage({ operation, log, signal, lookMs });
  const drop = async () => {
    stopping.abort();
    await keeper.settled();
    await operation.pool.close();
    await operation.storage?.close();
    await dropOperations(config);
  };
  const schedule = await plan.prepare(operation.storage, terminal).catch(async (error: unknown) => {
    await drop();
    throw error;
  });
  const work = { operation, plan, schedule, keeper, log, signal, retryMs };
  return {
    ...work,
    stopping,
    trace,
    async catchUp() {
      await catchUp({ ...work, terminal });
      operation.progress = null;
    },
    drop,
  };
}

/**
 * A small simulated market of hourly bars in a real time that a test moves.
 * @param options.predictAfter - default: its first two days are warm-up
 */
export function planRealTime(options: {
  now: () => EpochMs;
  seed: number;
  predictAfter?: EpochMs;
}): StartPlan {
  const { now, seed, predictAfter = ORIGIN + 2 * DAY_MS } = options;
  const { simulator } = openMarket({ seed, bars: 0 });
  let collected = -Infinity;
  const collect: StartPlan['collect'] = async ({ workspace }, upTo) => {
    await ingest({
      workspace,
      source: simulator,
      asset: ASSET,
      range: { after: collected, upTo },
      now: upTo,
    });
    collected = upTo;
  };
  return {
    mode: 'simulated',
    isSimulated: true,
    barMinutes: BAR_MINUTES,
    workspaceName: `simulated_test_${seed}`,
    title: 'a market of a test',
    collect,
    async prepare(storage) {
      await collect(storage, now());
      return {
        beginning: ORIGIN,
        predictAfter,
        catchUpTo: now() - GRACE_SECONDS * SECOND_MS,
        playTo: Infinity,
        clock: { isVirtual: false, now },
        windowsPerSecond: null,
      };
    },
  };
}

/** Drops every workspace of a data folder, then the folder. */
export async function dropOperations({ databaseUrl, dataDir }: Config): Promise<void> {
  if (databaseUrl !== '') {
    const postgres = await openPostgres({ databaseUrl, dataDir, log: silentLog });
    const places = join(dataDir, 'workspaces');
    for (const name of existsSync(places) ? readdirSync(places) : []) {
      await dropWorkspace(postgres, { name, dataDir });
    }
    await postgres.close();
  }
  rmSync(dataDir, { recursive: true, force: true });
}

/** Waits until something is so. @throws when it is not so in time */
export async function until(isSo: () => boolean | Promise<boolean>, patienceMs = 25_000): Promise<void> {
  const end = performance.now() + patienceMs;
  while (!(await isSo())) {
    if (performance.now() > end) throw new Error(`it was not so within ${patienceMs} ms: ${isSo.toString()}`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}
