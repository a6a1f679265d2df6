import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { mixed } from './fixtures/mixed.ts';
import reference from './fixtures/significance-reference.json' with { type: 'json' };
import { deflatedSharpe, expectedMaximumSharpe, probabilisticSharpe, sharpeMoments } from './sharpe.ts';

describe('sharpeMoments, probabilisticSharpe, deflatedSharpe', () => {
  it('equal SciPy', () => {
    for (const known of reference.sharpe) {
      const moments = sharpeMoments(mixed(known.seed, known.periods).map((one) => one ** 3 - known.below));
      expect(moments.sharpe).toBeCloseTo(known.sharpe, 12);
      expect(moments.skewness).toBeCloseTo(known.skewness, 12);
      expect(moments.kurtosis).toBeCloseTo(known.kurtosis, 12);
      expect(moments.n).toBe(known.periods);
      expect(probabilisticSharpe(moments)).toBeCloseTo(known.above0, 10);
      expect(probabilisticSharpe(moments, 0.1)).toBeCloseTo(known.aboveTenth, 10);
      expect(expectedMaximumSharpe(known)).toBeCloseTo(known.expectedMaximum, 9);
      expect(deflatedSharpe(moments, known)).toBeCloseTo(known.deflated, 8);
    }
  });

  it('give the numbers of the example in Bailey and López de Prado (2014): 0.1132 and 0.9004', () => {
    // An annual ratio of 2.5 over 1,250 days of 250 a year, 100 trials whose annual ratios have a variance of a half.
    const moments = { sharpe: 2.5 / Math.sqrt(250), skewness: -3, kurtosis: 10, n: 1_250 };
    const trials = { trials: 100, variance: 0.5 / 250 };
    expect(expectedMaximumSharpe(trials)).toBeCloseTo(0.1132, 4);
    expect(deflatedSharpe(moments, trials)).toBeCloseTo(0.9004, 4);
  });

  it('believe less with more trials, and as much as without any for one', () => {
    const ratio = fc.double({ min: -0.5, max: 0.5, noNaN: true });
    fc.assert(
      fc.property(ratio, fc.integer({ min: 1, max: 10_000 }), (sharpe, trials) => {
        const moments = { sharpe, skewness: 0, kurtosis: 3, n: 100 };
        const fewer = deflatedSharpe(moments, { trials, variance: 0.01 });
        expect(deflatedSharpe(moments, { trials: trials + 1, variance: 0.01 })).toBeLessThanOrEqual(fewer);
        expect(deflatedSharpe(moments, { trials: 1, variance: 0.01 })).toBe(probabilisticSharpe(moments));
        expect(probabilisticSharpe(moments, sharpe)).toBe(0.5);
      }),
      { seed: 1 },
    );
  });

  it('are not a number for returns that never vary or are alone', () => {
    expect(sharpeMoments(new Float64Array(9).fill(0.1))).toEqual({
      sharpe: NaN,
      skewness: NaN,
      kurtosis: NaN,
      n: 9,
    });
    expect(probabilisticSharpe(sharpeMoments(Float64Array.of(1)))).toBeNaN();
    expect(sharpeMoments(new Float64Array()).sharpe).toBeNaN();
  });

  it('refuse what is no number of trials and no variance', () => {
    expect(() => expectedMaximumSharpe({ trials: 0, variance: 1 })).toThrow('got 0');
    expect(() => expectedMaximumSharpe({ trials: 3, variance: -1 })).toThrow('got -1');
  });
});
