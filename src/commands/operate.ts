import { setTimeout as pause } from 'node:timers/promises';
import {
  countWindows,
  createVirtualClock,
  isAppError,
  messageOf,
  MINUTE_MS,
  SECOND_MS,
  type Clock,
  type EpochMs,
  type Log,
  type VirtualClock,
} from '../core/index.ts';
import { startWindowJobs } from '../jobs.ts';
import type { Operation } from '../operation.ts';
import { countPredictions } from '../prediction/index.ts';
import { windowsBetween, type WindowParts } from '../run-window.ts';
import { createInputFeed, openRun, runThrough, WINDOW_JOB, type WorkspaceRun } from '../window-run.ts';
import type { Schedule, StartPlan } from './start-plan.ts';
import type { Terminal } from './terminal.ts';

/** What an operation works with once its storage stands. */
interface Work {
  operation: Operation;
  plan: StartPlan;
  schedule: Schedule;
  signal: AbortSignal;
}

/** Something that goes on until it is stopped. */
export interface Running {
  /** Resolves when it has been told to stop. */
  ended: Promise<void>;
  stop(): Promise<void>;
}

/** Inputs read ahead while catching up; they are handed out by known time. */
const READ_AHEAD_MS = 7 * 24 * 60 * MINUTE_MS;
/** Seeds the fits of a start; replays take theirs from `--seed`. */
const FIT_SEED = 1;
/** Pause before windows that could not be decided are tried again. */
const RETRY_MS = 5_000;

/** Decides every window up to the schedule's present, in order, a week at a time, with progress. */
export async function catchUp(work: Work & { terminal: Terminal }): Promise<void> {
  const { operation, schedule, terminal, signal } = work;
  const run = await resume(work);
  const { predictAfter, catchUpTo } = schedule;
  const windows = windowsBetween(run.lastWindow ?? schedule.beginning, catchUpTo, operation.barMinutes);
  const warmUp = windows.filter((windowEnd) => windowEnd <= predictAfter).length;
  operation.clock = schedule.clock;
  // The past is replayed: each window is decided at its own moment, whatever the clock on the wall says.
  const clock = schedule.clock.isVirtual ? schedule.clock : createVirtualClock(schedule.beginning);
  const graceMs = operation.config.graceSeconds * SECOND_MS;
  await runThrough(windows, run, {
    isLive: false,
    signal,
    parts: { ...partsOf(work, run, { aheadMs: READ_AHEAD_MS, isCollected: true }), clock },
    beforeWindow: (windowEnd) => {
      moveClock(clock, windowEnd + graceMs);
    },
    onCommit: (done) => {
      const isWarm = done > warmUp;
      const phrase = isWarm ? 'replaying windows' : 'folding the history before the first prediction';
      const [part, total] = isWarm ? [done - warmUp, windows.length - warmUp] : [done, warmUp];
      terminal.progress(phrase, part, total);
      operation.progress = { phrase, share: done / windows.length };
    },
  });
  moveClock(clock, (run.lastWindow ?? catchUpTo) + graceMs);
  await note(operation);
}

/** Goes on after the catch-up: in real time by the queue, on a virtual clock at its pace, or not at all. */
export async function goOn(work: Work & { log: Log }): Promise<Running> {
  const { operation, schedule, signal } = work;
  const { windowsPerSecond } = schedule;
  const stopped = new Promise<void>((resolve) => {
    signal.addEventListener('abort', () => {
      resolve();
    });
  });
  if (windowsPerSecond === null) {
    operation.pace = { state: 'running', windowsPerSecond: null };
    const jobs = await followRealTime(work);
    return { ended: stopped, stop: () => jobs.stop() };
  }
  const isPlaying = windowsPerSecond > 0 && (operation.lastWindow ?? -Infinity) < schedule.playTo;
  operation.pace = isPlaying
    ? { state: 'playing', windowsPerSecond }
    : { state: 'standing', windowsPerSecond: null };
  const played = isPlaying ? play(work, windowsPerSecond) : Promise.resolve();
  return { ended: Promise.all([stopped, played]).then(() => {}), stop: () => played };
}

async function followRealTime(work: Work & { log: Log }) {
  const { operation, plan, log } = work;
  const { storage, config, barMinutes } = operation;
  if (storage === null) throw new RangeError('windows need a storage to live in');
  const dueAfter = (windowEnd: EpochMs) =>
    windowEnd + barMinutes * MINUTE_MS + config.graceSeconds * SECOND_MS;
  const jobs = await startWindowJobs({
    databaseUrl: storage.postgres.url,
    schema: `${storage.workspace.schema}_queue`,
    asset: config.asset,
    clock: operation.clock,
    nextDueAt: () => dueAfter(operation.run?.lastWindow ?? operation.clock.now()),
    decideDueWindows: () =>
      decide(work, operation.clock.now() - config.graceSeconds * SECOND_MS, { isDurable: true }),
    log,
  });
  log.info({ workspace: plan.workspaceName }, 'windows are decided as they close');
  return jobs;
}

/** Decides windows at a pace, on a virtual clock, until the end or a stop. */
async function play(work: Work & { log: Log }, windowsPerSecond: number): Promise<void> {
  const { operation, schedule, signal, log } = work;
  const bar = operation.barMinutes * MINUTE_MS;
  let dueAt = performance.now();
  while (!signal.aborted) {
    const next = (operation.run?.lastWindow ?? schedule.catchUpTo) + bar;
    if (next > schedule.playTo) break;
    dueAt = Math.max(dueAt + SECOND_MS / windowsPerSecond, performance.now());
    await rest(dueAt - performance.now(), signal);
    if (signal.aborted) break;
    try {
      await decide(work, next, { isDurable: false });
    } catch (error) {
      log.error({ reason: messageOf(error) }, 'a window could not be decided');
      if (operation.run === null && isAppError(error) && error.code === 'WINDOW_FENCED') break;
      await rest(RETRY_MS, signal);
    }
  }
  operation.pace = { state: 'standing', windowsPerSecond: null };
}

/**
 * Decides every window that is due, one transaction each. After a failure the run's memory is ahead of the database:
 * it is dropped, and the next attempt resumes from what was committed.
 */
async function decide(work: Work, upTo: EpochMs, { isDurable }: { isDurable: boolean }): Promise<void> {
  const { operation, signal } = work;
  try {
    const run = operation.run ?? (await resume(work));
    const windows = windowsBetween(run.lastWindow ?? work.schedule.catchUpTo, upTo, operation.barMinutes);
    await runThrough(windows, run, {
      isLive: true,
      isDurable,
      signal,
      parts: partsOf(work, run, { aheadMs: 0, isCollected: false }),
      beforeWindow: (windowEnd) => {
        moveClock(operation.clock, windowEnd + operation.config.graceSeconds * SECOND_MS);
      },
    });
    operation.failure = null;
    await note(operation);
  } catch (error) {
    operation.run = null;
    const isFenced = isAppError(error) && error.code === 'WINDOW_FENCED';
    operation.failure = {
      reason: messageOf(error),
      remedy: isFenced
        ? 'Another runner decides the windows of this workspace; stop one of the two.'
        : 'It is tried again by itself; if this lasts, stop Bellwether and start it again, nothing is lost.',
    };
    throw error;
  }
}

async function resume({ operation, schedule }: Work): Promise<WorkspaceRun> {
  const { storage, models, config } = operation;
  if (storage === null) throw new RangeError('a run needs a storage to live in');
  operation.run = await openRun({
    ...models,
    workspace: storage.workspace,
    cache: storage.cache,
    asset: config.asset,
    graceSeconds: config.graceSeconds,
    predictAfter: schedule.predictAfter,
    seed: FIT_SEED,
  });
  return operation.run;
}

function partsOf(
  { operation, plan }: Work,
  run: WorkspaceRun,
  { aheadMs, isCollected }: { aheadMs: number; isCollected: boolean },
): WindowParts {
  return {
    clock: { isVirtual: operation.clock.isVirtual, now: () => operation.clock.now() },
    collect: async (upTo) => {
      if (!isCollected && operation.storage !== null) await plan.collect(operation.storage, upTo);
    },
    read: createInputFeed(run, { aheadMs }),
  };
}

/** A virtual clock stands at the decision of its window; real time needs no help. */
function moveClock(clock: Clock, asOf: EpochMs): void {
  if (clock.isVirtual && asOf > clock.now()) (clock as VirtualClock).advanceTo(asOf);
}

/** What the API tells of the work: the newest window, and how many there are. */
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
}

async function rest(ms: number, signal: AbortSignal): Promise<void> {
  await pause(Math.max(0, ms), undefined, { signal }).catch((error: unknown) => {
    if (!signal.aborted) throw error;
  });
}
