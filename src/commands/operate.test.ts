import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { planRealTime, prepareOperation, until, type TestOperation } from '../../test/operation.ts';
import { readLeftBehind } from '../../test/run-workspace.ts';
import { writeSimulatedHistory } from '../../test/simulated-history.ts';
import { ORIGIN } from '../../test/simulated-market.ts';
import {
  acquireFence,
  countWindows,
  DAY_MS,
  HOUR_MS,
  latestWindow,
  MINUTE_MS,
  type EpochMs,
} from '../core/index.ts';
import { describeHealth } from '../health.ts';
import { countPredictions } from '../prediction/index.ts';
import { WINDOW_JOB } from '../window-run.ts';
import { goOn } from './operate.ts';
import { planStart, type StartPlan } from './start-plan.ts';

const ASSET = 'BTC-USD';
const KEY = { job: WINDOW_JOB, asset: ASSET };
const ARMS = 9;
const HORIZONS = 2;
const DAYS = 6;
const LAST = ORIGIN + DAYS * DAY_MS;
const PAGE = { state: 'off', detail: '' } as const;
const root = mkdtempSync(join(tmpdir(), 'bellwether-operate-'));
const history = join(root, 'history');
const opened: TestOperation[] = [];

beforeAll(() => writeSimulatedHistory(history, { seed: 821, bars: DAYS * 24 }));
afterEach(async () => {
  for (const operation of opened.splice(0)) await operation.drop();
});
afterAll(() => {
  rmSync(root, { recursive: true, force: true });
});

describe('catching up', () => {
  it('decides everything up to the present, tells how far it is, and answers nothing before', async () => {
    const work = await open({ words: { history } });
    const { operation, trace } = work;
    expect(operation).toMatchObject({ lastWindow: null, windows: 0 });
    await work.catchUp();
    const { pool } = operation.storage!.workspace;
    expect(operation.lastWindow).toBe(LAST);
    expect(operation.windows).toBe(DAYS * 24);
    expect(operation.predictions).toBe(DAYS * 24 * ARMS * HORIZONS);
    expect((await countPredictions(pool, ASSET)).predictions).toBe(operation.predictions);
    expect(operation.clock.now()).toBe(LAST + MINUTE_MS);
    expect(trace.said.filter((line) => line.startsWith('replaying windows')).at(-1)).toBe(
      `replaying windows: ${DAYS * 24} of ${DAYS * 24}`,
    );
  });

  it('then stands, until it is told to stop', async () => {
    const work = await open({ words: { history, from: LAST } });
    await work.catchUp();
    const standing = { ...work, schedule: { ...work.schedule, windowsPerSecond: 0 } };
    const running = await goOn(standing);
    expect(work.operation.pace).toEqual({ state: 'standing', windowsPerSecond: null });
    work.stopping.abort();
    await running.ended;
    await running.stop();
    expect(work.operation.lastWindow).toBe(LAST);
  });

  it('told to stop, keeps what is decided and goes on from there the next time', async () => {
    const work = await open({ words: { history, from: LAST - DAY_MS } });
    work.stopping.abort();
    await work.catchUp();
    expect(await latestWindow(work.operation.storage!.workspace.pool, KEY)).toBe(null);
    const again = await open({
      words: { history, from: LAST - DAY_MS },
      environment: { DATABASE_URL: work.operation.config.databaseUrl, BELLWETHER_DATA_DIR: dataDirOf(work) },
    });
    await again.catchUp();
    expect(again.operation.lastWindow).toBe(LAST - DAY_MS);
  });

  it('goes on where it was when the database is lost on the way', async () => {
    const work = await open({ words: { history } });
    const lost = work.operation.storage!;
    await lost.workspace.pool.end();
    await work.catchUp();
    expect(work.operation.storage).not.toBe(lost);
    expect(work.operation).toMatchObject({ lastWindow: LAST, failure: null });
  });

  it('does not hide any other failure', async () => {
    const work = await open({ words: { history } });
    await work.operation.storage!.workspace.pool.query('DROP TABLE window_runners');
    await expect(work.catchUp()).rejects.toThrow(/window_runners/);
  });
});

describe('playing', () => {
  const from = LAST - 2 * DAY_MS;
  const words = { history, from, speed: 2_000 };

  it('decides window by window up to the end of the history, then stands there', async () => {
    const work = await open({ words });
    const { operation } = work;
    await work.catchUp();
    expect(operation.lastWindow).toBe(from);
    const running = await goOn(work);
    expect(operation.pace).toEqual({ state: 'playing', windowsPerSecond: 2_000 });
    await until(() => operation.pace.state === 'standing');
    const { pool } = operation.storage!.workspace;
    expect(operation).toMatchObject({ lastWindow: LAST, failure: null });
    expect(operation.clock.now()).toBe(LAST + MINUTE_MS);
    expect(operation.windows).toBe(await countWindows(pool, KEY));
    expect(operation.predictions).toBe((await countPredictions(pool, ASSET)).predictions);
    work.stopping.abort();
    await running.ended;
    await running.stop();
  });

  it('tells how far it has come, and when the end is reached', async () => {
    const work = await open({ words: { ...words, from: LAST - 3 * HOUR_MS } });
    await work.catchUp();
    const { terminal } = work.trace.context;
    work.trace.said.length = 0;
    await playToEnd({ ...work, terminal, tellMs: 0 });
    expect(work.trace.said).toEqual([
      '  playing: 2022-01-08T22:00:00Z reached, 2 windows to go',
      '  playing: 2022-01-08T23:00:00Z reached, 1 window to go',
      'The end of the history is reached at 2022-01-09T00:00:00Z; the clock stands there.',
    ]);
  });

  it('keeps its pace', async () => {
    const work = await open({ words: { ...words, speed: 40 } });
    await work.catchUp();
    const before = performance.now();
    const running = await goOn(work);
    await until(() => work.operation.lastWindow! >= from + 8 * HOUR_MS);
    const elapsedMs = performance.now() - before;
    work.stopping.abort();
    await running.stop();
    expect(elapsedMs).toBeGreaterThan(7 * 25);
  });

  it('told to stop, ends after the window under way', async () => {
    const work = await open({ words });
    await work.catchUp();
    const running = await goOn(work);
    await until(() => work.operation.lastWindow! > from);
    work.stopping.abort();
    await running.ended;
    const { lastWindow, windows, storage } = work.operation;
    expect(lastWindow).toBeLessThan(LAST);
    expect(await latestWindow(storage!.workspace.pool, KEY)).toBe(lastWindow);
    expect(await countWindows(storage!.workspace.pool, KEY)).toBe(windows);
  });

  it('after failures of several kinds leaves exactly what an unbroken run leaves', async () => {
    const unbroken = await open({ words });
    await unbroken.catchUp();
    await playToEnd(unbroken);
    const expected = await readLeftBehind(unbroken.operation.storage!.workspace);
    await unbroken.drop();
    opened.splice(0);

    const plan = await planStart(words, unbroken.operation.config);
    const failures = new Map<EpochMs, unknown>([
      [from + 5 * HOUR_MS, new Error('no space left on device')],
      [from + 9 * HOUR_MS, Object.assign(new Error('terminating connection'), { code: '57P01' })],
      [from + 9 * HOUR_MS + 1, new Error('Connection terminated unexpectedly')],
    ]);
    const told: (string | undefined)[] = [];
    const broken: TestOperation = await open({
      plan: failing(plan, (upTo) => {
        const due = [...failures.keys()].find((moment) => moment <= upTo);
        told.push(broken.operation.failure?.reason);
        if (due === undefined) return;
        const failure = failures.get(due);
        failures.delete(due);
        throw failure;
      }),
    });
    await broken.catchUp();
    const storage = broken.operation.storage!;
    await playToEnd(broken);
    expect(await readLeftBehind(broken.operation.storage!.workspace)).toEqual(expected);
    expect(failures.size).toBe(0);
    // The one that was not about the database was tried again as it was; the others on a storage of their own.
    expect(told).toContain('no space left on device');
    expect(broken.operation.storage).not.toBe(storage);
    expect(storage.workspace.pool.ended).toBe(true);
    expect(broken.operation.failure).toBe(null);
  });

  it('overtaken by another runner, says so, stops for good and leaves the run to it', async () => {
    const work = await open({ words: { ...words, speed: 100 } });
    const { operation } = work;
    await work.catchUp();
    const running = await goOn(work);
    await until(() => operation.lastWindow! > from);
    const { pool } = operation.storage!.workspace;
    const fence = await acquireFence(pool, KEY);
    await until(() => operation.pace.state === 'standing');
    const last = await latestWindow(pool, KEY);
    expect(last).toBeLessThan(LAST);
    expect(operation.lastWindow).toBe(last);
    expect(operation.failure).toMatchObject({ isLasting: true });
    const health = await describeHealth(operation, PAGE);
    expect(health.status).toBe('failing');
    expect(health.checks.find(({ name }) => name === 'windows')).toMatchObject({
      status: 'failing',
      detail: expect.stringContaining('was overtaken by runner') as string,
      remedy: expect.stringContaining('Stop it, then start this one again') as string,
    });
    // A recovery does not take the run back either.
    await work.keeper.recover(new Error('server closed the connection'));
    expect(operation.failure).toMatchObject({ isLasting: true });
    expect(await acquireFence(operation.storage!.workspace.pool, KEY)).toBe(fence + 1);
    work.stopping.abort();
    await running.stop();
  });
});

describe('in real time', () => {
  const graceMs = MINUTE_MS;
  const begun = ORIGIN + 3 * DAY_MS;

  it('decides each window when it is due, woken by the queue, and catches up what was missed', async () => {
    const wall = { now: begun + graceMs };
    const work = await open({ plan: planRealTime({ now: () => wall.now, seed: 822 }) });
    const { operation } = work;
    await work.catchUp();
    expect(operation.lastWindow).toBe(begun);
    const running = await goOn(work);
    expect(operation.pace).toEqual({ state: 'running', windowsPerSecond: null });
    wall.now = begun + HOUR_MS + graceMs;
    await until(() => operation.lastWindow === begun + HOUR_MS);
    // The machine slept through four windows.
    wall.now = begun + 5 * HOUR_MS + graceMs + 1_000;
    await until(() => operation.lastWindow === begun + 5 * HOUR_MS);
    const { pool, queueSchema } = operation.storage!.workspace;
    const { rows } = await pool.query<{ late: number }>(
      `SELECT extract(epoch FROM predicted_at - window_end)::float8 AS late FROM predictions
       WHERE window_end > to_timestamp($1::float8 / 1000) AND horizon_minutes = 60 AND arm = 'logistic+vader' ORDER BY window_end`,
      [begun],
    );
    // What was caught up says when it was really predicted.
    expect(rows.map(({ late }) => late)).toEqual([60, 10_861, 7_261, 3_661, 61]);
    expect(await queued(pool, queueSchema)).toBeLessThanOrEqual(1);
    work.stopping.abort();
    await running.ended;
    await running.stop();
  });
});

function open(options: Parameters<typeof prepareOperation>[0]): Promise<TestOperation> {
  return prepareOperation({ retryMs: 20, ...options }).then((operation) => {
    opened.push(operation);
    return operation;
  });
}

function dataDirOf({ operation }: TestOperation): string {
  return operation.config.dataDir;
}

async function playToEnd(work: TestOperation): Promise<void> {
  const running = await goOn(work);
  await until(() => work.operation.pace.state === 'standing');
  work.stopping.abort();
  await running.stop();
}

/** The same plan, with something that may go wrong before each window. */
function failing(plan: StartPlan, before: (upTo: EpochMs) => void): StartPlan {
  return {
    ...plan,
    collect: async (storage, upTo) => {
      before(upTo);
      await plan.collect(storage, upTo);
    },
  };
}

async function queued(pool: { query: (text: string) => Promise<{ rows: unknown[] }> }, schema: string) {
  const { rows } = await pool.query(
    `SELECT FROM ${schema}.job WHERE name = 'decide-windows' AND state = 'created'`,
  );
  return rows.length;
}
