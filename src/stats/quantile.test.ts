import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { mixed } from './fixtures/mixed.ts';
import metrics from './fixtures/metrics-reference.json' with { type: 'json' };
import reference from './fixtures/reference.json' with { type: 'json' };
import { quantile } from './quantile.ts';

describe('quantile', () => {
  it('equals NumPy on samples of one to a hundred', () => {
    for (const [probability, expected] of reference.quantiles) {
      expect(quantile(reference.sample, probability!)).toBeCloseTo(expected!, 14);
    }
    for (const [seed, n, probability, expected] of metrics.quantiles) {
      expect(quantile(mixed(seed!, n!), probability!)).toBeCloseTo(expected!, 14);
    }
  });

  it('lies between the extremes and never falls as the probability rises', () => {
    const numbers = fc.array(fc.double({ min: -1e6, max: 1e6, noNaN: true }), {
      minLength: 1,
      maxLength: 30,
    });
    const unit = fc.double({ min: 0, max: 1, noNaN: true });
    fc.assert(
      fc.property(numbers, unit, unit, (values, p, q) => {
        const [low, high] = [quantile(values, Math.min(p, q)), quantile(values, Math.max(p, q))];
        expect(low).toBeLessThanOrEqual(high);
        expect(low).toBeGreaterThanOrEqual(Math.min(...values));
        expect(high).toBeLessThanOrEqual(Math.max(...values));
      }),
      { seed: 1 },
    );
  });

  it('has no value without values', () => {
    expect(quantile([], 0.5)).toBeNaN();
  });

  it('refuses a probability outside 0..1 and values that are not numbers', () => {
    expect(() => quantile([1], 1.1)).toThrow(RangeError);
    expect(() => quantile([1, NaN], 0.5)).toThrow(RangeError);
  });
});
