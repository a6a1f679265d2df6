import { DAY_MS, MINUTE_MS } from '../core/index.ts';
import type { CandleObservation } from '../lake/index.ts';

const BOLLINGER_BARS = 20;
/** The longest grace: bars that closed since T may be known at T's decision and must not push T's oldest out. */
const SLACK_MS = 10 * MINUTE_MS;

/**
 * The newest bars by their place on the grid. Bar number n closed at n * barMs and lies in slot n % size.
 * NaN = no such bar is known.
 */
export interface BarTrack {
  readonly barMs: number;
  /** Number of the newest bar; -1 before the first. */
  newest: number;
  closes: Float64Array;
  volumes: Float64Array;
  /** ln(c(t) / c(t - b)), kept because a day of minutes has 1,440 of them; follows from `closes`. */
  returns: Float64Array;
  /** ln(1 + v(t)); follows from `volumes`. */
  logVolumes: Float64Array;
  /** Further versions of bars that were already there. */
  revisions: number;
}

/** The values present among some places of a track. */
export interface Spread {
  count: number;
  mean: number;
  /** Sum of squared deviations from the mean; exactly 0 when all values are equal. */
  squares: number;
}

export function createBarTrack(barMinutes: number): BarTrack {
  const barMs = barMinutes * MINUTE_MS;
  const size = Math.max(DAY_MS / barMs, BOLLINGER_BARS) + 1 + Math.ceil(SLACK_MS / barMs);
  const empty = () => new Float64Array(size).fill(NaN);
  return {
    barMs,
    newest: -1,
    closes: empty(),
    volumes: empty(),
    returns: empty(),
    logVolumes: empty(),
    revisions: 0,
  };
}

/** Takes a bar into its place. A second version is counted and changes nothing; one from before all places is passed over. */
export function stepBars(track: BarTrack, candle: CandleObservation): void {
  const bar = candle.eventTime / track.barMs;
  if (bar <= track.newest - track.closes.length) return;
  if (bar > track.newest) openPlaces(track, bar);
  const slot = bar % track.closes.length;
  if (!Number.isNaN(track.closes[slot])) {
    track.revisions += 1;
    return;
  }
  track.closes[slot] = candle.close;
  track.volumes[slot] = candle.volume;
  derive(track, bar);
  if (bar < track.newest) derive(track, bar + 1);
}

/** Works `returns` and `logVolumes` out again, after closes and volumes were loaded. */
export function deriveAll(track: BarTrack): void {
  for (let bar = oldestBar(track); bar <= track.newest; bar += 1) derive(track, bar);
}

/** The close of bar number `bar`, NaN when it is not known or too old. */
export function closeOf(track: BarTrack, bar: number): number {
  if (bar > track.newest || bar < oldestBar(track)) return NaN;
  return track.closes[bar % track.closes.length] ?? NaN;
}

/** How the present values spread over the `length` places that end with bar `last`. */
export function spreadOf(
  track: BarTrack,
  values: Float64Array,
  { last, length }: { last: number; length: number },
): Spread {
  const size = values.length;
  const first = Math.max(last - length + 1, oldestBar(track));
  // Deviations are taken from one of the values, so that equal values have a spread of exactly nothing.
  let origin = NaN;
  let count = 0;
  let sum = 0;
  for (let bar = first, slot = first % size; bar <= last; bar += 1) {
    const value = values[slot] ?? NaN;
    slot = slot + 1 === size ? 0 : slot + 1;
    if (Number.isNaN(value)) continue;
    if (count === 0) origin = value;
    sum += value - origin;
    count += 1;
  }
  const mean = origin + sum / count;
  let squares = 0;
  for (let bar = first, slot = first % size; bar <= last; bar += 1) {
    const value = values[slot] ?? NaN;
    slot = slot + 1 === size ? 0 : slot + 1;
    if (!Number.isNaN(value)) squares += (value - mean) * (value - mean);
  }
  return { count, mean, squares };
}

function oldestBar(track: BarTrack): number {
  return Math.max(0, track.newest - track.closes.length + 1);
}

function openPlaces(track: BarTrack, bar: number): void {
  const size = track.closes.length;
  for (let opened = Math.max(track.newest + 1, bar - size + 1); opened <= bar; opened += 1) {
    const slot = opened % size;
    track.closes[slot] = NaN;
    track.volumes[slot] = NaN;
    track.returns[slot] = NaN;
    track.logVolumes[slot] = NaN;
  }
  track.newest = bar;
  // The bar before the oldest place is gone, so its return must not outlive it: a loaded state could not know it.
  track.returns[oldestBar(track) % size] = NaN;
}

function derive(track: BarTrack, bar: number): void {
  const slot = bar % track.closes.length;
  track.returns[slot] = Math.log(closeOf(track, bar) / closeOf(track, bar - 1));
  track.logVolumes[slot] = Math.log1p(track.volumes[slot] ?? NaN);
}
