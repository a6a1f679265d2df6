import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { createCache, type Cache } from './cache.ts';
import { silentLog, type Log } from './log.ts';

const hasRedis = spawnSync('redis-server', ['--version']).status === 0;
const folder = mkdtempSync(join(tmpdir(), 'bellwether-redis-'));
let port = 0;
let server: ChildProcess | undefined;

async function freePort(): Promise<number> {
  const probe = createServer().listen(0, '127.0.0.1');
  await once(probe, 'listening');
  const { port: free } = probe.address() as AddressInfo;
  probe.close();
  await once(probe, 'close');
  return free;
}

async function startRedis(): Promise<void> {
  server = spawn('redis-server', [
    '--port',
    String(port),
    '--bind',
    '127.0.0.1',
    '--save',
    '',
    '--dir',
    folder,
  ]);
  for await (const chunk of server.stdout!) {
    if (String(chunk).includes('eady to accept connections')) return;
  }
}

async function stopRedis(): Promise<void> {
  if (server === undefined) return;
  server.kill('SIGKILL');
  await once(server, 'exit');
  server = undefined;
}

beforeAll(async () => {
  port = await freePort();
  if (hasRedis) await startRedis();
});
afterAll(async () => {
  await stopRedis();
  rmSync(folder, { recursive: true, force: true });
});

const redisUrl = () => `redis://127.0.0.1:${port}`;
const implementations = [
  { kind: 'memory', isHere: true, create: () => createCache({ redisUrl: '', log: silentLog }) },
  // Debian: apt-get install redis-server
  { kind: 'redis', isHere: hasRedis, create: () => createCache({ redisUrl: redisUrl(), log: silentLog }) },
];

describe.each(implementations)('a cache in $kind', ({ kind, isHere, create }) => {
  let cache: Cache;
  beforeEach(async (context) => {
    context.skip(!isHere, 'redis-server is not installed');
    cache = await create();
  });
  afterEach(async () => {
    await cache?.delete('');
    await cache?.close();
  });

  it('says what it is', () => expect(cache.kind).toBe(kind));

  it('is not away while it answers, and is no further from it after a question', async () => {
    expect(cache.isAway()).toBe(false);
    await cache.set('a', 'x', 60);
    await cache.get('b');
    expect(cache.isAway()).toBe(false);
  });

  it('gives back what was put in, the newest of each key', async () => {
    await cache.set('a', 'first', 60);
    await cache.set('a', 'zweite Größe €', 60);
    await cache.set('empty', '', 60);
    expect(await cache.get('a')).toBe('zweite Größe €');
    expect(await cache.get('empty')).toBe('');
    expect(await cache.get('b')).toBeNull();
  });

  it('forgets a value when its time is over', async () => {
    await cache.set('brief', 'x', 0.02);
    await cache.set('long', 'x', 60);
    await vi.waitFor(async () => expect(await cache.get('brief')).toBeNull(), { interval: 5 });
    expect(await cache.get('long')).toBe('x');
  });

  it('deletes by prefix and takes the prefix literally', async () => {
    const keys = ['ws*[a]:1', 'ws*[a]:2', 'wsx[a]:1', 'ws*a:1'];
    for (const key of keys) await cache.set(key, 'x', 60);
    await cache.delete('ws*[a]:');
    const left = await Promise.all(keys.map((key) => cache.get(key)));
    expect(left).toEqual([null, null, 'x', 'x']);
  });

  it('deletes more keys than one round of a scan returns', async () => {
    await Promise.all(Array.from({ length: 1200 }, (_, place) => cache.set(`many:${place}`, 'x', 60)));
    await cache.delete('many:');
    expect(await cache.get('many:0')).toBeNull();
    expect(await cache.get('many:1199')).toBeNull();
  });

  it('takes no harm from being closed twice', async () => {
    await cache.close();
    await cache.close();
    expect(await cache.get('a')).toBeNull();
  });
});

describe('a Redis that goes away', () => {
  it.skipIf(!hasRedis)(
    'finds nothing and keeps nothing, warns once, and is used again when it is back',
    async () => {
      const warn = vi.fn();
      const info = vi.fn();
      const log: Log = { ...silentLog, warn, info };
      const cache = await createCache({ redisUrl: redisUrl(), log });
      await cache.set('a', 'x', 60);
      await stopRedis();
      await vi.waitFor(async () => expect(await cache.get('a')).toBeNull());
      expect(cache.isAway()).toBe(true);
      await cache.set('a', 'y', 60);
      await cache.delete('a');
      expect(warn).toHaveBeenCalledTimes(1);
      await startRedis();
      await vi.waitFor(() => expect(info).toHaveBeenCalledTimes(1), { timeout: 10_000 });
      await cache.set('a', 'z', 60);
      expect(cache.isAway()).toBe(false);
      expect(await cache.get('a')).toBe('z');
      expect(warn).toHaveBeenCalledTimes(1);
      await cache.close();
    },
  );

  it.skipIf(!hasRedis)('is away without being asked anything, as soon as its connection ends', async () => {
    const cache = await createCache({ redisUrl: redisUrl(), log: silentLog });
    await stopRedis();
    await vi.waitFor(() => expect(cache.isAway()).toBe(true));
    await startRedis();
    await vi.waitFor(() => expect(cache.isAway()).toBe(false), { timeout: 10_000 });
    await cache.close();
  });

  it.skipIf(!hasRedis)('is away while it hangs, and back with its first answer', async () => {
    const info = vi.fn();
    const cache = await createCache({ redisUrl: redisUrl(), log: { ...silentLog, info } });
    await cache.set('a', 'x', 60);
    server!.kill('SIGSTOP');
    expect(await cache.get('a')).toBeNull();
    expect(cache.isAway()).toBe(true);
    server!.kill('SIGCONT');
    await vi.waitFor(async () => expect(await cache.get('a')).toBe('x'));
    expect(cache.isAway()).toBe(false);
    expect(info).toHaveBeenCalledTimes(1);
    await cache.close();
  });

  it('does not keep the program from starting when it was never there', async () => {
    const warn = vi.fn();
    const nobody = await freePort();
    const cache = await createCache({ redisUrl: `redis://127.0.0.1:${nobody}`, log: { ...silentLog, warn } });
    expect(cache.isAway()).toBe(true);
    expect(await cache.get('a')).toBeNull();
    await cache.set('a', 'x', 60);
    expect(warn).toHaveBeenCalledTimes(1);
    await cache.close();
  });
});
