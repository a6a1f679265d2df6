import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { DAY_MS, HOUR_MS, SECOND_MS } from '../core/index.ts';
import { candleAt, ORIGIN } from '../features/inputs.contract.ts';
import { createCloseSeries } from '../features/index.ts';
import { createTruth, type SettledOutcome } from './truth.ts';

const LAG_MS = 5 * SECOND_MS;

describe('createTruth', () => {
  it('settles a window in the moment in which its target becomes known', () => {
    const { truth } = truthOf({ 0: [100, 0], 1: [101, 0] });
    truth.expect(ORIGIN);
    const knownAt = ORIGIN + HOUR_MS + LAG_MS;
    expect(truth.settle(knownAt - 1)).toEqual([]);
    expect(truth.settle(knownAt)).toEqual([
      {
        windowEnd: ORIGIN,
        horizonMinutes: 60,
        entryDelayMinutes: 0,
        outcome: 'up',
        knownAt,
        futureReturn: Math.log(101 / 100),
      },
    ]);
    expect(truth.settle(knownAt)).toEqual([]);
  });

  it('settles the entry one bar later by the move that begins a bar later', () => {
    const { truth } = truthOf({ 0: [100, 0], 1: [101, 0], 2: [99, 0] });
    truth.expect(ORIGIN);
    const settled = truth.settle(ORIGIN + 2 * HOUR_MS + LAG_MS);
    expect(settled.map(({ entryDelayMinutes, outcome }) => [entryDelayMinutes, outcome])).toEqual([
      [0, 'up'],
      [60, 'down'],
    ]);
    expect(settled[1]?.futureReturn).toBe(Math.log(99 / 101));
  });

  it('waits for a candle that is late while later windows settle before it', () => {
    const { truth } = truthOf({ 0: [100, 0], 1: [101, 6], 2: [102, 0], 3: [103, 0] });
    for (const bar of [0, 1, 2]) truth.expect(ORIGIN + bar * HOUR_MS);
    const first = truth.settle(ORIGIN + 3 * HOUR_MS + LAG_MS).filter(isPrompt);
    expect(first.map(({ windowEnd }) => windowEnd)).toEqual([ORIGIN + 2 * HOUR_MS]);
    const lateAt = ORIGIN + 7 * HOUR_MS + LAG_MS;
    expect(truth.settle(lateAt - 1)).toEqual([]);
    const late = truth.settle(lateAt).filter(isPrompt);
    expect(late.map(({ windowEnd, knownAt }) => [windowEnd, knownAt])).toEqual([
      [ORIGIN, lateAt],
      [ORIGIN + HOUR_MS, lateAt],
    ]);
  });

  it('gives a window up 24 h after its maturity, whatever comes later', () => {
    const { truth, series } = truthOf({ 0: [100, 0] });
    truth.expect(ORIGIN);
    const end = ORIGIN + HOUR_MS;
    expect(truth.settle(end + DAY_MS - 1)).toEqual([]);
    series.add(candleAt(end, { close: 101, knownAt: end + DAY_MS + 1 }));
    const [settled] = truth.settle(end + DAY_MS + 2);
    expect(settled).toMatchObject({ outcome: 'void', knownAt: end + DAY_MS, futureReturn: NaN });
  });

  it('calls a window without a move void', () => {
    const { truth } = truthOf({ 0: [100, 0], 1: [100, 0] });
    truth.expect(ORIGIN);
    expect(truth.settle(ORIGIN + 2 * HOUR_MS)[0]).toMatchObject({ outcome: 'void', futureReturn: 0 });
  });

  it('tells outcomes in the order of window, horizon and delay, and counts what is left', () => {
    const closes = Object.fromEntries(Array.from({ length: 5 }, (_, bar) => [bar, [100 + bar, 0] as const]));
    const { truth } = truthOf(closes, [60, 120]);
    for (const bar of [0, 1, 2]) truth.expect(ORIGIN + bar * HOUR_MS);
    expect(truth.pending()).toBe(12);
    const settled = truth.settle(ORIGIN + 3 * HOUR_MS + LAG_MS);
    expect(
      settled.map(({ windowEnd, horizonMinutes, entryDelayMinutes }) => [
        (windowEnd - ORIGIN) / HOUR_MS,
        horizonMinutes,
        entryDelayMinutes,
      ]),
    ).toEqual([
      [0, 60, 0],
      [0, 60, 60],
      [0, 120, 0],
      [0, 120, 60],
      [1, 60, 0],
      [1, 60, 60],
      [1, 120, 0],
      [2, 60, 0],
    ]);
    expect(truth.pending()).toBe(4);
  });

  it('tells each outcome once and the same, however often it is asked', () => {
    const delays = fc.array(fc.integer({ min: 0, max: 40 }), { minLength: 30, maxLength: 30 });
    const moments = fc.array(fc.integer({ min: 0, max: 100 }), { maxLength: 20 });
    fc.assert(
      fc.property(delays, moments, (hoursLate, cuts) => {
        const closes = Object.fromEntries(
          hoursLate.map((late, bar) => [bar, [100 + ((bar * 7) % 5), late] as const]),
        );
        const atOnce = settleAt(closes, [100]);
        const bitByBit = settleAt(closes, [...cuts.sort((left, right) => left - right), 100]);
        expect(bitByBit.sort(byContent)).toEqual(atOnce.sort(byContent));
        expect(atOnce).toHaveLength(2 * 30);
      }),
      { numRuns: 50, seed: 1 },
    );
  });

  it('refuses a horizon that lies not ahead', () => {
    const { truth } = truthOf({ 0: [100, 0] }, [0]);
    truth.expect(ORIGIN);
    expect(() => truth.settle(ORIGIN + HOUR_MS)).toThrow(RangeError);
  });
});

/** Close and hours of delay by bar. */
type Closes = Record<number, readonly [close: number, hoursLate: number]>;

function truthOf(closes: Closes, horizonsMinutes: readonly number[] = [60]) {
  const series = createCloseSeries();
  for (const [bar, [close, hoursLate]] of Object.entries(closes)) {
    const eventTime = ORIGIN + Number(bar) * HOUR_MS;
    series.add(candleAt(eventTime, { close, knownAt: eventTime + hoursLate * HOUR_MS + LAG_MS }));
  }
  return { series, truth: createTruth({ series, horizonsMinutes, barMinutes: 60 }) };
}

function settleAt(closes: Closes, hours: readonly number[]): SettledOutcome[] {
  const { truth } = truthOf(closes);
  for (const bar of Object.keys(closes)) truth.expect(ORIGIN + Number(bar) * HOUR_MS);
  return hours.flatMap((hour) => truth.settle(ORIGIN + hour * HOUR_MS));
}

function isPrompt({ entryDelayMinutes }: SettledOutcome): boolean {
  return entryDelayMinutes === 0;
}

function byContent(left: SettledOutcome, right: SettledOutcome): number {
  return left.windowEnd - right.windowEnd || left.entryDelayMinutes - right.entryDelayMinutes;
}
