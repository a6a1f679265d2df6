import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { makeEnvironment, planRealTime, prepareOperation, type TestOperation } from '../../test/operation.ts';
import { ORIGIN } from '../../test/simulated-market.ts';
import { DAY_MS, HOUR_MS, MINUTE_MS, readEvents } from '../core/index.ts';
import { readRuns } from '../registry/index.ts';
import { createTrainings } from './train-beside.ts';

/** Two days of windows; the models of the first training expire on the second. */
const NOW = ORIGIN + 25 * DAY_MS + MINUTE_MS;
const ASSET = 'BTC-USD';
let work: TestOperation | null = null;

afterEach(async () => {
  await work?.drop();
  work = null;
});

describe('a retraining beside the windows', () => {
  it('that cannot be written is told once, thrown to who asked, and left alone for an hour', async () => {
    const { operation, log, wall, registryDir, pool } = await open(823);
    operation.run!.learning.isDue = () => true;
    const trainings = createTrainings({ operation, log });
    const due = trainings.dueAfter()!;
    expect(due).toBe(operation.run!.lastWindow);
    rmSync(registryDir, { recursive: true });
    writeFileSync(registryDir, 'no folder');
    operation.run!.learning.trainIfDue = (windowEnd, history) =>
      operation.run!.learning.trainByHand('logistic', { windowEnd, history }).then((made) => ({
        ...made,
        trigger: 'schedule',
      }));
    for (let turn = 0; turn < 2; turn += 1) {
      await expect(trainings.train(due)).rejects.toMatchObject({ code: 'REGISTRY_WRITE_FAILED' });
    }
    const events = await readEvents(pool, { limit: 999 });
    expect(events.filter(({ kind }) => kind === 'retraining.failed')).toMatchObject([
      { severity: 'critical', at: wall.now, facts: { code: 'REGISTRY_WRITE_FAILED' } },
    ]);
    expect(trainings.dueAfter()).toBe(null);
    wall.now += HOUR_MS;
    expect(trainings.dueAfter()).toBe(due);
    rmSync(registryDir);
    await trainings.train(due);
    expect(await readRuns(pool, { asset: ASSET, triggers: ['hand'], limit: 9 })).toHaveLength(1);
  });

  it('is made once, however many ask at a time', async () => {
    const { operation, log } = await open(824);
    const { learning } = operation.run!;
    let asked = 0;
    learning.isDue = () => true;
    learning.trainIfDue = () => {
      asked += 1;
      return Promise.resolve(null);
    };
    const trainings = createTrainings({ operation, log });
    await Promise.all([trainings.train(1), trainings.train(1), trainings.train(2)]);
    expect(asked).toBe(1);
  });

  it('after a start with damaged models: windows go on, the event is there, the training replaces them', async () => {
    const { operation, log, registryDir, pool, wall } = await open(825);
    writeFileSync(join(registryDir, 'trees', '1.0.0', 'trees+vader-60.json'), '{}');
    await work!.catchUp();
    const { learning } = operation.run!;
    expect(
      learning.deployed.models.some((one) => one.arm === 'trees+vader' && one.horizonMinutes === 60),
    ).toBe(false);
    const events = await readEvents(pool, { limit: 999 });
    expect(events.filter(({ kind }) => kind === 'registry.version-refused')).toMatchObject([
      { severity: 'critical', facts: { modelVersion: 'trees@1.0.0', code: 'REGISTRY_ARTIFACT_CHANGED' } },
    ]);
    wall.now += HOUR_MS;
    const trainings = createTrainings({ operation, log });
    await trainings.train(trainings.dueAfter()!);
    const mended = learning.deployed.models.find(
      (one) => one.arm === 'trees+vader' && one.horizonMinutes === 60,
    );
    expect(mended?.modelVersion).toBe('trees@1.0.1');
    expect(trainings.dueAfter()).toBe(null);
  });
});

async function open(seed: number) {
  const wall = { now: NOW };
  work = await prepareOperation({
    plan: planRealTime({ now: () => wall.now, seed, predictAfter: ORIGIN + 24 * DAY_MS }),
    environment: makeEnvironment(),
  });
  await work.catchUp();
  const { operation, log } = work;
  const { pool, registryDir } = operation.storage!.workspace;
  return { operation, log, wall, pool, registryDir };
}
