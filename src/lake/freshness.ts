import type { EpochMs, Queryable } from '../core/index.ts';
import { SELECT_FRESHNESS } from './statements.ts';

/** How much of a feed is in silver, and how new it is. */
export interface FeedFreshness {
  /** `history:news`, `simulator:candles` */
  source: string;
  rows: number;
  /** When its newest row became known. */
  lastKnownAt: EpochMs;
}

/** Every feed of an asset with what was known of it at a moment, by name. */
export async function readFreshness(
  db: Queryable,
  { asset, asOf }: { asset: string; asOf: EpochMs },
): Promise<FeedFreshness[]> {
  const { rows } = await db.query<FeedFreshness>(SELECT_FRESHNESS, [asset, asOf]);
  return rows;
}
