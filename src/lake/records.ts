import type { EpochMs } from '../core/index.ts';

/** What every believed record carries. Ordered by (knownAt, source, id) wherever order matters. */
interface Known {
  /** SHA-256 (first 32 hex digits) of source, kind, asset and fields: the same record always has the same id. */
  id: string;
  source: string;
  asset: string;
  /** When it was true: a candle's close, an article's publication, a day's beginning. */
  eventTime: EpochMs;
  /** The earliest moment at which it could have been used. */
  knownAt: EpochMs;
}

/** One closed bar. Prices in the quote currency, volume in the base asset. */
export interface CandleObservation extends Known {
  kind: 'candle';
  barMinutes: number;
  open: number;
  high: number;
  low: number;
  close: number;
  volume: number;
}

/** A headline (scored by its title alone) or a social post. */
export interface TextObservation extends Known {
  kind: 'article' | 'post';
  text: string;
}

/** One daily value of an index, such as `fear_greed` (0..100). */
export interface IndexObservation extends Known {
  kind: 'index';
  name: string;
  value: number;
}

export type Observation = CandleObservation | TextObservation | IndexObservation;

/** What the order of folding is decided by. */
export type FoldKey = Pick<Observation, 'knownAt' | 'source' | 'id'>;

/**
 * The order in which state is folded, so that it does not depend on arrival within a window:
 * by knownAt, then source, then id.
 */
export function compareObservations(left: FoldKey, right: FoldKey): number {
  if (left.knownAt !== right.knownAt) return left.knownAt - right.knownAt;
  if (left.source !== right.source) return left.source < right.source ? -1 : 1;
  return left.id < right.id ? -1 : left.id > right.id ? 1 : 0;
}
