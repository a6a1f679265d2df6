import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { LOOP_END, prepareClosedLoop, type ClosedLoop } from '../test/closed-loop.ts';
import { ASSET } from '../test/simulated-market.ts';
import { DAY_MS, MINUTE_MS } from './core/index.ts';
import { createModelPorts, deployedNow } from './model-ports.ts';
import type { Operation } from './operation.ts';
import { HORIZONS_MINUTES, NOTHING_DEPLOYED } from './prediction/index.ts';
import { ABLATION_COLUMNS, liveAt, readDeployments, type Deployment } from './registry/index.ts';

const KEY = { asset: ASSET, horizonMinutes: 60 };

let loop: ClosedLoop;
let operation: Operation;
/** Oldest first. */
let ledger: Deployment[];

beforeAll(async () => {
  loop = await prepareClosedLoop({ seed: 951 });
  ({ operation } = loop);
  ledger = (await readDeployments(pool(), { asset: ASSET, limit: 99 })).toReversed();
});
afterAll(() => loop.end());

describe('what is live', () => {
  it('is told now with its champion, its versions and since when they are what they are', async () => {
    const ports = createModelPorts(operation);
    const status = await ports.modelsStatus({ asset: ASSET, asOf: null, limit: 5 });
    const [, , third, , , firstBack, secondBack, deploy] = ledger;
    expect(status).toMatchObject({ asset: ASSET, at: LOOP_END + MINUTE_MS });
    expect(status.horizons).toEqual([
      // Chosen at first, exchanged, and what it was again since the choice was taken back.
      { horizonMinutes: 60, champion: 'trees+vader', since: secondBack?.at },
      { horizonMinutes: 1_440, champion: 'trees+vader', since: ledger[0]?.at },
    ]);
    expect(status.models).toHaveLength(8);
    for (const { arm, modelVersion, since, trainedAt, expiresAt, isChampion, rows } of status.models) {
      const isTrees = arm.startsWith('trees');
      expect(modelVersion).toBe(isTrees ? 'trees@1.0.0' : 'logistic@1.0.2');
      expect(since).toBe(isTrees ? deploy?.at : firstBack?.at);
      // A retraining stands a millisecond before its entry.
      expect(trainedAt).toBe((isTrees ? ledger[0] : third)!.at - 1);
      expect(expiresAt).toBe(trainedAt! + DAY_MS);
      expect(isChampion).toBe(arm === 'trees+vader');
      expect(rows).toBeGreaterThan(500);
    }
    expect(status.gate).toHaveLength(5);
    expect(status.router).toMatchObject({ revision: deploy?.id, problem: null });
  });

  it('is told beside what the columns of its scorers were worth when it was trained, or why nobody can say', async () => {
    const ports = createModelPorts(operation);
    const all = await ports.ablations({ asset: ASSET, horizonMinutes: null, scorer: null });
    expect(all.map(({ arm, horizonMinutes }) => `${arm} ${horizonMinutes}`)).toEqual(
      HORIZONS_MINUTES.flatMap((horizon) => [`logistic+vader ${horizon}`, `trees+vader ${horizon}`]),
    );
    // The newest training, live or not.
    expect(all[0]).toMatchObject({ modelVersion: 'logistic@1.0.3', scorer: 'vader@1.0.0' });
    expect(all[0]!.variants.map(({ columns }) => columns)).toEqual(ABLATION_COLUMNS);
    const day = await ports.ablations({ asset: ASSET, horizonMinutes: 1_440, scorer: 'vader' });
    expect(day).toEqual(all.filter(({ horizonMinutes }) => horizonMinutes === 1_440));
    expect(await ports.ablations({ asset: ASSET, horizonMinutes: null, scorer: 'linear' })).toEqual([]);
  });

  it('asks the ledger once how long it has been so, until it moves', async () => {
    const asked: string[] = [];
    const real = pool();
    const query = (text: string, values: unknown[]) => {
      asked.push(text);
      return real.query(text, values);
    };
    const storage = operation.storage!;
    const counted = {
      ...operation,
      storage: { ...storage, workspace: { ...storage.workspace, pool: { query } } },
    } as unknown as Operation;
    const ports = createModelPorts(counted);
    for (let turn = 0; turn < 3; turn += 1) await ports.modelsStatus({ asset: ASSET, asOf: null, limit: 1 });
    expect(asked.filter((text) => text.includes('jsonb_array_elements'))).toHaveLength(1);
  });

  it('at any moment is the state of the last entry by then, with nothing that came later', async () => {
    const ports = createModelPorts(operation);
    for (const { at } of ledger) {
      for (const asOf of [at - 1, at, at + 1]) {
        const status = await ports.modelsStatus({ asset: ASSET, asOf, limit: 99 });
        const entry = await liveAt(pool(), { asset: ASSET, at: asOf });
        expect(status.at).toBe(asOf);
        expect(
          status.models.map(({ arm, horizonMinutes, modelVersion }) => ({
            arm,
            horizonMinutes,
            modelVersion,
          })),
        ).toEqual(entry?.state.models ?? []);
        expect(status.horizons.map(({ horizonMinutes, champion: arm }) => ({ horizonMinutes, arm }))).toEqual(
          entry?.state.champions ?? [],
        );
        const moments = [
          ...status.models.map(({ since }) => since),
          ...status.horizons.map(({ since }) => since ?? 0),
          ...status.gate.map((decision) => decision.at),
          ...(await ports.deployments({ asset: ASSET, asOf, limit: 99 })).map((deployment) => deployment.at),
        ];
        expect(Math.max(-Infinity, ...moments)).toBeLessThanOrEqual(asOf);
        expect(status.router).toBe(null);
      }
    }
  });

  it('is told without what stands in a manifest that cannot be read, and with it once it can', async () => {
    const file = join(operation.storage!.workspace.registryDir, 'trees', '1.0.0', 'manifest.json');
    const whole = readFileSync(file);
    writeFileSync(file, '{}');
    const ports = createModelPorts(operation);
    const ask = async () => {
      const { models } = await ports.modelsStatus({ asset: ASSET, asOf: null, limit: 1 });
      return models.find(({ arm }) => arm === 'trees+vader');
    };
    const blind = await ask();
    writeFileSync(file, whole);
    expect(blind).toMatchObject({
      modelVersion: 'trees@1.0.0',
      trainedAt: null,
      expiresAt: null,
      rows: null,
      metrics: {},
    });
    expect((await ask())?.rows).toBeGreaterThan(500);
  });
});

describe('answers from the present', () => {
  it('without a text are the newest window’s predictions where nothing was exchanged since', async () => {
    const ports = createModelPorts(operation);
    const { rows } = await pool().query<{
      arm: string;
      horizon: number;
      version: string;
      probability: number;
    }>(
      `SELECT arm, horizon_minutes AS horizon, model_version AS version, probability_up AS probability FROM predictions
       WHERE arm LIKE '%+%' AND window_end = to_timestamp($1::float8 / 1000) ORDER BY arm`,
      [LOOP_END],
    );
    for (const horizonMinutes of HORIZONS_MINUTES) {
      const priced = await ports.priceWithTexts({ asset: ASSET, horizonMinutes, sentiments: null });
      expect(priced).toMatchObject({
        windowEnd: LOOP_END,
        asOf: LOOP_END + MINUTE_MS,
        revision: ledger.at(-1)?.id,
        champion: 'trees+vader',
      });
      expect(
        priced!.arms.map(({ arm, modelVersion, probabilityUp }) => [arm, modelVersion, probabilityUp]).sort(),
      ).toEqual(
        rows
          .filter(({ horizon }) => horizon === horizonMinutes)
          .map(({ arm, version, probability }) => [arm, version, probability]),
      );
      for (const { priceDirection, probabilityUp, abstention } of priced!.arms) {
        const isSilent = typeof abstention === 'string';
        expect(priceDirection).toBe(
          isSilent
            ? 'neutral'
            : probabilityUp > 0.51
              ? 'bullish'
              : probabilityUp < 0.49
                ? 'bearish'
                : 'neutral',
        );
      }
    }
  });

  it('are explained for the model that gives them, and not before a router stands', async () => {
    const ports = createModelPorts(operation);
    const priced = await ports.priceWithTexts({ ...KEY, sentiments: null });
    const champion = priced!.arms.find(({ isChampion }) => isChampion)!;
    const told = ports.explainDirection(KEY);
    const { windowEnd, asOf } = priced!;
    const { arm, modelVersion, probabilityUp } = champion;
    expect(told).toMatchObject({ windowEnd, asOf, arm, modelVersion, probabilityUp, reason: null });
    expect(told.contributions!.length).toBe(15);
    const early = createModelPorts({ ...operation, router: null }).explainDirection(KEY);
    expect(early).toMatchObject({ windowEnd: null, arm: null, contributions: null });
  });

  it('name who reads which scorer, so that a text is scored by those alone whom somebody reads', async () => {
    const ports = createModelPorts(operation);
    const byArm = new Map([
      ['logistic+vader', 'vader@1.0.0'],
      ['trees+vader', 'vader@1.0.0'],
    ]);
    expect(ports.readersOf(KEY)).toEqual({ champion: 'vader@1.0.0', byArm });
    const deployed = deployedNow(operation);
    const of = (changes: Partial<typeof deployed>) =>
      createModelPorts({
        ...operation,
        router: { ...operation.router!, current: () => ({ ...deployed, ...changes }) },
      }).readersOf(KEY);
    // A champion that reads none, one that is not live, and nobody at all.
    expect(of({ champions: new Map([[60, 'trees+none']]) })).toEqual({ champion: null, byArm });
    expect(of({ champions: new Map([[60, 'trees+second']]) }).champion).toBe(null);
    expect(of({ models: [], champions: new Map() })).toEqual({ champion: null, byArm: new Map() });
    // The scorer is that of the model that is live, whatever its arm will learn from next.
    const models = deployed.models.map((model) =>
      model.arm === 'trees+vader' && model.horizonMinutes === 60
        ? { ...model, scorer: 'vader@1.0.1' }
        : model,
    );
    expect(of({ models }).champion).toBe('vader@1.0.1');
    expect(of({ models }).byArm.get('logistic+vader')).toBe('vader@1.0.0');
    const other = { ...KEY, horizonMinutes: 15 };
    expect(ports.readersOf(other)).toEqual({ champion: null, byArm: new Map() });
  });

  it('leave out the arms whose scorer said nothing of the texts', async () => {
    const ports = createModelPorts(operation);
    const armsWith = async (sentiments: ReadonlyMap<string, readonly number[]> | null) =>
      (await ports.priceWithTexts({ ...KEY, sentiments }))!.arms.map(({ arm }) => arm);
    const all = await armsWith(null);
    expect(await armsWith(said(0.4))).toEqual(all);
    for (const nobody of [new Map(), new Map([['second@0.1.0', [0.4]]])]) {
      expect(await armsWith(nobody)).toEqual(all.filter((arm) => arm.endsWith('+none')));
    }
    expect(await armsWith(null)).toEqual(all);
  });

  it('come from the window and the entry that the cache is asked for', () => {
    expect(createModelPorts(operation).present({ asset: ASSET })).toEqual({
      windowEnd: LOOP_END,
      revision: ledger.at(-1)?.id,
    });
  });

  it('are counted as answers of the models that gave them, once as long as they are remembered', async () => {
    const heard: unknown[] = [];
    const router = { ...operation.router!, answered: (models: unknown) => heard.push(models) };
    const ports = createModelPorts({ ...operation, router });
    for (const sentiment of [0.1, 0.2, 0.1]) {
      await ports.priceWithTexts({ ...KEY, sentiments: said(sentiment) });
    }
    expect(heard).toEqual([router.current(), router.current()]);
  });

  it('leave out a model that fails, and the router hears of it', async () => {
    const heard: unknown[] = [];
    const router = operation.router!;
    const deployed = router.current();
    const broken = {
      ...deployed,
      models: deployed.models.map((each) =>
        each.arm === 'trees+vader'
          ? { ...each, model: { ...each.model, predict: () => new Float64Array() } }
          : each,
      ),
    };
    const failing: Operation = {
      ...operation,
      router: { ...router, current: () => broken, failed: (models, error) => heard.push(models, error) },
    };
    const priced = await createModelPorts(failing).priceWithTexts({ ...KEY, sentiments: said(0.3) });
    expect(priced!.arms.map(({ arm }) => arm)).toEqual(['logistic+none', 'logistic+vader', 'trees+none']);
    expect(priced!.champion).toBe('trees+vader');
    expect(heard).toEqual([broken, expect.any(RangeError)]);
  });
});

describe('before everything stands', () => {
  const early = (changes: Partial<Operation>): Operation => ({ ...operation, ...changes });

  it.each([
    ['before the first window', { present: null }],
    ['while windows are caught up', { router: null }],
  ])('%s there is no answer, and nobody can say from which entry it would be', async (_, changes) => {
    const ports = createModelPorts(early(changes));
    expect(ports.present({ asset: ASSET })).toBe(null);
    expect(await ports.priceWithTexts({ ...KEY, sentiments: null })).toBe(null);
  });

  it('orders are refused, with a chance to come again', async () => {
    const order = { asset: ASSET, actor: 'somebody' };
    for (const changes of [{ router: null }, { storage: null }]) {
      const ports = createModelPorts(early(changes));
      for (const given of [
        ports.rollBack(order),
        ports.deployVersion({ ...order, family: 'trees', version: null }),
        ports.selectChampion({ ...order, arm: 'trees+none', horizonMinutes: 60 }),
      ]) {
        await expect(given).rejects.toMatchObject({ code: 'DATABASE_AWAY', status: 503, retryable: true });
      }
    }
    expect(await readDeployments(pool(), { asset: ASSET, limit: 99 })).toHaveLength(ledger.length);
  });

  it('what is live cannot be told without a database, and is nothing without a run', async () => {
    const ports = createModelPorts(early({ storage: null }));
    await expect(ports.modelsStatus({ asset: ASSET, asOf: null, limit: 1 })).rejects.toMatchObject({
      code: 'DATABASE_AWAY',
    });
    await expect(ports.deployments({ asset: ASSET, asOf: null, limit: 1 })).rejects.toMatchObject({
      code: 'DATABASE_AWAY',
    });
    expect(deployedNow(early({ router: null, run: null }))).toBe(NOTHING_DEPLOYED);
    expect(deployedNow(early({ router: null }))).toBe(operation.run?.learning.deployed);
    expect(deployedNow(operation)).toBe(operation.router?.current());
  });
});

describe('an order whose entry the router refuses', () => {
  it('fails with the reason, and the ledger has been led back', async () => {
    const { router, storage } = operation;
    const file = join(storage!.workspace.registryDir, 'trees', '1.0.1', 'trees+vader-60.json');
    const whole = readFileSync(file);
    // Damaged after the order has looked at it, before the router does.
    const follow = async () => {
      writeFileSync(file, 'x');
      const view = await router!.follow();
      writeFileSync(file, whole);
      return view;
    };
    const ports = createModelPorts({ ...operation, router: { ...router!, follow } });
    const before = router!.current();
    const given = ports.deployVersion({ asset: ASSET, actor: 'somebody', family: 'trees', version: '1.0.1' });
    await expect(given).rejects.toMatchObject({ code: 'REGISTRY_ARTIFACT_CHANGED', status: 500 });
    const [back, bad] = await readDeployments(pool(), { asset: ASSET, limit: 2 });
    expect(back).toMatchObject({ kind: 'rollback', actor: 'system', undoes: bad?.id });
    expect(router!.current().revision).toBe(back?.id);
    expect(router!.current().models).toEqual(before.models);
    const again = await createModelPorts(operation).deployVersion({
      asset: ASSET,
      actor: 'somebody',
      family: 'trees',
      version: '1.0.1',
    });
    expect(router!.current().revision).toBe(again.id);
  });
});

/** One text, by the scorer that all models of the loop read. */
function said(sentiment: number): ReadonlyMap<string, readonly number[]> {
  return new Map([['vader@1.0.0', [sentiment]]]);
}

function pool() {
  return operation.storage!.workspace.pool;
}
