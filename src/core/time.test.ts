import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { DAY_MS, floorTo, HOUR_MS, isoUtc, MINUTE_MS, parseUtc, utcDay } from './time.ts';

/** Any whole millisecond of the years 0 to 9999, which are those that ISO 8601 writes with four digits. */
const moment = fc.integer({ min: Date.UTC(1970, 0) - 1969 * 365 * DAY_MS, max: Date.UTC(9999, 11, 31) });

describe('reading a moment', () => {
  it('takes a date for its midnight in UTC', () => {
    expect(parseUtc('2021-11-05')).toBe(1_636_070_400_000);
    expect(parseUtc('2021-11-05')).toBe(parseUtc('2021-11-05T00:00:00Z'));
  });

  it('takes a time with its zone, with or without seconds and fractions', () => {
    expect(parseUtc('2021-11-05T06:30Z')).toBe(1_636_093_800_000);
    expect(parseUtc('2021-11-05T08:30:00+02:00')).toBe(1_636_093_800_000);
    expect(parseUtc('2021-11-05T06:30:00.250Z')).toBe(1_636_093_800_250);
  });

  it('reads back every moment that it writes', () => {
    fc.assert(
      fc.property(moment, (at) => {
        expect(parseUtc(isoUtc(at))).toBe(at);
      }),
      { numRuns: 300, seed: 1 },
    );
  });

  it.each(['2021-11-05T06:30:00', '2021-11-05 06:30:00', '2021-11-05T06:30'])(
    'refuses %s, which would take the zone of the machine',
    (text) => {
      expect(parseUtc(text)).toBeNaN();
    },
  );

  it.each(['2021-02-29', '2021-02-30T00:00:00Z', '2021-04-31', '2021-13-01', '2021-00-10', '2021-01-00'])(
    'refuses the impossible day %s instead of rolling over',
    (text) => {
      expect(parseUtc(text)).toBeNaN();
    },
  );

  it('knows leap years', () => {
    expect(parseUtc('2020-02-29')).toBe(parseUtc('2020-02-28') + DAY_MS);
    expect(parseUtc('2000-02-29')).not.toBeNaN();
    expect(parseUtc('1900-02-29')).toBeNaN();
  });

  it.each(['', 'yesterday', '05.11.2021', '1636070400', '2021-11-05T25:00Z', '2021-11-5', ' 2021-11-05'])(
    'refuses "%s"',
    (text) => {
      expect(parseUtc(text)).toBeNaN();
    },
  );

  it('agrees with the calendar on whether a day exists', () => {
    const day = fc.record({
      year: fc.integer({ min: 1900, max: 2100 }),
      month: fc.integer({ min: 1, max: 12 }),
      day: fc.integer({ min: 1, max: 31 }),
    });
    const two = (value: number) => String(value).padStart(2, '0');
    fc.assert(
      fc.property(day, ({ year, month, day: date }) => {
        const isThere = new Date(Date.UTC(year, month - 1, date)).getUTCMonth() === month - 1;
        expect(Number.isNaN(parseUtc(`${year}-${two(month)}-${two(date)}`))).toBe(!isThere);
      }),
      { numRuns: 300, seed: 1 },
    );
  });
});

describe('writing a moment', () => {
  it('leaves milliseconds out where there are none', () => {
    expect(isoUtc(1_636_070_400_000)).toBe('2021-11-05T00:00:00Z');
    expect(isoUtc(1_636_070_400_001)).toBe('2021-11-05T00:00:00.001Z');
    expect(utcDay(1_636_156_799_999)).toBe('2021-11-05');
  });

  it('refuses what is no moment', () => {
    expect(() => isoUtc(NaN)).toThrow(RangeError);
  });
});

describe('the grid of bars', () => {
  it('finds the last multiple at or before a moment', () => {
    const noon = parseUtc('2021-11-05T12:00:00Z');
    expect(floorTo(noon + 59 * MINUTE_MS, HOUR_MS)).toBe(noon);
    expect(floorTo(noon, HOUR_MS)).toBe(noon);
  });

  it('never moves a moment forward, nor back by a whole step', () => {
    const step = fc.constantFrom(MINUTE_MS, 15 * MINUTE_MS, HOUR_MS, DAY_MS);
    fc.assert(
      fc.property(moment, step, (at, width) => {
        const floor = floorTo(at, width);
        expect(at - floor).toBeGreaterThanOrEqual(0);
        expect(at - floor).toBeLessThan(width);
        expect(Math.abs(floor % width)).toBe(0);
      }),
      { numRuns: 200, seed: 1 },
    );
  });
});
