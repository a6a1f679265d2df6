import { describe, expect, it } from 'vitest';
import { createRandom, HOUR_MS } from '../core/index.ts';
import { mcnemar } from '../stats/index.ts';
import { compareDirections, coverageCurve, type ComparisonRows } from './comparison.ts';

const N = 4_000;

/** Windows whose truth comes up with a probability that a forecaster may know. */
function market({ seed, horizonMinutes = 60 }: { seed: number; horizonMinutes?: number }) {
  const { uniform } = createRandom(seed);
  const chances = Float64Array.from({ length: N }, () => 0.3 + 0.4 * uniform());
  const labels = Uint8Array.from(chances, (chance) => (uniform() < chance ? 1 : 0));
  const rows: ComparisonRows = {
    probabilities: chances,
    labels,
    windowEnds: Float64Array.from({ length: N }, (_, place) => place * HOUR_MS),
    barMinutes: 60,
    horizonMinutes,
    seed: 1,
  };
  return { rows, dull: Float64Array.from(labels, () => 0.51) };
}

describe('compareDirections', () => {
  it('counts who alone was right: known by hand', () => {
    const labels = Uint8Array.from([1, 1, 0, 0, 1, 2, 1]);
    const rows = {
      ...market({ seed: 1 }).rows,
      probabilities: Float64Array.from([0.9, 0.6, 0.2, 0.7, 0.4, 0.9, NaN]),
      labels,
      windowEnds: Float64Array.from(labels, (_, place) => place * HOUR_MS),
    };
    // Rows 0 to 2 right alone on 0 and 1, both on 2; row 3 the other alone; row 4 neither.
    const other = Float64Array.from([0.1, 0.4, 0.1, 0.3, 0.2, 0.9, 0.9]);
    const { accuracyDifference, mcnemar: p, n, low } = compareDirections(rows, other);
    expect(accuracyDifference).toBeCloseTo((2 - 1) / 5, 12);
    expect([p, n, low]).toEqual([mcnemar(2, 1), 5, NaN]);
  });

  it('shows who knows more by every measure, and the opposite the other way round', () => {
    const { rows, dull } = market({ seed: 2 });
    const forth = compareDirections(rows, dull);
    expect(forth.low).toBeGreaterThan(0);
    expect(forth.mcnemar).toBeLessThan(1e-4);
    expect(forth.dieboldMariano).toBeLessThan(1e-4);
    const back = compareDirections({ ...rows, probabilities: dull }, rows.probabilities);
    expect(back.accuracyDifference).toBeCloseTo(-forth.accuracyDifference, 12);
    expect(back.mcnemar).toBe(forth.mcnemar);
    expect(back.dieboldMariano).toBeCloseTo(forth.dieboldMariano, 12);
  });

  it('finds nothing between equals, and does not call overlapping windows independent', () => {
    const { rows } = market({ seed: 3, horizonMinutes: 1_440 });
    const same = compareDirections(rows, rows.probabilities);
    expect(same).toMatchObject({ accuracyDifference: 0, low: 0, high: 0, mcnemar: null, n: N });
    expect(same.dieboldMariano).toBeNaN();
  });

  it('says about 95 times in 100 that noise is noise', () => {
    const found = Array.from({ length: 60 }, (_, seed) => {
      const { rows } = market({ seed: 100 + seed });
      const { uniform } = createRandom(900 + seed);
      const guess = () => Float64Array.from(rows.labels, () => uniform());
      return compareDirections({ ...rows, probabilities: guess() }, guess());
    });
    expect(found.filter(({ dieboldMariano }) => dieboldMariano < 0.05).length).toBeLessThan(9);
    expect(found.filter(({ low, high }) => low > 0 || high < 0).length).toBeLessThan(9);
  });

  it('refuses windows off the grid', () => {
    const { rows, dull } = market({ seed: 4 });
    const windowEnds = rows.windowEnds.map((end, place) => end + (place === 7 ? 1 : 0));
    expect(() => compareDirections({ ...rows, windowEnds }, dull)).toThrow(RangeError);
  });
});

describe('coverageCurve', () => {
  it('begins with all windows and rises where a model knows when it knows', () => {
    const { rows } = market({ seed: 5 });
    const curve = coverageCurve(rows);
    expect(curve.map(({ coverage }) => coverage)).toEqual([1, 0.75, 0.5, 0.25, 0.1, 0.05, 0.02, 0.01]);
    expect(curve[0]).toMatchObject({ n: N });
    // At most 0.7 is to be had, at 0.6 on average.
    expect(curve[0]!.accuracy).toBeCloseTo(0.6, 1);
    expect(curve[4]!.accuracy).toBeGreaterThan(curve[0]!.accuracy + 0.04);
    for (const { low, accuracy, high, n, coverage } of curve) {
      expect(n).toBe(Math.ceil(coverage * N));
      if (!Number.isNaN(low)) expect(low <= accuracy && accuracy <= high).toBe(true);
    }
    expect(curve.at(-1)!.low).toBeNaN();
  });

  it('has one point where all are as sure, and none where nothing is scored', () => {
    const { rows, dull } = market({ seed: 6 });
    const curve = coverageCurve({ ...rows, probabilities: dull });
    expect(new Set(curve.map(({ coverage }) => coverage))).toEqual(new Set([1]));
    expect(coverageCurve({ ...rows, labels: rows.labels.fill(2) })).toEqual([]);
  });
});
