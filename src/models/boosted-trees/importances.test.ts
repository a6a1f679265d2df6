import { describe, expect, it } from 'vitest';
import { REFERENCES } from '../fixtures/references.ts';
import oursSaved from '../fixtures/trees-model.json' with { type: 'json' };
import { importancesOf } from './importances.ts';
import { trees } from './trees.ts';
import { readXgboost } from './xgboost-read.ts';

const KINDS = {
  weight: 'weight',
  gain: 'gain',
  cover: 'cover',
  total_gain: 'totalGain',
  total_cover: 'totalCover',
} as const;

describe.each(REFERENCES)('importancesOf beside xgboost $version', ({ reference }) => {
  const models: typeof reference.saved = {
    ...reference.saved,
    ours: { ...reference.ours, model: oursSaved },
  };
  it.each(Object.keys(models))('equals every kind of get_score of "%s"', (name) => {
    const { model, importances } = models[name]!;
    const ours = importancesOf(readXgboost(model));
    for (const [kind, figure] of Object.entries(KINDS)) {
      expect(ours.map(({ column }) => column).sort()).toEqual(Object.keys(importances[kind]!).sort());
      for (const own of ours) {
        const theirs = importances[kind]![own.column]!;
        expect(Math.abs(own[figure] / theirs - 1)).toBeLessThan(1e-6);
      }
    }
  });
});

describe('importancesOf', () => {
  it('puts the largest total gain first and leaves out columns on which nothing splits', () => {
    const gains = (trees.load(oursSaved).importances?.() ?? []).map(({ totalGain }) => totalGain);
    expect(gains.length).toBe(5);
    expect(gains).toEqual(gains.toSorted((left, right) => right - left));
    expect(importancesOf({ columns: ['a'], baseScore: 0.5, trees: [] })).toEqual([]);
  });
});
