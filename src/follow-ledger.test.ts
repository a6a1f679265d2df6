import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { CAUGHT_UP, prepareClosedLoop, type ClosedLoop } from '../test/closed-loop.ts';
import { ASSET } from '../test/simulated-market.ts';
import { MINUTE_MS, readEvents } from './core/index.ts';
import { createRouter } from './follow-ledger.ts';
import { deployVersion, type OrderPlace } from './live-orders.ts';
import type { Operation } from './operation.ts';
import { latestDeployment, readDeployments } from './registry/index.ts';

let loop: ClosedLoop;
let operation: Operation;

beforeAll(async () => {
  loop = await prepareClosedLoop({ seed: 961, isLived: false });
  ({ operation } = loop);
});
afterAll(() => loop.end());

describe('createRouter', () => {
  it('begins with what the run has in memory, as the newest entry of the ledger', async () => {
    const latest = await latestDeployment(pool(), ASSET);
    const router = await createRouter(operation);
    expect(router.current()).toEqual({ ...operation.run!.learning.deployed, revision: latest?.id });
    expect((await router.follow()).revision).toBe(latest?.id);
    expect(router.status().lastSwapAt).toBe(null);
  });

  it('takes over what somebody else made live while windows were caught up, after a look at the last windows', async () => {
    const run = operation.run!;
    const { deployment } = await deployVersion(place(), { family: 'trees', version: '1.0.0' });
    const router = await createRouter(operation);
    // What it has in memory is not what that entry says.
    expect(router.current().revision).not.toBe(deployment.id);
    await router.follow();
    expect(router.current().revision).toBe(deployment.id);
    expect(versions(router.current().models)).toEqual(new Set(['logistic@1.0.2', 'trees@1.0.0']));
    const { shifts, lastSwapAt } = router.status();
    expect(lastSwapAt).toBe(CAUGHT_UP + MINUTE_MS);
    expect(shifts).toHaveLength(8);
    for (const { arm, from, to, meanShift } of shifts) {
      expect([from, to]).toEqual(
        arm.startsWith('trees') ? ['trees@1.0.2', 'trees@1.0.0'] : ['logistic@1.0.2', 'logistic@1.0.2'],
      );
      if (from === to) expect(meanShift).toBe(0);
      else expect(meanShift).toBeGreaterThan(0);
    }
    // The next window is decided by the same.
    expect(run.learning.deployed).toBe(router.current());
  });

  it('without a run has no windows to try models on, and follows all the same', async () => {
    const { deployment } = await deployVersion(place(), { family: 'logistic', version: '1.0.1' });
    const router = await createRouter({ ...operation, run: null });
    await router.follow();
    expect(router.current().revision).toBe(deployment.id);
    expect(versions(router.current().models)).toContain('logistic@1.0.1');
    expect(router.status().shifts.every(({ meanShift }) => Number.isNaN(meanShift))).toBe(true);
  });

  it('takes models back that fail soon after they were deployed, once, and says so in the outbox', async () => {
    const router = await createRouter(operation);
    await router.follow();
    const { deployment } = await deployVersion(place(), { family: 'trees', version: '1.0.1' });
    await router.follow();
    const failing = router.current();
    expect(failing.revision).toBe(deployment.id);
    for (let turn = 0; turn < 5; turn += 1) router.failed(failing, new Error('they answer nothing'));
    await router.follow();
    const [back] = await readDeployments(pool(), { asset: ASSET, limit: 1 });
    expect(back).toMatchObject({ kind: 'rollback', actor: 'system', undoes: deployment.id });
    expect(back?.reason).toContain('they answer nothing');
    expect(router.current().revision).toBe(back?.id);
    const events = await readEvents(pool(), { limit: 1_000 });
    expect(events.filter(({ kind }) => kind === 'serving.deployment-refused')).toMatchObject([
      {
        severity: 'critical',
        asset: ASSET,
        facts: { deployment: deployment.id, code: 'SERVING_MODELS_FAILING' },
      },
    ]);
  });

  it('takes a bad entry back with what was built upon it, and nothing else', async () => {
    const router = await createRouter(operation);
    const good = await router.follow();
    const { deployment: bad } = await deployVersion(place(), { family: 'trees', version: '1.0.2' });
    const { deployment: upon } = await deployVersion(place(), { family: 'logistic', version: '1.0.0' });
    const file = join(operation.storage!.workspace.registryDir, 'trees', '1.0.2', 'trees+vader-60.json');
    const whole = readFileSync(file);
    writeFileSync(file, 'x');
    const before = router.current();
    await router.follow();
    writeFileSync(file, whole);
    const entries = await readDeployments(pool(), { asset: ASSET, limit: 99 });
    const undone = entries.filter(({ id }) => id > upon.id).map(({ undoes }) => undoes);
    expect(undone).toEqual([bad.id, upon.id]);
    expect(before.revision).toBe(good.revision);
    expect(versions(router.current().models)).toEqual(versions(before.models));
    expect(router.current().revision).toBe(entries[0]?.id);
  });

  it('does not try an entry that something newer has replaced', async () => {
    const router = await createRouter(operation);
    await router.follow();
    const registry = join(operation.storage!.workspace.registryDir, 'trees', '1.0.2');
    const file = join(registry, 'trees+vader-60.json');
    const { deployment: bad } = await deployVersion(place(), { family: 'trees', version: '1.0.2' });
    const whole = readFileSync(file);
    writeFileSync(file, 'x');
    const { deployment: good } = await deployVersion(place(), { family: 'trees', version: '1.0.1' });
    await router.follow();
    writeFileSync(file, whole);
    expect(router.current().revision).toBe(good.id);
    expect((await latestDeployment(pool(), ASSET))?.id).toBe(good.id);
    expect(router.refusalOf(bad.id)).toBeNull();
  });

  it('cannot be made before there is a database', async () => {
    await expect(createRouter({ ...operation, storage: null })).rejects.toMatchObject({
      code: 'DATABASE_AWAY',
    });
  });
});

function place(): OrderPlace {
  const { models, settings, clock } = operation;
  return {
    workspace: operation.storage!.workspace,
    featureSets: models.featureSets,
    asset: ASSET,
    firstChampion: settings.firstChampion,
    now: clock.now() + 1,
    actor: 'somebody',
  };
}

function versions(models: readonly { modelVersion: string }[]): Set<string> {
  return new Set(models.map(({ modelVersion }) => modelVersion));
}

function pool() {
  return operation.storage!.workspace.pool;
}
