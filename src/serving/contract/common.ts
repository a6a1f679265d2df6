import { z } from 'zod';

/*
 * What every part of the wire format is made of. Files of this folder and `contract.ts` import nothing of the
 * server's but views and examples, because the page takes its types from them.
 */

const DEFAULT_HORIZON_MINUTES = 60;
const HORIZON_MAX = 1_000_000;

export const moment = z.iso.datetime();
export const probability = z.number().min(0).max(1);
export const sentiment = z.number().min(-1).max(1);
export const count = z.number().int().min(0);
export const seconds = z.number().min(0);

export const asset = z
  .string()
  .regex(/^[A-Z0-9]{1,20}-[A-Z0-9]{1,20}$/, 'looks like BTC-USD')
  .optional()
  .describe('Asset pair; the measured one when left out.');

const MOMENT_WORDS = 'is a moment like 2021-11-05T00:00:00Z, or a day like 2021-11-05';
/** What is left of `+02:00` when an address is read: there, a plain + stands for a space. */
const LOST_PLUS = / \d{2}:\d{2}$/;

/** ISO 8601 with a zone, or a date alone (its 00:00 UTC); what it is exactly is decided where it is parsed. */
export const momentParameter = z
  .string()
  .regex(/^\d{4}-\d{2}-\d{2}(?:T\d{2}:\d{2}(?::\d{2}(?:\.\d{1,9})?)?(?:Z|[+-]\d{2}:\d{2}))?$/, {
    error: ({ input }) =>
      LOST_PLUS.test(String(input))
        ? `${MOMENT_WORDS}; the + of a zone is written %2B in an address`
        : MOMENT_WORDS,
  });

const MINUTES_WORDS = 'is a whole number of minutes, such as 60';

/** A horizon in a query. */
export const horizonMinutesParameter = wholeParameter(MINUTES_WORDS, HORIZON_MAX);

/** A horizon that a query may leave out. */
export const horizonParameter = horizonMinutesParameter
  .default(DEFAULT_HORIZON_MINUTES)
  .describe('Minutes ahead; which ones are served stands in the 400 for any other.');

/** A horizon that a body has to name. */
export const horizonField = z
  .number(MINUTES_WORDS)
  .int(MINUTES_WORDS)
  .min(1, MINUTES_WORDS)
  .max(HORIZON_MAX, MINUTES_WORDS);

/** A horizon that a body may leave out. */
export const horizonFieldOrDefault = horizonField.default(DEFAULT_HORIZON_MINUTES);

/**
 * A whole number from 1 on in a query, where everything is text; one complaint, in plain words, whatever is wrong.
 * Nothing at all would be read as 0, which is refused like any other.
 */
export function wholeParameter(words: string, most: number) {
  return z.coerce.number(words).int(words).min(1, words).max(most, words);
}

/** Not core's `isoUtc`: the page's build would pull all of core in with it. The texts are the same. */
export function iso(epochMs: number): string {
  const known = written.get(epochMs);
  if (known !== undefined) return known;
  const text = new Date(epochMs).toISOString();
  const short = text.endsWith('.000Z') ? `${text.slice(0, 19)}Z` : text;
  if (written.size >= WRITTEN_MAX) written.clear();
  written.set(epochMs, short);
  return short;
}

/** Between two windows the same few moments are written again and again; a moment's text takes a microsecond. */
const written = new Map<number, string>();
const WRITTEN_MAX = 4_096;

export function isoOrNull(epochMs: number | null): string | null {
  return epochMs === null ? null : iso(epochMs);
}

/** JSON knows no NaN: what is missing is null. */
export function finiteOrNull(value: number): number | null {
  return Number.isFinite(value) ? value : null;
}

export function finiteValues(values: Readonly<Record<string, number | null>>): Record<string, number | null> {
  return Object.fromEntries(
    Object.entries(values).map(([name, value]) => [name, value === null ? null : finiteOrNull(value)]),
  );
}
