import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { HOUR_MS, MINUTE_MS } from '../core/index.ts';
import { selectColumns, selectMatured, VOID_LABEL, type DirectionRows } from './rows.ts';

/** Hourly rows; `x` holds the row's number. */
function hourly(truth: { label: number; knownAfterHours: number }[]): DirectionRows {
  return {
    columns: ['x', 'double'],
    values: Float64Array.from(truth.flatMap((_, row) => [row, 2 * row])),
    count: truth.length,
    windowEnds: Float64Array.from(truth, (_, row) => row * HOUR_MS),
    labels: Uint8Array.from(truth, ({ label }) => label),
    labelKnownAt: Float64Array.from(truth, ({ knownAfterHours }, row) => (row + knownAfterHours) * HOUR_MS),
    futureReturns: Float64Array.from(truth, ({ label }, row) => (label === 1 ? row : -row)),
  };
}

const truths = fc.array(
  fc.record({
    label: fc.constantFrom(0, 1, VOID_LABEL),
    knownAfterHours: fc.oneof(fc.integer({ min: 2, max: 12 }), fc.constant(NaN)),
  }),
  { maxLength: 60 },
);

describe('selectMatured', () => {
  it('takes exactly the rows whose label is up or down, was known, and ends an embargo before the fit', () => {
    fc.assert(
      fc.property(
        truths,
        fc.integer({ min: 0, max: 60 }),
        fc.integer({ min: 0, max: 5 }),
        (truth, now, embargo) => {
          const rows = hourly(truth);
          const chosen = selectMatured(rows, {
            asOf: now * HOUR_MS,
            horizonMinutes: 120,
            embargoMinutes: embargo * 60,
          });
          const expected = truth.flatMap(({ label, knownAfterHours }, row) =>
            label !== VOID_LABEL && row + knownAfterHours <= now && row + 2 + embargo <= now ? [row] : [],
          );
          expect(chosen.count).toBe(expected.length);
          expect([...chosen.values]).toEqual(expected.flatMap((row) => [row, 2 * row]));
          expect([...chosen.labels]).toEqual(expected.map((row) => truth[row]!.label));
          expect([...chosen.futureReturns]).toEqual(expected.map((row) => rows.futureReturns[row]));
        },
      ),
      { seed: 1 },
    );
  });

  it('knows a label within the grace of its fit, and not a moment before', () => {
    const rows = hourly([{ label: 1, knownAfterHours: 1 + 5 / 3600 }]);
    const at = (asOf: number) => selectMatured(rows, { asOf, horizonMinutes: 60, embargoMinutes: 0 }).count;
    expect(at(HOUR_MS)).toBe(0);
    expect(at(HOUR_MS + MINUTE_MS)).toBe(1);
  });

  it('keeps to the newest days where it is told to', () => {
    const rows = hourly(Array.from({ length: 72 }, () => ({ label: 1, knownAfterHours: 1 })));
    const at = (trainingDays?: number) => {
      const options = { asOf: 60 * HOUR_MS, horizonMinutes: 60, embargoMinutes: 0, trainingDays };
      return [...selectMatured(rows, options).values].filter((_, place) => place % 2 === 0);
    };
    expect(at()).toHaveLength(60);
    expect(at(1)).toEqual(Array.from({ length: 23 }, (_, row) => 37 + row));
    expect(at(0.05)).toEqual([59]);
    expect(() => at(0)).toThrow('got 0');
  });

  it('brings no weights along where there are none, and those of its rows where there are', () => {
    const rows = hourly([
      { label: 1, knownAfterHours: 1 },
      { label: VOID_LABEL, knownAfterHours: 1 },
      { label: 0, knownAfterHours: 1 },
    ]);
    const maturity = { asOf: 9 * HOUR_MS, horizonMinutes: 60, embargoMinutes: 0 };
    expect(selectMatured(rows, maturity)).not.toHaveProperty('weights');
    const weighed = { ...rows, weights: Float64Array.of(1, 2, 3) };
    expect([...selectMatured(weighed, maturity).weights!]).toEqual([1, 3]);
    expect(selectColumns(weighed, ['x']).weights).toBe(weighed.weights);
  });

  it('weighs by how unique a label is among those that were chosen', () => {
    // Of the spans 0..2, 1..3, 2..4, 3..5 the second is void and the last is not known yet: 0..2 and 2..4 only touch.
    const rows = hourly([
      { label: 1, knownAfterHours: 2.1 },
      { label: VOID_LABEL, knownAfterHours: 2.1 },
      { label: 0, knownAfterHours: 2.1 },
      { label: 0, knownAfterHours: 2.1 },
    ]);
    const options = { horizonMinutes: 120, embargoMinutes: 0, weighting: 'uniqueness' } as const;
    expect([...selectMatured(rows, { ...options, asOf: 4.5 * HOUR_MS }).weights!]).toEqual([1, 1]);
    const weighed = { ...rows, weights: Float64Array.of(1, 1, 1, 10) };
    expect([...selectMatured(weighed, { ...options, asOf: 6 * HOUR_MS }).weights!]).toEqual([1, 0.75, 7.5]);
  });

  it('takes a label that was decided early for as long as it was', () => {
    const rows = hourly([
      { label: 1, knownAfterHours: 2 },
      { label: 0, knownAfterHours: 1 },
    ]);
    const options = { asOf: 9 * HOUR_MS, horizonMinutes: 180, embargoMinutes: 0 };
    const { weights } = selectMatured(rows, { ...options, weighting: 'uniqueness' });
    expect([...weights!]).toEqual([0.75, 0.5]);
  });

  it('refuses rows that do not ascend or do not line up', () => {
    const rows = hourly([
      { label: 1, knownAfterHours: 1 },
      { label: 0, knownAfterHours: 1 },
    ]);
    const maturity = { asOf: 0, horizonMinutes: 60, embargoMinutes: 0 };
    expect(() => selectMatured({ ...rows, windowEnds: Float64Array.of(5, 5) }, maturity)).toThrow('row 1');
    expect(() => selectMatured({ ...rows, labels: new Uint8Array(1) }, maturity)).toThrow(RangeError);
    expect(() => selectMatured({ ...rows, values: new Float64Array(3) }, maturity)).toThrow(RangeError);
    expect(() => selectMatured({ ...rows, weights: new Float64Array(3) }, maturity)).toThrow(RangeError);
  });
});

describe('selectColumns', () => {
  it('keeps the named columns in the named order, and the rest of the rows', () => {
    const rows = hourly([
      { label: 1, knownAfterHours: 1 },
      { label: 0, knownAfterHours: 1 },
    ]);
    const chosen = selectColumns(rows, ['double', 'x']);
    expect([...chosen.values]).toEqual([0, 0, 2, 1]);
    expect(chosen.labels).toBe(rows.labels);
    expect([...selectColumns(rows, ['x']).values]).toEqual([0, 1]);
  });

  it('refuses a column that is not there by its name', () => {
    expect(() => selectColumns(hourly([]), ['y'])).toThrow('column y is missing; there are: x, double');
  });
});
