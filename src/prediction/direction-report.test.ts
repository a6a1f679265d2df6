import { describe, expect, it } from 'vitest';
import { HOUR_MS } from '../core/index.ts';
import type { AnsweringFit, ComparisonRows, DirectionRows } from '../models/index.ts';
import { meanContributions } from './mean-contributions.ts';
import { judgeRegimes } from './regimes.ts';
import { judgeTiming } from './timing.ts';
import { judgeTrading, nextReturns } from './trading-judgement.ts';

const ORIGIN = Date.UTC(2023, 11, 1);

/** Hours with two columns, of which every second one rose. */
function rowsOf(count: number, returns: (row: number) => number): DirectionRows {
  const columns = ['return_1bar', 'return_24h', 'volatility_24h'];
  const values = new Float64Array(count * 3);
  for (let row = 0; row < count; row += 1) values.set([returns(row), row % 3 === 0 ? 1 : -1, row], row * 3);
  const rises = Uint8Array.from({ length: count }, (_, row) => (returns(row + 1) > 0 ? 1 : 0));
  const windowEnds = Float64Array.from({ length: count }, (_, row) => ORIGIN + row * HOUR_MS);
  return {
    columns,
    values,
    count,
    windowEnds,
    labels: rises,
    labelKnownAt: windowEnds.map((end) => end + HOUR_MS),
    futureReturns: Float64Array.from({ length: count }, (_, row) => returns(row + 1)),
  };
}

function judgedOf(rows: DirectionRows, probabilities: Float64Array): ComparisonRows {
  const { labels, windowEnds } = rows;
  return { labels, windowEnds, probabilities, barMinutes: 60, horizonMinutes: 60, seed: 1 };
}

describe('judgeTiming', () => {
  it('is sure of directions that are always right and undecided about those that never change', () => {
    const rows = rowsOf(400, (row) => (row % 2 === 0 ? 0.01 : -0.01));
    const right = judgeTiming(judgedOf(rows, Float64Array.from(rows.labels)));
    expect(right.p).toBeLessThan(1e-6);
    expect(right.n).toBe(400);
    expect(judgeTiming(judgedOf(rows, new Float64Array(400).fill(1))).statistic).toBeNaN();
  });

  it('takes windows a horizon apart', () => {
    const rows = rowsOf(400, (row) => (row % 2 === 0 ? 0.01 : -0.01));
    const day = { ...judgedOf(rows, Float64Array.from(rows.labels)), horizonMinutes: 240 };
    expect(judgeTiming(day).n).toBe(100);
  });
});

describe('judgeTrading', () => {
  it('gains what the directions foretold, less what changes cost', () => {
    const rows = rowsOf(101, (row) => (row % 2 === 0 ? 0.01 : -0.01));
    const probabilities = Float64Array.from(rows.labels, (label) => (label === 1 ? 0.9 : 0.1));
    const trading = judgeTrading({ rows, probabilities, barMinutes: 60, horizonMinutes: 60 });
    const [free, dearer] = trading.costs;
    // A hundred bars of a hundredth each; the move after the last row is not known.
    expect(free!.total).toBeCloseTo(1, 10);
    // In, a hundred turns of two, and out: 202 units of a basis point.
    expect(dearer!.total).toBeCloseTo(1 - 202e-4, 10);
    expect(free!.equity.at(-1)).toBeCloseTo(1, 10);
    expect(trading.meanAbsoluteMove).toBeCloseTo(0.01, 10);
    expect(free!.breakEven).toBe(0.5);
  });

  it('does not trade windows without a truth, as those that are held out', () => {
    const rows = rowsOf(100, () => 0.01);
    const held = { ...rows, labels: rows.labels.map((label, row) => (row >= 50 ? 255 : label)) };
    const probabilities = new Float64Array(100).fill(0.9);
    const trading = judgeTrading({ rows: held, probabilities, barMinutes: 60, horizonMinutes: 60 });
    expect(trading.costs[0]!.total).toBeCloseTo(0.5, 10);
    expect(trading.holding.at(-1)).toBeCloseTo(0.5, 10);
  });

  it('needs the return of a bar', () => {
    const rows = { ...rowsOf(10, () => 0.01), columns: ['a', 'b', 'c'] };
    expect(() => nextReturns(rows)).toThrow(/return_1bar/);
  });
});

describe('judgeRegimes', () => {
  it('parts all windows by year and by thirds of volatility', () => {
    const count = 62 * 24;
    const rows = rowsOf(count, (row) => (row % 2 === 0 ? 0.01 : -0.01));
    const right = Float64Array.from(rows.labels);
    const regimes = judgeRegimes(rows, judgedOf(rows, right), new Float64Array(count).fill(1));
    const years = regimes.filter(({ kind }) => kind === 'year');
    expect(years.map(({ name, n }) => [name, n])).toEqual([
      ['2023', 31 * 24],
      ['2024', 31 * 24],
    ]);
    const thirds = regimes.filter(({ kind }) => kind === 'volatility');
    expect(thirds.reduce((sum, { n }) => sum + n, 0)).toBe(count);
    for (const { accuracy, benchmark } of regimes) {
      expect(accuracy).toBe(1);
      expect(benchmark).toBeCloseTo(0.5, 1);
    }
  });
});

describe('meanContributions', () => {
  const rows = rowsOf(5_000, () => 0.01);
  const fit = (first: number, end: number, size: number): AnsweringFit => ({
    first,
    end,
    model: {
      family: 'told',
      predict: () => new Float64Array(0),
      toJson: () => null,
      contributions: ({ count, columns }) => ({
        columns: [...columns],
        values: new Float64Array(count * 3).map((_, place) => (place % 3 === 1 ? -size : 0)),
        bias: 0,
      }),
    },
  });

  it('is the mean size over the rows that each fit answered', () => {
    const told = meanContributions({ rows, fits: [fit(1_000, 3_000, 1), fit(3_000, 5_000, 3)] })!;
    expect(told[0]).toEqual({ column: 'return_24h', size: expect.closeTo(2, 2) as number });
    expect(told).toHaveLength(3);
  });

  it('is null where the family cannot tell', () => {
    const mute = fit(0, 10, 1);
    const { family, predict, toJson } = mute.model;
    const model = { family, predict, toJson };
    expect(meanContributions({ rows, fits: [{ ...mute, model }] })).toBeNull();
  });
});
