import { describe, expect, it } from 'vitest';
import { BASELINE_NAMES, MODEL_FAMILIES } from '../models/index.ts';
import { armsOf, HORIZONS_MINUTES } from './arms.ts';

describe('armsOf', () => {
  it('names the arms of today in their fixed order', () => {
    const arms = armsOf({
      fitted: [MODEL_FAMILIES.logistic],
      baselines: BASELINE_NAMES.map((name) => MODEL_FAMILIES[name]),
      scorerFamily: 'vader',
    });
    expect(arms.map(({ name }) => name)).toEqual([
      'logistic+vader',
      'logistic+none',
      'baseline-majority',
      'baseline-last-sign',
      'baseline-sign-table',
      'baseline-always-up',
      'baseline-ar1',
    ]);
  });

  it('lets only the arms with a scorer see sentiment', () => {
    const families = [MODEL_FAMILIES.logistic, MODEL_FAMILIES.ar1];
    const arms = armsOf({ fitted: families, baselines: families, scorerFamily: 'x' });
    expect(arms.filter(({ usesSentiment }) => usesSentiment).map(({ name }) => name)).toEqual([
      'logistic+x',
      'ar1+x',
    ]);
  });

  it('has an hour and a day as horizons', () => {
    expect(HORIZONS_MINUTES).toEqual([60, 1_440]);
  });
});
