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

  it('refuses rows that do not ascend or do not line up', () => {
    const rows = hourly([
      { label: 1, knownAfterHours: 1 },
      { label: 0, knownAfterHours: 1 },
    ]);
    const maturity = { asOf: 0, horizonMinutes: 60, embargoMinutes: 0 };
    expect(() => selectMatured({ ...rows, windowEnds: Float64Array.of(5, 5) }, maturity)).toThrow('row 1');
    expect(() => selectMatured({ ...rows, labels: new Uint8Array(1) }, maturity)).toThrow(RangeError);
    expect(() => selectMatured({ ...rows, values: new Float64Array(3) }, maturity)).toThrow(RangeError);
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
