import { DAY_MS, HOUR_MS, MINUTE_MS, SECOND_MS, type EpochMs } from '../core/index.ts';

/** A candle of history was readable this long after its close: the time that a provider needs to publish it. */
const CANDLE_LAG_MS = 5 * SECOND_MS;

/**
 * Lag of a text whose first sight nobody wrote down. Where first sight is known, nine of ten articles appear
 * within 102 minutes of their stamp; rounded up to the next multiple of 15, so that we rather come late.
 */
const UNSEEN_TEXT_LAG_MS = 105 * MINUTE_MS;

/** A day's index is out within the first hour of the day that publishes it. */
const INDEX_LAG_MS = HOUR_MS;

/** Indices that describe a day at its very beginning; all others sum a day up and are out after its end. */
const OPENING_INDICES: ReadonlySet<string> = new Set(['fear_greed']);

/**
 * When a candle could first have been used.
 * @param closeTime - its bar's close
 * @param firstSeenAt - live: first sight; null for history
 */
export function candleKnownAt(closeTime: EpochMs, firstSeenAt: EpochMs | null): EpochMs {
  return firstSeenAt === null ? closeTime + CANDLE_LAG_MS : Math.max(closeTime, firstSeenAt);
}

/**
 * When an article or a post could first have been used. Without first sight, a stamp of exactly midnight is taken for
 * a date whose time is not known: it could have been any moment of that day.
 * @param publishedAt - its own stamp
 * @param firstSeenAt - first sight, by us or by whoever recorded it; null when nobody noted it
 */
export function textKnownAt(publishedAt: EpochMs, firstSeenAt: EpochMs | null): EpochMs {
  if (firstSeenAt !== null) return Math.max(publishedAt, firstSeenAt);
  const isDateOnly = publishedAt % DAY_MS === 0;
  return publishedAt + (isDateOnly ? DAY_MS : 0) + UNSEEN_TEXT_LAG_MS;
}

/**
 * When a daily index value could first have been used.
 * @param index.name - `fear_greed` opens its day, any other index sums its day up
 * @param index.day - 00:00 UTC of its day
 * @param firstSeenAt - live: first sight; null for history
 */
export function indexKnownAt(index: { name: string; day: EpochMs }, firstSeenAt: EpochMs | null): EpochMs {
  if (firstSeenAt !== null) return Math.max(index.day, firstSeenAt);
  return index.day + (OPENING_INDICES.has(index.name) ? 0 : DAY_MS) + INDEX_LAG_MS;
}
