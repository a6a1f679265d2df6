import type { SignalHistoryItem } from '../../src/serving/contract.ts';

/** How a prediction ended. `void`: no move, or no price to compare with; never counted as right or wrong. */
export type Result = 'hit' | 'miss' | 'pending' | 'void';
type Side = 'up' | 'down';

/** One window with its prediction, times in epoch milliseconds. */
export interface Mark {
  at: number;
  close: number | null;
  probabilityUp: number;
  direction: SignalHistoryItem['price_direction'];
  /** The side of 50 %; by it a prediction is scored, also where the direction is called neutral. */
  side: Side;
  result: Result;
  sentiment: number | null;
  modelVersion: string;
  maturesAt: number;
  degraded: boolean;
}

export type Tally = Record<Result, number>;

/** The predictions of some consecutive windows, counted. */
export interface Bucket extends Tally {
  from: number;
  to: number;
}

const MINUTE_MS = 60_000;
const BUCKET_MINUTES = [1, 5, 15, 30, 60, 120, 180, 240, 360, 720, 1440];
const TICK_MINUTES = [5, 15, 30, 60, 120, 180, 240, 360, 720, 1440, 2880, 5760, 10_080, 20_160, 43_200];

/** The windows of an answer, oldest first. */
export function toMarks(items: readonly SignalHistoryItem[]): Mark[] {
  return items.map((item) => {
    const side = item.probability_up >= 0.5 ? 'up' : 'down';
    return {
      at: Date.parse(item.window_end),
      close: item.close,
      probabilityUp: item.probability_up,
      direction: item.price_direction,
      side,
      result: resultOf(side, item.outcome),
      sentiment: item.sentiment,
      modelVersion: item.model_version,
      maturesAt: Date.parse(item.matures_at),
      degraded: item.degraded,
    };
  });
}

/** Predictions by how they ended. */
export function tally(marks: readonly Mark[]): Tally {
  const counts: Tally = { hit: 0, miss: 0, pending: 0, void: 0 };
  for (const { result } of marks) counts[result] += 1;
  return counts;
}

/** The finest bucket, never finer than a bar, of which a span needs at most `most`. */
export function bucketMinutes(spanMinutes: number, options: { barMinutes: number; most: number }): number {
  const { barMinutes, most } = options;
  const fits = (minutes: number): boolean => minutes >= barMinutes && spanMinutes / minutes <= most;
  return BUCKET_MINUTES.find(fits) ?? BUCKET_MINUTES.at(-1) ?? barMinutes;
}

/** Windows counted per bucket; a window T belongs to the bucket with from < T <= to. */
export function toBuckets(marks: readonly Mark[], minutes: number): Bucket[] {
  const length = minutes * MINUTE_MS;
  const buckets: Bucket[] = [];
  for (const mark of marks) {
    const to = Math.ceil(mark.at / length) * length;
    let bucket = buckets.at(-1);
    if (bucket?.to !== to) {
      bucket = { from: to - length, to, hit: 0, miss: 0, pending: 0, void: 0 };
      buckets.push(bucket);
    }
    bucket[mark.result] += 1;
  }
  return buckets;
}

/** Round moments in UTC between two others, at most `most` of them. */
export function timeTicks(from: number, to: number, most: number): number[] {
  const minutes = TICK_MINUTES.find((step) => (to - from) / (step * MINUTE_MS) <= most) ?? 43_200;
  const step = minutes * MINUTE_MS;
  const ticks: number[] = [];
  for (let tick = Math.ceil(from / step) * step; tick <= to; tick += step) ticks.push(tick);
  return ticks;
}

/** Round numbers between two others: steps of 1, 2, 2.5 or 5 times a power of ten, about `most` of them. */
export function roundTicks(low: number, high: number, most: number): number[] {
  const rough = (high - low) / Math.max(1, most);
  if (!(rough > 0)) return [low];
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = ([1, 2, 2.5, 5, 10].find((factor) => factor * power >= rough) ?? 10) * power;
  const first = Math.ceil(low / step);
  const last = Math.floor(high / step);
  return Array.from({ length: last - first + 1 }, (_, place) => (first + place) * step);
}

function resultOf(side: Side, outcome: SignalHistoryItem['outcome']): Result {
  if (outcome === null) return 'pending';
  if (outcome === 'void') return 'void';
  return outcome === side ? 'hit' : 'miss';
}
