import { Redis } from 'ioredis';
import { LRUCache } from 'lru-cache';
import { messageOf } from './errors.ts';
import type { Log } from './log.ts';

/** About 64 MB of text as JavaScript holds it; a vector of features takes half a kilobyte. */
const MEMORY_LIMIT_CHARACTERS = 32_000_000;
/** A cache that takes longer than this is slower than what it saves. */
const COMMAND_TIMEOUT_MS = 500;
const CONNECT_TIMEOUT_MS = 2_000;
const LONGEST_RETRY_MS = 5_000;
const SCAN_COUNT = 500;

/** Values that may be lost at any time: losing them costs latency, never data. No call ever throws. */
export interface Cache {
  readonly kind: 'redis' | 'memory';
  /** True while it keeps nothing and finds nothing. Told from what is known, without asking it; costs nothing. */
  isAway(): boolean;
  /** @returns null when it is not there, has run out, or the cache is down */
  get(key: string): Promise<string | null>;
  /** Dropped when the cache is down. */
  set(key: string, value: string, ttlSeconds: number): Promise<void>;
  /** Deletes every key that begins with the prefix. */
  delete(prefix: string): Promise<void>;
  close(): Promise<void>;
}

/**
 * The Redis behind `redisUrl` or, when that is empty, a cache in this process. A Redis that is down is said once in
 * the log and tried again until it is back; meanwhile nothing is found and nothing kept.
 */
export async function createCache(options: { redisUrl: string; log: Log }): Promise<Cache> {
  return options.redisUrl === '' ? createMemoryCache() : createRedisCache(options.redisUrl, options.log);
}

function createMemoryCache(): Cache {
  const entries = new LRUCache<string, string>({
    maxSize: MEMORY_LIMIT_CHARACTERS,
    sizeCalculation: (value, key) => value.length + key.length + 1,
  });
  return {
    kind: 'memory',
    isAway: () => false,
    get: async (key) => entries.get(key) ?? null,
    async set(key, value, ttlSeconds) {
      entries.set(key, value, { ttl: Math.max(1, ttlSeconds * 1000) });
    },
    async delete(prefix) {
      for (const key of entries.keys()) {
        if (key.startsWith(prefix)) entries.delete(key);
      }
    },
    close: async () => entries.clear(),
  };
}

async function createRedisCache(url: string, log: Log): Promise<Cache> {
  const redis = new Redis(url, {
    lazyConnect: true,
    connectTimeout: CONNECT_TIMEOUT_MS,
    commandTimeout: COMMAND_TIMEOUT_MS,
    // Without a queue a command fails at once while Redis is away, and its caller goes on without a cache.
    enableOfflineQueue: false,
    maxRetriesPerRequest: 0,
    retryStrategy: (attempt) => Math.min(attempt * 200, LONGEST_RETRY_MS),
  });
  let isKnownDown = false;
  const lost = (error: unknown) => {
    if (!isKnownDown) log.warn({ reason: messageOf(error) }, 'the cache is away; going on without it');
    isKnownDown = true;
  };
  redis.on('error', lost);
  // A server that hung and goes on keeps its connection: then the first answer says that it is back.
  const answered = () => {
    if (isKnownDown) log.info({}, 'the cache is back');
    isKnownDown = false;
  };
  redis.on('ready', answered);
  await redis.connect().catch(lost);
  return {
    kind: 'redis',
    isAway: () => isKnownDown || redis.status !== 'ready',
    async get(key) {
      try {
        const value = await redis.get(key);
        answered();
        return value;
      } catch (error) {
        lost(error);
        return null;
      }
    },
    async set(key, value, ttlSeconds) {
      await redis.set(key, value, 'PX', Math.max(1, Math.round(ttlSeconds * 1000))).then(answered, lost);
    },
    async delete(prefix) {
      await unlinkAll(redis, prefix).then(answered, lost);
    },
    async close() {
      if (redis.status === 'ready') await redis.quit().catch(() => {});
      redis.disconnect();
    },
  };
}

async function unlinkAll(redis: Redis, prefix: string): Promise<void> {
  const pattern = `${prefix.replaceAll(/[\\*?[\]]/g, '\\$&')}*`;
  let cursor = '0';
  do {
    const [next, keys] = await redis.scan(cursor, 'MATCH', pattern, 'COUNT', SCAN_COUNT);
    if (keys.length > 0) await redis.unlink(keys);
    cursor = next;
  } while (cursor !== '0');
}
