import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { judgedRows } from './fixtures/mixed.ts';
import reference from './fixtures/metrics-reference.json' with { type: 'json' };
import {
  equalWidthBin,
  expectedCalibrationError,
  reliabilityBins,
  type ReliabilityProblem,
} from './reliability.ts';

const problem = (
  rows: [number, number][],
  changes: Partial<ReliabilityProblem> = {},
): ReliabilityProblem => ({
  probabilities: Float64Array.from(rows, ([probability]) => probability),
  labels: Uint8Array.from(rows, ([, label]) => label),
  bins: 4,
  by: 'width',
  ...changes,
});

describe('reliabilityBins and expectedCalibrationError', () => {
  it('equal those made from scikit-learn, by width and by mass', () => {
    for (const known of reference.figures) {
      for (const [by, bins] of [
        ['width', 10],
        ['mass', 6],
      ] as const) {
        const given = { ...judgedRows(known), by, bins };
        const found = reliabilityBins(given);
        expect(found.map(({ n }) => n)).toEqual(known[by].rows);
        const full = found.filter(({ n }) => n > 0);
        full.forEach(({ share, probability }, place) => {
          expect(share).toBeCloseTo(known[by].share[place]!, 12);
          expect(probability).toBeCloseTo(known[by].mean[place]!, 12);
        });
        expect(expectedCalibrationError(given)).toBeCloseTo(known[by].error, 12);
      }
    }
  });

  it('are as counted by hand: 0.25 is of the first of four bins, 0 as well', () => {
    const rows: [number, number][] = [
      [0, 0],
      [0.25, 1],
      [0.75, 1],
      [1, 0],
    ];
    expect(reliabilityBins(problem(rows)).map(({ n, share }) => [n, share])).toEqual([
      [2, 0.5],
      [0, NaN],
      [1, 1],
      [1, 0],
    ]);
    expect(expectedCalibrationError(problem(rows))).toBeCloseTo((0.75 + 0.25 + 1) / 4, 14);
    expect([0, 1 / 15, 0.07, 1].map((probability) => equalWidthBin(probability, 15))).toEqual([0, 0, 1, 14]);
  });

  it('count every row once, keep equal probabilities together, and stay in 0..1', () => {
    const row = fc.tuple(fc.integer({ min: 0, max: 12 }), fc.integer({ min: 0, max: 1 }));
    fc.assert(
      fc.property(
        fc.array(row, { minLength: 1, maxLength: 40 }),
        fc.integer({ min: 1, max: 8 }),
        (drawn, bins) => {
          const rows = drawn.map(([twelfths, label]): [number, number] => [twelfths / 12, label]);
          for (const by of ['width', 'mass'] as const) {
            const found = reliabilityBins(problem(rows, { bins, by }));
            expect(found.reduce((sum, { n }) => sum + n, 0)).toBe(rows.length);
            const error = expectedCalibrationError(problem(rows, { bins, by }));
            expect(error).toBeGreaterThanOrEqual(0);
            expect(error).toBeLessThanOrEqual(1);
          }
          const one = expectedCalibrationError(problem(rows, { bins: 1 }));
          const gap = rows.reduce((sum, [probability, label]) => sum + label - probability, 0);
          expect(one).toBeCloseTo(Math.abs(gap) / rows.length, 12);
        },
      ),
      { seed: 1 },
    );
  });

  it('are not a number without rows', () => {
    expect(expectedCalibrationError(problem([]))).toBeNaN();
    expect(reliabilityBins(problem([], { by: 'mass', bins: 1 }))).toEqual([
      { from: NaN, to: NaN, n: 0, probability: NaN, share: NaN },
    ]);
  });

  it('refuse shapes that differ, what is no probability, and no bins', () => {
    expect(() => reliabilityBins(problem([[0.5, 1]], { labels: new Uint8Array(2) }))).toThrow('1 and 2');
    expect(() => expectedCalibrationError(problem([[1.5, 1]]))).toThrow('got 1.5');
    expect(() => expectedCalibrationError(problem([[NaN, 1]]))).toThrow('got NaN');
    expect(() => reliabilityBins(problem([], { bins: 0 }))).toThrow('got 0');
  });
});
