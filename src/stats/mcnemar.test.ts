import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import reference from './fixtures/significance-reference.json' with { type: 'json' };
import { mcnemar } from './mcnemar.ts';

describe('mcnemar', () => {
  it('gives the values of scipy.stats.binomtest (SciPy 1.17.1), few rows or many', () => {
    const known: [number, number, number][] = [
      [1, 0, 1],
      [10, 2, 0.03857421875],
      [121, 59, 4.4344492637551645e-6],
      [300, 261, 0.10855180298776995],
      [1_010, 800, 8.751881769797241e-7],
      [4_000, 3_600, 4.697884505059819e-6],
      [9_000, 8_000, 1.800189848714256e-14],
      [60, 0, 1.734723475976807e-18],
      [2_000, 1_000, 1.0090148627940651e-75],
    ];
    for (const [first, second, p] of known) {
      expect(mcnemar(first, second) / p, `${first}, ${second}`).toBeCloseTo(1, 9);
      expect(mcnemar(second, first)).toBe(mcnemar(first, second));
    }
  });

  it("gives the values of statsmodels' exact test", () => {
    for (const [first, second, p] of reference.mcnemar) {
      expect(mcnemar(first!, second!)).toBeCloseTo(p!, 12);
    }
  });

  it('finds nothing where both are as often right, or never differ', () => {
    expect(mcnemar(0, 0)).toBe(1);
    expect(mcnemar(57, 57)).toBe(1);
  });

  it('falls as the split grows more uneven', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 5_000 }), fc.integer({ min: 1, max: 5_000 }), (low, more) => {
        const p = mcnemar(low, low + more);
        expect(p > 0 || low + more > 1_000).toBe(true);
        expect(p).toBeLessThanOrEqual(1);
        expect(mcnemar(low - 1, low + more + 1)).toBeLessThanOrEqual(p);
      }),
      { seed: 3 },
    );
  });

  it('refuses what is no count', () => {
    expect(() => mcnemar(-1, 2)).toThrow('got -1');
    expect(() => mcnemar(1, 2.5)).toThrow(RangeError);
    expect(() => mcnemar(NaN, 1)).toThrow(RangeError);
  });
});
