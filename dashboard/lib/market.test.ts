import { describe, expect, it } from 'vitest';
import type { SignalHistoryItem } from '../../src/serving/contract.ts';
import { bucketMinutes, roundTicks, tally, timeTicks, toBuckets, toMarks } from './market.ts';

const MINUTE = 60_000;
const NOON = Date.UTC(2022, 10, 5, 12);

function item(at: number, change: Partial<SignalHistoryItem> = {}): SignalHistoryItem {
  return {
    window_end: new Date(at).toISOString(),
    as_of: new Date(at + MINUTE).toISOString(),
    model_version: 'logistic@2022-10-31',
    probability_up: 0.53,
    price_direction: 'bullish',
    sentiment: 0.1,
    predicted_at: new Date(at + MINUTE).toISOString(),
    matures_at: new Date(at + 60 * MINUTE).toISOString(),
    outcome: 'up',
    degraded: false,
    close: 20_000,
    ...change,
  };
}

describe('toMarks', () => {
  it('counts a prediction right when its side of 50 % is where the price went', () => {
    const marks = toMarks([
      item(NOON),
      item(NOON, { outcome: 'down' }),
      item(NOON, { probability_up: 0.47, price_direction: 'bearish', outcome: 'down' }),
    ]);
    expect(marks.map(({ result }) => result)).toEqual(['hit', 'miss', 'hit']);
  });

  it('scores a neutral prediction by its side, as the accuracy does', () => {
    const [mark] = toMarks([
      item(NOON, { probability_up: 0.496, price_direction: 'neutral', outcome: 'up' }),
    ]);
    expect(mark).toMatchObject({ side: 'down', direction: 'neutral', result: 'miss' });
  });

  it('never calls a void or an open prediction right or wrong', () => {
    const marks = toMarks([item(NOON, { outcome: 'void' }), item(NOON, { outcome: null })]);
    expect(tally(marks)).toEqual({ hit: 0, miss: 0, pending: 1, void: 1 });
  });
});

describe('toBuckets', () => {
  it('loses no prediction and puts a window that closes on a border into the bucket before it', () => {
    const marks = toMarks([0, 15, 30, 45, 60].map((minutes) => item(NOON + minutes * MINUTE)));
    const buckets = toBuckets(marks, 60);
    expect(buckets.map(({ to, hit }) => [(to - NOON) / MINUTE, hit])).toEqual([
      [0, 1],
      [60, 4],
    ]);
  });
});

describe('bucketMinutes', () => {
  it('is the finest that fits, and never finer than a bar', () => {
    expect(bucketMinutes(7 * 1440, { barMinutes: 60, most: 200 })).toBe(60);
    expect(bucketMinutes(7 * 1440, { barMinutes: 60, most: 60 })).toBe(180);
    expect(bucketMinutes(60, { barMinutes: 60, most: 1000 })).toBe(60);
  });

  it('ends at a day when nothing fits', () => {
    expect(bucketMinutes(1440 * 400, { barMinutes: 15, most: 10 })).toBe(1440);
  });
});

describe('ticks', () => {
  it('stand on round moments inside the span', () => {
    const ticks = timeTicks(NOON + 7 * MINUTE, NOON + 200 * MINUTE, 5);
    expect(ticks.map((tick) => (tick - NOON) / MINUTE)).toEqual([60, 120, 180]);
  });

  it('stand on round numbers inside the range', () => {
    expect(roundTicks(19_812, 21_390, 4)).toEqual([20_000, 20_500, 21_000]);
    expect(roundTicks(5, 5, 4)).toEqual([5]);
  });
});
