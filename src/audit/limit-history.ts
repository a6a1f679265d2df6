import type { EpochMs } from '../core/index.ts';
import type { RawRecord } from '../sources/index.ts';
import { closeTimeOf, timesOf } from './known-from.ts';

/** Five and a half years of hours, a year and a half of quarter hours: more of the same shows no other leak. */
const MOST_BARS = 50_000;

/** The part of a history that is audited. */
export interface LimitedHistory {
  records: RawRecord[];
  /** Bars that were left out at its beginning. */
  leftOut: number;
}

/**
 * The newest part of a history, so that an audit ends in minutes whatever the bar.
 * @param records - in any order; what cannot be read stays in
 */
export function limitHistory(records: readonly RawRecord[], mostBars = MOST_BARS): LimitedHistory {
  const closes = records.filter(({ kind }) => kind === 'candle').map(closeTimeOf);
  const ends = Float64Array.from(new Set(closes.filter((close) => !Number.isNaN(close)))).sort();
  const first: EpochMs = ends[ends.length - mostBars] ?? -Infinity;
  if (first === -Infinity) return { records: [...records], leftOut: 0 };
  const kept = records.filter((record) =>
    record.kind === 'candle' ? !(closeTimeOf(record) < first) : !(timesOf(record).knownFrom < first),
  );
  return { records: kept, leftOut: ends.length - mostBars };
}
