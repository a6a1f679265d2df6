import { z } from 'zod';
import { MINUTE_MS, SECOND_MS, type Cache, type EpochMs } from '../core/index.ts';
import type { FeatureKey } from './store.ts';

/** The newest feature vector of an asset. */
export interface LatestFeatures {
  windowEnd: EpochMs;
  asOf: EpochMs;
  /** In the order of the feature set, NaN = missing. */
  values: Float64Array;
  degraded: boolean;
}

/** The latest vectors in the cache. Losing them costs a look into the offline store, never data. */
export interface OnlineStore {
  /** Puts a vector where the latest one stands. It runs out after two bars, so nothing outlives its window for long. */
  write(key: FeatureKey, latest: LatestFeatures): Promise<void>;
  /**
   * @param windowEnd - the window that the caller knows to be the newest
   * @returns null when the cache holds nothing, the vector of another window, or what is no vector
   */
  read(key: FeatureKey, windowEnd: EpochMs): Promise<LatestFeatures | null>;
}

const ENTRY = z.object({
  windowEnd: z.number(),
  asOf: z.number(),
  values: z.array(
    z
      .number()
      .nullable()
      .transform((value) => value ?? NaN),
  ),
  degraded: z.boolean(),
});

/**
 * The online store of one workspace, under the keys `<prefix>features:<feature set>:<asset>:latest`.
 * @param cachePrefix - the workspace's, which ends in a colon
 */
export function createOnlineStore(cache: Cache, cachePrefix: string): OnlineStore {
  const place = ({ asset, featureSet }: FeatureKey) =>
    `${cachePrefix}features:${featureSet.version}:${asset}:latest`;
  return {
    async write(key, { values, ...rest }) {
      const lifeSeconds = (2 * key.featureSet.barMinutes * MINUTE_MS) / SECOND_MS;
      // JSON writes NaN as null, and every other double so that it comes back bit for bit.
      await cache.set(place(key), JSON.stringify({ ...rest, values: [...values] }), lifeSeconds);
    },
    async read(key, windowEnd) {
      const text = await cache.get(place(key));
      if (text === null) return null;
      const { data, success } = ENTRY.safeParse(parseJson(text));
      if (!success || data.windowEnd !== windowEnd) return null;
      return { ...data, values: Float64Array.from(data.values) };
    },
  };
}

/** @returns undefined for what is no JSON: whoever shares the Redis may have written anything. */
function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
