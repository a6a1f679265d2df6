import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { makeChanceHistory } from '../test/chance-history.ts';
import { createTestWorkspace, type TestWorkspace } from '../test/database.ts';
import { createSecondScorer } from '../test/second-scorer.ts';
import { createModels, type Models } from './compose.ts';
import { DAY_MS, HOUR_MS, inTransaction, MINUTE_MS, type EpochMs } from './core/index.ts';
import { openLearning, type Learning, type LearningOptions, type OpeningOptions } from './learning.ts';
import { createFitPool } from './models/index.ts';
import { createArtifactStore, registryMigrations } from './registry/index.ts';
import { recordRetraining, saveArtifacts, type Retraining } from './retraining/index.ts';

const ASSET = 'BTC-USD';
const GRACE_MS = MINUTE_MS;
const ONE = createModels(60);
const BOTH = createModels(60, { further: [createSecondScorer()] });
/** A Wednesday; the windows of 25 days lie before it. */
const FIRST_FIT: EpochMs = Date.UTC(2022, 2, 30);
const MONDAY: EpochMs = Date.UTC(2022, 3, 4);
const ROWS = (MONDAY + 7 * DAY_MS - (FIRST_FIT - 25 * DAY_MS)) / HOUR_MS;

describe('learning where scorers come and go', () => {
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

  const open = (models: Models, opening: OpeningOptions & Partial<LearningOptions> = {}) =>
    openLearning({
      ...{ asset: ASSET, firstFitAt: FIRST_FIT, graceMs: GRACE_MS, cadenceDays: 7, expiryDays: 182 },
      ...{ arms: models.arms, featureSets: models.featureSets, firstChampion: 'logistic+vader', seed: 1 },
      pool: createFitPool({ threads: 0 }),
      ...opening,
      workspace,
    });

  async function write(learning: Learning, retraining: Retraining | null): Promise<Retraining> {
    if (retraining === null) throw new Error('there is nothing to write');
    const entry = await inTransaction(workspace.pool, async (client) => {
      const store = createArtifactStore(workspace.registryDir);
      const saved = await saveArtifacts(store, retraining, { durable: false });
      return recordRetraining(client, { asset: ASSET, retraining, saved });
    });
    learning.accept(retraining, entry);
    return retraining;
  }

  it('gives a scorer that joins its first models at the next training, and takes the others for what they were', async () => {
    const alone = await open(ONE);
    await write(
      alone,
      await alone.begin(makeChanceHistory({ names: ONE.lanes.names, rows: ROWS, firstFit: FIRST_FIT })),
    );
    const joined = await open(BOTH);
    expect(
      await joined.begin(makeChanceHistory({ names: BOTH.lanes.names, rows: ROWS, firstFit: FIRST_FIT })),
    ).toBe(null);
    expect(joined.isDue(MONDAY - HOUR_MS)).toBe(false);
    const weekly = await write(
      joined,
      await joined.trainIfDue(
        MONDAY,
        makeChanceHistory({ names: BOTH.lanes.names, rows: ROWS, firstFit: FIRST_FIT }),
      ),
    );
    const judged = weekly.decisions.filter(({ kind }) => kind !== 'champion');
    const kinds = new Map(judged.map(({ arm, kind }) => [arm, kind]));
    expect(kinds.get('trees+second')).toBe('first');
    expect(kinds.get('logistic+second')).toBe('first');
    // Another lane beside it changes nothing of an arm's recipe.
    for (const arm of ['trees+vader', 'trees+none', 'logistic+vader', 'logistic+none']) {
      expect(kinds.get(arm), arm).toBe('refresh');
    }
    const { models } = joined.deployed;
    expect(models.filter(({ scorer }) => scorer === 'second@0.1.0')).toHaveLength(4);
  });

  it('goes on learning with the others where a scorer is gone whose models are live', async () => {
    const both = await open(BOTH);
    await write(
      both,
      await both.begin(makeChanceHistory({ names: BOTH.lanes.names, rows: ROWS, firstFit: FIRST_FIT })),
    );
    const left = await open(ONE, { refusedAt: FIRST_FIT + DAY_MS });
    expect(left.deployed.models).toHaveLength(8);
    const due = FIRST_FIT + DAY_MS + HOUR_MS;
    expect(left.isDue(due)).toBe(false);
    const weekly = await write(
      left,
      await left.trainIfDue(
        MONDAY,
        makeChanceHistory({ names: ONE.lanes.names, rows: ROWS, firstFit: FIRST_FIT }),
      ),
    );
    expect(weekly.runs.map(({ status }) => status)).toEqual(['done', 'done']);
    expect(weekly.drafts.flatMap(({ manifest }) => manifest.models.map(({ arm }) => arm))).not.toContain(
      'trees+second',
    );
    expect(left.deployed.models).toHaveLength(8);
  });

  it('does not fail where the champion is of such a scorer, and the others are trained on', async () => {
    const firstChampion = 'trees+second';
    const both = await open(BOTH, { firstChampion });
    await write(
      both,
      await both.begin(makeChanceHistory({ names: BOTH.lanes.names, rows: ROWS, firstFit: FIRST_FIT })),
    );
    expect(both.deployed.champions.get(60)).toBe(firstChampion);
    const left = await open(ONE, { refusedAt: FIRST_FIT + DAY_MS });
    const weekly = await write(
      left,
      await left.trainIfDue(
        MONDAY,
        makeChanceHistory({ names: ONE.lanes.names, rows: ROWS, firstFit: FIRST_FIT }),
      ),
    );
    expect(weekly.runs.map(({ status }) => status)).toEqual(['done', 'done']);
    expect(left.deployed.models.map(({ arm }) => arm)).not.toContain(firstChampion);
    // It comes back as what it was when its scorer does.
    const again = await open(BOTH);
    expect(again.deployed.models).toHaveLength(12);
  });
});
