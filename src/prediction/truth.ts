import { MINUTE_MS, type EpochMs } from '../core/index.ts';
import { labelAt, type CloseSeries, type Outcome } from '../features/index.ts';

/** A window's truth at one horizon, from the moment it is known. */
export interface SettledOutcome {
  windowEnd: EpochMs;
  horizonMinutes: number;
  /** 0, or one bar: the same direction entered one bar later. */
  entryDelayMinutes: number;
  outcome: Outcome;
  /** When the truth could first be known. */
  knownAt: EpochMs;
  /** ln(close at the end / close at entry); NaN for a void one. */
  futureReturn: number;
}

/** Windows that wait for their truth, and the only place where it is applied. */
export interface Truth {
  /** From now on the window waits for its outcomes. Windows come in time order. */
  expect(windowEnd: EpochMs): void;
  /** Everything that became known by `asOf`, in the order (windowEnd, horizon, delay); each outcome is told once. */
  settle(asOf: EpochMs): SettledOutcome[];
  /** How many outcomes are still waited for. */
  pending(): number;
}

interface Queue {
  horizonMinutes: number;
  entryDelayMinutes: number;
  /** Waiting windows in time order. */
  waiting: EpochMs[];
}

/**
 * Keeps the windows whose truth is not known yet and settles them by `features/labels`, as of a moment.
 * @param series - closes as they become known; the caller feeds it
 */
export function createTruth(options: {
  series: CloseSeries;
  horizonsMinutes: readonly number[];
  barMinutes: number;
}): Truth {
  const { series, horizonsMinutes, barMinutes } = options;
  const queues: Queue[] = horizonsMinutes.flatMap((horizonMinutes) =>
    [0, barMinutes].map((entryDelayMinutes) => ({ horizonMinutes, entryDelayMinutes, waiting: [] })),
  );
  return {
    expect(windowEnd) {
      for (const queue of queues) queue.waiting.push(windowEnd);
    },
    settle(asOf) {
      return queues.flatMap((queue) => settleQueue(queue, series, asOf)).sort(byWindow);
    },
    pending: () => queues.reduce((sum, queue) => sum + queue.waiting.length, 0),
  };
}

function settleQueue(queue: Queue, series: CloseSeries, asOf: EpochMs): SettledOutcome[] {
  const { horizonMinutes, entryDelayMinutes, waiting } = queue;
  const span = (horizonMinutes + entryDelayMinutes) * MINUTE_MS;
  const settled: SettledOutcome[] = [];
  const late: EpochMs[] = [];
  let looked = 0;
  for (const windowEnd of waiting) {
    if (windowEnd + span > asOf) break;
    looked += 1;
    const label = labelAt(series, { windowEnd, horizonMinutes, entryDelayMinutes, asOf });
    if (label.outcome === null) {
      late.push(windowEnd);
      continue;
    }
    const { outcome, knownAt, futureReturn } = label;
    settled.push({ windowEnd, horizonMinutes, entryDelayMinutes, outcome, knownAt, futureReturn });
  }
  if (looked > 0) waiting.splice(0, looked, ...late);
  return settled;
}

function byWindow(left: SettledOutcome, right: SettledOutcome): number {
  return (
    left.windowEnd - right.windowEnd ||
    left.horizonMinutes - right.horizonMinutes ||
    left.entryDelayMinutes - right.entryDelayMinutes
  );
}
