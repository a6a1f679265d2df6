import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { makeChanceHistory } from '../test/chance-history.ts';
import { createTestWorkspace, type TestWorkspace } from '../test/database.ts';
import { learnInMemory } from '../test/learning.ts';
import { createModels } from './compose.ts';
import { DAY_MS, HOUR_MS, inTransaction, MINUTE_MS, readEvents, type EpochMs } from './core/index.ts';
import {
  createLearning,
  familiesOf,
  openLearning,
  type Learning,
  type LearningOptions,
  type OpeningOptions,
} from './learning.ts';
import { deployVersion } from './live-orders.ts';
import { createFitPool, MODEL_FAMILIES, type FitPool } from './models/index.ts';
import { armsOf, HORIZONS_MINUTES } from './prediction/index.ts';
import { createArtifactStore, NOTHING_LIVE, registryMigrations } from './registry/index.ts';
import { recordRetraining, saveArtifacts, type Retraining } from './retraining/index.ts';

const ASSET = 'BTC-USD';
const GRACE_MS = MINUTE_MS;
const { featureSet, featureSets, lanes } = createModels(60);
const ARMS = armsOf({
  fitted: [MODEL_FAMILIES.logistic, MODEL_FAMILIES.ar1],
  baselines: [MODEL_FAMILIES.majority],
  scorers: ['vader@1.0.0'],
  lanes,
});
/** A Wednesday; the windows of 25 days lie before it. */
const FIRST_FIT: EpochMs = Date.UTC(2022, 2, 30);
const MONDAY: EpochMs = Date.UTC(2022, 3, 4);
const ROWS = (MONDAY + 7 * DAY_MS - (FIRST_FIT - 25 * DAY_MS)) / HOUR_MS;
const history = makeChanceHistory({ names: featureSet.names, rows: ROWS, firstFit: FIRST_FIT });

describe('what is learnt', () => {
  it('begins with the first training of every governed family, at the end of the warm-up, once', async () => {
    const learning = learnHere();
    const first = await learning.begin(history);
    expect(first).toMatchObject({ trigger: 'first', at: FIRST_FIT + GRACE_MS });
    expect(versionsMade(first)).toEqual(['logistic@1.0.0', 'ar1@1.0.0']);
    // Nothing of it is live before it is accepted.
    expect(learning.deployed).toMatchObject({ revision: 0, models: [] });
    learning.accept(first!);
    expect(learning.deployed.models).toHaveLength(8);
    expect(learning.deployed.champions).toEqual(new Map(HORIZONS_MINUTES.map((h) => [h, 'logistic+vader'])));
    expect(await learning.begin(history)).toBe(null);
  });

  it('is trained anew at the first window of a week, from what had matured then, and counts versions on', async () => {
    const learning = learnHere();
    learning.accept((await learning.begin(history))!);
    expect(learning.isDue(MONDAY - HOUR_MS)).toBe(false);
    expect(await learning.trainIfDue(MONDAY - HOUR_MS, history)).toBe(null);
    expect(learning.isDue(MONDAY)).toBe(true);
    const weekly = await learning.trainIfDue(MONDAY, history);
    expect(weekly).toMatchObject({ trigger: 'schedule', at: MONDAY + GRACE_MS });
    // Though no registry knows of the first ones yet.
    expect(versionsMade(weekly)).toEqual(['logistic@1.0.1', 'ar1@1.0.1']);
    learning.accept(weekly!);
    expect(learning.isDue(MONDAY + HOUR_MS)).toBe(false);
    const rows = weekly!.drafts[0]!.manifest.models.find(({ horizonMinutes }) => horizonMinutes === 60)!.rows;
    // All but the newest, whose hour is not over.
    expect(rows).toBe((MONDAY - (FIRST_FIT - 25 * DAY_MS)) / HOUR_MS - 1);
  });

  it('replaces a model that has expired, and answers with what was promoted from then on', async () => {
    const learning = learnHere({ expiryDays: 1 });
    learning.accept((await learning.begin(history))!);
    const [before] = learning.deployed.models;
    const due = FIRST_FIT + DAY_MS + HOUR_MS;
    const retraining = await learning.trainIfDue(due, history);
    expect(retraining).toMatchObject({ trigger: 'expiry' });
    expect(retraining!.changes).toHaveLength(8);
    learning.accept(retraining!);
    const [after] = learning.deployed.models;
    expect([before?.modelVersion, after?.modelVersion]).toEqual(['ar1@1.0.0', 'ar1@1.0.1']);
    expect(after?.expiresAt).toBe(due + GRACE_MS + DAY_MS);
    expect(learning.deployed.models).toHaveLength(8);
  });

  it('gives another version number where only the registry knows one', async () => {
    const options = { ...place(), pool: createFitPool({ threads: 0 }) };
    const nothing = { revision: 0, state: NOTHING_LIVE, standing: [], lastTrainedAt: null };
    const first = (await learnHere().begin(history))!;
    const { manifest } = first.drafts[0]!;
    const learning = createLearning(options, nothing, {
      load: () => Promise.reject(new Error('nothing is live')),
      versions: () => Promise.resolve([{ ...manifest, version: '1.4.2' }]),
    });
    expect(versionsMade(await learning.begin(history))).toEqual(['logistic@1.4.3', 'ar1@1.0.0']);
  });

  it('by hand is a candidate: no change, no event of one, the gate’s words kept as evidence', async () => {
    const learning = learnHere({ expiryDays: 1 });
    learning.accept((await learning.begin(history))!);
    const { deployed } = learning;
    const now = { windowEnd: FIRST_FIT + 2 * DAY_MS, history };
    const candidate = await learning.trainByHand('logistic', now);
    expect(candidate).toMatchObject({ trigger: 'hand', changes: [], events: [] });
    expect(versionsMade(candidate)).toEqual(['logistic@1.0.1']);
    expect(candidate.decisions.filter(({ kind }) => kind === 'refresh')).toHaveLength(4);
    expect(candidate.decisions.every(({ reason }) => reason.endsWith('waits to be deployed.'))).toBe(true);
    expect(learning.deployed).toBe(deployed);
    for (const family of ['majority', 'forest']) {
      await expect(learning.trainByHand(family, now)).rejects.toThrow(RangeError);
    }
  });

  it('refuses to accept a training that began at something else than what is live', async () => {
    const learning = learnHere();
    const first = (await learning.begin(history))!;
    learning.accept(first);
    expect(() => {
      learning.accept(first);
    }).toThrow(/expects nothing as logistic\+vader at 60 minutes, where logistic@1.0.0 is/);
  });
});

describe('learning that goes on in a workspace', () => {
  let workspace: TestWorkspace;
  beforeAll(async () => {
    workspace = await createTestWorkspace([registryMigrations]);
  });
  beforeEach(async () => {
    await workspace.pool.query(`
      ALTER TABLE deployments DISABLE TRIGGER USER;
      TRUNCATE deployments, model_versions, runs, gate_decisions, ablations, events RESTART IDENTITY;
      ALTER TABLE deployments ENABLE TRIGGER USER`);
  });
  afterAll(() => workspace.drop());

  const reopen = (changes: Partial<LearningOptions> = {}, opening: OpeningOptions = {}) =>
    openLearning({ ...place(changes), ...opening, workspace });

  async function write(learning: Learning, retraining: Retraining): Promise<void> {
    const entry = await inTransaction(workspace.pool, async (client) => {
      const store = createArtifactStore(workspace.registryDir);
      const saved = await saveArtifacts(store, retraining, { durable: false });
      return recordRetraining(client, { asset: ASSET, retraining, saved });
    });
    learning.accept(retraining, entry);
  }

  it('is, opened again, what it was: the same answers from the same entry, the same trainings due', async () => {
    const learning = await reopen({ expiryDays: 1 });
    await write(learning, (await learning.begin(history))!);
    await write(learning, (await learning.trainIfDue(FIRST_FIT + DAY_MS + HOUR_MS, history))!);
    const again = await reopen({ expiryDays: 1 });
    expect(again.deployed.revision).toBe(2);
    expect(describe(again)).toEqual(describe(learning));
    expect(await again.begin(history)).toBe(null);
    for (let hour = 1; hour < 60; hour += 1) {
      const windowEnd = FIRST_FIT + DAY_MS + hour * HOUR_MS;
      expect(again.isDue(windowEnd)).toBe(learning.isDue(windowEnd));
    }
    const due = FIRST_FIT + 2 * DAY_MS + 3 * HOUR_MS;
    const [one, other] = [await again.trainIfDue(due, history), await learning.trainIfDue(due, history)];
    expect(one!.drafts.map(({ contents }) => [...contents])).toEqual(
      other!.drafts.map(({ contents }) => [...contents]),
    );
    expect(one!.changes).toEqual(other!.changes);
  });

  it('begins only with families of which nothing is live', async () => {
    const learning = await reopen({ arms: ARMS.filter(({ family }) => family.name !== 'ar1') });
    await write(learning, (await learning.begin(history))!);
    const wider = await reopen();
    const first = (await wider.begin(history))!;
    expect(versionsMade(first)).toEqual(['ar1@1.0.0']);
    await write(wider, first);
    expect(wider.deployed.models).toHaveLength(8);
    expect(wider.deployed.champions.get(60)).toBe('logistic+vader');
  });

  it('is not kept from its weekly training by one that somebody made by hand', async () => {
    const learning = await reopen();
    await write(learning, (await learning.begin(history))!);
    await write(learning, await learning.trainByHand('logistic', { windowEnd: MONDAY, history }));
    const again = await reopen();
    expect(again.isDue(MONDAY + HOUR_MS)).toBe(true);
  });

  it('compares with what somebody else has put into the ledger meanwhile', async () => {
    const learning = await reopen({ expiryDays: 400 });
    await write(learning, (await learning.begin(history))!);
    const byHand = await learning.trainByHand('logistic', { windowEnd: FIRST_FIT + HOUR_MS, history });
    const other = await reopen({ expiryDays: 400 });
    await write(other, byHand);
    const now = FIRST_FIT + 2 * HOUR_MS;
    const { deployment } = await deployVersion(
      { workspace, featureSets, asset: ASSET, firstChampion: 'logistic+vader', now, actor: 'somebody' },
      { family: 'logistic', version: '1.0.1' },
    );
    const adopted = (await reopen({ expiryDays: 400 })).deployed;
    expect(adopted.revision).toBe(deployment.id);
    learning.adopt(adopted);
    expect(learning.deployed).toBe(adopted);
    const weekly = await learning.trainIfDue(MONDAY, history);
    const judged = weekly!.decisions.filter(
      ({ kind, arm }) => kind === 'refresh' && arm.startsWith('logistic'),
    );
    expect(judged.map(({ incumbent }) => incumbent)).toEqual(
      Array.from({ length: 4 }, () => 'logistic@1.0.1'),
    );
    expect(versionsMade(weekly)).toEqual(['logistic@1.0.2', 'ar1@1.0.1']);
  });

  it('does not step back behind what it has accepted, whoever follows the ledger how late', async () => {
    const learning = await reopen({ expiryDays: 1 });
    const first = (await learning.begin(history))!;
    const { deployed: before } = learning;
    learning.accept(first);
    const { deployed: accepted } = learning;
    learning.adopt(before);
    expect(learning.deployed).toBe(accepted);
    learning.recorded({ id: 1 });
    expect(learning.deployed).toEqual({ ...accepted, revision: 1 });
    learning.adopt(before);
    expect(learning.deployed.revision).toBe(1);
    // Somebody was faster at following the ledger than the training at taking it over.
    const next = (await learning.trainIfDue(FIRST_FIT + DAY_MS + HOUR_MS, history))!;
    const other = learnHere({ expiryDays: 1 });
    other.accept(first, { id: 1 });
    other.accept(next, { id: 2 });
    learning.adopt(other.deployed);
    learning.accept(next, { id: 2 });
    expect(learning.deployed).toBe(other.deployed);
    expect(learning.isDue(FIRST_FIT + DAY_MS + 2 * HOUR_MS)).toBe(false);
  });

  it('begins with no family whose first training was tried: it waits for the next date', async () => {
    const inner = createFitPool({ threads: 0 });
    const pool: FitPool = {
      ...inner,
      fit: (family, rows, options) =>
        family === 'ar1' ? Promise.reject(new Error('no memory')) : inner.fit(family, rows, options),
    };
    const learning = await reopen({ pool });
    await write(learning, (await learning.begin(history))!);
    const again = await reopen();
    expect(await again.begin(history)).toBe(null);
    expect(versionsMade(await again.trainIfDue(MONDAY, history))).toEqual(['logistic@1.0.1', 'ar1@1.0.0']);
  });

  it('goes on without a damaged model, says so once, and replaces it at the next window', async () => {
    const learning = await reopen();
    await write(learning, (await learning.begin(history))!);
    damage('logistic/1.0.0/logistic+vader-60.json');
    const refusal = { code: 'REGISTRY_ARTIFACT_CHANGED' };
    await expect(reopen()).rejects.toMatchObject(refusal);
    const mended = await reopen({}, { refusedAt: FIRST_FIT + DAY_MS });
    await reopen({}, { refusedAt: FIRST_FIT + 2 * DAY_MS });
    const events = await readEvents(workspace.pool, { limit: 99 });
    expect(events.filter(({ kind }) => kind === 'registry.version-refused')).toMatchObject([
      {
        severity: 'critical',
        at: FIRST_FIT + DAY_MS,
        facts: { modelVersion: 'logistic@1.0.0', arm: 'logistic+vader', deployment: 1, ...refusal },
      },
    ]);
    expect(mended.deployed.models).toHaveLength(7);
    expect(mended.deployed.champions.get(60)).toBe('logistic+vader');
    const due = FIRST_FIT + DAY_MS + HOUR_MS;
    const retraining = (await mended.trainIfDue(due, history))!;
    expect(retraining.trigger).toBe('expiry');
    expect(retraining.changes).toContainEqual({
      kind: 'model',
      arm: 'logistic+vader',
      horizonMinutes: 60,
      from: 'logistic@1.0.0',
      to: 'logistic@1.0.1',
    });
    await write(mended, retraining);
    expect(mended.deployed.models).toHaveLength(8);
    expect(mended.isDue(due + HOUR_MS)).toBe(false);
  });

  it('by hand needs nothing of what is live', async () => {
    const learning = await reopen();
    await write(learning, (await learning.begin(history))!);
    rmSync(join(workspace.registryDir, 'logistic'), { recursive: true });
    const again = await reopen({}, { refusedAt: MONDAY });
    const candidate = await again.trainByHand('logistic', { windowEnd: MONDAY, history });
    expect(versionsMade(candidate)).toEqual(['logistic@1.0.1']);
  });

  function damage(file: string): void {
    writeFileSync(join(workspace.registryDir, file), '{}');
  }

  /** All that answers depend on. */
  function describe({ deployed }: Learning) {
    const rows = history.rowsAt(60);
    return deployed.models.map(({ model, ...rest }) => ({
      ...rest,
      says: [
        ...model.predict({ ...rows, values: rows.values.slice(0, 20 * rows.columns.length), count: 20 }),
      ],
    }));
  }
});

describe('familiesOf', () => {
  it('groups the governed arms by family, in their order, and leaves yardsticks out', () => {
    expect(familiesOf(ARMS).map(({ family, arms }) => [family.name, arms.map(({ name }) => name)])).toEqual([
      ['logistic', ['logistic+vader', 'logistic+none']],
      ['ar1', ['ar1+vader', 'ar1+none']],
    ]);
    expect(familiesOf(ARMS.filter(({ isGoverned }) => !isGoverned))).toEqual([]);
  });
});

function place(changes: Partial<LearningOptions> = {}): LearningOptions {
  return {
    asset: ASSET,
    featureSets,
    arms: ARMS,
    firstFitAt: FIRST_FIT,
    graceMs: GRACE_MS,
    cadenceDays: 7,
    expiryDays: 182,
    firstChampion: 'logistic+vader',
    seed: 1,
    pool: createFitPool({ threads: 0 }),
    ...changes,
  };
}

function learnHere(changes: Partial<LearningOptions> = {}): Learning {
  return learnInMemory(place(changes));
}

function versionsMade(retraining: Retraining | null): string[] {
  return (retraining?.drafts ?? []).map(({ manifest }) => `${manifest.family}@${manifest.version}`);
}
