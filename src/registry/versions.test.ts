import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { createTestWorkspace, type TestWorkspace } from '../../test/database.ts';
import { makeDraft, type DraftFacts } from '../../test/version-draft.ts';
import { inTransaction, parseUtc } from '../core/index.ts';
import { createArtifactStore, type SavedVersion } from './artifact-store.ts';
import { requireFeatureSets } from './feature-set.ts';
import { registryMigrations } from './migrations.ts';
import type { GateDecision, TrainingRun } from './records.ts';
import { compareVersions, modelVersionOf, parseModelVersion } from './version-name.ts';
import {
  claimVersions,
  findVersion,
  listVersions,
  numberAfter,
  readDecisions,
  readRuns,
  recordDecisions,
  recordRun,
  recordVersion,
} from './versions.ts';

let workspace: TestWorkspace;
let scratch: string;

beforeAll(async () => {
  workspace = await createTestWorkspace([registryMigrations]);
  scratch = mkdtempSync(join(tmpdir(), 'bellwether-versions-'));
});
beforeEach(async () => {
  await workspace.pool.query('TRUNCATE model_versions, runs, gate_decisions');
});
afterAll(async () => {
  await workspace.drop();
  rmSync(scratch, { recursive: true, force: true });
});

const ASSET = 'BTC-USD';
const AT = parseUtc('2021-11-01T00:01:00.001Z');

function saved(facts: DraftFacts, asset = ASSET): SavedVersion {
  return { manifest: { ...makeDraft(facts).manifest, asset, files: [] }, manifestHash: 'f'.repeat(64) };
}

const record = (facts: DraftFacts, asset?: string) => recordVersion(workspace.pool, saved(facts, asset));
/** As a training asks for it. */
async function next(recipe: string, asset = ASSET, family = 'trees'): Promise<string> {
  return numberAfter(await listVersions(workspace.pool, { family }), { asset, recipe: recipe.repeat(64) });
}

describe('the number of the next version', () => {
  it('is 1.0.0, one patch more for the same recipe, one minor more for another', async () => {
    expect(await next('a')).toBe('1.0.0');
    await record({ version: '1.0.0', recipe: 'a' });
    expect(await next('a')).toBe('1.0.1');
    expect(await next('b')).toBe('1.1.0');
    await record({ version: '1.1.0', recipe: 'b' });
    expect(await next('b')).toBe('1.1.1');
    expect(await next('a')).toBe('1.2.0');
    expect(await next('a', ASSET, 'logistic')).toBe('1.0.0');
  });

  it('counts beyond nine', async () => {
    await record({ version: '1.0.9', recipe: 'a' });
    await record({ version: '1.0.10', recipe: 'a' });
    expect(await next('a')).toBe('1.0.11');
  });

  it('is one that no other asset has', async () => {
    await record({ version: '1.0.0', recipe: 'a' });
    expect(await next('a', 'ETH-USD')).toBe('1.1.0');
    await record({ version: '1.1.0', recipe: 'a' }, 'ETH-USD');
    expect(await next('a')).toBe('1.0.1');
    expect(await next('b')).toBe('1.2.0');
  });

  it('is never one that was there, and always above those of its asset', () => {
    const training = fc.record({ asset: fc.constantFrom('A', 'B'), recipe: fc.constantFrom('x', 'y') });
    fc.assert(
      fc.property(fc.array(training, { maxLength: 30 }), (trainings) => {
        const known: { asset: string; recipe: string; version: string }[] = [];
        for (const one of trainings) {
          const version = numberAfter(known, one);
          expect(known.map((other) => other.version)).not.toContain(version);
          for (const other of known.filter(({ asset }) => asset === one.asset)) {
            expect(compareVersions(version, other.version)).toBeGreaterThan(0);
          }
          known.unshift({ ...one, version });
        }
      }),
    );
  });

  it('is recorded by one of several that train at once; the others are told before they write a file', async () => {
    const train = () =>
      inTransaction(workspace.pool, async (client) => {
        await claimVersions(client, [
          { family: 'trees', version: '1.0.0' },
          { family: 'logistic', version: '1.0.0' },
        ]);
        await recordVersion(client, saved({ version: '1.0.0' }));
      });
    const attempts = await Promise.allSettled([train(), train(), train()]);
    expect(attempts.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
    for (const attempt of attempts.filter(({ status }) => status === 'rejected')) {
      expect(attempt).toMatchObject({ reason: { code: 'REGISTRY_VERSION_TAKEN', retryable: true } });
    }
  });
});

describe('recorded versions', () => {
  it('come back as they were recorded, the newest of each family first', async () => {
    for (const version of ['1.0.9', '1.0.10']) await record({ version, featureSet: 'set-1' });
    await record({ family: 'logistic' });
    await record({ family: 'logistic', version: '1.1.0' }, 'ETH-USD');
    const names = async (filter?: { asset?: string; family?: string }) =>
      (await listVersions(workspace.pool, filter)).map(modelVersionOf);
    expect(await names()).toEqual(['logistic@1.1.0', 'logistic@1.0.0', 'trees@1.0.10', 'trees@1.0.9']);
    expect(await names({ asset: ASSET })).toEqual(['logistic@1.0.0', 'trees@1.0.10', 'trees@1.0.9']);
    expect(await names({ family: 'trees' })).toEqual(['trees@1.0.10', 'trees@1.0.9']);
    expect(await findVersion(workspace.pool, { family: 'trees', version: '1.0.9' })).toEqual({
      asset: ASSET,
      family: 'trees',
      version: '1.0.9',
      manifestHash: 'f'.repeat(64),
      recipe: 'a'.repeat(64),
      featureSet: 'set-1',
      scorer: 'vader@1.0.0',
      parent: null,
      trainedAt: parseUtc('2021-11-01T00:01:00Z'),
      expiresAt: parseUtc('2021-12-01T00:01:00Z'),
    });
    expect(await findVersion(workspace.pool, { family: 'trees', version: '9.9.9' })).toBeNull();
  });

  it('are recorded once; a second one of the number leaves the transaction as it is', async () => {
    await record({});
    await inTransaction(workspace.pool, async (client) => {
      await expect(recordVersion(client, saved({ recipe: 'b' }))).rejects.toMatchObject({
        code: 'REGISTRY_VERSION_TAKEN',
        message: expect.stringContaining('trees@1.0.0') as string,
      });
      expect(await listVersions(client)).toHaveLength(1);
    });
  });

  it('have a manifest hash with which the folder is opened', async () => {
    const store = createArtifactStore(join(scratch, 'registry'));
    await recordVersion(workspace.pool, await store.save(makeDraft(), { durable: false }));
    const known = await findVersion(workspace.pool, { family: 'trees', version: '1.0.0' });
    await store.verify('trees', '1.0.0', { manifestHash: known!.manifestHash });
  });

  it('are refused where features are computed that they did not learn from', () => {
    const { manifest } = saved({ featureSet: 'old' });
    expect(() => {
      requireFeatureSets(manifest, ['new', 'old']);
    }).not.toThrow();
    expect(() => {
      requireFeatureSets(manifest, ['new', 'newer']);
    }).toThrow(expect.objectContaining({ code: 'REGISTRY_FEATURE_SET_MISMATCH' }) as Error);
  });
});

describe('the name of a version', () => {
  it('is family and number, and nothing else is one', () => {
    expect(modelVersionOf({ family: 'trees', version: '1.0.3' })).toBe('trees@1.0.3');
    expect(parseModelVersion('trees@1.0.3')).toEqual({ family: 'trees', version: '1.0.3' });
    for (const name of [
      'majority@2021-11-05',
      'trees',
      '../x@1.0.0',
      'trees@1.0.0@2',
      'trees@01.0.0',
      '@1.0.0',
    ]) {
      expect(parseModelVersion(name)).toBeNull();
    }
  });
});

describe('training runs', () => {
  const run: TrainingRun = {
    asset: ASSET,
    family: 'trees',
    version: '1.0.0',
    at: AT,
    trigger: 'schedule',
    status: 'done',
    reason: null,
    parameters: { depth: 4, columns: ['a', 'b'] },
    metrics: { logLoss: 0.6912, auc: null },
    dataHash: 'd'.repeat(64),
    trials: 3,
  };
  const failed: TrainingRun = {
    ...run,
    version: null,
    at: AT + 1,
    status: 'failed',
    reason: 'no matured rows',
    family: 'logistic',
    dataHash: null,
  };

  it('come back as they were recorded, the newest first', async () => {
    await recordRun(workspace.pool, run);
    await recordRun(workspace.pool, failed);
    expect(await readRuns(workspace.pool, { asset: ASSET, limit: 9 })).toEqual([failed, run]);
    expect(await readRuns(workspace.pool, { asset: ASSET, limit: 1 })).toEqual([failed]);
    expect(await readRuns(workspace.pool, { asset: ASSET, upTo: AT, limit: 9 })).toEqual([run]);
    expect(await readRuns(workspace.pool, { asset: ASSET, family: 'trees', limit: 9 })).toEqual([run]);
    expect(await readRuns(workspace.pool, { asset: 'ETH-USD', limit: 9 })).toEqual([]);
  });

  it('have null for a figure that was not a number', async () => {
    await recordRun(workspace.pool, { ...run, metrics: { auc: NaN } });
    const [stored] = await readRuns(workspace.pool, { asset: ASSET, limit: 1 });
    expect(stored?.metrics).toEqual({ auc: null });
  });
});

describe('gate decisions', () => {
  const refresh: GateDecision = {
    at: AT,
    horizonMinutes: 60,
    arm: 'trees+vader',
    kind: 'refresh',
    candidate: 'trees@1.0.1',
    incumbentArm: 'trees+vader',
    incumbent: 'trees@1.0.0',
    n: 1_344,
    gain: -0.0003,
    low: -0.0015,
    high: 0.0009,
    threshold: -0.002,
    agreement: 0.012,
    verdict: 'promoted',
    reason: 'not worse by 0.002',
  };
  const first: GateDecision = {
    ...refresh,
    kind: 'first',
    candidate: 'trees@1.0.0',
    incumbentArm: null,
    incumbent: null,
    n: 0,
    gain: NaN,
    low: NaN,
    high: NaN,
    agreement: NaN,
  };

  it('come back as they were recorded, not-a-number included, the newest first', async () => {
    await recordDecisions(workspace.pool, { asset: ASSET, decisions: [first, { ...refresh, at: AT + 1 }] });
    await recordDecisions(workspace.pool, { asset: ASSET, decisions: [] });
    const read = (filter = {}) => readDecisions(workspace.pool, { asset: ASSET, limit: 9, ...filter });
    expect(await read()).toEqual([{ ...refresh, at: AT + 1 }, first]);
    expect(await read({ upTo: AT })).toEqual([first]);
    expect(await read({ candidate: 'trees@1.0.1' })).toEqual([{ ...refresh, at: AT + 1 }]);
    expect(await read({ limit: 1 })).toEqual([{ ...refresh, at: AT + 1 }]);
  });
});
