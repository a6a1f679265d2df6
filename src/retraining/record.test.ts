import { beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { createTestWorkspace, type TestWorkspace } from '../../test/database.ts';
import { DAY_MS, inTransaction, readEvents } from '../core/index.ts';
import { MODEL_FAMILIES } from '../models/index.ts';
import {
  createArtifactStore,
  latestDeployment,
  listVersions,
  NOTHING_LIVE,
  readDecisions,
  readDeployments,
  readLatestAblations,
  readRuns,
  registryMigrations,
} from '../registry/index.ts';
import { stateAfter } from './decisions.ts';
import { armsFor, following, makeMarket, makeRequest } from './market.contract.ts';
import { retrain } from './pipeline.ts';
import { recordRetraining, saveArtifacts } from './record.ts';
import type { Retraining } from './retraining.ts';

const ASSET = 'BTC-USD';
const LATER = { limit: 100 };
const families = [armsFor(MODEL_FAMILIES.logistic), armsFor(MODEL_FAMILIES.majority)];
const market = makeMarket({ weeks: 24 });

let workspace: TestWorkspace;
let first: Retraining;
let second: Retraining;

beforeAll(async () => {
  first = await retrain(makeRequest({ families }, market));
  second = await retrain(makeRequest(following(first, { families }), market));
});

beforeEach(async () => {
  workspace = await createTestWorkspace([registryMigrations]);
  return () => workspace.drop();
});

async function write(retraining: Retraining, at?: number) {
  const store = createArtifactStore(workspace.registryDir);
  const saved = await saveArtifacts(store, retraining, { durable: false });
  const record = { asset: ASSET, retraining, saved, ...(at === undefined ? {} : { at }) };
  return inTransaction(workspace.pool, (client) => recordRetraining(client, record));
}

describe('recordRetraining', () => {
  it('writes versions, runs, decisions, one entry of the ledger and events, a millisecond after the training', async () => {
    const entry = await write(first);
    expect(entry).toMatchObject({
      at: first.at + 1,
      kind: 'retraining',
      actor: 'system',
      undoes: null,
      state: stateAfter(NOTHING_LIVE, first.changes),
      reason:
        'The first training promoted 8 of 8 candidates and made logistic+vader champion at 60 minutes, logistic+vader champion at 1440 minutes.',
    });
    const { pool } = workspace;
    expect((await listVersions(pool)).map(({ family, version }) => `${family}@${version}`)).toEqual([
      'logistic@1.0.0',
      'majority@1.0.0',
    ]);
    expect((await readRuns(pool, { asset: ASSET, ...LATER })).map(({ at }) => at)).toEqual([
      first.at,
      first.at,
    ]);
    const decisions = await readDecisions(pool, { asset: ASSET, ...LATER });
    expect(decisions.map(({ arm }) => arm).sort()).toEqual(first.decisions.map(({ arm }) => arm).sort());
    const events = await readEvents(pool, LATER);
    expect(events.map(({ kind }) => kind)).toEqual(first.events.map(({ kind }) => kind));
    expect(await readLatestAblations(pool, { asset: ASSET })).toEqual(first.ablations);
    expect(first.ablations).toHaveLength(4);
    expect(first.ablations.every(({ at }) => at === first.at + 1)).toBe(true);
  });

  it('carries the ledger on from what was live, and keeps the figures of each decision', async () => {
    await write(first);
    await write(second);
    const latest = await latestDeployment(workspace.pool, ASSET);
    expect(latest?.state).toEqual(stateAfter(stateAfter(NOTHING_LIVE, first.changes), second.changes));
    expect(latest?.reason).toMatch(/^The retraining that was due promoted \d of 8 candidates/);
    const decisions = await readDecisions(workspace.pool, { asset: ASSET, ...LATER });
    const wanted = second.decisions.find(({ kind }) => kind === 'refresh')!;
    const found = decisions.find(({ arm, horizonMinutes, kind, candidate }) => {
      return (
        [arm, horizonMinutes, kind, candidate].join() ===
        [wanted.arm, wanted.horizonMinutes, 'refresh', wanted.candidate].join()
      );
    });
    expect(found).toEqual(wanted);
  });

  it('writes no entry where nothing changes, and what was tried all the same', async () => {
    await write(first);
    const refused = { ...second, changes: [], events: [], drafts: [] };
    expect(await write(refused)).toBeNull();
    expect(await readDeployments(workspace.pool, { asset: ASSET, ...LATER })).toHaveLength(1);
    expect(await readRuns(workspace.pool, { asset: ASSET, ...LATER })).toHaveLength(4);
  });

  it('dates everything by the hour of writing where one is given, and names the operator for a training by hand', async () => {
    const at = first.at + 5_000;
    const entry = await write({ ...first, trigger: 'hand' }, at);
    expect(entry).toMatchObject({ at, actor: 'operator' });
    expect((await readEvents(workspace.pool, LATER)).every((event) => event.at === at)).toBe(true);
    for (const rows of [
      await readDecisions(workspace.pool, { asset: ASSET, ...LATER }),
      await readLatestAblations(workspace.pool, { asset: ASSET }),
    ]) {
      expect(rows.every((each) => each.at === at)).toBe(true);
    }
  });

  it('leaves nothing in the database when its transaction fails; the same training again is the same files', async () => {
    await write(first);
    const stale = { ...second, changes: first.changes };
    await expect(write(stale)).rejects.toMatchObject({ code: 'REGISTRY_STATE_MOVED' });
    expect(await listVersions(workspace.pool)).toHaveLength(2);
    expect(await readRuns(workspace.pool, { asset: ASSET, ...LATER })).toHaveLength(2);
    expect(await readLatestAblations(workspace.pool, { asset: ASSET })).toEqual(first.ablations);
    const store = createArtifactStore(workspace.registryDir);
    expect((await store.list()).map(({ path }) => path)).toContain('logistic/1.0.1');
    const before = (await store.open('logistic', '1.0.1')).manifestHash;
    await write(second);
    expect((await store.open('logistic', '1.0.1')).manifestHash).toBe(before);
    const [recorded] = await listVersions(workspace.pool, { family: 'logistic' });
    expect(recorded?.manifestHash).toBe(before);
  });

  it('lets files of another content that a crash left behind give way', async () => {
    const store = createArtifactStore(workspace.registryDir);
    const [draft] = first.drafts;
    const left = { ...draft!, manifest: { ...draft!.manifest, seed: 99 } };
    await saveArtifacts(store, { drafts: [left] }, { durable: true });
    await write(first);
    expect((await store.open('logistic', '1.0.0')).manifest.seed).toBe(first.drafts[0]!.manifest.seed);
  });

  it('refuses files that are not those of the retraining', async () => {
    const record = { asset: ASSET, retraining: first, saved: [] };
    await expect(recordRetraining(workspace.pool, record)).rejects.toThrow('but nothing was saved');
  });
});

describe('saveArtifacts', () => {
  it('writes files from which the registry loads the very models', async () => {
    const store = createArtifactStore(workspace.registryDir);
    const saved = await saveArtifacts(store, first, { durable: false });
    expect(saved.map(({ manifest }) => manifest.family)).toEqual(['logistic', 'majority']);
    const version = await store.verify('logistic', '1.0.0', { manifestHash: saved[0]!.manifestHash });
    const rows = market.rowsAt(60, first.at - DAY_MS);
    for (const { arm, horizonMinutes, model, gateModel } of first.trained.filter(({ arm }) =>
      /^log/.test(arm),
    )) {
      const loaded = MODEL_FAMILIES.logistic.load(await version.readModel(arm, horizonMinutes));
      expect(loaded.predict(rows)).toEqual(model.predict(rows));
      const judge = MODEL_FAMILIES.logistic.load(await version.readGateFit(arm, horizonMinutes));
      expect(judge.predict(rows)).toEqual(gateModel?.predict(rows));
    }
  });
});
