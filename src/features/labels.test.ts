import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { DAY_MS, HOUR_MS, SECOND_MS } from '../core/index.ts';
import { candleAt, ORIGIN } from './inputs.contract.ts';
import { createCloseSeries, labelAt } from './labels.ts';

const hours = (count: number) => ORIGIN + count * HOUR_MS;
const LATER = hours(1_000);

function seriesOf(closes: Record<number, number>) {
  const series = createCloseSeries();
  for (const [hour, close] of Object.entries(closes)) series.add(candleAt(hours(Number(hour)), { close }));
  return series;
}

describe('a label', () => {
  it('is up when the later close is higher, down when it is lower', () => {
    const series = seriesOf({ 1: 100, 2: 110, 3: 99 });
    const at = (hour: number) => labelAt(series, { windowEnd: hours(hour), horizonMinutes: 60, asOf: LATER });
    expect(at(1)).toEqual({
      outcome: 'up',
      knownAt: hours(2) + 5 * SECOND_MS,
      futureReturn: expect.closeTo(Math.log(1.1), 12) as number,
    });
    expect(at(2)).toMatchObject({
      outcome: 'down',
      futureReturn: expect.closeTo(Math.log(0.9), 12) as number,
    });
  });

  it('is void when the closes are equal', () => {
    const series = seriesOf({ 1: 100, 2: 100 });
    const label = labelAt(series, { windowEnd: hours(1), horizonMinutes: 60, asOf: LATER });
    expect(label).toEqual({ outcome: 'void', knownAt: hours(2) + 5 * SECOND_MS, futureReturn: 0 });
  });

  it('enters one bar later when it is asked to', () => {
    const series = seriesOf({ 1: 100, 2: 110, 3: 105 });
    const options = { windowEnd: hours(1), horizonMinutes: 60, entryDelayMinutes: 60 };
    expect(labelAt(series, { ...options, asOf: hours(3) })).toMatchObject({ outcome: null });
    expect(labelAt(series, { ...options, asOf: LATER })).toMatchObject({ outcome: 'down' });
  });

  it('is pending until both closes are known', () => {
    const series = seriesOf({ 1: 100, 2: 110 });
    const knownAt = hours(2) + 5 * SECOND_MS;
    const at = (asOf: number) => labelAt(series, { windowEnd: hours(1), horizonMinutes: 60, asOf });
    expect(at(knownAt - 1)).toEqual({ outcome: null, knownAt: null, futureReturn: null });
    expect(at(knownAt).outcome).toBe('up');
  });

  it.each([
    ['target', { 1: 100 }],
    ['base', { 2: 100 }],
  ])('is void 24 hours after maturity when the %s is still absent', (_, closes) => {
    const series = seriesOf(closes as Record<number, number>);
    const at = (asOf: number) => labelAt(series, { windowEnd: hours(1), horizonMinutes: 60, asOf });
    const end = hours(2) + DAY_MS;
    expect(at(end - 1).outcome).toBeNull();
    expect(at(end)).toEqual({ outcome: 'void', knownAt: end, futureReturn: NaN });
  });

  it('counts a target that arrives at the last moment, and stays void for one that arrives after it', () => {
    const labelWith = (knownAt: number) => {
      const series = seriesOf({ 1: 100 });
      series.add(candleAt(hours(2), { close: 110, knownAt }));
      return labelAt(series, { windowEnd: hours(1), horizonMinutes: 60, asOf: LATER });
    };
    expect(labelWith(hours(2) + DAY_MS)).toMatchObject({ outcome: 'up', knownAt: hours(2) + DAY_MS });
    expect(labelWith(hours(2) + DAY_MS + 1)).toMatchObject({ outcome: 'void', knownAt: hours(2) + DAY_MS });
  });

  it('never changes once it is known, and is the same when the future is deleted', () => {
    const delay = fc.option(fc.integer({ min: 0, max: 60 * HOUR_MS }), { nil: null });
    fc.assert(
      fc.property(
        fc.array(fc.record({ close: fc.integer({ min: 1, max: 5 }), delay }), {
          minLength: 30,
          maxLength: 60,
        }),
        fc.integer({ min: 0, max: 100 * HOUR_MS }),
        (bars, sinceOrigin) => {
          const asOf = ORIGIN + sinceOrigin;
          const candles = bars.flatMap((bar, hour) =>
            bar.delay === null
              ? []
              : [candleAt(hours(hour), { close: bar.close, knownAt: hours(hour) + bar.delay })],
          );
          const [whole, past] = [createCloseSeries(), createCloseSeries()];
          for (const candle of candles) whole.add(candle);
          for (const candle of candles) if (candle.knownAt <= asOf) past.add(candle);
          for (let hour = 0; hour < 30; hour += 1) {
            const window = { windowEnd: hours(hour), horizonMinutes: 180 };
            const then = labelAt(whole, { ...window, asOf });
            expect(labelAt(past, { ...window, asOf })).toEqual(then);
            const later = labelAt(whole, { ...window, asOf: LATER });
            if (then.outcome !== null) expect(later).toEqual(then);
            else expect(later.knownAt).toBeGreaterThan(asOf);
          }
        },
      ),
      { numRuns: 40 },
    );
  });

  it('refuses a horizon of nothing and a negative delay', () => {
    const series = seriesOf({ 1: 100 });
    const options = { windowEnd: hours(1), horizonMinutes: 60, asOf: LATER };
    expect(() => labelAt(series, { ...options, horizonMinutes: 0 })).toThrow(RangeError);
    expect(() => labelAt(series, { ...options, entryDelayMinutes: -60 })).toThrow(RangeError);
  });
});

describe('a series of closes', () => {
  it('serves the version that was known first, in whatever order they are added', () => {
    const first = candleAt(hours(1), { close: 100 });
    const second = candleAt(hours(1), { close: 999, knownAt: first.knownAt + 1 });
    for (const candles of [
      [first, second],
      [second, first],
    ]) {
      const series = createCloseSeries();
      for (const candle of candles) series.add(candle);
      expect(series.closeAt(hours(1), LATER)).toBe(100);
      expect(series.closeAt(hours(1), first.knownAt - 1)).toBeNaN();
    }
  });

  it('keeps every bar, also when they come backwards and far apart', () => {
    const series = createCloseSeries();
    const places = [5_000, 3, 4_999, 0, -2_000, 90_000, 17];
    for (const place of places) series.add(candleAt(hours(place), { close: 10_000 + place }));
    for (const place of places) expect(series.closeAt(hours(place), hours(100_000))).toBe(10_000 + place);
    expect(series.closeAt(hours(18), hours(100_000))).toBeNaN();
    expect(series.closeAt(hours(1) + 1, hours(100_000))).toBeNaN();
    expect(series.knownAt(hours(200_000))).toBe(Infinity);
  });

  it('is empty at first', () => {
    expect(createCloseSeries().closeAt(ORIGIN, LATER)).toBeNaN();
  });

  it('refuses bars of another length, off the grid, or without a price', () => {
    const series = seriesOf({ 1: 100 });
    expect(() => series.add(candleAt(hours(2), { barMinutes: 15 }))).toThrow(/15 min/);
    expect(() => series.add(candleAt(hours(2) + 1))).toThrow(/grid/);
    expect(() => series.add(candleAt(hours(2), { close: NaN }))).toThrow(/no price/);
  });
});
