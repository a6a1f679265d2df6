import { afterEach, describe, expect, it } from 'vitest';
import { makeDatabaseFolder } from '../../test/folders.ts';
import {
  makeEnvironment,
  planRealTime,
  prepareOperation,
  until,
  type TestOperation,
} from '../../test/operation.ts';
import { ORIGIN } from '../../test/simulated-market.ts';
import {
  countWindows,
  DAY_MS,
  HOUR_MS,
  MINUTE_MS,
  missingWindows,
  silentLog,
  type Log,
} from '../core/index.ts';
import { describeHealth } from '../health.ts';
import { createPorts } from '../ports.ts';
import { WINDOW_JOB } from '../window-run.ts';
import { keepStorage } from './keep-storage.ts';
import { goOn } from './operate.ts';

const KEY = { job: WINDOW_JOB, asset: 'BTC-USD' };
const PAGE = { state: 'off', detail: '' } as const;
const opened: TestOperation[] = [];

afterEach(async () => {
  for (const operation of opened.splice(0)) await operation.drop();
});

describe('a database server killed under a living start', () => {
  it('is started again by itself: windows go on, none is lost, the API answers, health is ok again', async () => {
    const begun = ORIGIN + 3 * DAY_MS;
    const wall = { now: begun + MINUTE_MS };
    const work = await prepareOperation({
      plan: planRealTime({ now: () => wall.now, seed: 831 }),
      environment: makeEnvironment({ DATABASE_URL: '', BELLWETHER_DATA_DIR: makeDatabaseFolder() }),
      lookMs: 100,
    });
    opened.push(work);
    const { operation, stopping } = work;
    const ports = createPorts(operation, () => PAGE);
    const key = { asset: 'BTC-USD', horizonMinutes: 60 };
    await work.catchUp();
    const running = await goOn(work);
    wall.now += HOUR_MS;
    await until(() => operation.lastWindow === begun + HOUR_MS);
    expect((await describeHealth(operation, PAGE)).status).toBe('ok');

    const lost = operation.storage!;
    process.kill(lost.postgres.pid!, 'SIGKILL');
    await until(() => operation.failure !== null);
    const sick = await describeHealth(operation, PAGE);
    expect(sick.status).toBe('failing');
    expect(sick.checks.find(({ name }) => name === 'windows')).toMatchObject({
      detail: expect.stringContaining('the database is away') as string,
      remedy: expect.stringContaining('opened again by itself') as string,
    });
    // A window closes while there is no database.
    wall.now += HOUR_MS;
    await until(() => operation.lastWindow === begun + 2 * HOUR_MS);
    const { workspace, postgres } = operation.storage!;
    expect(postgres.pid).not.toBe(lost.postgres.pid);
    expect(lost.workspace.pool.ended).toBe(true);
    expect((await describeHealth(operation, PAGE)).status).toBe('ok');
    expect(operation.failure).toBe(null);
    expect(await ports.latestSignal({ ...key, asOf: null })).toMatchObject({
      windowEnd: begun + 2 * HOUR_MS,
    });

    // And the queue rings for the next ones.
    wall.now += HOUR_MS;
    await until(() => operation.lastWindow === begun + 3 * HOUR_MS);
    const range = { ...KEY, after: ORIGIN, upTo: begun + 3 * HOUR_MS };
    expect(await missingWindows(workspace.pool, { ...range, barMinutes: 60 })).toEqual([]);
    expect(await countWindows(workspace.pool, KEY)).toBe(3 * 24 + 3);
    stopping.abort();
    await running.ended;
    await running.stop();
  }, 60_000);
});

describe('a recovery', () => {
  it('is one, however many ask for it', async () => {
    const work = await openStanding(832);
    const { operation, keeper } = work;
    const lost = operation.storage!;
    let reopened = 0;
    keeper.onReopened = () => {
      reopened += 1;
      return Promise.resolve();
    };
    const first = keeper.recover(new Error('gone'));
    const second = keeper.recover(new Error('gone'));
    expect(operation.failure).toMatchObject({ reason: 'the database is away: gone', isLasting: false });
    await Promise.all([first, second]);
    expect(reopened).toBe(1);
    expect(operation.failure).toBe(null);
    expect(operation.storage).not.toBe(lost);
    expect(lost.workspace.pool.ended).toBe(true);
  });

  it('is tried again while the server is away, saying why, and ends when told to stop', async () => {
    const errors: object[] = [];
    const log: Log = { ...silentLog, error: (facts) => errors.push(facts) };
    const work = await openStanding(833);
    const { operation } = work;
    // Nobody listens there.
    const config = { ...operation.config, databaseUrl: 'postgres://127.0.0.1:9/away' };
    const stopping = new AbortController();
    const keeper = keepStorage({
      operation: { ...operation, config },
      log,
      signal: stopping.signal,
    });
    const recovery = keeper.recover(new Error('gone'));
    await until(() => errors.length >= 2);
    stopping.abort();
    await recovery;
    await keeper.settled();
    expect(errors[0]).toMatchObject({ reason: expect.stringContaining('127.0.0.1:9/away') as string });
  });

  it('is tried again when what holds on to the server could not follow', async () => {
    const { operation, keeper } = await openStanding(834);
    let attempts = 0;
    keeper.onReopened = () => {
      attempts += 1;
      return attempts === 1 ? Promise.reject(new Error('not yet')) : Promise.resolve();
    };
    await keeper.recover(new Error('gone'));
    expect(attempts).toBe(2);
    await operation.storage!.workspace.pool.query('SELECT 1');
  });
});

/** An operation whose storage stands, on the shared server. */
async function openStanding(seed: number): Promise<TestOperation> {
  const plan = planRealTime({ now: () => ORIGIN + HOUR_MS, seed });
  const work = await prepareOperation({ plan, lookMs: 20 });
  opened.push(work);
  return work;
}
