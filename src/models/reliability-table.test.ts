import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createRandom, HOUR_MS } from '../core/index.ts';
import type { ComparisonRows } from './comparison.ts';
import { reliabilityOf } from './reliability-table.ts';

function rowsOf(probabilities: readonly number[], labels: readonly number[]): ComparisonRows {
  return {
    probabilities: Float64Array.from(probabilities),
    labels: Uint8Array.from(labels),
    windowEnds: Float64Array.from(probabilities, (_, row) => row * HOUR_MS),
    barMinutes: 60,
    horizonMinutes: 60,
    seed: 1,
  };
}

describe('reliabilityOf', () => {
  it('tells two probabilities apart, by hand: 0.4 of which half is up, 0.6 of which three quarters are', () => {
    const { ece, reliability } = reliabilityOf(
      rowsOf([0.4, 0.4, 0.4, 0.4, 0.6, 0.6, 0.6, 0.6, NaN, 0.9], [0, 1, 1, 0, 1, 1, 1, 0, 1, 255]),
    );
    expect(ece).toBeCloseTo((0.1 + 0.15) / 2, 12);
    expect(reliability).toHaveLength(2);
    expect(reliability).toMatchObject([
      { n: 4, probability: expect.closeTo(0.4, 12) as number, share: 0.5, low: NaN, high: NaN },
      { n: 4, probability: expect.closeTo(0.6, 12) as number, share: 0.75 },
    ]);
  });

  it('has the truth in most intervals where probabilities are true', () => {
    const random = createRandom(3);
    const probabilities = Array.from({ length: 12_000 }, () => 0.3 + 0.4 * random.uniform());
    const labels = probabilities.map((probability) => (random.uniform() < probability ? 1 : 0));
    const { ece, reliability } = reliabilityOf(rowsOf(probabilities, labels));
    expect(ece).toBeLessThan(0.02);
    expect(reliability.map(({ n }) => n)).toEqual(new Array(10).fill(1_200));
    const covered = reliability.filter(
      ({ low, high, probability }) => low <= probability && probability <= high,
    );
    expect(covered.length).toBeGreaterThanOrEqual(8);
  });

  it('counts every scored window once', () => {
    const row = fc.record({
      probability: fc.oneof(fc.double({ min: 0, max: 1, noNaN: true }), fc.constant(NaN)),
      label: fc.constantFrom(0, 1, 255),
    });
    fc.assert(
      fc.property(fc.array(row, { maxLength: 40 }), (rows) => {
        const { reliability } = reliabilityOf(
          rowsOf(
            rows.map(({ probability }) => probability),
            rows.map(({ label }) => label),
          ),
        );
        const counted = reliability.reduce((sum, { n }) => sum + n, 0);
        expect(counted).toBe(
          rows.filter(({ probability, label }) => !Number.isNaN(probability) && label <= 1).length,
        );
      }),
    );
  });

  it('is silent without windows, and refuses what is no probability', () => {
    expect(reliabilityOf(rowsOf([NaN], [1]))).toEqual({ ece: NaN, reliability: [] });
    expect(() => reliabilityOf(rowsOf([1.2], [1]))).toThrow(RangeError);
  });
});
