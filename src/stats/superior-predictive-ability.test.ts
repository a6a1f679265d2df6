import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createRandom } from '../core/index.ts';
import { diceOf, mixed, trialColumns } from './fixtures/mixed.ts';
import reference from './fixtures/significance-reference.json' with { type: 'json' };
import { superiorPredictiveAbility, type SuperiorProblem } from './superior-predictive-ability.ts';

function test(gains: Float64Array[], changes: Partial<SuperiorProblem> = {}) {
  const { uniform } = createRandom(5);
  return superiorPredictiveAbility({ gains, blockLength: 4, resamples: 500, uniform, ...changes });
}

/** Trials of normal noise about their own means. */
function noise(seed: number, means: readonly number[], periods = 120): Float64Array[] {
  const { normal } = createRandom(seed);
  return means.map((mean) => Float64Array.from({ length: periods }, () => mean + normal()));
}

describe('superiorPredictiveAbility', () => {
  it('gives the three p values of arch for the same resamples', () => {
    for (const known of reference.superior) {
      const numbers = mixed(known.seed + 1000, 4 * known.resamples * known.periods);
      const found = test(trialColumns(known), { ...known, uniform: diceOf(numbers) });
      expect(found.statistic).toBeCloseTo(known.statistic, 10);
      expect(found.lower).toBe(known.lower);
      expect(found.consistent).toBe(known.consistent);
      expect(found.upper).toBe(known.upper);
    }
  });

  it('rejects about as often as it says where no trial has skill, and finds a trial that has', () => {
    const rejected = (means: readonly number[]) => {
      let count = 0;
      for (let seed = 0; seed < 300; seed += 1) {
        if (test(noise(seed, means), { blockLength: 2, resamples: 200 }).consistent < 0.1) count += 1;
      }
      return count / 300;
    };
    // 7 to 13 % lie within two standard errors of 10 %.
    const none = rejected(Array<number>(20).fill(0));
    expect(none).toBeGreaterThan(0.05);
    expect(none).toBeLessThan(0.15);
    expect(rejected([0.4, ...Array<number>(19).fill(0)])).toBeGreaterThan(0.9);
  });

  it('orders its p values, and does not care for the unit of a trial or the order of trials', () => {
    const means = fc.array(fc.double({ min: -0.5, max: 0.5, noNaN: true }), { minLength: 1, maxLength: 6 });
    fc.assert(
      fc.property(fc.nat(1000), means, (seed, drawn) => {
        const gains = noise(seed, drawn, 60);
        const found = test(gains);
        expect(found.lower).toBeLessThanOrEqual(found.consistent);
        expect(found.consistent).toBeLessThanOrEqual(found.upper);
        const turned = gains.map((column, trial) => column.map((gain) => gain * 2 ** trial)).reverse();
        const other = test(turned);
        expect(other).toEqual({ ...found, statistic: other.statistic });
        expect(other.statistic).toBeCloseTo(found.statistic, 10);
      }),
      { seed: 1, numRuns: 30 },
    );
  });

  it('is not taken in by trials that are far worse than the benchmark, as the upper p value is', () => {
    const few = noise(3, [0.25]);
    const many = [...few, ...noise(4, Array<number>(40).fill(-1))];
    expect(test(many).consistent).toBe(test(few).consistent);
    expect(test(many).upper).toBeGreaterThan(test(few).upper);
  });

  it('says 1 where no trial beats the benchmark, and leaves out a trial that is the benchmark', () => {
    const nothing = { statistic: 0, lower: 1, consistent: 1, upper: 1 };
    expect(test(noise(1, [-2, -3]))).toEqual(nothing);
    expect(test([new Float64Array(50)])).toEqual(nothing);
    const gains = noise(2, [0.2]);
    expect(test([...gains, new Float64Array(120)])).toEqual(test(gains));
  });

  it('refuses shapes that differ, gains that are not numbers, and a bootstrap that makes no sense', () => {
    const gains = noise(1, [0, 0]);
    expect(() => test([])).toThrow('got 0');
    expect(() => test([new Float64Array(5), new Float64Array(4)])).toThrow('trial 1 has 4');
    expect(() => test([Float64Array.of(1, NaN, 2)])).toThrow('trial 0 in period 1 is NaN');
    expect(() => test(gains, { blockLength: 0.5 })).toThrow('got 0.5');
    expect(() => test(gains, { resamples: 0 })).toThrow('got 0');
  });
});
