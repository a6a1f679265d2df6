import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { judgedRows, mixed } from './fixtures/mixed.ts';
import reference from './fixtures/metrics-reference.json' with { type: 'json' };
import { isotonicRegression, isotonicValue } from './isotonic-regression.ts';

const ASKED = Float64Array.from({ length: 13 }, (_, place) => -0.1 + place * 0.1);

describe('isotonicRegression', () => {
  it('has the knots of scikit-learn, and its values between and outside of them', () => {
    for (const known of reference.isotonic) {
      const { probabilities: x, labels: y } = judgedRows(known);
      const weights = mixed(known.seed + 1, known.n).map((die) => Math.floor(die * 4));
      const fit = isotonicRegression({ x, y, ...(known.weighted ? { weights } : {}) });
      expect(fit.x).toEqual(Float64Array.from(known.x));
      known.y.forEach((value, knot) => expect(fit.y[knot]).toBeCloseTo(value, 12));
      known.values.forEach((value, place) => expect(isotonicValue(fit, ASKED[place]!)).toBeCloseTo(value, 9));
    }
  });

  it('never falls, keeps the mean, and is what it makes of its own values', () => {
    const point = fc.tuple(fc.integer({ min: 0, max: 9 }), fc.integer({ min: -5, max: 5 }));
    fc.assert(
      fc.property(fc.array(point, { minLength: 1, maxLength: 30 }), (points) => {
        const x = Float64Array.from(points, ([one]) => one);
        const y = Float64Array.from(points, ([, one]) => one);
        const fit = isotonicRegression({ x, y });
        const values = x.map((one) => isotonicValue(fit, one));
        expect(fit.y).toEqual(fit.y.toSorted());
        expect(values.reduce((sum, one) => sum + one, 0)).toBeCloseTo(
          y.reduce((sum, one) => sum + one, 0),
          9,
        );
        const again = isotonicRegression({ x, y: values });
        values.forEach((value, row) => expect(isotonicValue(again, x[row]!)).toBeCloseTo(value, 12));
      }),
      { seed: 1 },
    );
  });

  it('counts a row of weight two as two rows, and a row without weight not at all', () => {
    const doubled = isotonicRegression({ x: Float64Array.of(1, 2, 2, 3), y: [1, 0, 0, 5] });
    const weighed = isotonicRegression({
      x: Float64Array.of(1, 2, 3, 9),
      y: [1, 0, 5, 9],
      weights: Float64Array.of(1, 2, 1, 0),
    });
    expect(weighed).toEqual(doubled);
    expect(isotonicValue(weighed, 9)).toBe(5);
    expect(isotonicValue(weighed, NaN)).toBeNaN();
  });

  it('refuses shapes that differ, what is not finite, and no weight at all', () => {
    const x = Float64Array.of(1, 2);
    expect(() => isotonicRegression({ x, y: [1] })).toThrow('have 1 rows');
    expect(() => isotonicRegression({ x, y: [1, NaN] })).toThrow('row 1 cannot be fitted');
    expect(() => isotonicRegression({ x, y: [1, 2], weights: Float64Array.of(1, -1) })).toThrow('weight -1');
    expect(() => isotonicRegression({ x, y: [1, 2], weights: new Float64Array(2) })).toThrow('needs a point');
  });
});
