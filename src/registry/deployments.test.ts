import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createTestWorkspace, type TestWorkspace } from '../../test/database.ts';
import { inTransaction, parseUtc } from '../core/index.ts';
import {
  appendDeployment,
  everLive,
  latestDeployment,
  liveAt,
  planRollback,
  readDeployments,
} from './deployments.ts';
import { registryMigrations } from './migrations.ts';
import type { Deployment, DeploymentDraft, GateDecision, LiveChange, LiveState } from './records.ts';
import { countLearning, recordDecisions, recordRun } from './versions.ts';

let workspace: TestWorkspace;
let assets = 0;

beforeAll(async () => {
  workspace = await createTestWorkspace([registryMigrations]);
});
afterAll(async () => {
  await workspace.drop();
});

const START = parseUtc('2021-11-01T00:01:00Z');
/** Every test has a ledger of its own. */
const newAsset = () => `ASSET-${++assets}`;

type Part = Partial<DeploymentDraft> & { asset: string; changes: readonly LiveChange[] };

const add = (part: Part) =>
  inTransaction(workspace.pool, (client) =>
    appendDeployment(client, {
      at: START,
      kind: 'deploy',
      actor: 'operator',
      reason: 'a test',
      undoes: null,
      ...part,
    }),
  );

const model = (from: string | null, to: string | null, arm = 'trees+vader'): LiveChange => ({
  kind: 'model',
  arm,
  horizonMinutes: 60,
  from,
  to,
});

async function rollBack(asset: string, at = START): Promise<Deployment> {
  return inTransaction(workspace.pool, async (client) => {
    const { changes, undoes } = await planRollback(client, asset);
    const draft = { asset, at, kind: 'rollback', actor: 'operator', reason: 'worse' } as const;
    return appendDeployment(client, { ...draft, changes, undoes });
  });
}

const stateOf = async (asset: string): Promise<LiveState | undefined> =>
  (await latestDeployment(workspace.pool, asset))?.state;

describe('the deployment ledger', () => {
  it('answers what was live at a moment with the last entry up to it', async () => {
    const asset = newAsset();
    const first = await add({ asset, changes: [model(null, 'trees@1.0.0')] });
    const second = await add({ asset, at: START + 1_000, changes: [model('trees@1.0.0', 'trees@1.0.1')] });
    const third = await add({ asset, at: START + 1_000, changes: [model('trees@1.0.1', 'trees@1.0.2')] });
    const at = (moment: number) => liveAt(workspace.pool, { asset, at: moment });
    expect(await at(START - 1)).toBeNull();
    expect(await at(START)).toEqual(first);
    expect(await at(START + 999)).toEqual(first);
    expect(await at(START + 1_000)).toEqual(third);
    expect(third.state.models).toEqual([
      { arm: 'trees+vader', horizonMinutes: 60, modelVersion: 'trees@1.0.2' },
    ]);
    expect(await readDeployments(workspace.pool, { asset, limit: 2 })).toEqual([third, second]);
    expect(await readDeployments(workspace.pool, { asset, upTo: START, limit: 9 })).toEqual([first]);
    expect(await latestDeployment(workspace.pool, newAsset())).toBeNull();
  });

  it('keeps moments to the millisecond, and actor and reason as they were given', async () => {
    const asset = newAsset();
    const given = {
      asset,
      at: START + 1,
      actor: "key 'ops'",
      reason: 'größer — "better"',
      changes: [model(null, 'trees@1.0.0')],
    };
    await add(given);
    expect(await latestDeployment(workspace.pool, asset)).toMatchObject({
      ...given,
      kind: 'deploy',
      undoes: null,
    });
  });

  it('refuses a change that does not begin at what is live, and writes nothing', async () => {
    const asset = newAsset();
    await add({ asset, changes: [model(null, 'trees@1.0.0')] });
    await expect(
      add({
        asset,
        changes: [model(null, 'trees@1.0.0', 'trees+none'), model('trees@1.0.7', 'trees@1.0.8')],
      }),
    ).rejects.toMatchObject({
      code: 'REGISTRY_STATE_MOVED',
      status: 409,
      retryable: true,
      message: expect.stringContaining(
        'trees+vader at 60 minutes is trees@1.0.0 and not trees@1.0.7',
      ) as string,
    });
    expect(await readDeployments(workspace.pool, { asset, limit: 9 })).toHaveLength(1);
  });

  it('refuses an entry before its last one', async () => {
    const asset = newAsset();
    await add({ asset, changes: [model(null, 'trees@1.0.0')] });
    await expect(
      add({ asset, at: START - 1, changes: [model('trees@1.0.0', 'trees@1.0.1')] }),
    ).rejects.toMatchObject({ code: 'REGISTRY_DEPLOYMENT_TOO_EARLY', retryable: false });
  });

  it('refuses entries without changes, and undoing by anything but a rollback', async () => {
    const asset = newAsset();
    await expect(add({ asset, changes: [] })).rejects.toThrow(RangeError);
    const changes = [model(null, 'trees@1.0.0')];
    await expect(add({ asset, changes, undoes: 1 })).rejects.toThrow(RangeError);
    await expect(add({ asset, changes, kind: 'rollback' })).rejects.toThrow(RangeError);
  });

  it('is never rewritten, by whom ever', async () => {
    await add({ asset: newAsset(), changes: [model(null, 'trees@1.0.0')] });
    for (const statement of [
      `UPDATE deployments SET reason = 'better'`,
      'DELETE FROM deployments',
      'TRUNCATE deployments',
    ]) {
      await expect(workspace.pool.query(statement)).rejects.toThrow('deployments is append-only');
    }
  });

  it('lets one of many win that start from the same state', async () => {
    const asset = newAsset();
    await add({ asset, changes: [model(null, 'trees@1.0.0')] });
    const attempts = await Promise.allSettled(
      Array.from({ length: 8 }, (_, place) =>
        add({ asset, changes: [model('trees@1.0.0', `trees@1.0.${place + 1}`)] }),
      ),
    );
    const refused = attempts.filter((attempt) => attempt.status === 'rejected');
    expect(refused).toHaveLength(7);
    for (const { reason } of refused) expect(reason).toMatchObject({ code: 'REGISTRY_STATE_MOVED' });
    expect(await readDeployments(workspace.pool, { asset, limit: 9 })).toHaveLength(2);
  });

  it('knows every version that was ever live, of one asset alone', async () => {
    const asset = newAsset();
    await add({
      asset,
      changes: [
        model(null, 'trees@1.0.0'),
        { kind: 'champion', horizonMinutes: 60, from: null, to: 'trees+vader' },
      ],
    });
    await add({ asset, changes: [model('trees@1.0.0', 'trees@1.0.1')] });
    await rollBack(asset);
    expect(await everLive(workspace.pool, asset)).toEqual(new Set(['trees@1.0.0', 'trees@1.0.1']));
  });
});

describe('a rollback', () => {
  it('takes entries back one after the other, the newest first, and skips what was taken back', async () => {
    const asset = newAsset();
    const first = await add({ asset, changes: [model(null, 'trees@1.0.0')] });
    const second = await add({ asset, changes: [model('trees@1.0.0', 'trees@1.0.1')] });
    const third = await add({ asset, changes: [model('trees@1.0.1', 'trees@1.0.2')] });
    expect(await rollBack(asset)).toMatchObject({ undoes: third.id, state: second.state });
    const fourth = await add({ asset, changes: [model('trees@1.0.1', 'trees@1.1.0')] });
    expect((await rollBack(asset)).undoes).toBe(fourth.id);
    expect(await rollBack(asset)).toMatchObject({ undoes: second.id, state: first.state });
    await expect(rollBack(asset)).rejects.toMatchObject({
      code: 'REGISTRY_NOTHING_TO_ROLL_BACK',
      status: 409,
    });
    expect(await stateOf(asset)).toEqual(first.state);
  });

  it('has nothing to take back in an empty ledger', async () => {
    await expect(rollBack(newAsset())).rejects.toMatchObject({ code: 'REGISTRY_NOTHING_TO_ROLL_BACK' });
  });

  it('is refused when another entry came between plan and writing, also one of another arm', async () => {
    const asset = newAsset();
    await add({ asset, changes: [model(null, 'trees@1.0.0')] });
    await add({ asset, changes: [model('trees@1.0.0', 'trees@1.0.1')] });
    const { changes, undoes } = await planRollback(workspace.pool, asset);
    await add({ asset, changes: [model(null, 'logistic@1.0.0', 'logistic+vader')] });
    await expect(add({ asset, kind: 'rollback', changes, undoes })).rejects.toMatchObject({
      code: 'REGISTRY_STATE_MOVED',
    });
  });

  it('happens once when two ask for the same', async () => {
    const asset = newAsset();
    await add({ asset, changes: [model(null, 'trees@1.0.0')] });
    await add({ asset, changes: [model('trees@1.0.0', 'trees@1.0.1')] });
    const attempts = await Promise.allSettled([rollBack(asset), rollBack(asset)]);
    expect(attempts.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected']);
  });

  it('in any sequence with deployments leaves the state that the standing entries make', async () => {
    const arms = ['trees+vader', 'trees+none', 'logistic+vader'];
    const step = fc.oneof(
      fc.constant('back' as const),
      fc.record({
        arm: fc.constantFrom(...arms),
        patch: fc.integer({ min: 0, max: 3 }),
        isChampion: fc.boolean(),
      }),
    );
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 12 }), async (steps) => {
        const asset = newAsset();
        /** The state after each standing entry, the oldest first. */
        const standing: LiveState[] = [];
        for (const one of steps) {
          const present = await stateOf(asset);
          expect(present).toEqual(standing.at(-1));
          if (one === 'back') {
            if (standing.length < 2) await expect(rollBack(asset)).rejects.toMatchObject({ status: 409 });
            else {
              standing.pop();
              expect((await rollBack(asset)).state).toEqual(standing.at(-1));
            }
            continue;
          }
          const from = present?.models.find(({ arm }) => arm === one.arm)?.modelVersion ?? null;
          const to = `trees@1.0.${one.patch}`;
          const champion = present?.champions[0]?.arm ?? null;
          const changes: LiveChange[] = from === to ? [] : [model(from, to, one.arm)];
          if (one.isChampion && champion !== one.arm)
            changes.push({ kind: 'champion', horizonMinutes: 60, from: champion, to: one.arm });
          if (changes.length > 0) standing.push((await add({ asset, changes })).state);
        }
        const entries = await readDeployments(workspace.pool, { asset, limit: 99 });
        expect(entries[0]?.state).toEqual(standing.at(-1));
      }),
      { numRuns: 30, seed: 3 },
    );
  });
});

describe('what was learnt', () => {
  const waiting: GateDecision = {
    ...{ at: START, horizonMinutes: 60, arm: 'trees+vader', kind: 'refresh', candidate: 'trees@1.0.2' },
    ...{ incumbentArm: 'trees+vader', incumbent: 'trees@1.0.1', n: 1_344, gain: 0.001, low: 0, high: 0.002 },
    ...{ threshold: -0.002, agreement: 0.01, verdict: 'promoted', reason: 'by hand' },
  };

  it('counts as promoted what a retraining put in the place of something, not what waits or was first', async () => {
    const asset = newAsset();
    const counts = () => countLearning(workspace.pool, asset);
    await add({ asset, kind: 'retraining', changes: [model(null, 'trees@1.0.0')] });
    expect(await counts()).toEqual({ retrains: 0, promotions: 0, rollbacks: 0 });
    const champion = { kind: 'champion', horizonMinutes: 60, from: null, to: 'trees+vader' } as const;
    const changes = [model('trees@1.0.0', 'trees@1.0.1'), champion];
    await add({ asset, kind: 'retraining', changes });
    await recordDecisions(workspace.pool, { asset, decisions: [waiting] });
    await recordRun(workspace.pool, {
      ...{ asset, family: 'trees', version: '1.0.2', at: START, trigger: 'hand', status: 'done' },
      ...{ reason: null, parameters: {}, metrics: {}, dataHash: null, trials: 1 },
    });
    expect(await counts()).toEqual({ retrains: 1, promotions: 1, rollbacks: 0 });
    await add({ asset, changes: [model('trees@1.0.1', 'trees@1.0.2')] });
    await rollBack(asset);
    expect(await counts()).toEqual({ retrains: 1, promotions: 1, rollbacks: 1 });
  });
});
