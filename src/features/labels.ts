import { DAY_MS, MINUTE_MS, type EpochMs } from '../core/index.ts';
import type { CandleObservation } from '../lake/index.ts';

/** How long after maturity a missing close is waited for. */
export const PATIENCE_MS = DAY_MS;
const FIRST_CAPACITY = 1_024;

/** What became of a window: the direction of the price, or `void` when there was none or it stayed unknown. */
export type Outcome = 'up' | 'down' | 'void';

/** A window's truth as of some moment. */
export type Label =
  | { outcome: null; knownAt: null; futureReturn: null }
  | {
      outcome: Outcome;
      /** The moment at which this truth could first be told. */
      knownAt: EpochMs;
      /** ln(close at the end / close at entry); NaN when a close stayed unknown. */
      futureReturn: number;
    };

/** The closes of one asset with the moments at which they became known. */
export interface CloseSeries {
  /**
   * Of several versions of a bar the one that was known first serves; of those known in the same moment the one added
   * first, so add in the order of `compareObservations`.
   * @throws RangeError when the bar has another length than the first one, is off its grid, or has no price
   */
  add(candle: Pick<CandleObservation, 'eventTime' | 'knownAt' | 'close' | 'barMinutes'>): void;
  /** The close of the bar that closed at `eventTime`, NaN when it was not known at `asOf`. */
  closeAt(eventTime: EpochMs, asOf: EpochMs): number;
  /** When that bar's first version became known; Infinity when it never did. */
  knownAt(eventTime: EpochMs): EpochMs;
}

export const PENDING: Label = { outcome: null, knownAt: null, futureReturn: null };

/** An empty series. Bars lie on their grid in two arrays: 16 bytes a bar, found without a search. */
export function createCloseSeries(): CloseSeries {
  let barMs = NaN;
  /** Number of the bar in place 0. */
  let origin = 0;
  let closes = new Float64Array(0);
  let knownAts = new Float64Array(0);

  function placeOf(eventTime: EpochMs): number {
    return eventTime / barMs - origin;
  }

  /** Grows towards either side, at least to double the length, until the bar has a place. */
  function makeRoom(bar: number): void {
    const length = closes.length;
    const first = length === 0 ? bar : origin;
    const added = Math.max(FIRST_CAPACITY, length, bar < first ? first - bar : bar - first - length + 1);
    const nextOrigin = bar < first ? first - added : first;
    closes = grown(closes, { length: length + added, at: first - nextOrigin, filler: NaN });
    knownAts = grown(knownAts, { length: length + added, at: first - nextOrigin, filler: Infinity });
    origin = nextOrigin;
  }

  return {
    add({ eventTime, knownAt, close, barMinutes }) {
      if (Number.isNaN(barMs)) barMs = barMinutes * MINUTE_MS;
      if (barMinutes * MINUTE_MS !== barMs || !Number.isInteger(eventTime / barMs)) {
        throw new RangeError(
          `a bar of ${barMinutes} min that closed at ${eventTime} has no place on a grid of ${barMs / MINUTE_MS} min`,
        );
      }
      if (!(close > 0 && close < Infinity)) throw new RangeError(`${close} at ${eventTime} is no price`);
      let place = placeOf(eventTime);
      if (place < 0 || place >= closes.length) {
        makeRoom(eventTime / barMs);
        place = placeOf(eventTime);
      }
      if (!(knownAt < (knownAts[place] ?? Infinity))) return;
      closes[place] = close;
      knownAts[place] = knownAt;
    },
    closeAt(eventTime, asOf) {
      const place = placeOf(eventTime);
      return (knownAts[place] ?? Infinity) <= asOf ? (closes[place] ?? NaN) : NaN;
    },
    knownAt: (eventTime) => knownAts[placeOf(eventTime)] ?? Infinity,
  };
}

/**
 * The one formula of truth: did the price rise over the horizon, as far as was known at `asOf`?
 * @param options.windowEnd - T, epoch milliseconds
 * @param options.horizonMinutes - h
 * @param options.asOf - only closes with `knownAt <= asOf` are seen
 * @param options.entryDelayMinutes - e, default 0; one bar asks for close(T+e+h) > close(T+e)
 * @returns up, down, void (equal closes, or one still unknown 24 h after maturity), or null while pending
 * @throws RangeError when the horizon is not positive or the delay is negative
 * @example labelAt(series, { windowEnd, horizonMinutes: 60, asOf }) // { outcome: 'up', knownAt, futureReturn: 0.002 }
 */
export function labelAt(
  series: CloseSeries,
  options: { windowEnd: EpochMs; horizonMinutes: number; asOf: EpochMs; entryDelayMinutes?: number },
): Label {
  const { windowEnd, horizonMinutes, asOf, entryDelayMinutes = 0 } = options;
  if (!(horizonMinutes > 0) || !(entryDelayMinutes >= 0)) {
    throw new RangeError(
      `no label at a horizon of ${horizonMinutes} min with a delay of ${entryDelayMinutes}`,
    );
  }
  const entry = windowEnd + entryDelayMinutes * MINUTE_MS;
  const end = entry + horizonMinutes * MINUTE_MS;
  const bothKnownAt = Math.max(series.knownAt(entry), series.knownAt(end));
  // Decided by when the closes became known, not by whether they are there by now: the truth never changes again.
  if (bothKnownAt > end + PATIENCE_MS) {
    const knownAt = end + PATIENCE_MS;
    return asOf < knownAt ? PENDING : { outcome: 'void', knownAt, futureReturn: NaN };
  }
  if (asOf < bothKnownAt) return PENDING;
  const before = series.closeAt(entry, asOf);
  const after = series.closeAt(end, asOf);
  const outcome = after > before ? 'up' : after < before ? 'down' : 'void';
  return { outcome, knownAt: bothKnownAt, futureReturn: Math.log(after / before) };
}

function grown(
  values: Float64Array,
  { length, at, filler }: { length: number; at: number; filler: number },
): Float64Array<ArrayBuffer> {
  const next = new Float64Array(length).fill(filler);
  next.set(values, at);
  return next;
}
