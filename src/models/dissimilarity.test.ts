import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createRandom, isAppError } from '../core/index.ts';
import { createTrees, trees, type TreesParameters } from './boosted-trees/trees.ts';
import { fitDissimilarity, loadDissimilarity } from './dissimilarity.ts';
import { logistic } from './logistic.ts';
import { signalRows } from './model.contract.ts';
import type { Model, TrainingRows } from './model.ts';
import { majority } from './sign-baselines.ts';

/** A model that weighs what it is told to. */
function weighing(weights: Record<string, number>): Model {
  return {
    family: 'fake',
    predict: (rows) => new Float64Array(rows.count).fill(0.5),
    columnWeights: () => new Map(Object.entries(weights)),
    toJson: () => null,
  };
}

function rowsOf(columns: Record<string, readonly number[]>): TrainingRows {
  const names = Object.keys(columns);
  const count = Object.values(columns)[0]?.length ?? 0;
  return {
    columns: names,
    values: Float64Array.from({ length: count * names.length }, (_, place) => {
      return columns[names[place % names.length]!]![Math.floor(place / names.length)]!;
    }),
    count,
    labels: new Uint8Array(count),
    futureReturns: new Float64Array(count),
  };
}

/** Two columns of noise. */
function noise(count: number, seed = 3): TrainingRows {
  const random = createRandom(seed);
  const draw = () => Array.from({ length: count }, () => random.normal());
  return rowsOf({ a: draw(), b: draw() });
}

describe('fitDissimilarity', () => {
  it('measures to the nearest row in units of the mean distance, by hand on a line of -1 and 1', () => {
    // Mean 0, standard deviation 1. Of 200 rows, pairs are 0 or 2 apart: 100 x 100 of 19,900 pairs, times 2.
    const rows = rowsOf({ a: Array.from({ length: 200 }, (_, row) => (row % 2 === 0 ? -1 : 1)) });
    const index = fitDissimilarity(weighing({ a: 5 }), rows, { seed: 1 })!;
    const [onto, near, between, far] = index.of(rowsOf({ a: [1, 1.5, 0, 7] }));
    const mean = (10_000 * 2) / 19_900;
    expect(onto).toBeCloseTo(0, 12);
    expect(near).toBeCloseTo(0.5 / mean, 12);
    expect(between).toBeCloseTo(1 / mean, 12);
    expect(far).toBeCloseTo(6 / mean, 12);
    // Each row has its double in another stretch of time.
    expect(index.limit).toBeCloseTo(0, 12);
  });

  it('counts a value beside a missing one as the square root of two, and two missing ones not at all', () => {
    const rows = rowsOf({ a: Array.from({ length: 200 }, (_, row) => (row % 2 === 0 ? -1 : 1)) });
    const index = fitDissimilarity(weighing({ a: 1 }), rows, { seed: 1 })!;
    const mean = (10_000 * 2) / 19_900;
    for (const missing of [NaN, Infinity, -Infinity]) {
      expect(index.of(rowsOf({ a: [missing] }))[0]).toBeCloseTo(Math.SQRT2 / mean, 12);
    }
    const patchy = { ...rows, values: rows.values.map((value, row) => (row === 77 ? NaN : value)) };
    const known = fitDissimilarity(weighing({ a: 1 }), patchy, { seed: 1 })!;
    expect(known.of(rowsOf({ a: [NaN] }))[0]).toBe(0);
  });

  it('accepts nearly all rows of the same kind and refuses those of another', () => {
    const index = fitDissimilarity(weighing({ a: 1, b: 1 }), noise(5_000), { seed: 1 })!;
    const same = index.of(noise(2_000, 9));
    const share = same.filter((value) => value > index.limit).length / same.length;
    // The normal's share above Q3 + 1.5 IQR is 0.35 %; distances to the nearest have a longer tail.
    expect(share).toBeLessThan(0.1);
    expect(share).toBeGreaterThan(0);
    expect(index.of(rowsOf({ a: [8], b: [-8] }))[0]).toBeGreaterThan(3 * index.limit);
  });

  it('is blind in a column that the model does not weigh', () => {
    const index = fitDissimilarity(weighing({ a: 1, b: 0 }), noise(1_000), { seed: 1 })!;
    const [first, second] = index.of(rowsOf({ a: [0.1, 0.1], b: [0, 1e9] }));
    expect(first).toBe(second);
  });

  it('is the same after it was saved and loaded, and the same for the same seed', () => {
    const rows = noise(1_000);
    const index = fitDissimilarity(weighing({ a: 2, b: 1 }), rows, { seed: 1 })!;
    const again = fitDissimilarity(weighing({ a: 2, b: 1 }), rows, { seed: 1 })!;
    const loaded = loadDissimilarity(JSON.parse(JSON.stringify(index.toJson())));
    const fresh = noise(200, 5);
    for (const other of [again, loaded]) {
      expect(other.limit).toBe(index.limit);
      expect(other.of(fresh)).toEqual(index.of(fresh));
      expect(other.toJson()).toEqual(index.toJson());
    }
  });

  it('never answers below zero nor anything but a number, whatever a row holds', () => {
    const index = fitDissimilarity(weighing({ a: 1, b: 1 }), noise(300), { seed: 1 })!;
    fc.assert(
      fc.property(fc.double(), fc.double(), (a, b) => {
        const [value] = index.of(rowsOf({ a: [a], b: [b] }));
        expect(value! >= 0 && value! < Infinity).toBe(true);
      }),
    );
  });

  it('weighs what trees and a logistic regression lean on, and is small', () => {
    const rows = signalRows(1, 2_000);
    const lively = { ...(trees.parameters as unknown as TreesParameters), minChildWeight: 2, lambda: 1 };
    for (const family of [createTrees(lively), logistic]) {
      const index = fitDissimilarity(family.fit(rows, { seed: 1 }), rows, { seed: 1 })!;
      const saved = index.toJson() as { columns: { name: string; weight: number }[] };
      const heaviest = saved.columns.toSorted((left, right) => right.weight - left.weight)[0];
      expect(heaviest?.name).toBe('momentum');
      expect(saved.columns.reduce((sum, { weight }) => sum + weight, 0)).toBeCloseTo(1, 12);
      expect(JSON.stringify(saved).length).toBeLessThan(20_000);
    }
  });

  it('says nothing where nothing is weighed, varies, or is known', () => {
    const rows = noise(1_000);
    expect(fitDissimilarity(majority.fit(rows, { seed: 1 }), rows, { seed: 1 })).toBe(null);
    expect(fitDissimilarity(weighing({ a: 0 }), rows, { seed: 1 })).toBe(null);
    expect(fitDissimilarity(weighing({ a: 1, b: 1 }), noise(99), { seed: 1 })).toBe(null);
    const flat = rowsOf({ a: new Array<number>(200).fill(4) });
    expect(fitDissimilarity(weighing({ a: 1 }), flat, { seed: 1 })).toBe(null);
  });

  it('refuses JSON that is none of its own, and rows without its columns', () => {
    const index = fitDissimilarity(weighing({ a: 1, b: 1 }), noise(300), { seed: 1 })!;
    const saved = index.toJson() as { points: unknown[][] };
    const narrow = { ...saved, points: saved.points.map((point) => point.slice(1)) };
    for (const json of [null, {}, { ...saved, more: 1 }, { ...saved, meanDistance: 0 }, narrow]) {
      expect(codeOf(() => loadDissimilarity(json))).toBe('MODEL_INVALID');
    }
    expect(() => index.of(rowsOf({ a: [1] }))).toThrow('column b is missing');
  });
});

function codeOf(action: () => unknown): string {
  try {
    action();
  } catch (error) {
    return isAppError(error) ? error.code : String(error);
  }
  return 'no error';
}
