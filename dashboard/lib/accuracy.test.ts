import { describe, expect, it } from 'vitest';
import type { ArmPerformance } from '../../src/serving/contract.ts';
import {
  accuracyScale,
  baselineName,
  bestBaseline,
  byHorizon,
  intervalText,
  verdictOf,
  VERDICT_NOTE,
  VERDICTS,
} from './accuracy.ts';

function arm(name: string, change: Partial<ArmPerformance> = {}): ArmPerformance {
  return {
    arm: name,
    horizon_minutes: 60,
    accuracy: 0.52,
    accuracy_one_bar_later: 0.51,
    n: 670,
    low: 0.48,
    high: 0.56,
    baselines: { 'sign-table': 0.519, 'always-up': 0.503 },
    pending: 1,
    voids: 1,
    ...change,
  };
}

describe('verdictOf', () => {
  const best = { name: 'sign-table', accuracy: 0.52 };

  it('finds nothing when the interval holds the baseline, its ends included', () => {
    expect(verdictOf({ low: 0.48, high: 0.56 }, best)).toBe('indistinct');
    expect(verdictOf({ low: 0.52, high: 0.56 }, best)).toBe('indistinct');
  });

  it('says on which side an interval lies that does not hold it', () => {
    expect(verdictOf({ low: 0.53, high: 0.56 }, best)).toBe('above');
    expect(verdictOf({ low: 0.45, high: 0.5 }, best)).toBe('below');
  });

  it('speaks of the interval and of a figure, and claims no win over a baseline', () => {
    expect(VERDICTS[verdictOf({ low: 0.53, high: 0.56 }, best)]).toBe(
      "its interval lies above the best baseline's figure",
    );
    expect(VERDICTS[verdictOf({ low: 0.45, high: 0.5 }, best)]).toBe(
      "its interval lies below the best baseline's figure",
    );
    expect(VERDICTS[verdictOf({ low: 0.48, high: 0.56 }, best)]).toBe(
      'not distinguishable from the best baseline',
    );
    expect(VERDICT_NOTE).toMatch(/^Not a paired comparison/);
  });

  it('refuses to judge without an interval or a baseline', () => {
    expect(verdictOf({ low: null, high: null }, best)).toBe('unknown');
    expect(verdictOf({ low: 0.5, high: 0.6 }, null)).toBe('unknown');
  });
});

describe('intervalText', () => {
  it('gives both ends, or says that there is none, never dashes in their place', () => {
    expect(intervalText({ low: 0.4812, high: 0.56 })).toBe('95\u00a0% interval 48.1 to 56.0');
    expect(intervalText({ low: null, high: null })).toBe('too few days for an interval');
  });
});

describe('byHorizon', () => {
  it('puts fitted arms before baselines, each from the most accurate down, by horizon', () => {
    const groups = byHorizon([
      arm('baseline-always-up', { accuracy: 0.6 }),
      arm('logistic+none', { accuracy: 0.51 }),
      arm('logistic+vader', { accuracy: 0.53, horizon_minutes: 1440 }),
      arm('logistic+vader'),
    ]);
    expect(groups.map(({ horizonMinutes, rows }) => [horizonMinutes, rows.map((row) => row.arm)])).toEqual([
      [60, ['logistic+vader', 'logistic+none', 'always-up']],
      [1440, ['logistic+vader']],
    ]);
  });

  it('names the best baseline with or without the prefix of its arm, and none before any was scored', () => {
    expect(bestBaseline([arm('logistic+vader')])).toEqual({ name: 'sign-table', accuracy: 0.519 });
    expect(baselineName('baseline-ar1')).toBe('ar1');
    expect(bestBaseline([arm('logistic+vader', { baselines: { ar1: null } })])).toBeNull();
  });
});

describe('accuracyScale', () => {
  it('holds every interval and one half, and ends on steps of five points', () => {
    const rows = byHorizon([arm('logistic+vader', { low: 0.431, high: 0.607 })])[0]?.rows ?? [];
    const scale = accuracyScale(rows);
    expect([scale.low, scale.high].map((end) => Math.round(end * 100))).toEqual([40, 65]);
    expect(scale.ticks.map((tick) => Math.round(tick * 100))).toEqual([40, 45, 50, 55, 60, 65]);
  });

  it('shows 45 to 55 % when nothing is known', () => {
    const scale = accuracyScale([]);
    expect([scale.low, scale.high].map((end) => Math.round(end * 100))).toEqual([45, 55]);
  });
});
