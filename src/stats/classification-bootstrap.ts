import { FEWEST_BLOCKS, overRing, requireValid, type BootstrapProblem } from './bootstrap.ts';
import { balancedAccuracyOf, correlationOf, logLossOf } from './classification.ts';
import { quantile } from './quantile.ts';

/** Predictions in time, and how to draw them anew. */
export interface ClassificationProblem extends Omit<BootstrapProblem, 'values'> {
  /** P(1), 0..1, evenly spaced in time; NaN where there was no observation (its place in time is kept); shape (n). */
  probabilities: Float64Array;
  /** What was said of it, 0 or 1, shape (n). */
  predicted: Uint8Array;
  /** 0 or 1, shape (n). Where there is no probability, what stands here and in `predicted` does not count. */
  labels: Uint8Array;
}

/** The figures of `classification.ts`. */
export type ClassificationMetric =
  'accuracy' | 'balancedAccuracy' | 'matthewsCorrelation' | 'areaUnderRoc' | 'brierScore' | 'logLoss';

/** NaN where there are too few blocks of observations for an honest one. */
export interface Bounds {
  low: number;
  high: number;
}

/** Sums of the first 0..n rows, shape (n + 1) each. */
interface Prefixes {
  count: Float64Array;
  ups: Float64Array;
  saidUp: Float64Array;
  both: Float64Array;
  brier: Float64Array;
  logLoss: Float64Array;
}

/** The rows that were observed, by rising probability. */
interface Ranking {
  /** Row, shape (observations). */
  rows: Uint32Array;
  /** Label of the row, shape (observations). */
  isUp: Uint8Array;
  /** 1 at the last of each run of equal probabilities, shape (observations). */
  endsRun: Uint8Array;
}

/**
 * Intervals of every figure at once, by the circular block bootstrap of `blockBootstrapInterval`: the same dice draw the
 * same blocks, and all figures are taken from each draw, so they can be set against each other. What is a sum costs
 * O(blocks) a draw; the area under the curve is counted along the order of probabilities, sorted once, in O(n). A draw
 * in which a figure is not defined (one class alone) does not count for it.
 * @returns percentile intervals
 * @throws RangeError when the shapes differ, or as `blockBootstrapInterval`
 * @see Künsch (1989), Annals of Statistics 17; Politis, Romano (1992), A circular block-resampling procedure for stationary data
 */
export function classificationIntervals(
  problem: ClassificationProblem,
): Record<ClassificationMetric, Bounds> {
  requireShapes(problem);
  requireValid(problem);
  const draws = drawFigures(problem);
  const tail = (1 - problem.level) / 2;
  const boundsOf = (drawn: Float64Array): Bounds => {
    const known = drawn.filter((value) => !Number.isNaN(value));
    return { low: quantile(known, tail), high: quantile(known, 1 - tail) };
  };
  return {
    accuracy: boundsOf(draws.accuracy),
    balancedAccuracy: boundsOf(draws.balancedAccuracy),
    matthewsCorrelation: boundsOf(draws.matthewsCorrelation),
    areaUnderRoc: boundsOf(draws.areaUnderRoc),
    brierScore: boundsOf(draws.brierScore),
    logLoss: boundsOf(draws.logLoss),
  };
}

/** Every figure of every draw, shape (resamples) each; NaN where there are too few blocks. */
function drawFigures(problem: ClassificationProblem): Record<ClassificationMetric, Float64Array> {
  const { probabilities, blockLength, resamples, uniform } = problem;
  const empty = () => new Float64Array(resamples).fill(NaN);
  const draws = {
    accuracy: empty(),
    balancedAccuracy: empty(),
    matthewsCorrelation: empty(),
    areaUnderRoc: empty(),
    brierScore: empty(),
    logLoss: empty(),
  };
  const prefixes = prefixesOf(problem);
  if ((prefixes.count.at(-1) ?? 0) < FEWEST_BLOCKS * blockLength) return draws;
  const ranking = rankingOf(problem);
  const rows = probabilities.length;
  const times = new Int32Array(rows);
  for (let resample = 0; resample < resamples; resample += 1) {
    const sums = { count: 0, ups: 0, saidUp: 0, both: 0, brier: 0, logLoss: 0 };
    times.fill(0);
    for (let filled = 0; filled < rows; filled += blockLength) {
      const start = Math.floor(uniform() * rows);
      const end = start + Math.min(blockLength, rows - filled);
      sums.count += overRing(prefixes.count, start, end);
      sums.ups += overRing(prefixes.ups, start, end);
      sums.saidUp += overRing(prefixes.saidUp, start, end);
      sums.both += overRing(prefixes.both, start, end);
      sums.brier += overRing(prefixes.brier, start, end);
      sums.logLoss += overRing(prefixes.logLoss, start, end);
      markBlock(times, start, end);
    }
    const { count, ups, saidUp, both } = sums;
    draws.accuracy[resample] = (count - ups - saidUp + 2 * both) / count;
    draws.balancedAccuracy[resample] = balancedAccuracyOf(sums);
    draws.matthewsCorrelation[resample] = correlationOf(sums);
    draws.areaUnderRoc[resample] = areaOf(ranking, runningSum(times)) / (ups * (count - ups));
    draws.brierScore[resample] = sums.brier / count;
    draws.logLoss[resample] = sums.logLoss / count;
  }
  return draws;
}

/** Notes where a block of the ring begins and ends, so that the running sum counts how often each row was drawn. */
function markBlock(changes: Int32Array, start: number, end: number): void {
  const rows = changes.length;
  changes[start] = (changes[start] ?? 0) + 1;
  if (end < rows) changes[end] = (changes[end] ?? 0) - 1;
  else if (end > rows) {
    changes[0] = (changes[0] ?? 0) + 1;
    changes[end - rows] = (changes[end - rows] ?? 0) - 1;
  }
}

/** In place. */
function runningSum(changes: Int32Array): Int32Array {
  let sum = 0;
  for (let row = 0; row < changes.length; row += 1) {
    sum += changes[row] ?? 0;
    changes[row] = sum;
  }
  return changes;
}

/** Pairs of an up row above a down row, equals counting half; each row as many times as it was drawn. */
function areaOf({ rows, isUp, endsRun }: Ranking, times: Int32Array): number {
  let area = 0;
  let downsBelow = 0;
  let ups = 0;
  let downs = 0;
  for (let place = 0; place < rows.length; place += 1) {
    const drawn = times[rows[place] ?? 0] ?? 0;
    if (isUp[place] === 1) ups += drawn;
    else downs += drawn;
    if (endsRun[place] === 0) continue;
    area += ups * (downsBelow + downs / 2);
    downsBelow += downs;
    ups = 0;
    downs = 0;
  }
  return area;
}

function rankingOf({ probabilities, labels }: ClassificationProblem): Ranking {
  const rows = Uint32Array.from(probabilities.keys())
    .filter((row) => !Number.isNaN(probabilities[row]))
    .sort((left, right) => (probabilities[left] ?? 0) - (probabilities[right] ?? 0));
  return {
    rows,
    isUp: Uint8Array.from(rows, (row) => labels[row] ?? 0),
    endsRun: Uint8Array.from(rows, (row, place) =>
      probabilities[row] === probabilities[rows[place + 1] ?? -1] ? 0 : 1,
    ),
  };
}

function prefixesOf({ probabilities, predicted, labels }: ClassificationProblem): Prefixes {
  const sumUp = (valueOf: (row: number, probability: number) => number): Float64Array => {
    const sums = new Float64Array(probabilities.length + 1);
    probabilities.forEach((probability, row) => {
      const value = Number.isNaN(probability) ? 0 : valueOf(row, probability);
      sums[row + 1] = (sums[row] ?? 0) + value;
    });
    return sums;
  };
  const labelOf = (row: number) => labels[row] ?? NaN;
  const saidOf = (row: number) => predicted[row] ?? NaN;
  return {
    count: sumUp(() => 1),
    ups: sumUp(labelOf),
    saidUp: sumUp(saidOf),
    both: sumUp((row) => labelOf(row) * saidOf(row)),
    brier: sumUp((row, probability) => (probability - labelOf(row)) ** 2),
    logLoss: sumUp((row, probability) => logLossOf(probability, labelOf(row))),
  };
}

function requireShapes({ probabilities, predicted, labels }: ClassificationProblem): void {
  const odd = [predicted, labels].find(({ length }) => length !== probabilities.length);
  if (odd !== undefined) {
    throw new RangeError(`${probabilities.length} probabilities, but another array has ${odd.length} rows`);
  }
}
