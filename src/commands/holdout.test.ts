import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { traceCommand } from '../../test/command-context.ts';
import { makeDecidedWorkspace } from '../../test/decided-workspace.ts';
import { writeSimulatedHistory } from '../../test/simulated-history.ts';
import { ORIGIN } from '../../test/simulated-market.ts';
import { makeModelDraft } from '../../test/version-draft.ts';
import { createModels } from '../compose.ts';
import { DAY_MS, isoUtc, type Workspace } from '../core/index.ts';
import { createArtifactStore, recordVersion } from '../registry/index.ts';
import { listHoldoutCommand, openHoldoutCommand } from './holdout.ts';

const FROM = ORIGIN + 5 * DAY_MS;
const TO = ORIGIN + 17 * DAY_MS;
const RANGE = `${isoUtc(FROM)}/${isoUtc(TO)}`;
const root = mkdtempSync(join(tmpdir(), 'bellwether-holdout-'));
const dataDir = join(root, 'data');
const history = join(root, 'history');
let workspace: Workspace & { drop(): Promise<void> };

const context = (holdout = RANGE) =>
  traceCommand({
    BELLWETHER_DATA_DIR: dataDir,
    DATABASE_URL: inject('databaseUrl'),
    LOG_LEVEL: 'silent',
    BELLWETHER_SCORERS: 'vader',
    BELLWETHER_HOLDOUT: holdout,
  });

beforeAll(async () => {
  workspace = await makeDecidedWorkspace({ databaseUrl: inject('databaseUrl'), dataDir, kind: 'history' });
  await writeSimulatedHistory(history, { seed: 7, bars: 20 * 24 });
  for (const [version, weight] of [
    ['1.0.0', 0.6],
    ['1.0.1', 0.4],
  ] as const) {
    const facts = { version, weight, featureSet: createModels(60).featureSet.version };
    const draft = makeModelDraft({ ...facts, arms: ['logistic+vader'], horizonsMinutes: [60] });
    const saved = await createArtifactStore(workspace.registryDir).save(draft, { durable: false });
    await recordVersion(workspace.pool, saved);
  }
});
afterAll(async () => {
  await workspace.drop();
  rmSync(root, { recursive: true, force: true });
});

async function open(version: string, holdout?: string) {
  const trace = context(holdout);
  const exit = await openHoldoutCommand(
    { version, history, workspace: workspace.name, seed: 1 },
    trace.context,
  );
  return { exit, text: trace.text(), json: trace.json() };
}

describe('holdout open', () => {
  it('shows the range to a version once, and refuses it from then on with date and result', async () => {
    const { exit, text, json } = await open('logistic@1.0.0');
    expect(exit).toBe(0);
    const [result] = json['results'] as { n: number; accuracy: number }[];
    expect(json).toMatchObject({
      modelVersion: 'logistic@1.0.0',
      holdout: RANGE,
      learntAfterTheRange: false,
    });
    expect(result?.n).toBe(12 * 24);
    expect(text).toMatch(/^logistic@1\.0\.0 on .*, which was kept back; opened .*, once\n/);
    const accuracy = (100 * (result?.accuracy ?? NaN)).toFixed(2);
    const second = open('logistic@1.0.0');
    await expect(second).rejects.toMatchObject({ code: 'HOLDOUT_OPENED' });
    await expect(second).rejects.toThrow(`${accuracy} % over 288 windows`);

    const other = await open('logistic@1.0.1');
    const [opposite] = other.json['results'] as { accuracy: number }[];
    expect((result?.accuracy ?? NaN) + (opposite?.accuracy ?? NaN)).toBeCloseTo(1, 12);

    const listed = context();
    expect(await listHoldoutCommand({}, listed.context)).toBe(0);
    expect((listed.json()['openings'] as unknown[]).length).toBe(2);
    expect(listed.text()).toContain('logistic@1.0.1 of workspace');
  });

  it('refuses a version that there is none of, and a name that is none', async () => {
    await expect(open('logistic@7.0.0')).rejects.toMatchObject({ code: 'REGISTRY_MODEL_NOT_FOUND' });
    await expect(open('logistic')).rejects.toMatchObject({ code: 'USAGE_INVALID' });
  });

  it('refuses where nothing is held out, and where nothing is known of it', async () => {
    await expect(open('logistic@1.0.0', '')).rejects.toThrow(/Nothing is held out: set BELLWETHER_HOLDOUT/);
    const later = open('logistic@1.0.0', '2023-01-01/2023-02-01');
    await expect(later).rejects.toThrow(/No window of .* has a truth here, so nothing was opened/);
  });

  it('refuses a version that has learnt from the range', async () => {
    const learnt = open('logistic@1.0.0', '2021-10-01/2021-12-01');
    await expect(learnt).rejects.toMatchObject({ code: 'HOLDOUT_LEARNT' });
  });
});
