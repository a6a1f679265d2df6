import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { floatText } from './xgboost-write.ts';

describe('floatText', () => {
  it.each([
    [1, '1.0'],
    [0, '0.0'],
    [-24, '-24.0'],
    [Math.fround(0.1), '0.1'],
    [3.4028234663852886e38, '3.4028235e+38'],
    [2 ** -149, '1e-45'],
  ])('writes %d as %s', (value, text) => {
    expect(floatText(value)).toBe(text);
  });

  it('is the same float32 again and never looks like an integer', () => {
    fc.assert(
      fc.property(fc.float({ noNaN: true, noDefaultInfinity: true }), (value) => {
        const text = floatText(value);
        expect(Math.fround(Number(text)) + 0).toBe(value + 0);
        expect(text).toMatch(/[.e]/);
      }),
      { numRuns: 500 },
    );
  });
});
