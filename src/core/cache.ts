/** Values that may be lost at any time: losing them costs latency, never data. */
export interface Cache {
  readonly kind: 'redis' | 'memory';
  /** @returns null when it is not there, has run out, or the cache is down */
  get(key: string): Promise<string | null>;
  /** Dropped silently when the cache is down. */
  set(key: string, value: string, ttlSeconds: number): Promise<void>;
  /** Deletes every key that begins with the prefix. */
  delete(prefix: string): Promise<void>;
  close(): Promise<void>;
}
