import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import type { FastifyInstance } from 'fastify';
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { prepareOperation, type TestOperation } from '../test/operation.ts';
import { writeSimulatedHistory } from '../test/simulated-history.ts';
import { ORIGIN } from '../test/simulated-market.ts';
import { catchUp } from './commands/operate.ts';
import {
  createVirtualClock,
  DAY_MS,
  HOUR_MS,
  isoUtc,
  MINUTE_MS,
  silentLog,
  type EpochMs,
} from './core/index.ts';
import { readFeatureRows } from './features/index.ts';
import { createRouter } from './follow-ledger.ts';
import { readCandles } from './lake/index.ts';
import { measurePerformance } from './monitoring/index.ts';
import type { Operation } from './operation.ts';
import { createPorts } from './ports.ts';
import { priceDirection } from './price-direction.ts';
import { HORIZONS_MINUTES, readPredictions, readScored, type JudgedPrediction } from './prediction/index.ts';
import { createApp, type DashboardView } from './serving/index.ts';

const ASSET = 'BTC-USD';
const ARM = 'trees+vader';
const ARMS = 9;
const FROM = ORIGIN + 31 * DAY_MS;
const PREDICTED = 28 * 24;
/** Windows that were decided late, as after a night of sleep. */
const LATE = [FROM - 30 * HOUR_MS, FROM - 29 * HOUR_MS, FROM - 6 * HOUR_MS];
const LATE_BY = 3 * HOUR_MS;
const root = mkdtempSync(join(tmpdir(), 'bellwether-ports-'));
const words = { history: join(root, 'history'), from: FROM };

let work: TestOperation;
let app: FastifyInstance;
let page: DashboardView = { state: 'ready', detail: 'The page is built.' };

beforeAll(async () => {
  await writeSimulatedHistory(words.history, { seed: 841, bars: 32 * 24 });
  work = await prepareOperation({ words });
  await work.catchUp();
  work.operation.router = await createRouter(work.operation);
  await pool().query(
    `UPDATE predictions SET predicted_at = predicted_at + make_interval(secs => $2)
     WHERE window_end = ANY (SELECT to_timestamp(late / 1000) FROM unnest($1::float8[]) AS late)`,
    [LATE, LATE_BY / 1_000],
  );
  app = await serve(work.operation);
});
afterEach(() => {
  page = { state: 'ready', detail: 'The page is built.' };
  vi.restoreAllMocks();
});
afterAll(async () => {
  await app.close();
  await work.drop();
  rmSync(root, { recursive: true, force: true });
});

/** What an answer says of a prediction without a direction. */
function toAbstention({ abstention }: { abstention?: string }) {
  return abstention === undefined ? {} : { abstained: true, reason: abstention };
}

describe('/signal', () => {
  it('is the newest prediction, with the age of its data', async () => {
    const newest = (await ledger()).filter(({ windowEnd }) => windowEnd === FROM);
    for (const horizon of HORIZONS_MINUTES) {
      const prediction = newest.find(({ horizonMinutes }) => horizonMinutes === horizon)!;
      expect(await get(`/signal?horizon_minutes=${horizon}`)).toEqual({
        asset: ASSET,
        horizon_minutes: horizon,
        arm: ARM,
        window_end: isoUtc(FROM),
        as_of: isoUtc(FROM + MINUTE_MS),
        model_version: prediction.modelVersion,
        probability_up: prediction.probabilityUp,
        price_direction: priceDirection(prediction, 0.01),
        ...toAbstention(prediction),
        sentiment: prediction.sentiment,
        predicted_at: isoUtc(FROM + MINUTE_MS),
        matures_at: isoUtc(FROM + horizon * MINUTE_MS),
        outcome: null,
        degraded: false,
        data_age_seconds: 60,
      });
    }
  });

  it('at any moment is what the ledger held at that moment, its outcome only if that was known', async () => {
    const predictions = await ledger();
    const known = await outcomesKnownAt();
    const moments = fc.integer({ min: FROM - 28 * DAY_MS, max: FROM + 2 * DAY_MS });
    const edges = LATE.flatMap((late) => [
      late,
      late + MINUTE_MS,
      late + LATE_BY,
      late + LATE_BY + MINUTE_MS,
    ]);
    await fc.assert(
      fc.asyncProperty(
        fc.oneof(moments, fc.constantFrom(...edges), fc.constantFrom(...known.values())),
        fc.constantFrom(...HORIZONS_MINUTES),
        async (moment, horizon) => {
          const asOf = Math.floor(moment / 1_000) * 1_000;
          const expected = predictions.findLast(
            ({ predictedAt, horizonMinutes }) => predictedAt <= asOf && horizonMinutes === horizon,
          );
          const answer = await app.inject(`/signal?horizon_minutes=${horizon}&asOf=${isoUtc(asOf)}`);
          if (asOf > work.operation.clock.now()) {
            expect(answer.json().error.code).toBe('SERVING_ASOF_IN_FUTURE');
            return;
          }
          if (expected === undefined) {
            expect(answer.statusCode).toBe(404);
            return;
          }
          const isKnown = (known.get(`${expected.windowEnd} ${horizon}`) ?? Infinity) <= asOf;
          expect(answer.json()).toMatchObject({
            window_end: isoUtc(expected.windowEnd),
            probability_up: expected.probabilityUp,
            predicted_at: isoUtc(expected.predictedAt),
            outcome: isKnown ? expected.outcome : null,
            data_age_seconds: (asOf - expected.windowEnd) / 1_000,
          });
        },
      ),
      { numRuns: 80, seed: 1 },
    );
  });

  it('says from when on there are predictions when asked about a moment before', async () => {
    const answer = await app.inject(`/signal?asOf=${isoUtc(ORIGIN)}`);
    expect(answer.statusCode).toBe(404);
    expect(answer.json().error.message).toContain(isoUtc(FROM - 28 * DAY_MS + HOUR_MS + MINUTE_MS));
  });

  it('asks the database once a window, however often it is asked itself', async () => {
    const own = await serve(work.operation);
    const query = vi.spyOn(pool(), 'query');
    for (let turn = 0; turn < 20; turn += 1) await own.inject('/signal?horizon_minutes=60');
    await Promise.all(Array.from({ length: 20 }, () => own.inject('/signal?horizon_minutes=1440')));
    // The prediction, and the entry of the ledger that it came from, for each of two horizons.
    expect(query).toHaveBeenCalledTimes(4);
    await own.close();
  });
});

describe('/signal/history', () => {
  it('gives the newest windows, oldest first, each with the close of its bar', async () => {
    const { arm, items } = await get('/signal/history?limit=50');
    const candles = await readCandles(pool(), {
      asset: ASSET,
      barMinutes: 60,
      after: FROM - 50 * HOUR_MS,
      upTo: FROM + MINUTE_MS,
    });
    const closes = new Map(candles.map(({ eventTime, close }) => [isoUtc(eventTime), close]));
    expect(arm).toBe(ARM);
    expect(items).toHaveLength(50);
    expect(items.map((item: { window_end: string }) => item.window_end)).toEqual(
      Array.from({ length: 50 }, (_, place) => isoUtc(FROM - (49 - place) * HOUR_MS)),
    );
    for (const item of items) expect(item.close).toBe(closes.get(item.window_end));
    expect(items.at(-1).outcome).toBe(null);
    expect(['up', 'down', 'void']).toContain(items.at(-3).outcome);
  });

  it('keeps to a range, the beginning excluded, and is empty where nothing was predicted', async () => {
    const [from, to] = [isoUtc(FROM - 5 * HOUR_MS), isoUtc(FROM - 3 * HOUR_MS)];
    const { items } = await get(`/signal/history?from=${from}&to=${to}`);
    expect(items.map((item: { window_end: string }) => item.window_end)).toEqual([
      isoUtc(FROM - 4 * HOUR_MS),
      to,
    ]);
    expect(await get(`/signal/history?to=${isoUtc(ORIGIN)}`)).toMatchObject({ arm: ARM, items: [] });
  });

  it('shows the first version of a bar, and null where its candle is missing', async () => {
    const [revised, missing] = [FROM - 10 * HOUR_MS, FROM - 11 * HOUR_MS];
    const before = (await get('/signal/history?limit=12')).items;
    await pool().query(
      `INSERT INTO candles SELECT (jsonb_populate_record(c, '{"id": "revised", "close": 1}')).* FROM candles c
       WHERE event_time = to_timestamp($1::float8 / 1000)`,
      [revised],
    );
    await pool().query(`UPDATE candles SET known_at = known_at + interval '1 hour' WHERE id = 'revised'`);
    await pool().query(
      `UPDATE candles SET asset = 'elsewhere' WHERE event_time = to_timestamp($1::float8 / 1000)`,
      [missing],
    );
    const after = (await get('/signal/history?limit=12')).items;
    await pool().query(`DELETE FROM candles WHERE id = 'revised'`);
    await pool().query(`UPDATE candles SET asset = $1 WHERE asset = 'elsewhere'`, [ASSET]);
    expect(after[0]).toEqual({ ...before[0], close: null });
    expect(after.slice(1)).toEqual(before.slice(1));
  });
});

describe('/features/latest', () => {
  it('is the newest row, from the cache and, when that is empty, from the offline store: the same text', async () => {
    const { operation } = work;
    const { featureSet } = operation.models;
    const rows = await readFeatureRows(pool(), { asset: ASSET, featureSet }, { after: FROM - 1, upTo: FROM });
    const query = vi.spyOn(pool(), 'query');
    const cached = await app.inject('/features/latest');
    expect(query).not.toHaveBeenCalled();
    await operation.storage!.cache.delete('');
    const stored = await app.inject('/features/latest');
    expect(query).toHaveBeenCalledTimes(1);
    expect(stored.body).toBe(cached.body);
    const { features, ...rest } = cached.json();
    expect(rest).toMatchObject({
      asset: ASSET,
      feature_set: featureSet.version,
      window_end: isoUtc(FROM),
      as_of: isoUtc(FROM + MINUTE_MS),
      degraded: false,
    });
    featureSet.names.forEach((name, place) => {
      const value = rows.values[place]!;
      expect(features[name]).toBe(Number.isNaN(value) ? null : value);
    });
  });
});

describe('/models/performance', () => {
  it('is measured on the windows of the last days, once a window', async () => {
    const days = 14;
    const query = vi.spyOn(pool(), 'query');
    const answer = await get(`/models/performance?days=${days}`);
    expect(await get(`/models/performance?days=${days}`)).toEqual(answer);
    expect(query).toHaveBeenCalledTimes(1);
    const range = { asset: ASSET, after: FROM - days * DAY_MS, upTo: FROM, barMinutes: 60 };
    const expected = measurePerformance(await readScored(pool(), range), { barMinutes: 60, seed: 1 });
    expect(answer.windows).toEqual({ from: isoUtc(range.after), to: isoUtc(FROM), n: days * 24 });
    expect(answer.arms).toHaveLength(expected.length);
    answer.arms.forEach((arm: Record<string, unknown>, place: number) => {
      const { horizonMinutes, accuracyOneBarLater, low, high, ...same } = expected[place]!;
      expect(arm).toEqual({
        arm: same.arm,
        horizon_minutes: horizonMinutes,
        accuracy: same.accuracy,
        accuracy_one_bar_later: accuracyOneBarLater,
        n: same.n,
        // Too few days for blocks of three make no interval.
        low: Number.isNaN(low) ? null : low,
        high: Number.isNaN(high) ? null : high,
        baselines: same.baselines,
        pending: same.pending,
        voids: same.voids,
      });
    });
  });

  it('counts what has not matured yet', async () => {
    const { arms } = await get('/models/performance?days=3');
    const daily = arms.find(
      (arm: { arm: string; horizon_minutes: number }) => arm.arm === ARM && arm.horizon_minutes === 1_440,
    );
    expect(daily.pending).toBe(24);
    expect(daily.n + daily.voids + daily.pending).toBe(72);
  });
});

describe('the text routes', () => {
  it('answer with the direction of the signal and keep scores in the workspace’s cache', async () => {
    const signal = await get('/signal');
    const ask = () =>
      app.inject({ method: 'POST', url: '/predict/vader', payload: { text: 'Bitcoin rallies, great!' } });
    const first = (await ask()).json();
    expect(first.prediction).toMatchObject({
      probability_up: signal.probability_up,
      price_direction: signal.price_direction,
      features_count: 15,
    });
    expect(first.prediction.sentiment).toBeGreaterThan(0.5);
    expect((await ask()).json().performance.cache_hit).toBe(true);
  });
});

describe('before the first window and while catching up', () => {
  it('there is no signal and no vector, and every answer says so', async () => {
    const early = await prepareOperation({ words: { ...words, from: FROM + HOUR_MS } });
    early.operation.progress = { phrase: 'bringing the records in', share: 0.05 };
    const own = await serve(early.operation);
    await expectNoWindowYet(own);
    expect((await own.inject('/signal/history')).json()).toMatchObject({ items: [] });
    expect((await own.inject('/models/performance')).json()).toMatchObject({ arms: [], windows: { n: 0 } });
    expect((await own.inject('/signal?asOf=2022-01-20')).statusCode).toBe(503);
    const health = await own.inject('/health');
    expect(health.statusCode).toBe(200);
    expect(health.json()).toMatchObject({
      status: 'starting',
      last_window: null,
      data_age_seconds: null,
      progress: { phrase: 'bringing the records in' },
    });
    await own.close();
    await early.drop();
  });

  it('a start on windows that were decided before answers about then, but not about now', async () => {
    const { operation } = work;
    const again: Operation = {
      ...operation,
      lastWindow: null,
      run: null,
      clock: createVirtualClock(ORIGIN),
      progress: { phrase: 'replaying windows', share: 0.5 },
    };
    const own = await serve(again);
    await expectNoWindowYet(own);
    expect((await own.inject(`/signal?asOf=${isoUtc(FROM - DAY_MS)}`)).json()).toMatchObject({
      window_end: isoUtc(FROM - DAY_MS - HOUR_MS),
    });
    expect((await own.inject('/health')).json().status).toBe('starting');
    await catchUp({ ...work, operation: again, terminal: work.trace.context.terminal });
    expect((await own.inject('/signal')).json()).toMatchObject({
      window_end: isoUtc(FROM),
      data_age_seconds: 60,
    });
    await own.close();
  });

  it('even before there is a database everything is answered', async () => {
    const own = await serve({ ...work.operation, storage: null, run: null, lastWindow: null });
    await expectNoWindowYet(own);
    expect((await own.inject('/signal?asOf=2022-01-20')).statusCode).toBe(503);
    expect((await own.inject('/signal/history')).json()).toMatchObject({ items: [] });
    expect((await own.inject('/models/performance')).json().arms).toEqual([]);
    const health = (await own.inject('/health')).json();
    expect(health.status).toBe('starting');
    expect(health.checks[0]).toMatchObject({ name: 'database', detail: 'is being started' });
    await own.close();
  });
});

describe('/health', () => {
  it('is ok when nothing is wrong, with what is in the workspace', async () => {
    const answer = await app.inject('/health');
    expect(answer.statusCode).toBe(200);
    expect(answer.json()).toMatchObject({
      status: 'ok',
      simulated: false,
      mode: 'history',
      workspace: work.plan.workspaceName,
      bar_minutes: 60,
      clock: { kind: 'virtual' },
      last_window: isoUtc(FROM),
      data_age_seconds: 60,
      windows: PREDICTED,
      predictions: PREDICTED * ARMS * 2,
      progress: null,
    });
    const candles = answer
      .json()
      .sources.find(({ name }: { name: string }) => name === 'history:candles-60m');
    expect(candles).toMatchObject({ rows: 31 * 24, last_known_at: isoUtc(FROM + 5_000) });
    expect((await app.inject('/metrics')).body).toContain(`bellwether_windows ${PREDICTED}`);
  });

  it('is degraded when windows come late, and says by how much', async () => {
    const late: Operation = {
      ...work.operation,
      pace: { state: 'running', windowsPerSecond: null },
      clock: createVirtualClock(FROM + 5 * HOUR_MS + MINUTE_MS),
    };
    const own = await serve(late);
    const { status, checks } = (await own.inject('/health')).json();
    expect(status).toBe('degraded');
    expect(checks).toContainEqual({
      name: 'windows',
      status: 'degraded',
      detail: 'the newest one is 240 minutes late',
      remedy: expect.stringContaining('caught up') as string,
    });
    late.clock = createVirtualClock(FROM + 3 * HOUR_MS + MINUTE_MS);
    expect((await own.inject('/health')).json().status).toBe('ok');
    await own.close();
  });

  it('is degraded when the page could not be built', async () => {
    page = { state: 'failed', detail: 'The page could not be built: it rained.' };
    const { status, checks } = (await app.inject('/health')).json();
    expect(status).toBe('degraded');
    expect(checks.at(-1)).toMatchObject({ name: 'page', detail: page.detail });
  });
});

describe('without its database', () => {
  it('the API says so and offers to be asked again; what it knows by heart it still answers', async () => {
    const away = await prepareOperation({ words: { ...words, from: FROM + 2 * HOUR_MS } });
    await away.catchUp();
    const own = await serve(away.operation);
    const signal = (await own.inject('/signal')).json();
    const health = (await own.inject('/health')).json();
    await away.operation.storage!.workspace.pool.end();

    expect((await own.inject('/signal')).json()).toEqual(signal);
    expect((await own.inject('/features/latest')).statusCode).toBe(200);
    for (const path of ['/signal?asOf=2022-02-02', '/signal/history', '/models/performance?days=2']) {
      const answer = await own.inject(path);
      expect(answer.statusCode).toBe(503);
      expect(answer.json().error.code).toBe('DATABASE_AWAY');
      expect(answer.headers['retry-after']).toBeDefined();
    }
    const sick = await own.inject('/health');
    expect(sick.statusCode).toBe(503);
    expect(sick.json()).toMatchObject({ status: 'failing', sources: health.sources });
    expect(sick.json().checks[0]).toMatchObject({ name: 'database', status: 'failing' });

    await away.keeper.recover(new Error('gone'));
    expect((await own.inject('/signal/history?limit=1')).statusCode).toBe(200);
    expect((await own.inject('/health')).json().status).toBe('ok');
    await own.close();
    await away.drop();
  });

  it('a statement that fails for another reason is a fault of ours', async () => {
    vi.spyOn(pool(), 'query').mockImplementation(() => Promise.reject(new Error('column is missing')));
    const answer = await app.inject('/signal?asOf=2022-02-02');
    expect(answer.statusCode).toBe(500);
    expect(answer.json().error.code).toBe('SERVING_INTERNAL');
  });
});

function pool() {
  return work.operation.storage!.workspace.pool;
}

async function serve(operation: Operation): Promise<FastifyInstance> {
  return createApp({
    ports: createPorts(operation, () => page),
    options: {
      version: '0',
      assets: [ASSET],
      horizonsMinutes: HORIZONS_MINUTES,
      featuresCount: operation.models.featureSet.names.length,
      dashboardDir: join(root, 'page'),
      checkAnswers: true,
    },
    log: silentLog,
  });
}

// eslint-disable-next-line @typescript-eslint/no-explicit-any
async function get(path: string): Promise<any> {
  const answer = await app.inject(path);
  expect(answer.statusCode).toBe(200);
  return answer.json();
}

async function expectNoWindowYet(own: FastifyInstance): Promise<void> {
  for (const path of ['/signal', '/features/latest']) {
    const answer = await own.inject(path);
    expect(answer.statusCode).toBe(503);
    expect(answer.json().error.code).toBe('SERVING_NO_WINDOW_YET');
    expect(Number(answer.headers['retry-after'])).toBeGreaterThan(0);
  }
}

/** The answering arm's predictions, in time order, with the outcomes as they are in the end. */
async function ledger(): Promise<JudgedPrediction[]> {
  const all = await readPredictions(pool(), { asset: ASSET, after: ORIGIN, upTo: FROM, knownBy: Infinity });
  return all.filter(({ arm }) => arm === ARM);
}

async function outcomesKnownAt(): Promise<Map<string, EpochMs>> {
  const { rows } = await pool().query<{ window: number; horizon: number; known: number }>(
    `SELECT (extract(epoch FROM window_end) * 1000)::float8 AS window, horizon_minutes AS horizon,
            (extract(epoch FROM known_at) * 1000)::float8 AS known FROM outcomes WHERE entry_delay_minutes = 0`,
  );
  return new Map(rows.map(({ window, horizon, known }) => [`${window} ${horizon}`, known]));
}
