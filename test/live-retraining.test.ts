import { describe, expect, it } from 'vitest';
import { goOn } from '../src/commands/operate.ts';
import {
  createRealClock,
  DAY_MS,
  HOUR_MS,
  isoUtc,
  MINUTE_MS,
  readEvents,
  type EpochMs,
} from '../src/core/index.ts';
import { createFitPool, type FitPool } from '../src/models/index.ts';
import { readDeployments, readRuns, type Deployment } from '../src/registry/index.ts';
import { windowsBetween } from '../src/run-window.ts';
import { createKey } from '../src/serving/index.ts';
import { serveOperation } from './closed-loop.ts';
import { makeEnvironment, planRealTime, prepareOperation, until, type TestOperation } from './operation.ts';
import { createRunWorkspace, importMarket, openTestRun, replayWindows } from './run-workspace.ts';
import { ASSET, BAR_MINUTES, ORIGIN } from './simulated-market.ts';

/** Enough matured rows for a training; the models of the first one expire a day later. */
const FIRST_FIT = ORIGIN + 23 * DAY_MS;
const BEGUN = ORIGIN + 24 * DAY_MS;
/** The first window after their expiry. */
const DUE = BEGUN + HOUR_MS;
const GRACE_MS = MINUTE_MS;

/** A system in a real time that the test moves, with fits that the test holds up or breaks. */
interface LiveSystem {
  work: TestOperation;
  wall: { now: EpochMs };
  fits: { asked: number; broken: string | null; goOn: () => void };
  /** Moves the time to the decision of a window and waits for it. */
  decide(windowEnd: EpochMs): Promise<void>;
  drop(): Promise<void>;
}

// They wait for the queue most of the time, so they wait at once.
describe.concurrent('a retraining that is due in live operation', () => {
  it('is made by the queue while windows and orders go on, and serves when the router has followed', async ({
    onTestFinished,
  }) => {
    const { work, wall, fits, decide, drop } = await goLive({ seed: 911 });
    onTestFinished(drop);
    const { operation } = work;
    const { pool } = operation.storage!.workspace;
    await decide(DUE);
    await until(() => fits.asked > 0);
    await decide(DUE + 2 * HOUR_MS);
    await chooseByHand(operation, { arm: 'logistic+none', horizonMinutes: 60 });
    expect(await ledger(work)).toHaveLength(2);
    fits.goOn();
    await until(() =>
      operation.router!.current().models.every(({ modelVersion }) => modelVersion.endsWith('@1.0.1')),
    );
    await decide(DUE + 3 * HOUR_MS);

    expect(await versionsByWindow(work, 'trees+vader')).toEqual([
      [isoUtc(DUE), 'trees@1.0.0'],
      [isoUtc(DUE + HOUR_MS), 'trees@1.0.0'],
      [isoUtc(DUE + 2 * HOUR_MS), 'trees@1.0.0'],
      [isoUtc(DUE + 3 * HOUR_MS), 'trees@1.0.1'],
    ]);
    const [entry, order] = await ledger(work);
    expect(order?.kind).toBe('select');
    // It learnt what was known when it was due, and is live from when it was ready.
    expect(entry).toMatchObject({ kind: 'retraining', actor: 'system', at: wall.now - HOUR_MS });
    expect(entry?.state.champions[0]).toEqual({ horizonMinutes: 60, arm: 'logistic+none' });
    const [run] = await readRuns(pool, { asset: ASSET, family: 'trees', limit: 1 });
    expect(run).toMatchObject({ trigger: 'expiry', status: 'done', at: DUE + GRACE_MS });
    // Once, however many windows asked for it.
    expect(await readRuns(pool, { asset: ASSET, family: 'trees', limit: 9 })).toHaveLength(2);
    expect(await manifestHashes(pool)).toEqual(await manifestHashesOfReplay({ seed: 911 }));
  });

  it('leaves the champion where it is when a fit fails, raises an event, and is not tried again at every window', async ({
    onTestFinished,
  }) => {
    const { work, fits, decide, drop } = await goLive({ seed: 912 });
    onTestFinished(drop);
    const { operation } = work;
    const { pool } = operation.storage!.workspace;
    fits.broken = 'trees';
    fits.goOn();
    await decide(DUE);
    await until(async () => (await readRuns(pool, { asset: ASSET, family: 'trees', limit: 9 })).length === 2);
    await until(() => operation.router!.current().revision === 2);
    await decide(DUE + 2 * HOUR_MS);

    const [run] = await readRuns(pool, { asset: ASSET, family: 'trees', limit: 9 });
    expect(run).toMatchObject({ status: 'failed', version: null, reason: 'there is no memory left' });
    const events = await readEvents(pool, { limit: 1_000 });
    expect(events.filter(({ kind }) => kind === 'retraining.failed')).toMatchObject([
      { severity: 'critical', asset: ASSET, facts: { family: 'trees', reason: 'there is no memory left' } },
    ]);
    const [entry] = await ledger(work);
    expect(entry?.state.champions.map(({ arm }) => arm)).toEqual(['trees+vader', 'trees+vader']);
    expect(new Set(entry?.state.models.map(({ modelVersion }) => modelVersion))).toEqual(
      new Set(['trees@1.0.0', 'logistic@1.0.1']),
    );
    expect((await versionsByWindow(work, 'trees+vader')).map(([, version]) => version)).toEqual(
      Array.from({ length: 3 }, () => 'trees@1.0.0'),
    );
    expect((await versionsByWindow(work, 'logistic+vader')).at(-1)?.[1]).toBe('logistic@1.0.1');
    expect(await readRuns(pool, { asset: ASSET, family: 'trees', limit: 9 })).toHaveLength(2);
  });
});

async function goLive({ seed }: { seed: number }): Promise<LiveSystem> {
  const wall = { now: BEGUN + GRACE_MS };
  const work = await prepareOperation({
    plan: planRealTime({ now: () => wall.now, seed, predictAfter: FIRST_FIT }),
    environment: makeEnvironment({ BELLWETHER_MODEL_EXPIRY_DAYS: '1' }),
  });
  const { pool, fits } = createHeldPool();
  Object.assign(work.operation, { pool });
  await work.catchUp();
  fits.hold();
  const running = await goOn(work);
  return {
    work,
    wall,
    fits,
    async decide(windowEnd) {
      wall.now = windowEnd + GRACE_MS;
      await until(() => work.operation.lastWindow === windowEnd);
    },
    async drop() {
      fits.goOn();
      work.stopping.abort();
      await running.stop();
      await work.drop();
    },
  };
}

/** Fits in this thread, once they may. */
function createHeldPool() {
  const inner = createFitPool({ threads: 0 });
  let held = Promise.resolve();
  const fits = {
    asked: 0,
    broken: null as string | null,
    goOn: () => {},
    hold() {
      fits.asked = 0;
      held = new Promise((resolve) => {
        fits.goOn = resolve;
      });
    },
  };
  const pool: FitPool = {
    async fit(family, rows, options) {
      fits.asked += 1;
      await held;
      if (family === fits.broken) throw new Error('there is no memory left');
      return inner.fit(family, rows, options);
    },
    close: () => inner.close(),
  };
  return { pool, fits };
}

async function chooseByHand(
  operation: TestOperation['operation'],
  { arm, horizonMinutes }: { arm: string; horizonMinutes: number },
): Promise<void> {
  const app = await serveOperation(operation, operation.config.dataDir);
  const { pool } = operation.storage!.workspace;
  const { key } = await createKey(pool, { name: 'hand', role: 'operator' }, createRealClock());
  const answer = await app.inject({
    method: 'POST',
    url: '/models/select',
    payload: { arm, horizon_minutes: horizonMinutes },
    headers: { authorization: `Bearer ${key}` },
  });
  expect(answer.statusCode).toBe(200);
  await app.close();
}

function ledger({ operation }: TestOperation): Promise<Deployment[]> {
  return readDeployments(operation.storage!.workspace.pool, { asset: ASSET, limit: 9 });
}

/** Of the windows from the one on at which it is due. */
async function versionsByWindow({ operation }: TestOperation, arm: string): Promise<[string, string][]> {
  const { rows } = await operation.storage!.workspace.pool.query<{ end: number; version: string }>(
    `SELECT (extract(epoch FROM window_end) * 1000)::float8 AS end, model_version AS version FROM predictions
     WHERE arm = $1 AND horizon_minutes = 60 AND window_end >= to_timestamp($2::float8 / 1000) ORDER BY window_end`,
    [arm, DUE],
  );
  return rows.map(({ end, version }) => [isoUtc(end), version]);
}

/** What the same windows make when they wait for it, as in a replay. */
async function manifestHashesOfReplay({ seed }: { seed: number }): Promise<string[]> {
  const workspace = await createRunWorkspace();
  try {
    await importMarket(workspace, { seed, bars: (DUE - ORIGIN) / HOUR_MS });
    const run = await openTestRun(workspace, {
      predictAfter: FIRST_FIT,
      expiryDays: 1,
      firstChampion: 'trees+vader',
    });
    await replayWindows(windowsBetween(ORIGIN, DUE, BAR_MINUTES), run);
    return await manifestHashes(workspace.pool);
  } finally {
    await workspace.drop();
  }
}

async function manifestHashes(pool: TestWorkspacePool): Promise<string[]> {
  const { rows } = await pool.query<{ line: string }>(
    `SELECT family || '@' || version || ' ' || manifest_hash AS line FROM model_versions ORDER BY 1`,
  );
  return rows.map(({ line }) => line);
}

type TestWorkspacePool = Awaited<ReturnType<typeof createRunWorkspace>>['pool'];
