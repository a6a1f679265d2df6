import { createVirtualClock, DAY_MS, type EpochMs } from '../core/index.ts';
import { windowsBetween } from '../run-window.ts';
import { createInputFeed } from '../input-feed.ts';
import type { ScoringTroubles } from '../prediction/index.ts';
import { runThrough, type WorkspaceRun } from '../window-run.ts';

/** Inputs that a replay reads ahead of its clock; they are handed out by known time. */
const READ_AHEAD_MS = 7 * DAY_MS;

/** What a replay of imported history says of itself: the part it is in, and how far that and all of it have come. */
export interface ReplayProgress {
  phrase: string;
  done: number;
  total: number;
  /** Of all windows, warm-up included, 0..1. */
  share: number;
}

/**
 * Decides every window of imported history up to a moment, from where the run stopped: each at its own moment on a
 * virtual clock, whatever the clock on the wall says, and a week at a time.
 * @param options.beginning - the first window of all lies after this
 * @param options.onMoment - told the moment of each decision before it is made
 * @returns how many windows were decided
 */
export async function replayWindows(
  run: WorkspaceRun,
  options: {
    beginning: EpochMs;
    upTo: EpochMs;
    onMoment?: (asOf: EpochMs) => void;
    onProgress: (progress: ReplayProgress) => void;
    /** Told of texts that a further scorer cannot read; left out, one such text ends the replay. */
    onUnreadable?: ScoringTroubles['onUnreadable'];
    signal?: AbortSignal;
  },
): Promise<number> {
  const { upTo, onMoment, onProgress, onUnreadable, signal } = options;
  const { memory, featureSet, predictAfter } = run;
  const beginning = run.lastWindow ?? options.beginning;
  const windows = windowsBetween(beginning, upTo, featureSet.barMinutes);
  const clock = createVirtualClock(beginning);
  const warmUp = windows.filter((windowEnd) => windowEnd <= predictAfter).length;
  await runThrough(windows, run, {
    isLive: false,
    signal,
    beforeWindow: (windowEnd) => {
      clock.advanceTo(windowEnd + memory.graceMs);
      onMoment?.(clock.now());
    },
    parts: {
      clock,
      // The history was imported whole before.
      collect: () => Promise.resolve(),
      read: createInputFeed(run, { aheadMs: READ_AHEAD_MS, onUnreadable }),
    },
    onCommit: (done) => {
      const part =
        done > warmUp
          ? { phrase: 'replaying windows', done: done - warmUp, total: windows.length - warmUp }
          : { phrase: 'folding the history before the first prediction', done, total: warmUp };
      onProgress({ ...part, share: done / windows.length });
    },
  });
  return windows.length;
}
