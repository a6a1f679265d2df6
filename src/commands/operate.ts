import {
  countWindows,
  floorTo,
  isAppError,
  isoUtc,
  messageOf,
  MINUTE_MS,
  SECOND_MS,
  type Clock,
  type EpochMs,
  type Log,
  type VirtualClock,
} from '../core/index.ts';
import { isConnectionLost } from '../database-away.ts';
import { createRouter } from '../follow-ledger.ts';
import { startWindowJobs, type WindowJobs } from '../jobs.ts';
import { missingModels, toLiveState } from '../live-models.ts';
import type { Operation, OperationFailure } from '../operation.ts';
import { analyzeLedger, countPredictions, HORIZONS_MINUTES } from '../prediction/index.ts';
import { windowsBetween, type WindowParts } from '../run-window.ts';
import { presentWindow } from '../pricing.ts';
import { createInputFeed } from '../input-feed.ts';
import { openRun, runThrough, WINDOW_JOB, type WorkspaceRun } from '../window-run.ts';
import { amount } from './amount.ts';
import { rest, type StorageKeeper } from './keep-storage.ts';
import { replayWindows } from './replay-windows.ts';
import type { Schedule, StartPlan } from './start-plan.ts';
import { tellTroubles } from './scoring-troubles.ts';
import type { Terminal } from './terminal.ts';
import { createTrainings, type Trainings } from './train-beside.ts';

/** What an operation works with once its storage stands. */
export interface Work {
  operation: Operation;
  plan: StartPlan;
  schedule: Schedule;
  keeper: StorageKeeper;
  log: Log;
  signal: AbortSignal;
  /** Told now and then how far the playing has come. */
  terminal?: Terminal;
  /** Between two such lines; default 10 s. */
  tellMs?: number;
  /** Pause before played windows that could not be decided are tried again; default 5 s. */
  retryMs?: number;
}

/** Something that goes on until it is stopped. */
export interface Running {
  /** Resolves when it has been told to stop. */
  ended: Promise<void>;
  stop(): Promise<void>;
}

/** Seeds the fits of a start; replays take theirs from `--seed`. */
const FIT_SEED = 1;
/** Between two lines on how far the playing has come. */
const TELL_EVERY_MS = 10_000;
/** Pause before windows that could not be decided are tried again. */
const RETRY_MS = 5_000;

/**
 * Decides every window up to the schedule's present, in order, a week at a time, with progress. A database that is lost
 * on the way is opened again, and the catch-up goes on from what was committed.
 */
export async function catchUp(work: Work & { terminal: Terminal }): Promise<void> {
  const { operation, keeper, signal } = work;
  operation.clock = work.schedule.clock;
  for (;;) {
    try {
      await catchUpFromLedger(work);
      return;
    } catch (error) {
      if (signal.aborted || !isConnectionLost(error)) throw error;
      await keeper.recover(error);
    }
  }
}

async function catchUpFromLedger(work: Work & { terminal: Terminal }): Promise<void> {
  const { operation, schedule, terminal, signal } = work;
  const run = await resume(work);
  const decided = await replayWindows(run, {
    beginning: schedule.beginning,
    upTo: schedule.catchUpTo,
    signal,
    onMoment: (asOf) => {
      moveClock(schedule.clock, asOf);
    },
    onProgress: ({ phrase, done, total, share }) => {
      terminal.progress(phrase, done, total);
      operation.progress = { phrase, share };
    },
    onUnreadable: tellTroubles(operation, work.log).onUnreadable,
  });
  moveClock(schedule.clock, (run.lastWindow ?? schedule.catchUpTo) + run.memory.graceMs);
  if (decided > 0) await analyzeLedger(run.workspace.pool);
  await note(operation);
}

/**
 * Goes on after the catch-up: in real time by the queue, on a virtual clock at its pace, or not at all. All the while
 * the database is watched, and opened again when it is lost.
 */
export async function goOn(work: Work): Promise<Running> {
  const { operation, schedule, keeper, signal } = work;
  const { windowsPerSecond } = schedule;
  const router = await createRouter(operation);
  operation.router = router;
  router.start();
  const stopped = new Promise<void>((resolve) => {
    if (signal.aborted) resolve();
    signal.addEventListener('abort', () => {
      resolve();
    });
  });
  if (windowsPerSecond === null) {
    operation.pace = { state: 'running', windowsPerSecond: null };
    const stopJobs = await followRealTime(work);
    keeper.watch();
    return {
      ended: stopped,
      stop: async () => {
        await stopJobs();
        await router.stop();
      },
    };
  }
  const isPlaying = windowsPerSecond > 0 && (operation.run?.lastWindow ?? -Infinity) < schedule.playTo;
  operation.pace = isPlaying
    ? { state: 'playing', windowsPerSecond }
    : { state: 'standing', windowsPerSecond: null };
  const played = isPlaying ? play(work, windowsPerSecond) : Promise.resolve();
  keeper.watch();
  return {
    ended: Promise.all([stopped, played]).then(() => {}),
    stop: async () => {
      await played;
      await keeper.settled();
      await router.stop();
    },
  };
}

/** @returns what ends it */
async function followRealTime(work: Work): Promise<() => Promise<void>> {
  const { keeper, plan, log } = work;
  const trainings = createTrainings(work);
  let jobs = await startJobs(work, trainings);
  keeper.onReopened = async () => {
    await jobs.stop().catch((error: unknown) => {
      log.warn({ reason: messageOf(error) }, 'the queue of the lost database did not end cleanly');
    });
    jobs = await startJobs(work, trainings);
  };
  log.info({ workspace: plan.workspaceName }, 'windows are decided as they close');
  return async () => {
    await keeper.settled();
    await jobs.stop();
  };
}

function startJobs(work: Work, trainings: Trainings): Promise<WindowJobs> {
  const { operation, log } = work;
  const { storage, config, barMinutes, clock } = operation;
  if (storage === null) throw new RangeError('windows need a storage to live in');
  const graceMs = config.graceSeconds * SECOND_MS;
  const dueAfter = (windowEnd: EpochMs) => windowEnd + barMinutes * MINUTE_MS + graceMs;
  return startWindowJobs({
    databaseUrl: storage.postgres.url,
    schema: storage.workspace.queueSchema,
    asset: config.asset,
    nextDueAt: () => {
      const dueAt = dueAfter(operation.run?.lastWindow ?? operation.lastWindow ?? clock.now());
      // After a failure the queue itself tries again; the next bell is that of the next window.
      const latest = floorTo(clock.now() - graceMs, barMinutes * MINUTE_MS);
      return operation.failure === null ? dueAt : Math.max(dueAt, dueAfter(latest));
    },
    decideDueWindows: () => decide(work, clock.now() - graceMs, { isDurable: true }),
    retrainingDueAfter: trainings.dueAfter,
    retrain: trainings.train,
    log,
  });
}

/** Decides windows at a pace, on a virtual clock, until the end or a stop. */
async function play(work: Work, windowsPerSecond: number): Promise<void> {
  const { operation, schedule, keeper, signal, log, retryMs = RETRY_MS } = work;
  const bar = operation.barMinutes * MINUTE_MS;
  let dueAt = performance.now();
  const teller = tellPlayed(work);
  while (!signal.aborted && operation.failure?.isLasting !== true) {
    const next = (operation.run?.lastWindow ?? operation.lastWindow ?? schedule.catchUpTo) + bar;
    if (next > schedule.playTo) break;
    dueAt = Math.max(dueAt + SECOND_MS / windowsPerSecond, performance.now());
    await rest(dueAt - performance.now(), signal);
    if (signal.aborted) break;
    try {
      await decide(work, next, { isDurable: false });
      if (operation.run?.lastWindow === next) teller.reached(next);
    } catch (error) {
      log.error({ reason: messageOf(error) }, 'a window could not be decided');
      if (isConnectionLost(error)) await keeper.recover(error);
      else await rest(retryMs, signal);
    }
  }
  operation.pace = { state: 'standing', windowsPerSecond: null };
}

/** Says now and then which window the playing has reached, and once that it has reached the last. */
function tellPlayed(work: Work): { reached: (windowEnd: EpochMs) => void } {
  const { operation, schedule, terminal, tellMs = TELL_EVERY_MS } = work;
  const { playTo } = schedule;
  const bar = operation.barMinutes * MINUTE_MS;
  let toldAt = performance.now();
  return {
    reached(windowEnd) {
      const left = (playTo - windowEnd) / bar;
      if (left < 1) {
        terminal?.say(`The end of the history is reached at ${isoUtc(windowEnd)}; the clock stands there.`);
      } else if (performance.now() - toldAt >= tellMs) {
        toldAt = performance.now();
        const toGo = Number.isFinite(left) ? `, ${amount(Math.floor(left), 'window')} to go` : '';
        terminal?.say(`  playing: ${isoUtc(windowEnd)} reached${toGo}`);
      }
    },
  };
}

/**
 * Decides every window that is due, one transaction each. After a failure the run's memory is ahead of the database:
 * it is dropped, and the next attempt resumes from what was committed. A run that another runner has overtaken is not
 * resumed: the two would take it from each other for ever.
 */
async function decide(work: Work, upTo: EpochMs, { isDurable }: { isDurable: boolean }): Promise<void> {
  const { operation, schedule, signal } = work;
  if (operation.failure?.isLasting === true) return;
  let attempted = operation.run;
  try {
    const run = attempted ?? (await resumeLive(work));
    attempted = run;
    const windows = windowsBetween(run.lastWindow ?? schedule.catchUpTo, upTo, operation.barMinutes);
    await runThrough(windows, run, {
      isLive: true,
      isDurable,
      signal,
      parts: partsOf(work, run),
      beforeWindow: (windowEnd) => {
        moveClock(operation.clock, windowEnd + operation.config.graceSeconds * SECOND_MS);
      },
      onCommit: () => {
        count(operation, run);
      },
    });
    operation.failure = null;
  } catch (error) {
    // Once the database was opened again there may be a newer run, which is none of this one's business.
    if (operation.run === attempted) {
      operation.run = null;
      operation.failure = describeFailure(error);
    }
    throw error;
  }
}

function describeFailure(error: unknown): OperationFailure {
  const isLasting = isAppError(error) && error.code === 'WINDOW_FENCED';
  return {
    reason: messageOf(error),
    remedy: isLasting
      ? 'Another runner decides the windows of this workspace. Stop it, then start this one again; until then this one only answers.'
      : 'It is tried again by itself; if this lasts, stop Bellwether and start it again, nothing is lost.',
    isLasting,
  };
}

async function resume({ operation, schedule, log, terminal, signal }: Work): Promise<WorkspaceRun> {
  const { storage, models, config, settings, pool } = operation;
  if (storage === null) throw new RangeError('a run needs a storage to live in');
  operation.run = await openRun({
    ...models,
    ...settings,
    pool,
    workspace: storage.workspace,
    cache: storage.cache,
    asset: config.asset,
    graceSeconds: config.graceSeconds,
    holdout: config.holdout,
    predictAfter: schedule.predictAfter,
    seed: FIT_SEED,
    // A running system goes on with what can be used; a replay would stop.
    refusedAt: operation.clock.now(),
    onProgress: ({ scorer, done, total }) => {
      terminal?.progress(`${scorer} reads the past`, done, total);
    },
    onUnreadable: tellTroubles(operation, log).onUnreadable,
    signal,
  });
  tellMissing(operation, log);
  return operation.run;
}

/** What others stand in for until a training has replaced it. */
function tellMissing({ run }: Operation, log: Log): void {
  if (run === null) return;
  const { deployed } = run.learning;
  for (const { arm, horizonMinutes, modelVersion } of missingModels(toLiveState(deployed), deployed.models)) {
    log.error({ arm, horizonMinutes, modelVersion }, 'a live model cannot be used and is left out');
  }
}

/** Some windows may have been committed without our hearing of it: what is told is read again, too. */
async function resumeLive(work: Work): Promise<WorkspaceRun> {
  const run = await resume(work);
  await note(work.operation);
  await work.operation.router?.follow();
  return run;
}

function partsOf({ operation, plan, log }: Work, run: WorkspaceRun): WindowParts {
  return {
    clock: { isVirtual: operation.clock.isVirtual, now: () => operation.clock.now() },
    collect: async (upTo) => {
      if (operation.storage !== null) await plan.collect(operation.storage, upTo);
    },
    read: createInputFeed(run, { aheadMs: 0, ...tellTroubles(operation, log) }),
    armFailed: (deployed, { arm, modelVersion, error }) => {
      log.error({ arm, modelVersion, reason: messageOf(error) }, 'a live model could not predict a window');
      operation.router?.failed(deployed, error);
    },
    // In real time the next window does not wait for it.
    isRetrainingQueued: operation.pace.state === 'running',
  };
}

/** A virtual clock stands at the decision of its window; real time needs no help. */
function moveClock(clock: Clock, asOf: EpochMs): void {
  if (clock.isVirtual && asOf > clock.now()) (clock as VirtualClock).advanceTo(asOf);
}

/** What the API tells of the work, read from the workspace: the newest window, and how many there are. */
async function note(operation: Operation): Promise<void> {
  const { storage, run, config } = operation;
  if (storage === null || run === null) return;
  const { pool } = storage.workspace;
  const counted = await countPredictions(pool, config.asset);
  operation.predictions = counted.predictions;
  operation.windows = await countWindows(pool, {
    job: WINDOW_JOB,
    asset: config.asset,
    after: run.predictAfter,
  });
  operation.lastWindow = counted.lastWindow;
  operation.present = counted.lastWindow === null ? null : presentWindow(run.memory, counted.lastWindow);
}

/** The same after one more window, without counting hundreds of thousands of rows again. */
function count(operation: Operation, { lastWindow, predictAfter, memory }: WorkspaceRun): void {
  if (lastWindow === null || lastWindow <= predictAfter) return;
  operation.windows += 1;
  operation.predictions += operation.models.arms.length * HORIZONS_MINUTES.length;
  operation.lastWindow = lastWindow;
  operation.present = presentWindow(memory, lastWindow);
}
