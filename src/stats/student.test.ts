import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import reference from './fixtures/significance-reference.json' with { type: 'json' };
import { studentQuantile, studentTail } from './student.ts';

describe('studentQuantile', () => {
  it('gives the values of scipy.stats.t.ppf and scipy.stats.norm.ppf (SciPy 1.17.1)', () => {
    const known: [number, number, number][] = [
      [0.95, 1, 6.313751514675037],
      [0.95, 2, 2.9199855803537242],
      [0.95, 7, 1.8945786050900062],
      [0.975, 17, 2.1098155778333156],
      [0.95, 55, 1.673033965289911],
      [0.9928571428571429, 55, 2.5303906464799204],
      [0.05, 55, -1.673033965289911],
      [0.95, Infinity, 1.6448536269514722],
    ];
    for (const [probability, degrees, value] of known) {
      expect(studentQuantile(probability, degrees), `${probability}, ${degrees}`).toBeCloseTo(value, 9);
    }
  });

  it('equals SciPy, as the tail does', () => {
    for (const [probability, degrees, value] of reference.studentQuantile) {
      expect(studentQuantile(probability!, degrees!)).toBeCloseTo(value!, 9);
    }
    for (const [x, degrees, tail] of reference.studentTail) {
      expect(studentTail(x!, degrees!)).toBeCloseTo(tail!, 12);
    }
  });

  it('comes down to the normal as the degrees rise, and never below it', () => {
    fc.assert(
      fc.property(
        fc.double({ min: 0.6, max: 0.9999, noNaN: true }),
        fc.integer({ min: 1, max: 300 }),
        (probability, degrees) => {
          const normal = studentQuantile(probability, Infinity);
          const wide = studentQuantile(probability, degrees);
          expect(wide).toBeGreaterThan(normal);
          expect(studentQuantile(probability, degrees + 1)).toBeLessThan(wide);
        },
      ),
      { seed: 1 },
    );
  });

  it('refuses what is no probability or no degrees of freedom', () => {
    expect(() => studentQuantile(1, 5)).toThrow('got 1');
    expect(() => studentQuantile(0.9, 0)).toThrow('got 0');
    expect(() => studentQuantile(0.9, 2.5)).toThrow('got 2.5');
  });
});
