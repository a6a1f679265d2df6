import type { EpochMs } from '../core/index.ts';

/** What a record is about; decides which schema the door holds it against. */
export const RECORD_KINDS = ['candle', 'article', 'post', 'index'] as const;
export type RecordKind = (typeof RECORD_KINDS)[number];

/** A value as a source gave it, not yet believed. */
export type RawValue = string | number | boolean | null;

/**
 * One record as a source gave it: nothing is parsed, nothing is corrected. Its fields carry canonical names:
 * - candle: `open_time, bar_minutes, open, high, low, close, volume` (volume in the base asset), `minutes_present?`
 * - article: `published_at, first_seen_at, publisher, title, summary?, url?`
 * - post: `posted_at, first_seen_at, platform, text`
 * - index: `name, date, value`
 * - of a line that cannot be read: `_unreadable`, its beginning, and `_problem?`, what is wrong with it
 */
export interface RawRecord {
  /** Stable name of the feed, without paths: `history:candles-60m`, `simulator:news`. */
  source: string;
  kind: RecordKind;
  asset: string;
  fields: Record<string, RawValue>;
  /** Where it stands, for messages: the file's name and the 1-based line; null for what came over a wire. */
  origin: { file: string; line: number } | null;
  /** Live: the moment of first sight. History: null, then the lag rules of the lake decide when it was known. */
  firstSeenAt: EpochMs | null;
  /** True for what was brought in after the fact. */
  backfilled: boolean;
}

/** Half-open range of known time: after < t <= upTo. */
export interface KnownRange {
  after: EpochMs;
  upTo: EpochMs;
}

/** A place that records come from. */
export interface Source {
  readonly name: string;
  readonly kinds: readonly RecordKind[];
  /** True for invented data; every surface that shows it says so. */
  readonly isSimulated: boolean;
  /**
   * Everything that could first be known within the range, in any order. A live source returns what it sees now.
   * @throws AppError `SOURCE_*` when the source cannot be read at all; a single bad record is not an error here
   */
  fetch(range: KnownRange): AsyncIterable<RawRecord>;
}
