import { describe, expect, it } from 'vitest';
import { makeChanceHistory } from '../../test/chance-history.ts';
import { DAY_MS, HOUR_MS } from '../core/index.ts';
import { MODEL_FAMILIES, type Model } from '../models/index.ts';
import { judgeHeldOut } from './holdout-evaluation.ts';

const FIRST_FIT = Date.UTC(2024, 0, 29);
const ROWS = 24 * 60;
const history = makeChanceHistory({ names: ['x'], rows: ROWS, firstFit: FIRST_FIT });
const rows = history.rowsAt(60);
const holdout = { from: FIRST_FIT, to: FIRST_FIT + 20 * DAY_MS };
const question = {
  ...{ arm: 'trees+vader', horizonMinutes: 60, rows, holdout, barMinutes: 60, seed: 1 },
  model: MODEL_FAMILIES['always-up'].fit(
    {
      columns: [],
      values: new Float64Array(0),
      count: 0,
      labels: new Uint8Array(0),
      futureReturns: new Float64Array(0),
    },
    { seed: 1 },
  ),
};
const inside = [...rows.windowEnds].flatMap((end, row) =>
  end >= holdout.from && end + HOUR_MS <= holdout.to ? [row] : [],
);

/** Knows every label. */
const oracle: Model = {
  family: 'oracle',
  predict: () => Float64Array.from(rows.labels, (label) => (label === 1 ? 0.9 : 0.1)),
  toJson: () => ({}),
};

describe('a model on a held-out range', () => {
  it('is judged on the windows whose label lies wholly inside', () => {
    const ups = inside.filter((row) => rows.labels[row] === 1).length;
    const result = judgeHeldOut(question);
    expect(result).toMatchObject({ arm: 'trees+vader', horizonMinutes: 60, n: inside.length });
    expect(result.n).toBe(20 * 24);
    expect(result.accuracy).toBeCloseTo(ups / inside.length, 12);
    expect(result.low).toBeLessThan(result.accuracy ?? NaN);
    expect(Object.keys(result.baselines).sort()).toEqual([
      ...['always-up', 'ar1', 'last-sign', 'majority', 'sign-table'],
    ]);
  });

  it('that knows every label is always right, and one bar later as often as chance', () => {
    const result = judgeHeldOut({ ...question, model: oracle });
    expect(result.accuracy).toBe(1);
    expect(Math.abs((result.accuracyOneBarLater ?? NaN) - 0.5)).toBeLessThan(0.1);
  });

  it('depends on no truth from outside, but for what the baselines have learnt before', () => {
    const isInside = new Set(inside);
    const changed = rows.labels.map((label, row) =>
      isInside.has(row) || (rows.windowEnds[row] ?? 0) < holdout.from ? label : 1 - label,
    );
    expect(judgeHeldOut({ ...question, rows: { ...rows, labels: changed } })).toEqual(judgeHeldOut(question));
  });

  it('has no figures where the history does not reach the range', () => {
    const later = { from: holdout.to + 400 * DAY_MS, to: holdout.to + 410 * DAY_MS };
    expect(judgeHeldOut({ ...question, holdout: later })).toMatchObject({
      ...{ n: 0, accuracy: null, low: null, high: null, accuracyOneBarLater: null },
    });
  });
});
