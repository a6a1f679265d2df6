import { createRandom, type EpochMs } from '../core/index.ts';
import { blockRows, searchDirection, type DirectionRows, type SearchSpace } from '../models/index.ts';
import {
  backtestOverfitting,
  deflatedSharpe,
  expectedMaximumSharpe,
  logLossOf,
  paperTrade,
  positionsOf,
  probabilisticSharpe,
  sharpeMoments,
  superiorPredictiveAbility,
} from '../stats/index.ts';

/** Parts whose halves choose and are chosen on: 12,870 ways. */
const PARTITIONS = 16;
const RESAMPLES = 2_000;

/** What is left of the best trial when one knows how many there were. */
export interface TrialJudgement {
  /** Trials that were judged on all tested windows. */
  trials: number;
  /** Windows that count: with a truth, and answered by all trials and the benchmark. */
  windows: number;
  /** Log losses of the trials out of sample, nats, ascending. */
  losses: number[];
  /** Log loss of what they are held against. */
  benchmark: { name: string; logLoss: number };
  /** p values of "no trial has a lower log loss than the benchmark". */
  superior: { lower: number; consistent: number; upper: number; resamples: number };
  /** Of choosing a trial by the Sharpe ratio of following it on paper, without costs. */
  overfitting: { probability: number; slope: number; probabilityOfLoss: number; logits: number[] };
  /** The largest Sharpe ratio among the trials' books without costs, per bar. */
  sharpe: {
    best: number;
    /** What the best of as many without skill would show. */
    expectedMaximum: number;
    /** Probability that it is above 0 taken alone, and given that it was the best. */
    probabilistic: number;
    deflated: number;
  };
}

export interface TrialQuestion {
  rows: DirectionRows;
  /** Log return over the bar after each row's, shape (rows.count). */
  barReturns: Float64Array;
  barMinutes: number;
  horizonMinutes: number;
  graceSeconds: number;
  benchmark: { name: string; probabilities: Float64Array };
  space: SearchSpace;
  trials: number;
  trialFolds: number;
  from: EpochMs;
  to: EpochMs;
  seed: number;
  onProgress?: ((phrase: string, done: number, total: number) => void) | undefined;
}

/**
 * Draws settings of a family at random, fits each of them in every fold of a walk-forward, and asks what the best of
 * them is worth given that it is the best of so many.
 * @see Hansen (2005), A Test for Superior Predictive Ability, JBES 23
 * @see Bailey, Borwein, López de Prado, Zhu (2017), The Probability of Backtest Overfitting, Journal of Computational Finance 20
 * @see Bailey, López de Prado (2014), The Deflated Sharpe Ratio, Journal of Portfolio Management 40
 */
export function judgeTrials(question: TrialQuestion): TrialJudgement {
  const { rows, benchmark, space, from, to, seed, onProgress } = question;
  const { trialLosses, testedRows } = searchDirection(rows, {
    space,
    method: 'random',
    horizonMinutes: question.horizonMinutes,
    embargoMinutes: question.horizonMinutes,
    graceSeconds: question.graceSeconds,
    from,
    to,
    folds: question.trialFolds,
    trials: question.trials,
    seed,
    onProgress: (done, total) => onProgress?.('trials', done, total),
  });
  const trials = [...trialLosses.values()];
  const places = [...testedRows.keys()].filter(
    (place) =>
      trials.every((losses) => Number.isFinite(losses[place])) &&
      !Number.isNaN(benchmark.probabilities[testedRows[place] ?? -1] ?? NaN),
  );
  const benchmarkLosses = Float64Array.from(places, (place) => {
    const row = testedRows[place] ?? -1;
    return logLossOf(benchmark.probabilities[row] ?? NaN, rows.labels[row] ?? NaN);
  });
  const losses = trials.map((trial) => Float64Array.from(places, (place) => trial[place] ?? NaN));
  const gains = losses.map((trial) => trial.map((loss, place) => (benchmarkLosses[place] ?? NaN) - loss));
  const superior = superiorPredictiveAbility({
    gains,
    blockLength: blockRows(question),
    resamples: RESAMPLES,
    uniform: createRandom(seed).fork('superior-ability').uniform,
  });
  const books = trials.map((trial) => bookOf(question, trial, testedRows));
  const overfitting = backtestOverfitting({
    performance: books,
    partitions: PARTITIONS,
    criterion: 'sharpe',
  });
  return {
    trials: trials.length,
    windows: places.length,
    losses: losses.map(meanOf).sort((one, other) => one - other),
    benchmark: { name: benchmark.name, logLoss: meanOf(benchmarkLosses) },
    superior: {
      lower: superior.lower,
      consistent: superior.consistent,
      upper: superior.upper,
      resamples: RESAMPLES,
    },
    overfitting: {
      probability: overfitting.probability,
      slope: overfitting.slope,
      probabilityOfLoss: overfitting.probabilityOfLoss,
      logits: [...overfitting.logits],
    },
    sharpe: judgeSharpe(books),
  };
}

/** Returns a bar, without costs, of following a trial; what it said follows from what it lost and what was true. */
function bookOf(
  { rows, barReturns, barMinutes, horizonMinutes }: TrialQuestion,
  losses: Float64Array,
  testedRows: Uint32Array,
): Float64Array {
  const probabilities = losses.map((loss, place) =>
    rows.labels[testedRows[place] ?? -1] === 1 ? Math.exp(-loss) : 1 - Math.exp(-loss),
  );
  const book = paperTrade({
    positions: positionsOf(probabilities, 0),
    barReturns: Float64Array.from(testedRows, (row) => barReturns[row] ?? 0),
    horizonBars: Math.max(1, Math.round(horizonMinutes / barMinutes)),
    costs: [0],
  });
  return book.results[0]?.net ?? new Float64Array(0);
}

function judgeSharpe(books: readonly Float64Array[]): TrialJudgement['sharpe'] {
  const moments = books.map(sharpeMoments);
  const best = moments.reduce((one, other) => (other.sharpe > one.sharpe ? other : one));
  const ratios = Float64Array.from(moments, ({ sharpe }) => sharpe);
  const mean = meanOf(ratios);
  const variance =
    ratios.reduce((sum, ratio) => sum + (ratio - mean) ** 2, 0) / Math.max(1, ratios.length - 1);
  const tried = { trials: books.length, variance };
  return {
    best: best.sharpe,
    expectedMaximum: expectedMaximumSharpe(tried),
    probabilistic: probabilisticSharpe(best),
    deflated: deflatedSharpe(best, tried),
  };
}

function meanOf(values: Float64Array): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}
