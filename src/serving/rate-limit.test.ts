import fc from 'fast-check';
import Fastify from 'fastify';
import { describe, expect, it } from 'vitest';
import { addressKey, rateLimitHook } from './rate-limit.ts';

async function limited({ max = 2 } = {}) {
  let now = 0;
  const app = Fastify();
  app.addHook('onRequest', rateLimitHook({ maxFor: () => max, stopwatch: () => now }));
  app.get('/', () => '');
  await app.ready();
  return {
    wait: (ms: number) => (now += ms),
    async ask(remoteAddress = '203.0.113.9') {
      const { statusCode, headers } = await app.inject({ url: '/', remoteAddress });
      const [left, reset] = [headers['x-ratelimit-remaining'], headers['x-ratelimit-reset']];
      return { statusCode, left: Number(left), reset: Number(reset) };
    },
  };
}

describe('rateLimitHook', () => {
  it('lets as many in as it says, then nobody until the minute of the first one is over', async () => {
    const { ask, wait } = await limited();
    expect(await ask()).toEqual({ statusCode: 200, left: 1, reset: 60 });
    wait(20_500);
    expect(await ask()).toEqual({ statusCode: 200, left: 0, reset: 40 });
    expect(await ask()).toEqual({ statusCode: 429, left: 0, reset: 40 });
    wait(39_499);
    expect(await ask()).toEqual({ statusCode: 429, left: 0, reset: 1 });
    wait(1);
    expect(await ask()).toEqual({ statusCode: 200, left: 1, reset: 60 });
  });

  it('counts each address by itself', async () => {
    const { ask } = await limited({ max: 1 });
    expect((await ask('203.0.113.9')).statusCode).toBe(200);
    expect((await ask('203.0.113.10')).statusCode).toBe(200);
    expect((await ask('203.0.113.9')).statusCode).toBe(429);
  });

  it('never lets more in than its bound within a minute, whoever comes when', async () => {
    const visit = fc.record({
      who: fc.integer({ min: 1, max: 3 }),
      afterMs: fc.integer({ max: 40_000, min: 0 }),
    });
    await fc.assert(
      fc.asyncProperty(fc.array(visit, { maxLength: 30 }), async (visits) => {
        const { ask, wait } = await limited({ max: 2 });
        const begun = new Map<number, { at: number; inside: number }>();
        let now = 0;
        for (const { who, afterMs } of visits) {
          now += afterMs;
          wait(afterMs);
          const { statusCode } = await ask(`203.0.113.${who}`);
          const minute = begun.get(who);
          const isNew = minute === undefined || now >= minute.at + 60_000;
          if (isNew) begun.set(who, { at: now, inside: 1 });
          else minute.inside += 1;
          expect(statusCode).toBe((begun.get(who)?.inside ?? 0) > 2 ? 429 : 200);
        }
      }),
      { numRuns: 30 },
    );
  });

  it('forgets whose minute began first when too many come', async () => {
    const { ask } = await limited({ max: 1 });
    await ask('203.0.113.9');
    for (let other = 0; other < 5_000; other += 1) await ask(`10.0.${other >> 8}.${other & 255}`);
    expect((await ask('203.0.113.9')).statusCode).toBe(200);
    expect((await ask('10.0.19.135')).statusCode).toBe(429);
  });
});

describe('addressKey', () => {
  it.each([
    ['203.0.113.9', '203.0.113.9'],
    ['::ffff:203.0.113.9', '203.0.113.9'],
    ['2001:db8:0:1::1', '2001:db8:0:1'],
    ['2001:0DB8:0:1:ffff:ffff:ffff:ffff', '2001:db8:0:1'],
    ['2001:db8::', '2001:db8:0:0'],
    ['::1', '0:0:0:0'],
    ['fe80::1%eth0', 'fe80:0:0:0'],
    ['1.2.3.4:5678', '1.2.3.4:5678'],
    ['', ''],
  ])('of %s is %s', (ip, key) => {
    expect(addressKey(ip)).toBe(key);
  });

  it('is the same for all addresses of an IPv6 network of 64 bits, and another for the next', () => {
    const group = fc.integer({ min: 0, max: 0xffff }).map((value) => value.toString(16));
    const half = fc.tuple(group, group, group, group).map((groups) => groups.join(':'));
    fc.assert(
      fc.property(fc.tuple(half, half), fc.tuple(half, half), ([network, other], [host, guest]) => {
        expect(addressKey(`${network}:${host}`)).toBe(addressKey(`${network}:${guest}`));
        if (network !== other)
          expect(addressKey(`${network}:${host}`)).not.toBe(addressKey(`${other}:${host}`));
      }),
    );
  });
});
