import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { roundScale, tickDigits } from './scale.ts';

const rounded = (ticks: readonly number[]): number[] => ticks.map((tick) => Number(tick.toPrecision(6)));

describe('roundScale', () => {
  it('ends on round steps beyond the values', () => {
    const scale = roundScale([0, -0.002, 0.0011], 0.001);
    expect(rounded(scale.ticks)).toEqual([-0.003, -0.002, -0.001, 0, 0.001, 0.002]);
    expect(tickDigits(scale)).toBe(3);
  });

  it('holds any values with room to spare, and never has more ticks than a phone can show', () => {
    const values = fc.array(fc.double({ min: -10, max: 10, noNaN: true }), { minLength: 1, maxLength: 20 });
    fc.assert(
      fc.property(values, (some) => {
        const scale = roundScale(some, 0.001);
        expect(scale.low).toBeLessThan(Math.min(...some));
        expect(scale.high).toBeGreaterThan(Math.max(...some));
        expect(scale.ticks.length).toBeLessThanOrEqual(7);
      }),
    );
  });

  it('refuses to make a tiny difference look large', () => {
    const { low, high } = roundScale([0, 1e-6], 0.001);
    expect(high - low).toBeGreaterThanOrEqual(0.0005);
  });
});
