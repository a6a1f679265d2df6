import { describe, expect, it } from 'vitest';
import { featureText, featureUnit, featureValue } from './features.ts';
import { sentimentRuns } from './sentiment-runs.ts';
import { gaugePlace, gaugeScale, isStale, modePhrase } from './signal.ts';

describe('gauge', () => {
  it('shows 35 to 65 %, and the whole scale for a probability outside of it', () => {
    expect(gaugeScale([0.52])).toEqual({ low: 0.35, high: 0.65 });
    expect(gaugeScale([0.7])).toEqual({ low: 0, high: 1 });
  });

  it('takes one scale for all that stand side by side, by the most extreme of them', () => {
    expect(gaugeScale([0.35, 0.52, 0.65])).toEqual({ low: 0.35, high: 0.65 });
    expect(gaugeScale([0.52, 0.34])).toEqual({ low: 0, high: 1 });
    expect(gaugeScale([])).toEqual({ low: 0.35, high: 0.65 });
  });

  it('has one half in its middle on either scale', () => {
    expect(gaugePlace(0.5, gaugeScale([0.52]))).toBeCloseTo(0.5);
    expect(gaugePlace(0.5, gaugeScale([0.9]))).toBeCloseTo(0.5);
  });
});

describe('isStale', () => {
  it('waits for two bars without a window', () => {
    expect(isStale(1800, 15)).toBe(false);
    expect(isStale(1801, 15)).toBe(true);
    expect(isStale(null, 15)).toBe(false);
  });
});

describe('modePhrase', () => {
  it('tells a replay from a live system and an invented market from a real one', () => {
    const standing = { kind: 'virtual', state: 'standing', windows_per_second: null } as const;
    const playing = { kind: 'virtual', state: 'playing', windows_per_second: 4 } as const;
    const running = { kind: 'real', state: 'running', windows_per_second: null } as const;
    expect(modePhrase({ mode: 'history', simulated: false, clock: standing })).toBe('History replay');
    expect(modePhrase({ mode: 'history', simulated: false, clock: playing })).toBe(
      'History replay, 4 windows/s',
    );
    expect(modePhrase({ mode: 'simulated', simulated: true, clock: running })).toBe('Simulated market');
    expect(modePhrase({ mode: 'live', simulated: false, clock: running })).toBe('Live');
  });
});

describe('features', () => {
  it('keeps four significant digits and tells missing from zero', () => {
    expect([0.002134, -0.44, 61.42, 31, 0].map(featureValue)).toEqual([
      '0.002134',
      '−0.4400',
      '61.42',
      '31',
      '0',
    ]);
    expect([null, undefined, Number.NaN].map(featureValue)).toEqual([null, null, null]);
  });

  it('writes ranges in words, with a true minus', () => {
    expect(['sentiment, -1..1', '-1..1', '0..100', 'log return'].map(featureUnit)).toEqual([
      'sentiment, −1 to 1',
      '−1 to 1',
      '0 to 100',
      'log return',
    ]);
  });

  it('shows a feature it does not know under its own name', () => {
    expect(featureText('basis_7d').label).toBe('basis_7d');
    expect(featureText('fear_greed').label).toBe('Fear and greed');
  });
});

describe('sentimentRuns', () => {
  it('breaks where a sentiment or a window is missing', () => {
    const hour = 3_600_000;
    const points = [0, 1, 2, 3, 5].map((at) => ({ at: at * hour, sentiment: at === 2 ? null : 0.1 }));
    expect(sentimentRuns(points, 60).map((run) => run.map(({ at }) => at / hour))).toEqual([
      [0, 1],
      [3],
      [5],
    ]);
  });
});
