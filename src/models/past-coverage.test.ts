import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createRandom, HOUR_MS } from '../core/index.ts';
import type { ComparisonRows } from './comparison.ts';
import { coverageOutOfSample, FEWEST_PAST } from './past-coverage.ts';

function rowsOf(
  probabilities: readonly number[],
  labels: readonly number[],
  horizonMinutes = 60,
): ComparisonRows {
  return {
    probabilities: Float64Array.from(probabilities),
    labels: Uint8Array.from(labels),
    windowEnds: Float64Array.from(probabilities, (_, row) => row * HOUR_MS),
    barMinutes: 60,
    horizonMinutes,
    seed: 1,
  };
}

/** Of ten windows in turn, the tenth is sure and right; the others know nothing. */
const TENTHS = Array.from({ length: 3_000 }, (_, row) => (row % 10 === 9 ? 0.8 : 0.5 + (row % 10) / 1_000));
const TRUTH = TENTHS.map((probability, row) => (probability === 0.8 ? 1 : row % 2));

describe('coverageOutOfSample', () => {
  it('answers by what the past was sure of, by hand: each tenth window, which is always right', () => {
    const points = coverageOutOfSample(rowsOf(TENTHS, TRUTH));
    const [all, , , , tenth] = points;
    // Of an hour ahead, the window before has just matured when one is decided.
    expect(all).toMatchObject({ target: 1, coverage: 1, n: 3_000 - FEWEST_PAST });
    expect(tenth).toMatchObject({ target: 0.1, accuracy: 1, n: 250 });
    expect(tenth?.coverage).toBeCloseTo(0.1, 12);
  });

  it('never looks ahead: what comes later changes no answer before it', () => {
    const random = createRandom(9);
    const probabilities = Array.from({ length: 1_200 }, () => random.uniform());
    const labels = probabilities.map(() => random.integer(2));
    const known = coverageOutOfSample(rowsOf(probabilities.slice(0, 900), labels.slice(0, 900)));
    // The later windows are void: they are neither answered nor part of any past.
    const louder = probabilities.map((probability, row) => (row < 900 ? probability : row % 2));
    const voided = labels.map((label, row) => (row < 900 ? label : 255));
    expect(coverageOutOfSample(rowsOf(louder, voided))).toEqual(known);
    // And later ones that are scored add answers, but take none away.
    const more = coverageOutOfSample(rowsOf(louder, labels));
    more.forEach(({ n }, place) => {
      expect(n).toBeGreaterThanOrEqual(known[place]?.n ?? Infinity);
    });
  });

  it('waits until windows have matured', () => {
    const [all] = coverageOutOfSample(rowsOf(TENTHS, TRUTH, 1_440));
    expect(all?.n).toBe(3_000 - FEWEST_PAST - 23);
  });

  it('answers less where less is asked for', () => {
    const probability = fc.double({ min: 0, max: 1, noNaN: true });
    fc.assert(
      fc.property(fc.array(probability, { minLength: 520, maxLength: 540 }), (probabilities) => {
        const counts = coverageOutOfSample(
          rowsOf(
            probabilities,
            probabilities.map((_, row) => row % 2),
          ),
        ).map(({ n }) => n);
        expect(counts).toEqual(counts.toSorted((left, right) => right - left));
      }),
      { numRuns: 20 },
    );
  });

  it('answers nothing while the past is short, and refuses windows off the grid', () => {
    for (const { n, coverage } of coverageOutOfSample(rowsOf(TENTHS.slice(0, 400), TRUTH.slice(0, 400)))) {
      expect([n, coverage]).toEqual([0, NaN]);
    }
    const rows = rowsOf(TENTHS, TRUTH);
    rows.windowEnds[2_000] = 2_000.5 * HOUR_MS;
    expect(() => coverageOutOfSample(rows)).toThrow(RangeError);
  });
});
