import { quantile } from './quantile.ts';
import { studentQuantile } from './student.ts';

/** What the bootstrap of a mean needs. */
export interface BootstrapProblem {
  /** Shape (n), evenly spaced in time; NaN where there was no observation (its place in time is kept). */
  values: Float64Array;
  /** Rows per block: longer than the reach of the dependence, much shorter than n. */
  blockLength: number;
  /** How often the series is drawn anew; 1,000 to 2,000 for a 95 % interval. */
  resamples: number;
  /** Coverage that the interval aims at, in (0, 1), such as 0.95. */
  level: number;
  /** Seeded dice, uniform in [0, 1). */
  uniform: () => number;
}

/** A mean with its interval. */
export interface MeanInterval {
  /** Mean of the observations, NaN without any. */
  mean: number;
  /** Bounds of the interval, NaN where there are too few blocks of observations for an honest one. */
  low: number;
  high: number;
  /** Number of values that are not NaN. */
  observations: number;
}

/**
 * Fewer blocks of observations than this give no interval; places where nothing was seen do not count, or a gap would
 * make little look like much. At eight, one 95 % interval in ten misses; at 120, one in 16
 * (simulated in bootstrap.test.ts).
 */
export const FEWEST_BLOCKS = 8;

/**
 * Interval for the mean of a dependent series by the circular block bootstrap: blocks of neighbouring rows are drawn
 * from the series closed to a ring until n rows are filled (the last block is cut), and the mean of each such series,
 * as sum over count of its observations, gives the percentiles. Prefix sums make a block cost O(1).
 * @returns the mean and its percentile interval
 * @throws RangeError when the block length or the number of resamples is no positive integer, or the level is not in (0, 1)
 * @see Künsch (1989), Annals of Statistics 17; Politis, Romano (1992), A circular block-resampling procedure for stationary data
 */
export function blockBootstrapInterval(problem: BootstrapProblem): MeanInterval {
  requireValid(problem);
  const { values, blockLength, level } = problem;
  const sums = new Float64Array(values.length + 1);
  const counts = new Float64Array(values.length + 1);
  values.forEach((value, row) => {
    const seen = !Number.isNaN(value);
    sums[row + 1] = (sums[row] ?? 0) + (seen ? value : 0);
    counts[row + 1] = (counts[row] ?? 0) + (seen ? 1 : 0);
  });
  const observations = counts.at(-1) ?? 0;
  const mean = (sums.at(-1) ?? NaN) / observations;
  if (observations < FEWEST_BLOCKS * blockLength) {
    return { mean, low: NaN, high: NaN, observations };
  }
  const means = resampledMeans(problem, sums, counts);
  const tail = (1 - level) / 2;
  return { mean, low: quantile(means, tail), high: quantile(means, 1 - tail), observations };
}

/** What one-sided bounds of a mean need. */
export interface BoundProblem extends Omit<BootstrapProblem, 'level'> {
  /** Confidence of each bound by itself, in (0.5, 1), such as 0.95. */
  confidence: number;
}

/**
 * One-sided bounds for the mean of a dependent series: percentiles of the circular block bootstrap, pushed away from
 * the mean by what few blocks hide. A bootstrap of k blocks sees a spread that is too small by sqrt((k - 1) / k), and
 * takes it for known; hence the factor sqrt(k / (k - 1)) t(k - 1) / z, 1.03 at 56 blocks and 1.09 at 18.
 * @returns the mean with `low` and `high`, each at the confidence by itself (both together: an interval of 2c - 1)
 * @throws RangeError as `blockBootstrapInterval`, or when the confidence is not in (0.5, 1)
 * @see blockBootstrapInterval; docs/results/gate.md for how often the bounds miss with and without the factor
 */
export function blockBootstrapBounds({ confidence, ...problem }: BoundProblem): MeanInterval {
  requireConfidence(confidence);
  const interval = blockBootstrapInterval({ ...problem, level: 2 * confidence - 1 });
  return widenForFewBlocks(interval, { blockLength: problem.blockLength, confidence });
}

/**
 * Percentiles of the block bootstrap, pushed away from the mean by the factor of `blockBootstrapBounds`: what few blocks
 * hide is added to an interval that somebody else drew.
 * @param interval - of the level 2 x confidence - 1; without bounds it is given back as it is
 * @param drawn.blockLength - rows per block that it was drawn with
 * @param drawn.confidence - of each bound by itself, in (0.5, 1): 0.975 for a 95 % interval
 * @throws RangeError when the confidence is not in (0.5, 1)
 * @see blockBootstrapBounds
 */
export function widenForFewBlocks(
  interval: MeanInterval,
  { blockLength, confidence }: Pick<BoundProblem, 'blockLength' | 'confidence'>,
): MeanInterval {
  requireConfidence(confidence);
  const { mean, low, high, observations } = interval;
  if (Number.isNaN(low)) return interval;
  const blocks = Math.floor(observations / blockLength);
  const factor =
    (Math.sqrt(blocks / (blocks - 1)) * studentQuantile(confidence, blocks - 1)) /
    studentQuantile(confidence, Infinity);
  return { mean, low: mean + factor * (low - mean), high: mean + factor * (high - mean), observations };
}

function requireConfidence(confidence: number): void {
  if (confidence > 0.5 && confidence < 1) return;
  throw new RangeError(`the confidence of a bound lies between 0.5 and 1, got ${confidence}`);
}

function resampledMeans(problem: BootstrapProblem, sums: Float64Array, counts: Float64Array): Float64Array {
  const { values, blockLength, resamples, uniform } = problem;
  const rows = values.length;
  const means = new Float64Array(resamples);
  let kept = 0;
  for (let resample = 0; resample < resamples; resample += 1) {
    let sum = 0;
    let count = 0;
    for (let filled = 0; filled < rows; filled += blockLength) {
      const start = Math.floor(uniform() * rows);
      const end = start + Math.min(blockLength, rows - filled);
      sum += overRing(sums, start, end);
      count += overRing(counts, start, end);
    }
    // A draw without a single observation has no mean; it can only happen where nearly all is missing.
    if (count > 0) means[kept++] = sum / count;
  }
  return means.subarray(0, kept);
}

/** Sum over the rows start..end-1 of a ring, from its prefix sums. */
export function overRing(prefix: Float64Array, start: number, end: number): number {
  const rows = prefix.length - 1;
  const before = prefix[start] ?? 0;
  if (end <= rows) return (prefix[end] ?? 0) - before;
  return (prefix[rows] ?? 0) - before + (prefix[end - rows] ?? 0);
}

/** Refuses a block, a number of resamples or a level that makes no sense. */
export function requireValid({
  blockLength,
  resamples,
  level,
}: Pick<BootstrapProblem, 'blockLength' | 'resamples' | 'level'>): void {
  if (!Number.isInteger(blockLength) || blockLength < 1) {
    throw new RangeError(`a block has a positive whole number of rows, got ${blockLength}`);
  }
  if (!Number.isInteger(resamples) || resamples < 1) {
    throw new RangeError(`a bootstrap needs a positive whole number of resamples, got ${resamples}`);
  }
  if (!(level > 0 && level < 1)) throw new RangeError(`a level lies between 0 and 1, got ${level}`);
}
