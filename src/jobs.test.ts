import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createTestWorkspace, type TestWorkspace } from '../test/database.ts';
import { until } from '../test/operation.ts';
import { HOUR_MS, silentLog, type EpochMs, type Log } from './core/index.ts';
import {
  startWindowJobs,
  windowWakeSchema,
  RETRAINING_QUEUE,
  WINDOW_QUEUE,
  type WindowJobs,
} from './jobs.ts';

const ASSET = 'BTC-USD';
/** Far enough ahead of any clock that nobody is woken. */
const LATER: EpochMs = Date.UTC(2200, 0, 1);

let workspace: TestWorkspace;
const running: WindowJobs[] = [];

beforeEach(async () => {
  workspace = await createTestWorkspace();
});
afterEach(async () => {
  for (const jobs of running.splice(0)) await jobs.stop();
  await workspace.drop();
});

describe('startWindowJobs', () => {
  it('wakes its worker when a window is due, then lays down the next one', async () => {
    let dueAt = Date.UTC(2022, 0, 3, 1);
    let decided = 0;
    await start({
      nextDueAt: () => dueAt,
      decideDueWindows: () => {
        decided += 1;
        dueAt = LATER;
        return Promise.resolve();
      },
    });
    await until(() => decided > 0);
    await until(async () => (await waiting()).length === 1);
    expect(await waiting()).toEqual([{ asset: ASSET, dueAt: LATER }]);
  });

  it('however often it is started, lays each window down once', async () => {
    const silent = { nextDueAt: () => LATER, decideDueWindows: () => Promise.resolve() };
    for (let turn = 0; turn < 3; turn += 1) {
      await start(silent);
      await running.pop()?.stop();
    }
    await start({ ...silent, nextDueAt: () => LATER + HOUR_MS });
    expect((await waiting()).map(({ dueAt }) => dueAt)).toEqual([LATER, LATER + HOUR_MS]);
  });

  it('lays the next window down also when this one fails, says why, and has it tried again', async () => {
    const errors: object[] = [];
    const log: Log = { ...silentLog, error: (facts) => errors.push(facts) };
    let dueAt = Date.UTC(2022, 0, 3, 1);
    await start({
      log,
      nextDueAt: () => dueAt,
      decideDueWindows: () => {
        dueAt = LATER;
        return Promise.reject(new Error('no space left'));
      },
    });
    await until(async () => (await states()).includes('retry'));
    expect(errors).toContainEqual({ asset: ASSET, reason: 'no space left' });
    expect(await waiting()).toEqual([{ asset: ASSET, dueAt: LATER }]);
  });

  it('leaves the windows of another asset alone', async () => {
    let decided = 0;
    let dueAt = Date.UTC(2022, 0, 3, 1);
    await start({ asset: 'ETH-USD', nextDueAt: () => LATER, decideDueWindows: () => Promise.resolve() });
    await running.pop()?.stop();
    await workspace.pool.query(
      `UPDATE ${workspace.queueSchema}.job SET start_after = now() - interval '1 hour'`,
    );
    dueAt = LATER + HOUR_MS;
    await start({
      nextDueAt: () => dueAt,
      decideDueWindows: () => {
        decided += 1;
        return Promise.resolve();
      },
    });
    await until(async () => (await states()).includes('completed'));
    expect(decided).toBe(0);
  });

  it('has a retraining made that is due, once, while windows go on', async () => {
    const trained: EpochMs[] = [];
    let isDue = true;
    await start({
      nextDueAt: () => LATER,
      decideDueWindows: () => Promise.resolve(),
      retrainingDueAfter: () => (isDue ? LATER : null),
      retrain: async (askedAfter) => {
        isDue = false;
        trained.push(askedAfter);
      },
    });
    await until(() => trained.length > 0);
    await running.splice(0)[0]?.stop();
    await start({ nextDueAt: () => LATER, decideDueWindows: () => Promise.resolve() });
    const { rows } = await workspace.pool.query<{ state: string; hours: number }>(
      `SELECT state::text, expire_seconds / 3600 AS hours FROM ${workspace.queueSchema}.job WHERE name = $1`,
      [RETRAINING_QUEUE],
    );
    // Its own time: a quarter of an hour, as the queue has it, is too little for a training.
    expect([trained, rows]).toEqual([[LATER], [{ state: 'completed', hours: 6 }]]);
  });

  it('says what is wrong when there is no database to lay anything down in', async () => {
    const options = { nextDueAt: () => LATER, decideDueWindows: () => Promise.resolve() };
    await expect(start({ ...options, databaseUrl: 'postgres://127.0.0.1:9/away' })).rejects.toThrow(
      /ECONNREFUSED/,
    );
  });
});

describe('windowWakeSchema', () => {
  it('refuses what is no wake-up', () => {
    expect(windowWakeSchema.safeParse({ asset: '', dueAt: 1.5 }).success).toBe(false);
  });
});

async function start(
  changes: Partial<Parameters<typeof startWindowJobs>[0]> &
    Pick<Parameters<typeof startWindowJobs>[0], 'nextDueAt' | 'decideDueWindows'>,
): Promise<void> {
  running.push(
    await startWindowJobs({
      databaseUrl: workspace.postgres.url,
      schema: workspace.queueSchema,
      asset: ASSET,
      retrainingDueAfter: () => null,
      retrain: () => Promise.resolve(),
      log: silentLog,
      ...changes,
    }),
  );
}

async function waiting(): Promise<{ asset: string; dueAt: EpochMs }[]> {
  const { rows } = await workspace.pool.query<{ data: { asset: string; dueAt: EpochMs } }>(
    `SELECT data FROM ${workspace.queueSchema}.job WHERE name = $1 AND state = 'created' ORDER BY start_after`,
    [WINDOW_QUEUE],
  );
  return rows.map(({ data }) => data);
}

async function states(): Promise<string[]> {
  const { rows } = await workspace.pool.query<{ state: string }>(
    `SELECT state::text FROM ${workspace.queueSchema}.job WHERE name = $1`,
    [WINDOW_QUEUE],
  );
  return rows.map(({ state }) => state);
}
