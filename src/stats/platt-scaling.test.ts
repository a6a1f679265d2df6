import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { judgedRows } from './fixtures/mixed.ts';
import reference from './fixtures/metrics-reference.json' with { type: 'json' };
import { plattScaling } from './platt-scaling.ts';

describe('plattScaling', () => {
  it("finds the root of the gradient that SciPy finds, and scikit-learn's answer as far as that converges", () => {
    for (const known of reference.platt) {
      const { probabilities, labels } = judgedRows(known);
      const fit = plattScaling({ scores: probabilities.map((one) => (one - 0.4) * known.unit), labels });
      expect(fit.converged).toBe(true);
      expect(fit.slope).toBeCloseTo(known.slope, 9);
      expect(fit.intercept).toBeCloseTo(known.intercept, 9);
      expect(fit.slope).toBeCloseTo(known.sklearn[0]!, 6);
      expect(fit.intercept).toBeCloseTo(known.sklearn[1]!, 6);
    }
  });

  it('follows the unit of the score, and turns around with the labels', () => {
    fc.assert(
      fc.property(fc.nat(1000), fc.double({ min: 0.1, max: 20, noNaN: true }), (seed, unit) => {
        const { probabilities: scores, labels } = judgedRows({ seed, n: 50, steps: 100, skill: 0.5 });
        const plain = plattScaling({ scores, labels });
        const scaled = plattScaling({ scores: scores.map((score) => score * unit), labels });
        expect(scaled.slope * unit).toBeCloseTo(plain.slope, 7);
        const turned = plattScaling({ scores, labels: labels.map((label) => 1 - label) });
        expect(turned.slope).toBeCloseTo(-plain.slope, 7);
        expect(turned.intercept).toBeCloseTo(-plain.intercept, 7);
      }),
      { seed: 1, numRuns: 30 },
    );
  });

  it('stays finite where the score separates the classes, is constant, or one class is absent', () => {
    const separated = plattScaling({
      scores: Float64Array.of(-2, -1, 1, 2),
      labels: Uint8Array.of(0, 0, 1, 1),
    });
    expect(separated.slope).toBeGreaterThan(0.5);
    expect(separated.slope).toBeLessThan(5);
    const constant = plattScaling({ scores: new Float64Array(4).fill(7), labels: Uint8Array.of(0, 1, 1, 1) });
    expect(constant.slope).toBe(0);
    const absent = plattScaling({ scores: Float64Array.of(1, 2), labels: Uint8Array.of(1, 1) });
    expect(absent.slope).toBeCloseTo(0, 12);
    // Two rows up: a target of 3 / 4.
    expect(absent.intercept).toBeCloseTo(Math.log(3), 12);
  });

  it('refuses shapes that differ, no rows, and scores that are not numbers', () => {
    expect(() => plattScaling({ scores: Float64Array.of(1), labels: Uint8Array.of(1, 0) })).toThrow(
      '2 labels',
    );
    expect(() => plattScaling({ scores: new Float64Array(), labels: new Uint8Array() })).toThrow('no rows');
    expect(() => plattScaling({ scores: Float64Array.of(NaN, 1), labels: Uint8Array.of(1, 0) })).toThrow(
      'NaN',
    );
  });
});
