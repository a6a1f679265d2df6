import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { planRealTime, prepareOperation, type TestOperation } from '../test/operation.ts';
import { ORIGIN } from '../test/simulated-market.ts';
import { createVirtualClock, HOUR_MS, MINUTE_MS } from './core/index.ts';
import { describeHealth } from './health.ts';

const PAGE = { state: 'off', detail: '' } as const;
let work: TestOperation;

beforeAll(async () => {
  work = await prepareOperation({
    plan: planRealTime({ now: () => ORIGIN + HOUR_MS, seed: 851 }),
    lookMs: 20,
  });
});
afterAll(() => work.drop());

describe('what health says of the cache', () => {
  it('is that it is in process where no Redis is named', async () => {
    const { checks } = await describeHealth(work.operation, PAGE);
    expect(checks.find(({ name }) => name === 'cache')).toEqual({
      name: 'cache',
      status: 'ok',
      detail: 'in process',
    });
  });

  it('is degraded, with what to do, while Redis is away, and ok again when it is back', async () => {
    const { operation } = work;
    let isAway = true;
    const storage = operation.storage!;
    const cache = { ...storage.cache, kind: 'redis', isAway: () => isAway } as const;
    const sick = {
      ...operation,
      storage: { ...storage, cache },
      clock: createVirtualClock(ORIGIN + MINUTE_MS),
      lastWindow: ORIGIN,
      progress: null,
    };
    const cacheOf = async () => {
      const { status, checks } = await describeHealth(sick, PAGE);
      return { status, check: checks.find(({ name }) => name === 'cache') };
    };
    const away = await cacheOf();
    expect(away.status).toBe('degraded');
    expect(away.check).toMatchObject({
      status: 'degraded',
      detail: expect.stringContaining('does not answer') as string,
      remedy: expect.stringContaining('REDIS_URL') as string,
    });
    isAway = false;
    const back = await cacheOf();
    expect(back.status).toBe('ok');
    expect(back.check).toEqual({ name: 'cache', status: 'ok', detail: 'Redis answers' });
  });
});
