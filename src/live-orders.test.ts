import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { createTestWorkspace, type TestWorkspace } from '../test/database.ts';
import { makeDraft, makeModelDraft } from '../test/version-draft.ts';
import { createModels } from './compose.ts';
import { readEvents, type EpochMs } from './core/index.ts';
import { deployVersion, rollBack, selectChampion, type OrderPlace } from './live-orders.ts';
import {
  createArtifactStore,
  readDeployments,
  recordVersion,
  registryMigrations,
  type Deployment,
} from './registry/index.ts';

const ASSET = 'BTC-USD';
const NOW: EpochMs = Date.UTC(2022, 4, 2);
const { featureSet } = createModels(60);
/** Can be loaded, and says NaN: infinity less infinity. */
const NO_NUMBER = JSON.stringify({
  family: 'logistic',
  format: 1,
  intercept: 0,
  terms: [1e308, -1e308].map((coefficient) => ({
    column: featureSet.names[0],
    form: 'value',
    centre: -1_000,
    spread: 1,
    coefficient,
  })),
});

let workspace: TestWorkspace;

beforeAll(async () => {
  workspace = await createTestWorkspace([registryMigrations]);
  const store = createArtifactStore(workspace.registryDir);
  for (const version of ['1.0.0', '1.0.1', '1.0.2']) {
    const draft = makeModelDraft({ featureSet: featureSet.version, version });
    await recordVersion(workspace.pool, await store.save(draft, { durable: false }));
  }
  const strange = makeModelDraft({ featureSet: featureSet.version, version: '0.8.0' });
  strange.manifest.asset = 'ETH-USD';
  await recordVersion(workspace.pool, await store.save(strange, { durable: false }));
  const unreadable = makeDraft({ featureSet: featureSet.version, version: '0.7.0', family: 'logistic' });
  await recordVersion(workspace.pool, await store.save(unreadable, { durable: false }));
  const beyond = makeModelDraft({ featureSet: featureSet.version, version: '0.6.0' });
  const files = [...beyond.contents].map(([file]): [string, string] => [file, NO_NUMBER]);
  const boundless = await store.save({ ...beyond, contents: new Map(files) }, { durable: false });
  await recordVersion(workspace.pool, boundless);
  const other = makeModelDraft({ featureSet: 'others', version: '0.9.0' });
  await recordVersion(workspace.pool, await store.save(other, { durable: false }));
});
beforeEach(async () => {
  await workspace.pool.query(`
    ALTER TABLE deployments DISABLE TRIGGER USER;
    TRUNCATE deployments, events RESTART IDENTITY;
    ALTER TABLE deployments ENABLE TRIGGER USER`);
});
afterAll(() => workspace.drop());

describe('deployVersion', () => {
  it('makes the newest version live where none is named, and the preferred arm champion of every horizon', async () => {
    const { deployment, isChanged, modelVersion } = await deploy(null);
    expect([modelVersion, isChanged]).toEqual(['logistic@1.0.2', true]);
    expect(deployment).toMatchObject({ at: NOW, kind: 'deploy', actor: 'somebody', undoes: null });
    expect(deployment.state.models).toHaveLength(4);
    expect(deployment.state.champions.map(({ arm }) => arm)).toEqual(['logistic+none', 'logistic+none']);
  });

  it('writes nothing where everything is so already, and gives the entry that is in force', async () => {
    const first = await deploy('1.0.0');
    const again = await deploy('1.0.0');
    expect(again.isChanged).toBe(false);
    expect(again.deployment).toEqual(first.deployment);
    expect(await ledger()).toHaveLength(1);
  });

  it.each([
    ['is not there', { family: 'logistic', version: '7.0.0' }, 'REGISTRY_MODEL_NOT_FOUND'],
    ['has a name that no family can have', { family: '\u0000', version: null }, 'REGISTRY_MODEL_NOT_FOUND'],
    ['is of a family without versions', { family: 'trees', version: null }, 'REGISTRY_MODEL_NOT_FOUND'],
    ['learnt from other features', { family: 'logistic', version: '0.9.0' }, 'REGISTRY_FEATURE_SET_MISMATCH'],
    ['is of another asset', { family: 'logistic', version: '0.8.0' }, 'REGISTRY_ASSET_MISMATCH'],
    ['no family can load', { family: 'logistic', version: '0.7.0' }, 'MODEL_INVALID'],
    ['says no probability', { family: 'logistic', version: '0.6.0' }, 'SERVING_PROBABILITY_INVALID'],
  ])('refuses a version that %s', async (_, order, code) => {
    await expect(deployVersion(place(), order)).rejects.toMatchObject({ code });
    expect(await ledger()).toEqual([]);
  });
});

describe('selectChampion', () => {
  it('exchanges who answers for a horizon, and that alone', async () => {
    const { deployment: before } = await deploy('1.0.0');
    const { deployment } = await selectChampion(place(), { horizonMinutes: 60, arm: 'logistic+vader' });
    expect(deployment.changes).toEqual([
      { kind: 'champion', horizonMinutes: 60, from: 'logistic+none', to: 'logistic+vader' },
    ]);
    expect(deployment.state.models).toEqual(before.state.models);
    const again = await selectChampion(place(), { horizonMinutes: 60, arm: 'logistic+vader' });
    expect(again).toEqual({ deployment, isChanged: false });
  });

  it('refuses an arm that is not live there, naming those that are', async () => {
    await deploy('1.0.0');
    await expect(selectChampion(place(), { horizonMinutes: 60, arm: 'trees+vader' })).rejects.toMatchObject({
      code: 'REGISTRY_ARM_NOT_LIVE',
      message: expect.stringContaining('logistic+vader') as string,
    });
    await expect(
      selectChampion(place(), { horizonMinutes: 15, arm: 'logistic+vader' }),
    ).rejects.toMatchObject({
      code: 'REGISTRY_ARM_NOT_LIVE',
    });
  });
});

describe('rollBack', () => {
  it('returns to what was live before, with its reason', async () => {
    const { deployment: first } = await deploy('1.0.0');
    const { deployment: second } = await deploy('1.0.1');
    const { deployment } = await rollBack(place(), { reason: 'it was worse' });
    expect(deployment).toMatchObject({ kind: 'rollback', undoes: second.id, reason: 'it was worse' });
    expect(deployment.state).toEqual(first.state);
  });

  it('is refused where nothing would be live without the entry', async () => {
    await deploy('1.0.0');
    await expect(rollBack(place())).rejects.toMatchObject({ code: 'REGISTRY_NOTHING_TO_ROLL_BACK' });
  });

  it('takes back the entry that is meant, and no newer one that nobody meant', async () => {
    await deploy('1.0.0');
    const { deployment: bad } = await deploy('1.0.1');
    const { deployment: good } = await deploy('1.0.2');
    await expect(rollBack(place(), { undoes: bad.id })).rejects.toMatchObject({
      code: 'REGISTRY_STATE_MOVED',
      message: expect.stringContaining(`entry ${good.id}, not ${bad.id}`) as string,
    });
    expect(await ledger()).toHaveLength(3);
    const { deployment } = await rollBack(place(), { undoes: good.id });
    expect(deployment).toMatchObject({ undoes: good.id, state: bad.state });
  });

  it('is refused where what it returns to learnt from other features', async () => {
    await deploy('1.0.0');
    await deploy('1.0.1');
    const later = { ...place(), featureSets: [{ ...featureSet, version: 'tomorrow' }] };
    await expect(rollBack(later)).rejects.toMatchObject({ code: 'REGISTRY_FEATURE_SET_MISMATCH' });
    expect(await ledger()).toHaveLength(2);
  });

  it('given more often at once than there are connections, takes back one entry after the other', async () => {
    await deploy('1.0.0');
    for (let turn = 0; turn < 10; turn += 1) await deploy(turn % 2 === 0 ? '1.0.1' : '1.0.2');
    const rolled = await Promise.all(Array.from({ length: 10 }, () => rollBack(place())));
    const undone = rolled.map(({ deployment }) => deployment.undoes);
    expect(undone.sort((left, right) => left! - right!)).toEqual([2, 3, 4, 5, 6, 7, 8, 9, 10, 11]);
    const [latest] = await ledger();
    expect(latest?.state.models.every(({ modelVersion }) => modelVersion === 'logistic@1.0.0')).toBe(true);
  });

  it('is refused where a file that it returns to has changed, and each refusal is told to the outbox', async () => {
    await deploy('1.0.0');
    await deploy('1.0.1');
    const file = join(workspace.registryDir, 'logistic', '1.0.0', 'logistic+vader-1440.gate.json');
    const whole = readFileSync(file);
    writeFileSync(file, Buffer.concat([whole, Buffer.from(' ')]));
    const refused = await Promise.allSettled(Array.from({ length: 10 }, () => rollBack(place())));
    writeFileSync(file, whole);
    for (const each of refused) {
      expect(each).toMatchObject({
        status: 'rejected',
        reason: {
          code: 'REGISTRY_ARTIFACT_CHANGED',
          message: expect.stringContaining('logistic+vader-1440.gate.json') as string,
        },
      });
    }
    expect(await ledger()).toHaveLength(2);
    const events = await readEvents(workspace.pool, { limit: 99 });
    expect(events).toHaveLength(10);
    expect(events[0]).toMatchObject({
      at: NOW,
      kind: 'registry.version-refused',
      severity: 'critical',
      asset: ASSET,
      facts: { modelVersion: 'logistic@1.0.0', actor: 'somebody', code: 'REGISTRY_ARTIFACT_CHANGED' },
    });
    await rollBack(place());
  });
});

it('on clocks that stand, jump or run back, entries stand in the order in which they were given', async () => {
  await deploy('1.0.0');
  const order = fc.record({
    version: fc.constantFrom('1.0.0', '1.0.1', '1.0.2', 'back'),
    now: fc.constantFrom(NOW, NOW + 5, NOW - 1_000),
  });
  await fc.assert(
    fc.asyncProperty(fc.array(order, { minLength: 1, maxLength: 6 }), async (orders) => {
      for (const { version, now } of orders) {
        if (version === 'back') await rollBack(place(now)).catch(() => {});
        else await deploy(version, now);
      }
      const entries = (await ledger()).toReversed();
      expect(entries.every(({ at }, index) => at > (entries[index - 1]?.at ?? -Infinity))).toBe(true);
    }),
    { numRuns: 15, seed: 1 },
  );
});

function place(now: EpochMs = NOW): OrderPlace {
  return {
    workspace,
    featureSets: [featureSet],
    asset: ASSET,
    firstChampion: 'logistic+none',
    now,
    actor: 'somebody',
  };
}

function deploy(version: string | null, now?: EpochMs) {
  return deployVersion(place(now), { family: 'logistic', version });
}

function ledger(): Promise<Deployment[]> {
  return readDeployments(workspace.pool, { asset: ASSET, limit: 1_000 });
}
