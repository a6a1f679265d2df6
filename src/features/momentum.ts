import { DAY_MS } from '../core/index.ts';
import type { CandleObservation } from '../lake/index.ts';

const RSI_SPAN = 14;
const FAST_SPAN = 12;
const SLOW_SPAN = 26;
const SIGNAL_SPAN = 9;

/** Wilder's averages. Until `changes` reaches 14, `gain` and `loss` are sums. */
export interface RsiTrack {
  /** Close time of the newest bar taken; NaN before the first. */
  last: number;
  close: number;
  changes: number;
  gain: number;
  loss: number;
}

/** An exponential moving average. Until `count` reaches its span, `value` is a sum. */
export interface Ema {
  count: number;
  value: number;
}

export interface MacdTrack {
  /** Close time of the newest bar taken; NaN before the first. */
  last: number;
  fast: Ema;
  slow: Ema;
  signal: Ema;
}

export function createRsiTrack(): RsiTrack {
  return { last: NaN, close: NaN, changes: 0, gain: 0, loss: 0 };
}

export function createMacdTrack(): MacdTrack {
  return {
    last: NaN,
    fast: { count: 0, value: 0 },
    slow: { count: 0, value: 0 },
    signal: { count: 0, value: 0 },
  };
}

/** Takes a bar; one that is not newer than the newest taken is skipped, one after more than a day starts again. */
export function stepRsi(track: RsiTrack, { eventTime, close }: CandleObservation): void {
  if (eventTime <= track.last) return;
  if (eventTime - track.last > DAY_MS) Object.assign(track, createRsiTrack());
  if (!Number.isNaN(track.close)) stepWilder(track, close - track.close);
  track.last = eventTime;
  track.close = close;
}

/** @returns 0..100, NaN before 14 changes */
export function readRsi({ changes, gain, loss }: RsiTrack): number {
  if (changes < RSI_SPAN) return NaN;
  // The share first: multiplied first, a market that only rises could come out a hair above 100.
  return gain + loss === 0 ? 50 : 100 * (gain / (gain + loss));
}

/** Takes a bar, by the same rules as `stepRsi`. */
export function stepMacd(track: MacdTrack, { eventTime, close }: CandleObservation): void {
  if (eventTime <= track.last) return;
  if (eventTime - track.last > DAY_MS) Object.assign(track, createMacdTrack());
  track.last = eventTime;
  stepEma(track.fast, FAST_SPAN, close);
  stepEma(track.slow, SLOW_SPAN, close);
  if (track.slow.count >= SLOW_SPAN) stepEma(track.signal, SIGNAL_SPAN, track.fast.value - track.slow.value);
}

/** @returns line minus signal in the quote currency, NaN before the 34th bar */
export function readMacd({ fast, slow, signal }: MacdTrack): number {
  return signal.count < SIGNAL_SPAN ? NaN : fast.value - slow.value - signal.value;
}

function stepWilder(track: RsiTrack, change: number): void {
  const gain = change > 0 ? change : 0;
  const loss = change < 0 ? -change : 0;
  if (track.changes < RSI_SPAN) {
    track.changes += 1;
    track.gain += gain;
    track.loss += loss;
    if (track.changes < RSI_SPAN) return;
    track.gain /= RSI_SPAN;
    track.loss /= RSI_SPAN;
    return;
  }
  track.gain = ((RSI_SPAN - 1) * track.gain + gain) / RSI_SPAN;
  track.loss = ((RSI_SPAN - 1) * track.loss + loss) / RSI_SPAN;
}

/** The count stops at the span, so that a state does not grow with history. */
function stepEma(ema: Ema, span: number, value: number): void {
  if (ema.count >= span) {
    ema.value += (2 / (span + 1)) * (value - ema.value);
    return;
  }
  ema.count += 1;
  ema.value += value;
  if (ema.count === span) ema.value /= span;
}
