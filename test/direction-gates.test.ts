import { describe, expect, it } from 'vitest';
import { createRandom, MINUTE_MS, SECOND_MS, type Random } from '../src/core/index.ts';
import { boost } from '../src/models/boosted-trees/boost.ts';
import { predictForest } from '../src/models/boosted-trees/forest.ts';
import { XGBOOST_DEFAULTS } from '../src/models/boosted-trees/parameters.ts';
import { floatRows } from '../src/models/boosted-trees/values.ts';
import {
  accuracyInterval,
  MODEL_FAMILIES,
  SEARCH_SPACES,
  walkForward,
  type DirectionRows,
  type ModelFamily,
} from '../src/models/index.ts';
import { judgeTrials, type TrialJudgement } from '../src/prediction/trial-judgement.ts';
import { deflatedSharpe, paperTrade, probabilisticSharpe, sharpeMoments } from '../src/stats/index.ts';

const isFull = process.env['BELLWETHER_TEST_FULL'] === '1';
const ORIGIN = Date.UTC(2024, 0, 1);
const GRACE_SECONDS = 60;
const PATIENCE = { timeout: 900_000 };

/** Trees that fit whatever they are shown, until the end: a leak shows at once in what they seem to know. */
const EAGER: ModelFamily = {
  ...MODEL_FAMILIES.trees,
  fit(rows) {
    const columns = [...rows.columns];
    const learnt = { ...floatRows(rows, columns), labels: rows.labels };
    const parameters = { ...XGBOOST_DEFAULTS, rounds: 200, eta: 0.2, maxDepth: 10 };
    const forest = { columns, ...boost(learnt, { parameters, seed: 1 }) };
    return { family: 'trees', predict: (asked) => predictForest(forest, asked), toJson: () => null };
  },
};

interface Walk {
  bars: number;
  barMinutes: number;
  horizonMinutes: number;
}

/** A price that goes nowhere: its level, its mean of a week, the hour and some of its past as features, the sign of its future as label. */
function randomWalk(random: Random, { bars, barMinutes, horizonMinutes }: Walk): DirectionRows {
  const h = horizonMinutes / barMinutes;
  const prices = new Float64Array(bars + h);
  for (let bar = 1; bar < prices.length; bar += 1) prices[bar] = prices[bar - 1]! + 0.002 * random.normal();
  const columns = ['price_level', 'mean_7d', 'return_1bar', 'return_24h', 'hour'];
  const day = (24 * 60) / barMinutes;
  const values = new Float64Array(bars * columns.length);
  let week = 0;
  for (let bar = 0; bar < bars; bar += 1) {
    const back = (lag: number) => prices[bar]! - prices[Math.max(0, bar - lag)]!;
    week += prices[bar]! - (prices[bar - 7 * day] ?? 0);
    values.set([prices[bar]!, week / (7 * day), back(1), back(day), bar % day], bar * columns.length);
  }
  return asRows(
    { columns, values, barMinutes, horizonMinutes },
    (bar) => prices[bar + h]! - prices[bar]!,
    bars,
  );
}

/** Rows whose labels are the sign of what `moveOf` says, known when the horizon is over. */
function asRows(
  {
    columns,
    values,
    barMinutes,
    horizonMinutes,
  }: { columns: string[]; values: Float64Array } & Omit<Walk, 'bars'>,
  moveOf: (bar: number) => number,
  count: number,
): DirectionRows {
  const bars = Array.from({ length: count }, (_, bar) => bar);
  const windowEnds = Float64Array.from(bars, (bar) => ORIGIN + (bar + 1) * barMinutes * MINUTE_MS);
  const futureReturns = Float64Array.from(bars, moveOf);
  return {
    columns,
    values,
    count,
    windowEnds,
    futureReturns,
    labels: Uint8Array.from(futureReturns, (move) => (move > 0 ? 1 : 0)),
    labelKnownAt: windowEnds.map((end) => end + horizonMinutes * MINUTE_MS + 5 * SECOND_MS),
  };
}

/** Columns and moves that know nothing of each other, or whose first column knows the sign so often. */
function pureRows(
  random: Random,
  { count, strength = 0.5 }: { count: number; strength?: number },
): DirectionRows {
  const columns = ['a', 'b', 'c', 'd'];
  const values = new Float64Array(count * columns.length).map(() => random.normal());
  const move = (bar: number) => {
    const size = Math.abs(random.normal()) * 0.01;
    const sign = Math.sign(values[bar * columns.length]!) || 1;
    return random.uniform() < strength ? sign * size : -sign * size;
  };
  return asRows({ columns, values, barMinutes: 60, horizonMinutes: 60 }, move, count);
}

function validated(rows: DirectionRows, { barMinutes, horizonMinutes }: Omit<Walk, 'bars'>) {
  const { probabilities } = walkForward(rows, {
    family: EAGER,
    horizonMinutes,
    embargoMinutes: horizonMinutes,
    graceSeconds: GRACE_SECONDS,
    from: rows.windowEnds[Math.floor(rows.count / 3)]!,
    refit: { folds: 8 },
    seed: 1,
  });
  const hits = probabilities.map((p, row) =>
    Number.isNaN(p) ? NaN : Number((p >= 0.5 ? 1 : 0) === rows.labels[row]),
  );
  return accuracyInterval({ hits, windowEnds: rows.windowEnds, barMinutes, horizonMinutes, seed: 1 });
}

/** What everybody knows not to do and many do: rows of every day on both sides. */
function shuffledAccuracy(rows: DirectionRows, random: Random): number {
  const isTested = Uint8Array.from({ length: rows.count }, () => (random.uniform() < 0.25 ? 1 : 0));
  const width = rows.columns.length;
  const part = (tested: number) => {
    const places = [...rows.labels.keys()].filter((row) => isTested[row] === tested);
    const values = new Float64Array(places.length * width);
    places.forEach((row, place) =>
      values.set(rows.values.subarray(row * width, (row + 1) * width), place * width),
    );
    return {
      columns: rows.columns,
      values,
      count: places.length,
      labels: Uint8Array.from(places, (row) => rows.labels[row]!),
      futureReturns: Float64Array.from(places, (row) => rows.futureReturns[row]!),
    };
  };
  const [learnt, tested] = [part(0), part(1)];
  const answers = EAGER.fit(learnt, { seed: 1 }).predict(tested);
  return (
    answers.reduce((sum, p, row) => sum + Number((p >= 0.5 ? 1 : 0) === tested.labels[row]), 0) / tested.count
  );
}

function judged(rows: DirectionRows, { trials, seed }: { trials: number; seed: number }): TrialJudgement {
  return judgeTrials({
    rows,
    barReturns: rows.futureReturns,
    barMinutes: 60,
    horizonMinutes: 60,
    graceSeconds: GRACE_SECONDS,
    benchmark: { name: 'a coin', probabilities: new Float64Array(rows.count).fill(0.5) },
    space: SEARCH_SPACES.logistic,
    trials,
    trialFolds: 3,
    from: rows.windowEnds[Math.floor(rows.count / 2)]!,
    to: rows.windowEnds.at(-1)!,
    seed,
  });
}

describe('a random walk with labels that overlap by a day and the price level among its features', () => {
  it('is a coin to a purged walk-forward, and an oracle to a shuffled split', PATIENCE, () => {
    const walk = { bars: isFull ? 35_040 : 6_000, barMinutes: 15, horizonMinutes: 1_440 };
    for (const seed of isFull ? [1, 2, 3, 4, 5] : [1]) {
      const random = createRandom(seed);
      const rows = randomWalk(random, walk);
      const { accuracy, low, high, n } = validated(rows, walk);
      const shuffled = shuffledAccuracy(rows, random.fork('split'));
      report(
        `random walk, seed ${seed}: n ${n}, walk-forward ${accuracy.toFixed(4)} (${low.toFixed(4)} to ${high.toFixed(4)}), shuffled ${shuffled.toFixed(4)}`,
      );
      expect(low).toBeLessThan(0.5);
      expect(high).toBeGreaterThan(0.5);
      expect(shuffled).toBeGreaterThan(0.7);
    }
  });
});

describe('a signal of known strength', () => {
  it('is found within two points of it', PATIENCE, () => {
    for (const seed of isFull ? [1, 2, 3, 4, 5] : [1]) {
      const strength = 0.56;
      const rows = pureRows(createRandom(seed), { count: isFull ? 40_000 : 12_000, strength });
      const { probabilities } = walkForward(rows, {
        family: MODEL_FAMILIES.trees,
        horizonMinutes: 60,
        embargoMinutes: 60,
        graceSeconds: GRACE_SECONDS,
        from: rows.windowEnds[Math.floor(rows.count / 3)]!,
        refit: { folds: 6 },
        seed: 1,
      });
      const hits = probabilities.map((p, row) =>
        Number.isNaN(p) ? NaN : Number((p >= 0.5 ? 1 : 0) === rows.labels[row]),
      );
      const { accuracy, n } = accuracyInterval({
        hits,
        windowEnds: rows.windowEnds,
        barMinutes: 60,
        horizonMinutes: 60,
        seed: 1,
      });
      report(`planted ${strength}, seed ${seed}: found ${accuracy.toFixed(4)}, n ${n}`);
      expect(Math.abs(accuracy - strength)).toBeLessThan(0.02);
    }
  });
});

describe('a search through noise', () => {
  const sets = isFull ? 200 : 30;
  const judgements = Array.from(
    { length: sets },
    (_, set) => () =>
      judged(pureRows(createRandom(1_000 + set), { count: 2_000 }), { trials: 10, seed: set }),
  );

  it('calls few sets of noise significant, and choosing on them is a coin', PATIENCE, () => {
    const found = judgements.map((judge) => judge());
    const called = found.filter(({ superior }) => superior.consistent < 0.05).length;
    const naive = found.filter(({ sharpe }) => sharpe.probabilistic > 0.95).length;
    const first = found.slice(0, 20).map(({ overfitting }) => overfitting.probability);
    const pbo = first.reduce((sum, p) => sum + p, 0) / first.length;
    report(
      `${sets} sets of noise: ${called} significant after search, ${naive} by the best trial alone; mean PBO of 20 sets ${pbo.toFixed(3)}`,
    );
    expect(called / sets).toBeLessThanOrEqual(0.08);
    expect(pbo).toBeGreaterThan(0.4);
    expect(pbo).toBeLessThan(0.6);
  });

  it('is told by the deflated Sharpe ratio of the best of a hundred strategies without skill', () => {
    for (const seed of isFull ? Array.from({ length: 50 }, (_, place) => place) : [1, 2, 3]) {
      const random = createRandom(seed);
      const barReturns = new Float64Array(2_000).map(() => 0.01 * random.normal());
      const moments = Array.from({ length: 100 }, () => {
        const positions = Int8Array.from(barReturns, () => (random.uniform() < 0.5 ? 1 : -1));
        return sharpeMoments(
          paperTrade({ positions, barReturns, horizonBars: 1, costs: [0] }).results[0]!.net,
        );
      });
      const best = moments.reduce((one, other) => (other.sharpe > one.sharpe ? other : one));
      const mean = moments.reduce((sum, { sharpe }) => sum + sharpe, 0) / 100;
      const variance = moments.reduce((sum, { sharpe }) => sum + (sharpe - mean) ** 2, 0) / 99;
      const deflated = deflatedSharpe(best, { trials: 100, variance });
      report(
        `best of 100, seed ${seed}: alone ${probabilisticSharpe(best).toFixed(4)}, deflated ${deflated.toFixed(4)}`,
      );
      expect(probabilisticSharpe(best)).toBeGreaterThan(0.95);
      expect(deflated).toBeLessThan(0.95);
    }
  });
});

/** Figures for the docs, where the whole size is run. */
function report(line: string): void {
  if (isFull) process.stdout.write(`${line}\n`);
}
