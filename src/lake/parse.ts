import { parseUtc, type EpochMs } from '../core/index.ts';
import type { RawValue } from '../sources/index.ts';

/**
 * A decimal as both JavaScript and Postgres' numeric read it. Bounded, so that no exponent overflows either of them;
 * "NaN", "Infinity", "0x10", "1,000" and the empty text are none.
 */
const DECIMAL = /^[+-]?(?:\d{1,20}(?:\.\d{0,40})?|\.\d{1,40})(?:[eE][+-]?\d{1,2})?$/;

/**
 * The Bitcoin genesis block, 2009-01-03. Nothing that is measured here is older, and a stamp before it is the
 * usual trace of seconds read as milliseconds or of a missing value turned into 0.
 */
export const EARLIEST: EpochMs = Date.UTC(2009, 0, 3);

/** @returns the number, or NaN when the value is no plain decimal */
export function readDecimal(value: RawValue | undefined): number {
  if (typeof value === 'string') return DECIMAL.test(value) ? Number(value) : NaN;
  // A number is stored by its shortest text, which has to pass the same gate.
  return typeof value === 'number' && DECIMAL.test(String(value)) ? value : NaN;
}

/** @returns epoch milliseconds, or NaN when the value is no text that names a moment with its zone */
export function readMoment(value: RawValue | undefined): EpochMs {
  return typeof value === 'string' ? parseUtc(value) : NaN;
}

/** True when text survives a trip through UTF-8 and Postgres unchanged: no half surrogate pairs, no NUL. */
export function isStorable(text: string): boolean {
  return text.isWellFormed() && !text.includes('\u0000');
}

/** The text with everything that Postgres cannot hold replaced by U+FFFD. */
export function storable(text: string): string {
  return text.toWellFormed().replaceAll('\u0000', '\uFFFD');
}

export const TIME_REMEDY =
  'Write ISO 8601 with a zone, such as 2021-11-05T07:00:00Z; a time without a zone is not guessed.';
