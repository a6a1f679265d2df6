import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import reference from './fixtures/reference.json' with { type: 'json' };
import significance from './fixtures/significance-reference.json' with { type: 'json' };
import { normalCdf } from './normal.ts';

describe('normalCdf', () => {
  it('equals SciPy to 1e-14', () => {
    for (const [point, expected] of [...reference.normalCdf, ...significance.normalCdf]) {
      expect(Math.abs(normalCdf(point!) - expected!)).toBeLessThan(1e-14);
    }
  });

  it('is symmetric around zero and stays in 0..1', () => {
    fc.assert(
      fc.property(fc.double({ min: -50, max: 50, noNaN: true }), (x) => {
        expect(normalCdf(x) + normalCdf(-x)).toBeCloseTo(1, 13);
        expect(normalCdf(x)).toBeGreaterThanOrEqual(0);
        expect(normalCdf(x)).toBeLessThanOrEqual(1);
      }),
      { seed: 1 },
    );
  });

  it('takes infinities, and passes on what is not a number', () => {
    expect([normalCdf(-Infinity), normalCdf(Infinity)]).toEqual([0, 1]);
    expect(normalCdf(NaN)).toBeNaN();
  });
});
