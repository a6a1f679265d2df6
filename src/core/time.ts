/** Milliseconds since 1970-01-01T00:00:00Z. The unit of every moment in the code; ISO 8601 stands only at the edges. */
export type EpochMs = number;

export const SECOND_MS = 1_000;
export const MINUTE_MS = 60_000;
export const HOUR_MS = 3_600_000;
export const DAY_MS = 86_400_000;

const ISO_UTC = /^\d{4}-\d{2}-\d{2}(?:T\d{2}:\d{2}(?::\d{2}(?:\.\d{1,9})?)?(?:Z|[+-]\d{2}:\d{2}))?$/;

/**
 * Reads a moment written as ISO 8601: a date alone (its 00:00 UTC) or a time with its zone. A time without a zone
 * is refused, because it would silently take the machine's.
 * @returns epoch milliseconds, or NaN when the text is no such moment (an impossible day included)
 * @example parseUtc('2021-11-05') === parseUtc('2021-11-05T00:00:00Z') // true
 */
export function parseUtc(text: string): EpochMs {
  if (!ISO_UTC.test(text)) return NaN;
  const parsed = Date.parse(text);
  // JavaScript rolls 2021-02-30 over to March instead of refusing it.
  const day = Number(text.slice(8, 10));
  const lastDay = new Date(Date.UTC(Number(text.slice(0, 4)), Number(text.slice(5, 7)), 0)).getUTCDate();
  return day > lastDay ? NaN : parsed;
}

/** ISO 8601 in UTC with seconds, without milliseconds where there are none: `2021-11-05T00:00:00Z`. */
export function isoUtc(moment: EpochMs): string {
  const text = new Date(moment).toISOString();
  return text.endsWith('.000Z') ? `${text.slice(0, 19)}Z` : text;
}

/** The calendar day in UTC: `2021-11-05`. */
export function utcDay(moment: EpochMs): string {
  return new Date(moment).toISOString().slice(0, 10);
}

/** The last multiple of `step` at or before the moment (both in ms; UTC midnight is a multiple of every bar). */
export function floorTo(moment: EpochMs, step: number): EpochMs {
  return Math.floor(moment / step) * step;
}
