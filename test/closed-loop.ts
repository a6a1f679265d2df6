import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { FastifyInstance } from 'fastify';
import { goOn } from '../src/commands/operate.ts';
import { planStart, type StartPlan } from '../src/commands/start-plan.ts';
import { createRealClock, DAY_MS, HOUR_MS, readConfig, silentLog, type EpochMs } from '../src/core/index.ts';
import type { Operation } from '../src/operation.ts';
import { createPorts } from '../src/ports.ts';
import { HORIZONS_MINUTES } from '../src/prediction/index.ts';
import { createApp, createKey } from '../src/serving/index.ts';
import { makeEnvironment, prepareOperation, until, type TestOperation } from './operation.ts';
import { writeSimulatedHistory } from './simulated-history.ts';
import { ASSET, ORIGIN } from './simulated-market.ts';

/** Enough matured rows at a day's horizon for a training to be allowed. */
export const PREDICT_AFTER: EpochMs = ORIGIN + 23 * DAY_MS;
export const LOOP_END: EpochMs = ORIGIN + 27 * DAY_MS;
export const CAUGHT_UP: EpochMs = ORIGIN + 26 * DAY_MS;

/** A system that has retrained, promoted, been told another champion and been rolled back, and now stands. */
export interface ClosedLoop {
  work: TestOperation;
  operation: Operation;
  /** The API, not listening. */
  app: FastifyInstance;
  /** Gives an order with a key of role operator. @returns the entry of the ledger */
  order(
    path: 'select' | 'deploy' | 'rollback',
    body?: object,
  ): Promise<{ id: number; [key: string]: unknown }>;
  /** `Authorization` of that key. */
  authorization: string;
  end(): Promise<void>;
}

/**
 * Four days of hourly windows on a simulated history, decided in two parts. Models expire after a day, so that each day
 * brings a retraining, and its versions are promoted without the months that the gate would need to compare them.
 */
export async function prepareClosedLoop({
  seed,
  isLived = true,
}: {
  seed: number;
  /** False: as it stands after the catch-up, before anybody gave an order, and without a router. */
  isLived?: boolean;
}): Promise<ClosedLoop> {
  const root = mkdtempSync(join(tmpdir(), 'bellwether-loop-'));
  const history = join(root, 'history');
  await writeSimulatedHistory(history, { seed, bars: (LOOP_END - ORIGIN) / HOUR_MS, strength: 1 });
  const environment = makeEnvironment({ BELLWETHER_MODEL_EXPIRY_DAYS: '1' });
  const base = await planStart({ history, from: CAUGHT_UP, speed: 5_000 }, readConfig(environment));
  const work = await prepareOperation({ plan: withoutLongPast(base), environment });
  await work.catchUp();
  const { operation } = work;
  const app = await serveOperation(operation, root);
  const { key } = await createKey(
    operation.storage!.workspace.pool,
    { name: 'loop', role: 'operator' },
    createRealClock(),
  );
  const authorization = `Bearer ${key}`;
  const loop: ClosedLoop = {
    work,
    operation,
    app,
    authorization,
    async order(path, body = {}) {
      const answer = await app.inject({
        method: 'POST',
        url: `/models/${path}`,
        payload: body,
        headers: { authorization },
      });
      if (answer.statusCode !== 200) throw new Error(answer.body);
      return answer.json();
    },
    async end() {
      await app.close();
      await work.drop();
      rmSync(root, { recursive: true, force: true });
    },
  };
  if (isLived) await liveThroughADay(loop);
  return loop;
}

/** The champion of an hour is exchanged, a retraining comes, both are taken back, an old version is deployed. */
async function liveThroughADay({ work, order }: ClosedLoop): Promise<void> {
  await playUpTo(work, CAUGHT_UP);
  await order('select', { arm: 'logistic+none', horizon_minutes: 60 });
  await playUpTo(work, CAUGHT_UP + 8 * HOUR_MS);
  await order('rollback');
  await playUpTo(work, CAUGHT_UP + 13 * HOUR_MS);
  await order('rollback');
  await playUpTo(work, CAUGHT_UP + 18 * HOUR_MS);
  await order('deploy', { family: 'trees', version: '1.0.0' });
  await playUpTo(work, LOOP_END);
}

/** Plays on, then stands, with a router that looks at the ledger only when it is told to. */
async function playUpTo(work: TestOperation, playTo: EpochMs): Promise<void> {
  await goOn({ ...work, schedule: { ...work.schedule, playTo } });
  await until(() => work.operation.pace.state === 'standing');
  await work.operation.router!.stop();
}

function withoutLongPast(plan: StartPlan): StartPlan {
  return {
    ...plan,
    prepare: async (...given) => ({ ...(await plan.prepare(...given)), predictAfter: PREDICT_AFTER }),
  };
}

/** The real API on a running system. */
export function serveOperation(operation: Operation, root: string): Promise<FastifyInstance> {
  return createApp({
    ports: createPorts(operation, () => ({ state: 'off', detail: '' })),
    options: {
      version: '0',
      assets: [ASSET],
      horizonsMinutes: HORIZONS_MINUTES,
      featuresCount: operation.models.featureSet.names.length,
      dashboardDir: join(root, 'page'),
    },
    log: silentLog,
  });
}
