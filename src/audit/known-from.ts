import { DAY_MS, HOUR_MS, MINUTE_MS, parseUtc, SECOND_MS, type EpochMs } from '../core/index.ts';
import type { RawRecord, RawValue } from '../sources/index.ts';

/**
 * The rules of known time, written a second time from docs/history-folder.md and from the raw fields alone, so that
 * the audit does not believe the lake. Nothing here may be imported from there.
 */
const LAG_MS = { candle: 5 * SECOND_MS, unseenText: 105 * MINUTE_MS, index: HOUR_MS };

/** When a raw record says of itself that it happened, and from when it could have been used; NaN where unreadable. */
export interface RecordTimes {
  /** A bar's open, a text's own stamp, a day's beginning: what a careless reader takes for its time. */
  stamp: EpochMs;
  knownFrom: EpochMs;
}

/** Both times of a raw record. */
export function timesOf(record: RawRecord): RecordTimes {
  const { fields, kind, firstSeenAt } = record;
  if (kind === 'candle') {
    const stamp = momentOf(fields.open_time);
    const close = stamp + Number(fields.bar_minutes) * MINUTE_MS;
    return { stamp, knownFrom: firstSeenAt === null ? close + LAG_MS.candle : Math.max(close, firstSeenAt) };
  }
  if (kind === 'index') {
    const stamp = momentOf(fields.date);
    const end = stamp + (fields.name === 'fear_greed' ? 0 : DAY_MS) + LAG_MS.index;
    return { stamp, knownFrom: firstSeenAt === null ? end : Math.max(stamp, firstSeenAt) };
  }
  const stamp = momentOf(kind === 'article' ? fields.published_at : fields.posted_at);
  const noted = momentOf(fields.first_seen_at);
  const seen = [noted, firstSeenAt ?? NaN].filter((moment) => !Number.isNaN(moment));
  if (seen.length > 0) return { stamp, knownFrom: Math.max(stamp, ...seen) };
  const dayLeft = stamp % DAY_MS === 0 ? DAY_MS : 0;
  return { stamp, knownFrom: stamp + dayLeft + LAG_MS.unseenText };
}

/** Close time of a raw candle, NaN where unreadable. */
export function closeTimeOf({ fields }: RawRecord): EpochMs {
  return momentOf(fields.open_time) + Number(fields.bar_minutes) * MINUTE_MS;
}

function momentOf(value: RawValue | undefined): EpochMs {
  return typeof value === 'string' ? parseUtc(value) : NaN;
}
