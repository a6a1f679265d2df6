import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { roundHalfEven } from './rounding.ts';

describe('roundHalfEven', () => {
  // Values of CPython 3.11's round().
  it.each([
    [0.0625, 3, 0.062],
    [0.1875, 3, 0.188],
    [0.3125, 3, 0.312],
    [0.03125, 4, 0.0312],
    [-0.03125, 4, -0.0312],
    [0.09375, 4, 0.0938],
    [-0.09375, 4, -0.0938],
    [2.675, 2, 2.67],
    [0.00005, 4, 0.0001],
    [0.12345, 4, 0.1235],
    [0.00015, 4, 0.0001],
    [1, 3, 1],
    [0, 3, 0],
  ])('rounds %d to %d decimals as %d', (value, digits, expected) => {
    expect(roundHalfEven(value, digits)).toBe(expected);
  });

  it('never gives a negative zero', () => {
    expect(Object.is(roundHalfEven(-0.00001, 4), 0)).toBe(true);
  });

  it('stays within half a step of the value', () => {
    fc.assert(
      fc.property(fc.double({ min: -1, max: 1, noNaN: true }), (value) => {
        expect(Math.abs(roundHalfEven(value, 4) - value)).toBeLessThanOrEqual(0.00005 + 1e-12);
      }),
      { seed: 1 },
    );
  });
});
