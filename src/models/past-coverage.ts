import { MINUTE_MS } from '../core/index.ts';
import { directionOf } from './direction.ts';
import { COVERAGES, type ComparisonRows } from './comparison.ts';
import { accuracyInterval, scoredRows } from './evaluation.ts';

/** Windows whose confidence is known before the first one is answered by it: at one in a hundred that leaves five. */
export const FEWEST_PAST = 500;

/** Accuracy of a rule that could have been followed: answer what is as sure as the surest share of the past was. */
export interface PastCoveragePoint {
  /** Share of the past from whose sureness on a window is answered, 0..1. */
  target: number;
  /** Share of the windows with enough of a past that was answered, 0..1; NaN without any. */
  coverage: number;
  accuracy: number;
  /** 95 % interval by block bootstrap; NaN where there are too few windows. */
  low: number;
  high: number;
  n: number;
}

/**
 * How often a model is right where it is surest, by thresholds that were known beforehand: those quantiles of its own
 * |P(up) - 0.5| over the tested windows that had matured when a window was decided. The first 500 answer nothing.
 * @throws RangeError when the windows do not stand on the grid of bars
 * @see El-Yaniv, Wiener (2010), On the Foundations of Noise-free Selective Classification; `coverageCurve` looks ahead
 */
export function coverageOutOfSample(rows: ComparisonRows): PastCoveragePoint[] {
  const { probabilities, labels, windowEnds, horizonMinutes } = rows;
  const scored = scoredRows(probabilities, labels);
  const sureness = (row: number) => Math.abs((probabilities[row] ?? NaN) - 0.5);
  const hits = COVERAGES.map(() => new Float64Array(labels.length).fill(NaN));
  const past = new Float64Array(scored.length);
  let known = 0;
  let judged = 0;
  for (const row of scored) {
    const latest = (windowEnds[row] ?? NaN) - horizonMinutes * MINUTE_MS;
    while ((windowEnds[scored[known] ?? row] ?? NaN) <= latest) {
      insert(past, known, sureness(scored[known] ?? row));
      known += 1;
    }
    if (known < FEWEST_PAST) continue;
    judged += 1;
    const isRight = (directionOf(probabilities[row] ?? NaN) === 'up' ? 1 : 0) === labels[row];
    COVERAGES.forEach((share, place) => {
      // Of an ascending past, the last of its surest share.
      const threshold = past[known - Math.max(1, Math.floor(share * known))] ?? NaN;
      const own = hits[place];
      if (own !== undefined && (share === 1 || sureness(row) >= threshold)) own[row] = Number(isRight);
    });
  }
  return COVERAGES.map((target, place) => {
    const { accuracy, low, high, n } = accuracyInterval({
      ...rows,
      hits: hits[place] ?? new Float64Array(0),
    });
    return { target, coverage: n / judged, accuracy, low, high, n };
  });
}

/** Puts a value into its place among the first `count`, which ascend. */
function insert(sorted: Float64Array, count: number, value: number): void {
  let low = 0;
  let high = count;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((sorted[middle] ?? NaN) <= value) low = middle + 1;
    else high = middle;
  }
  sorted.copyWithin(low + 1, low, count);
  sorted[low] = value;
}
