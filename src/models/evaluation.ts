import { createRandom, MINUTE_MS } from '../core/index.ts';
import {
  accuracy,
  areaUnderRoc,
  balancedAccuracy,
  blockBootstrapInterval,
  brierScore,
  classificationIntervals,
  logLoss,
  matthewsCorrelation,
  type Bounds,
} from '../stats/index.ts';
import { directionOf } from './direction.ts';

const DAY_MINUTES = 1_440;
const RESAMPLES = 2_000;
const LEVEL = 0.95;

/** Predictions and their truth, one row a window; every array has the shape (n). */
export interface DirectionEvaluation {
  /** P(up); NaN where there is none. */
  probabilities: Float64Array;
  /** 1 = up, 0 = down, anything else = void or not known. */
  labels: Uint8Array;
  /** The same with entry one bar later: close(T+b+h) > close(T+b). */
  labelsOneBarLater: Uint8Array;
  /** Epoch ms, ascending, whole bars apart. */
  windowEnds: Float64Array;
  barMinutes: number;
  horizonMinutes: number;
  /** P(up) of each baseline for the same windows. */
  baselineProbabilities: Record<string, Float64Array>;
  seed: number;
}

/** How good the directions were. A figure without rows is NaN. */
export interface DirectionScores {
  accuracy: number;
  accuracyOneBarLater: number;
  /** Mean of the shares of up and of down labels that were foretold. */
  balancedAccuracy: number;
  brier: number;
  /** Nats. */
  logLoss: number;
  auc: number;
  mcc: number;
  /** Windows with a probability and a label that is up or down. */
  n: number;
  /** 95 % interval of `accuracy`; NaN where there are fewer hits and misses than eight blocks have windows. */
  low: number;
  high: number;
  /** Accuracy of each baseline on those n windows. */
  baselines: Record<string, number>;
}

/** The figures of `DirectionScores` that have an interval. */
export type DirectionMetric = keyof Pick<
  DirectionScores,
  'accuracy' | 'balancedAccuracy' | 'mcc' | 'auc' | 'brier' | 'logLoss'
>;

/** Hits in time, for an interval. */
export interface HitSeries {
  /** 1 = right, 0 = wrong, NaN = void or not known, shape (n). */
  hits: Float64Array;
  /** Epoch ms, ascending, whole bars apart (bars may be absent), shape (n). */
  windowEnds: Float64Array;
  barMinutes: number;
  horizonMinutes: number;
  seed: number;
}

/** An accuracy with its 95 % interval. */
export interface AccuracyInterval {
  accuracy: number;
  low: number;
  high: number;
  n: number;
}

/**
 * Scores predictions of direction against their truth and against baselines on the same windows.
 * @throws RangeError when the arrays differ in length or the windows do not stand on the grid of bars
 * @see `accuracyInterval` for the interval
 */
export function evaluateDirection(evaluation: DirectionEvaluation): DirectionScores {
  const { probabilities, labels, labelsOneBarLater, windowEnds, baselineProbabilities } = evaluation;
  requireSameLength(probabilities, [
    labels,
    labelsOneBarLater,
    windowEnds,
    ...Object.values(baselineProbabilities),
  ]);
  const scored = scoredRows(probabilities, labels);
  const truth = Uint8Array.from(scored, (row) => labels[row] ?? NaN);
  const chances = Float64Array.from(scored, (row) => probabilities[row] ?? NaN);
  const said = Uint8Array.from(chances, bitOf);
  const interval = accuracyInterval({ ...evaluation, hits: hitsOf(probabilities, labels) });
  const baselines = Object.entries(baselineProbabilities).map(([name, baseline]) => {
    return [name, accuracyOn(baseline, labels, scored)] as const;
  });
  return {
    accuracy: interval.accuracy,
    accuracyOneBarLater: accuracyOn(
      probabilities,
      labelsOneBarLater,
      scoredRows(probabilities, labelsOneBarLater),
    ),
    balancedAccuracy: balancedAccuracy(said, truth),
    brier: brierScore(chances, truth),
    logLoss: logLoss(chances, truth),
    auc: areaUnderRoc(chances, truth),
    mcc: matthewsCorrelation(said, truth),
    n: scored.length,
    low: interval.low,
    high: interval.high,
    baselines: Object.fromEntries(baselines),
  };
}

/**
 * Share of hits with its 95 % interval: circular block bootstrap, 2,000 draws, blocks of max(24 h, 3 x horizon) in
 * time. Absent bars keep their place, so a block is as long as it says, but only what is there counts: fewer than eight
 * blocks of hits and misses have no interval. On labels that overlap by 24 h such blocks miss
 * in 6 to 7 % of simulated years instead of 5; blocks of 24 h in 10 %.
 * @throws RangeError when the windows do not stand on the grid of bars
 */
export function accuracyInterval(series: HitSeries): AccuracyInterval {
  const { mean, low, high, observations } = blockBootstrapInterval({
    values: onGrid(series),
    ...drawsOf(series),
  });
  return { accuracy: mean, low, high, n: observations };
}

/** Predictions and their truth in time, for the intervals of all figures; every array has the shape (n). */
export type PredictedSeries = Pick<
  DirectionEvaluation,
  'probabilities' | 'labels' | 'windowEnds' | 'barMinutes' | 'horizonMinutes' | 'seed'
>;

/**
 * 95 % interval of every figure of `evaluateDirection`, from one set of block draws; that of the accuracy is the very
 * one of `accuracyInterval`. By itself, because it costs about 2 s for four years of hours.
 * @returns bounds; NaN where there are too few windows for an interval, or a class is absent
 * @throws RangeError when the arrays differ in length or the windows do not stand on the grid of bars
 * @see `accuracyInterval` for blocks and draws
 */
export function directionIntervals(series: PredictedSeries): Record<DirectionMetric, Bounds> {
  const { probabilities, labels, windowEnds } = series;
  requireSameLength(probabilities, [labels, windowEnds]);
  const rows = new Float64Array(labels.length).fill(NaN);
  for (const row of scoredRows(probabilities, labels)) rows[row] = row;
  const grid = onGrid({ ...series, hits: rows });
  const chances = grid.map((row) => probabilities[row] ?? NaN);
  const figures = classificationIntervals({
    probabilities: chances,
    predicted: Uint8Array.from(chances, (chance) => (Number.isNaN(chance) ? 0 : bitOf(chance))),
    labels: Uint8Array.from(grid, (row) => labels[row] ?? 0),
    ...drawsOf(series),
  });
  return {
    accuracy: figures.accuracy,
    balancedAccuracy: figures.balancedAccuracy,
    mcc: figures.matthewsCorrelation,
    auc: figures.areaUnderRoc,
    brier: figures.brierScore,
    logLoss: figures.logLoss,
  };
}

/** Rows of a block in which neighbouring windows stay together: max(24 h, 3 x horizon). */
export function blockRows({
  barMinutes,
  horizonMinutes,
}: Pick<HitSeries, 'barMinutes' | 'horizonMinutes'>): number {
  return Math.ceil(Math.max(DAY_MINUTES, 3 * horizonMinutes) / barMinutes);
}

/** How the windows are drawn anew: the same for every figure. */
function drawsOf({
  barMinutes,
  horizonMinutes,
  seed,
}: Pick<HitSeries, 'barMinutes' | 'horizonMinutes' | 'seed'>) {
  return {
    blockLength: blockRows({ barMinutes, horizonMinutes }),
    resamples: RESAMPLES,
    level: LEVEL,
    uniform: createRandom(seed).fork('accuracy-interval').uniform,
  };
}

/** The hits from the first to the last that is known, one place for every bar. */
export function onGrid({ hits, windowEnds, barMinutes }: HitSeries): Float64Array {
  const first = hits.findIndex((hit) => !Number.isNaN(hit));
  if (first < 0) return new Float64Array(0);
  const last = hits.findLastIndex((hit) => !Number.isNaN(hit));
  const start = windowEnds[first] ?? NaN;
  const placeOf = (row: number) => ((windowEnds[row] ?? NaN) - start) / (barMinutes * MINUTE_MS);
  const grid = new Float64Array(placeOf(last) + 1).fill(NaN);
  let before = -1;
  for (let row = first; row <= last; row += 1) {
    const place = placeOf(row);
    if (!Number.isInteger(place) || place <= before) {
      throw new RangeError(`windows must ascend by whole bars of ${barMinutes} minutes: row ${row} does not`);
    }
    grid[place] = hits[row] ?? NaN;
    before = place;
  }
  return grid;
}

function hitsOf(probabilities: Float64Array, labels: Uint8Array): Float64Array {
  const hits = new Float64Array(labels.length).fill(NaN);
  for (const row of scoredRows(probabilities, labels)) {
    hits[row] = bitOf(probabilities[row] ?? NaN) === labels[row] ? 1 : 0;
  }
  return hits;
}

/** Rows with a probability and a label that is up or down. */
export function scoredRows(probabilities: Float64Array, labels: Uint8Array): number[] {
  const rows: number[] = [];
  probabilities.forEach((probability, row) => {
    if (!Number.isNaN(probability) && (labels[row] ?? NaN) <= 1) rows.push(row);
  });
  return rows;
}

/** Accuracy on those of the rows where there is a probability. */
function accuracyOn(probabilities: Float64Array, labels: Uint8Array, rows: readonly number[]): number {
  const known = rows.filter((row) => !Number.isNaN(probabilities[row]));
  return accuracy(
    Uint8Array.from(known, (row) => bitOf(probabilities[row] ?? NaN)),
    Uint8Array.from(known, (row) => labels[row] ?? NaN),
  );
}

function bitOf(probability: number): 0 | 1 {
  return directionOf(probability) === 'up' ? 1 : 0;
}

function requireSameLength(probabilities: Float64Array, others: readonly ArrayLike<number>[]): void {
  const odd = others.find((values) => values.length !== probabilities.length);
  if (odd !== undefined) {
    throw new RangeError(`${probabilities.length} probabilities, but another array has ${odd.length} rows`);
  }
}
