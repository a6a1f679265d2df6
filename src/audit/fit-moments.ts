import { DAY_MS, type EpochMs } from '../core/index.ts';
import type { DirectionRows } from '../models/index.ts';
import { WARM_UP_SHARE } from '../prediction/index.ts';

/** Fewer windows than this before a fit teach it nothing that could go wrong. */
const FEWEST_TRAINING = 100;

/**
 * Window ends at which fits are attacked, evenly over what is left after the warm-up.
 * @returns none where the history is too short, or nothing of it has a truth
 */
export function fitMoments({ windowEnds, labels, count }: DirectionRows, wanted: number): EpochMs[] {
  if (!labels.some(isKnown)) return [];
  const first = Math.max(FEWEST_TRAINING, Math.floor(count * WARM_UP_SHARE));
  if (first + wanted >= count) return [];
  const step = (count - 1 - first) / wanted;
  return Array.from({ length: wanted }, (_, place) => windowEnds[first + Math.floor(place * step)] ?? NaN);
}

/** The reason of a check that finds no moment for a fit. */
export function tooShort({ count, labels }: DirectionRows): string {
  if (!labels.some(isKnown)) return 'no window has a truth to learn from: all are void, unknown or held out';
  return `${count} windows leave no fit with ${FEWEST_TRAINING} rows before it and windows after it`;
}

/** The newest Monday 00:00 UTC that is the end of a window with enough before it: there a weekly fit and a decision meet. */
export function lastWeeklyFit({ windowEnds, count }: DirectionRows): EpochMs | undefined {
  const first = Math.max(FEWEST_TRAINING, Math.floor(count * WARM_UP_SHARE));
  return windowEnds.subarray(first, count - 1).findLast((end) => (end / DAY_MS - 4) % 7 === 0);
}

/** The rows up to a window, with the truth as the whole history knows it. */
export function rowsUpTo(rows: DirectionRows, windowEnd: EpochMs): DirectionRows {
  const found = rows.windowEnds.findIndex((end) => end > windowEnd);
  const count = found < 0 ? rows.count : found;
  return {
    columns: rows.columns,
    count,
    values: rows.values.subarray(0, count * rows.columns.length),
    windowEnds: rows.windowEnds.subarray(0, count),
    labels: rows.labels.subarray(0, count),
    labelKnownAt: rows.labelKnownAt.subarray(0, count),
    futureReturns: rows.futureReturns.subarray(0, count),
  };
}

function isKnown(label: number): boolean {
  return label <= 1;
}
