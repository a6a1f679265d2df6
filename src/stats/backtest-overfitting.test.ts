import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createRandom } from '../core/index.ts';
import { backtestOverfitting, type OverfittingProblem } from './backtest-overfitting.ts';
import { trialColumns } from './fixtures/mixed.ts';
import reference from './fixtures/significance-reference.json' with { type: 'json' };

const sum = (values: Float64Array) => values.reduce((total, value) => total + value, 0);

function study(performance: Float64Array[], changes: Partial<OverfittingProblem> = {}) {
  return backtestOverfitting({ performance, partitions: 6, criterion: 'mean', ...changes });
}

function noise(seed: number, means: readonly number[], periods = 240): Float64Array[] {
  const { normal } = createRandom(seed);
  return means.map((mean) => Float64Array.from({ length: periods }, () => mean + normal()));
}

describe('backtestOverfitting', () => {
  it('equals NumPy and SciPy, which judge every half from its own rows', () => {
    for (const known of reference.overfitting) {
      const criterion = known.criterion === 'mean' ? 'mean' : 'sharpe';
      const found = study(trialColumns(known), { partitions: known.partitions, criterion });
      expect(found.probability).toBe(known.probability);
      expect(found.logits).toHaveLength(known.combinations);
      expect(sum(found.logits)).toBeCloseTo(known.sumOfLogits, 9);
      expect(sum(found.logits.map(Math.abs))).toBeCloseTo(known.sumOfAbsoluteLogits, 9);
      expect(found.slope).toBeCloseTo(known.slope, 9);
      expect(found.intercept).toBeCloseTo(known.intercept, 9);
      expect(found.probabilityOfLoss).toBeCloseTo(known.probabilityOfLoss, 14);
    }
  });

  it('finds no overfitting where one trial is better in every half, and much where all are noise', () => {
    const skill = study(noise(1, [1, 0, 0, 0, 0, 0]));
    expect(skill).toMatchObject({ probability: 0, probabilityOfLoss: 0 });
    // What one half has too much of, the other lacks: noise of a fixed total is worse than a toss-up.
    const shares = Array.from({ length: 30 }, (_, seed) => study(noise(seed, Array<number>(20).fill(0))));
    const mean = shares.reduce((total, { probability }) => total + probability, 0) / shares.length;
    expect(mean).toBeGreaterThan(0.45);
    expect(mean).toBeLessThan(0.8);
    expect(shares.filter(({ slope }) => slope < 0).length).toBeGreaterThan(20);
  });

  it('has 12,870 halves of 16 partitions, and the logits of a choice between two are two numbers', () => {
    const { logits } = study(noise(2, [0, 0]), { partitions: 16 });
    expect(logits).toHaveLength(12_870);
    expect(new Set(logits.map((logit) => Math.round(logit * 1e9) / 1e9))).toEqual(
      new Set([0.693147181, -0.693147181]),
    );
  });

  it('does not care for the unit of performance, nor the Sharpe ratio for that of a trial', () => {
    fc.assert(
      fc.property(fc.nat(1000), fc.integer({ min: 2, max: 6 }), (seed, trials) => {
        const performance = noise(seed, Array<number>(trials).fill(0.05), 40);
        const plain = study(performance, { criterion: 'sharpe' });
        const scaled = performance.map((values, trial) => values.map((value) => value * 4 ** trial));
        expect(study(scaled, { criterion: 'sharpe' }).logits).toEqual(plain.logits);
        const mean = study(performance);
        const larger = study(performance.map((values) => values.map((value) => value * 8)));
        expect(larger.logits).toEqual(mean.logits);
        expect(larger.slope).toBeCloseTo(mean.slope, 9);
      }),
      { seed: 1, numRuns: 30 },
    );
  });

  it('gives a trial that never moves a Sharpe ratio of 0, and equals the same rank', () => {
    const still = [new Float64Array(24), new Float64Array(24).fill(0.3), new Float64Array(24)];
    const { probability, logits, slope } = study(still, { criterion: 'sharpe' });
    expect(probability).toBe(1);
    expect(new Set(logits)).toEqual(new Set([0]));
    expect(slope).toBeNaN();
  });

  it('refuses one trial, odd partitions, too few periods, and what is not finite', () => {
    const performance = noise(1, [0, 0], 20);
    expect(() => study([new Float64Array(20)])).toThrow('got 1');
    expect(() => study(performance, { partitions: 5 })).toThrow('got 5');
    expect(() => study(performance, { partitions: 22 })).toThrow('got 22');
    expect(() => study(performance, { partitions: 12 })).toThrow('need 24 periods, got 20');
    expect(() => study([new Float64Array(20), new Float64Array(21)])).toThrow('trial 1 has 21');
    expect(() => study([new Float64Array(20), new Float64Array(20).fill(NaN)])).toThrow('in period 0: NaN');
  });
});
