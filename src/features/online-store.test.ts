import { beforeEach, describe, expect, it } from 'vitest';
import type { Cache } from '../core/index.ts';
import { createFeatureSet } from './feature-set.ts';
import { ORIGIN } from './inputs.contract.ts';
import { bitsOf } from './known-time.contract.ts';
import { createOnlineStore } from './online-store.ts';

const featureSet = createFeatureSet({ barMinutes: 15, scorer: 'vader@1.0.0' });
const key = { asset: 'BTC-USD', featureSet };
const place = `w:features:${featureSet.version}:BTC-USD:latest`;
const latest = {
  windowEnd: ORIGIN,
  asOf: ORIGIN + 60_000,
  values: Float64Array.from({ length: 15 }, (_, feature) =>
    feature % 3 === 0 ? NaN : Math.sin(feature) / 3,
  ),
  degraded: false,
};

describe('the online store', () => {
  let entries: Map<string, { value: string; ttlSeconds: number }>;
  let cache: Cache;
  beforeEach(() => {
    entries = new Map();
    cache = {
      kind: 'memory',
      isAway: () => false,
      get: (name) => Promise.resolve(entries.get(name)?.value ?? null),
      set: (name, value, ttlSeconds) => Promise.resolve(void entries.set(name, { value, ttlSeconds })),
      delete: () => Promise.resolve(),
      close: () => Promise.resolve(),
    };
  });

  it('gives the newest vector back bit for bit', async () => {
    const store = createOnlineStore(cache, 'w:');
    await store.write(key, latest);
    const found = await store.read(key, ORIGIN);
    expect(found).toMatchObject({ windowEnd: ORIGIN, asOf: ORIGIN + 60_000, degraded: false });
    expect(bitsOf(found!.values)).toBe(bitsOf(latest.values));
  });

  it('keeps it under workspace, feature set and asset, for two bars', async () => {
    await createOnlineStore(cache, 'w:').write(key, latest);
    expect([...entries.keys()]).toEqual([place]);
    expect(entries.get(place)?.ttlSeconds).toBe(1_800);
  });

  it('has nothing for another window, another set, or when the cache was lost', async () => {
    const store = createOnlineStore(cache, 'w:');
    expect(await store.read(key, ORIGIN)).toBeNull();
    await store.write(key, latest);
    expect(await store.read(key, ORIGIN + 900_000)).toBeNull();
    const other = createFeatureSet({ barMinutes: 60, scorer: 'vader@1.0.0' });
    expect(await store.read({ asset: 'BTC-USD', featureSet: other }, ORIGIN)).toBeNull();
  });

  it('passes over an entry that is none of its own', async () => {
    for (const value of ['{"windowEnd":"yesterday"}', 'null', 'no JSON at all', '']) {
      entries.set(place, { value, ttlSeconds: 1 });
      expect(await createOnlineStore(cache, 'w:').read(key, ORIGIN)).toBeNull();
    }
  });
});
