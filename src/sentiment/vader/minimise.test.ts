import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { minimise } from './minimise.ts';

describe('minimise', () => {
  it('finds the minimum of the Rosenbrock function at (1, 1)', () => {
    const found = minimise({
      start: Float64Array.of(-1.2, 1),
      mostSteps: 200,
      evaluate: ([x = 0, y = 0], gradient) => {
        gradient[0] = -400 * x * (y - x * x) - 2 * (1 - x);
        gradient[1] = 200 * (y - x * x);
        return 100 * (y - x * x) ** 2 + (1 - x) ** 2;
      },
    });
    expect(found[0]).toBeCloseTo(1, 2);
    expect(found[1]).toBeCloseTo(1, 2);
  });

  it('finds the middle of any bowl and leaves the start as it is', () => {
    const middles = fc.array(fc.double({ min: -50, max: 50, noNaN: true }), { minLength: 1, maxLength: 8 });
    fc.assert(
      fc.property(middles, (middle) => {
        const start = new Float64Array(middle.length);
        const found = minimise({
          start,
          mostSteps: 100,
          evaluate: (point, gradient) =>
            middle.reduce((sum, one, at) => {
              gradient[at] = 2 * (at + 1) * (point[at]! - one);
              return sum + (at + 1) * (point[at]! - one) ** 2;
            }, 0),
        });
        expect([...start].every((one) => one === 0)).toBe(true);
        middle.forEach((one, at) => expect(Math.abs(found[at]! - one)).toBeLessThan(0.05));
      }),
      { seed: 5, numRuns: 100 },
    );
  });

  it('stays where it is when no step descends', () => {
    const evaluate = (_point: Float64Array, gradient: Float64Array) => {
      gradient[0] = 1;
      return 7;
    };
    // The gradient promises a descent that never comes.
    expect([...minimise({ start: Float64Array.of(3), mostSteps: 5, evaluate })]).toEqual([3]);
  });
});
