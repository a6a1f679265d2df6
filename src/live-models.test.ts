import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createTestWorkspace, type TestWorkspace } from '../test/database.ts';
import { makeDraft, makeModelDraft } from '../test/version-draft.ts';
import { parseUtc } from './core/index.ts';
import { createModels } from './compose.ts';
import {
  isSameModel,
  loadDeployed,
  loadOne,
  loadStanding,
  toDeployedModels,
  toLiveState,
} from './live-models.ts';
import { NOTHING_DEPLOYED } from './prediction/index.ts';
import {
  createArtifactStore,
  recordVersion,
  registryMigrations,
  type LiveModel,
  type LiveState,
  type VersionDraft,
} from './registry/index.ts';

const { featureSet, featureSets } = createModels(60);
const ARMS = ['logistic+vader', 'logistic+none'];
const ROW = { columns: ['volume_z_24h'], values: Float64Array.of(0.3), count: 1 };

let workspace: TestWorkspace;

beforeAll(async () => {
  workspace = await createTestWorkspace([registryMigrations]);
  await record(makeModelDraft({ featureSet: featureSet.version, weight: 0.6 }));
  await record(makeModelDraft({ featureSet: featureSet.version, weight: 0.8, version: '1.0.1' }));
  await record(makeModelDraft({ featureSet: 'others', version: '1.0.2' }));
  await record(makeDraft({ featureSet: featureSet.version, family: 'forest' }));
});
afterAll(() => workspace.drop());

const place = () => ({ workspace, featureSets });

describe('loading what is live', () => {
  it('gives each model with its gate fit, its recipe and its expiry, in the order of the state', async () => {
    const state = stateOf('logistic@1.0.0');
    const { models, refused } = await loadStanding(place(), state);
    expect(refused).toEqual([]);
    expect(models.map(({ model }) => model.predict(ROW)[0])).toEqual(
      state.models.map(() => expect.closeTo(0.6, 12) as number),
    );
    const standing = await Promise.all(state.models.map((live) => loadOne(place(), live)));
    expect(standing.map(({ arm, horizonMinutes }) => [arm, horizonMinutes])).toEqual(
      stateOf('x').models.map(({ arm, horizonMinutes }) => [arm, horizonMinutes]),
    );
    for (const one of standing) {
      expect(one).toMatchObject({
        modelVersion: 'logistic@1.0.0',
        recipe: 'a'.repeat(64),
        expiresAt: parseUtc('2021-12-01T00:01:00.000Z'),
      });
      // What was written: the model says 0.6 of every row, its gate fit half of that.
      expect(one.model.predict(ROW)[0]).toBeCloseTo(0.6, 12);
      expect(one.gateModel?.predict(ROW)[0]).toBeCloseTo(0.3, 12);
    }
  });

  it('takes each arm from the version that the state names for it', async () => {
    const mixed = stateOf('logistic@1.0.0');
    mixed.models[1]!.modelVersion = 'logistic@1.0.1';
    const { models } = await loadStanding(place(), mixed);
    expect(models.map(({ model }) => Math.round(10 * model.predict(ROW)[0]!))).toEqual([6, 8, 6, 6]);
    expect(await loadOne(place(), mixed.models[1]!)).toMatchObject({ ...mixed.models[1] });
  });

  it('has no gate fit where the past was too short for one', async () => {
    const draft = makeModelDraft({ featureSet: featureSet.version, version: '1.0.3' });
    const models = draft.manifest.models.map((model) => ({ ...model, gateFile: null }));
    const contents = new Map([...draft.contents].filter(([file]) => !file.includes('gate')));
    await record({ manifest: { ...draft.manifest, models }, contents });
    const one = await loadOne(place(), { arm: ARMS[0]!, horizonMinutes: 60, modelVersion: 'logistic@1.0.3' });
    expect(one.gateModel).toBe(null);
  });

  it('brings along what says which inputs are unlike the training data, where a version has it', async () => {
    const live = { arm: ARMS[0]!, horizonMinutes: 60 };
    const measure = {
      format: 1,
      columns: [{ name: 'return_1bar', centre: 0, spread: 1, weight: 1 }],
      points: [[0]],
      meanDistance: 1,
      limit: 1.2,
    };
    for (const [version, saved] of [
      ['1.0.4', measure],
      ['1.0.5', { ...measure, limit: -1 }],
    ] as const) {
      const draft = makeModelDraft({ featureSet: featureSet.version, version });
      const path = 'one.dissimilarity.json';
      const models = draft.manifest.models.map((model) =>
        model.arm === live.arm && model.horizonMinutes === 60 ? { ...model, dissimilarityFile: path } : model,
      );
      const contents = new Map([...draft.contents, [path, JSON.stringify(saved)]]);
      await record({ manifest: { ...draft.manifest, models }, contents });
    }
    expect((await loadOne(place(), { ...live, modelVersion: 'logistic@1.0.4' })).dissimilarity?.limit).toBe(
      1.2,
    );
    // Older versions measure nothing.
    expect((await loadOne(place(), { ...live, modelVersion: 'logistic@1.0.0' })).dissimilarity).toBe(null);
    await expect(loadOne(place(), { ...live, modelVersion: 'logistic@1.0.5' })).rejects.toMatchObject({
      code: 'MODEL_INVALID',
    });
  });

  it.each([
    ['is in no registry', 'logistic@9.9.9', 'REGISTRY_MODEL_NOT_FOUND'],
    ['is no version at all', 'logistic', 'REGISTRY_MODEL_NOT_FOUND'],
    ['learnt from other features', 'logistic@1.0.2', 'REGISTRY_FEATURE_SET_MISMATCH'],
    ['is of a family that is not there', 'forest@1.0.0', 'REGISTRY_MODEL_NOT_FOUND'],
  ])('refuses a version that %s', async (_, modelVersion, code) => {
    const arm = modelVersion.startsWith('forest') ? 'forest+vader' : ARMS[0]!;
    const model = { arm, horizonMinutes: 60, modelVersion };
    await expect(loadOne(place(), model)).rejects.toMatchObject({ code });
    const { models, refused } = await loadStanding(place(), { models: [model], champions: [] });
    expect(models).toEqual([]);
    expect(refused).toMatchObject([{ live: model, error: { code } }]);
    // To a retraining it is something past its time.
    expect(await loadOne(place(), model, { isStrict: false })).toMatchObject({
      ...model,
      gateModel: null,
      expiresAt: -Infinity,
    });
  });

  it('refuses a file of which a byte has changed, by name, and what nobody touched still loads', async () => {
    const file = join(workspace.registryDir, 'logistic', '1.0.1', 'logistic+none-60.json');
    const whole = readFileSync(file);
    const changed = Buffer.from(whole);
    changed[20]! ^= 1;
    writeFileSync(file, changed);
    const { models, refused } = await loadStanding(place(), stateOf('logistic@1.0.1'));
    expect(models).toHaveLength(3);
    const damaged = { arm: ARMS[1]!, horizonMinutes: 60, modelVersion: 'logistic@1.0.1' };
    expect(refused).toMatchObject([
      {
        live: damaged,
        error: {
          code: 'REGISTRY_ARTIFACT_CHANGED',
          message: expect.stringContaining('logistic+none-60.json') as string,
        },
      },
    ]);
    const stranded = await loadOne(place(), damaged, { isStrict: false });
    expect(stranded).toMatchObject({ recipe: 'a'.repeat(64), expiresAt: -Infinity, gateModel: null });
    expect(() => stranded.model.predict(ROW)).toThrow(/logistic@1.0.1 cannot be used/);
    await loadOne(place(), { arm: ARMS[0]!, horizonMinutes: 60, modelVersion: 'logistic@1.0.1' });
    writeFileSync(file, whole);
  });
});

describe('loadDeployed', () => {
  it('refuses an entry whose own model is damaged, and follows one that only leaves such a model in place', async () => {
    const file = join(workspace.registryDir, 'logistic', '1.0.1', 'logistic+none-60.json');
    const whole = readFileSync(file);
    writeFileSync(file, 'damaged');
    const state = stateOf('logistic@1.0.1');
    const refusal = { code: 'REGISTRY_ARTIFACT_CHANGED' };
    await expect(loadDeployed(place(), { id: 4, state }, NOTHING_DEPLOYED)).rejects.toMatchObject(refusal);
    const present = toDeployedModels(4, state, (await loadStanding(place(), state)).models);
    const next = stateOf('logistic@1.0.1');
    next.models[0]!.modelVersion = 'logistic@1.0.0';
    const followed = await loadDeployed(place(), { id: 5, state: next }, present);
    expect(followed.models).toHaveLength(3);
    expect(toLiveState(followed)).toEqual(next);
    writeFileSync(file, whole);
    const healed = await loadDeployed(place(), { id: 6, state: next }, followed);
    expect(healed.models).toHaveLength(4);
  });

  it('reads no gate fit: a damaged one keeps nobody from answering', async () => {
    const file = join(workspace.registryDir, 'logistic', '1.0.1', 'logistic+none-60.gate.json');
    const whole = readFileSync(file);
    writeFileSync(file, 'damaged');
    const state = stateOf('logistic@1.0.1');
    const { models } = await loadDeployed(place(), { id: 4, state }, NOTHING_DEPLOYED);
    expect(models).toHaveLength(4);
    const live = { arm: ARMS[1]!, horizonMinutes: 60, modelVersion: 'logistic@1.0.1' };
    await expect(loadOne(place(), live)).rejects.toMatchObject({ code: 'REGISTRY_ARTIFACT_CHANGED' });
    const incumbent = await loadOne(place(), live, { isStrict: false });
    expect(incumbent).toMatchObject({ gateModel: null, expiresAt: parseUtc('2021-12-01T00:01:00.000Z') });
    writeFileSync(file, whole);
  });

  it('takes over what stands already, and reads the rest', async () => {
    const first = await loadDeployed(place(), { id: 4, state: stateOf('logistic@1.0.0') }, NOTHING_DEPLOYED);
    expect(first.revision).toBe(4);
    expect(first.champions).toEqual(new Map([[60, ARMS[0]]]));
    const state = stateOf('logistic@1.0.0');
    state.models[2]!.modelVersion = 'logistic@1.0.1';
    const next = await loadDeployed(place(), { id: 5, state }, first);
    expect(next.models.map(({ model }, at) => model === first.models[at]?.model)).toEqual([
      ...[true, true, false, true],
    ]);
    expect(toLiveState(next)).toEqual(state);
  });
});

describe('a state as models and as the words of the ledger', () => {
  it('is the same state there and back', () => {
    const live = fc.record({
      arm: fc.constantFrom(...ARMS, 'trees+vader'),
      horizonMinutes: fc.constantFrom(60, 1_440),
      modelVersion: fc.constantFrom('trees@1.0.0', 'logistic@1.2.3'),
    });
    const champions = fc.uniqueArray(
      fc.record({ horizonMinutes: fc.constantFrom(60, 1_440), arm: fc.constantFrom(...ARMS) }),
      { selector: ({ horizonMinutes }) => horizonMinutes },
    );
    fc.assert(
      fc.property(fc.record({ models: fc.array(live), champions }), fc.nat(), (state, revision) => {
        const model = { family: 'logistic', predict: () => new Float64Array(), toJson: () => ({}) };
        const deployed = toDeployedModels(
          revision,
          state,
          state.models.map((each) => ({ ...each, model, scorer: null, expiresAt: 0 })),
        );
        expect(deployed.revision).toBe(revision);
        expect(toLiveState(deployed)).toEqual(state);
      }),
      { numRuns: 50, seed: 1 },
    );
  });

  it('tells models apart by arm, horizon and version', () => {
    const one: LiveModel = { arm: 'trees+vader', horizonMinutes: 60, modelVersion: 'trees@1.0.0' };
    expect(isSameModel(one, { ...one })).toBe(true);
    for (const change of [
      { arm: 'trees+none' },
      { horizonMinutes: 1_440 },
      { modelVersion: 'trees@1.0.1' },
    ]) {
      expect(isSameModel(one, { ...one, ...change })).toBe(false);
    }
  });
});

async function record(draft: VersionDraft): Promise<void> {
  const store = createArtifactStore(workspace.registryDir);
  await recordVersion(workspace.pool, await store.save(draft, { durable: false }));
}

function stateOf(modelVersion: string): LiveState {
  return {
    models: [60, 1_440].flatMap((horizonMinutes) =>
      ARMS.map((arm) => ({ arm, horizonMinutes, modelVersion })),
    ),
    champions: [{ horizonMinutes: 60, arm: ARMS[0]! }],
  };
}
