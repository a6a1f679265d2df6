import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, inject, it } from 'vitest';
import { traceCommand } from '../../test/command-context.ts';
import { makeDecidedWorkspace } from '../../test/decided-workspace.ts';
import { makeModelDraft, type DraftFacts } from '../../test/version-draft.ts';
import { decodeOnnx, type Workspace } from '../core/index.ts';
import { MODEL_FAMILIES } from '../models/index.ts';
import { createArtifactStore, recordVersion } from '../registry/index.ts';
import { exportModel } from './export-model.ts';

let dataDir: string;
let folder: string;
let workspace: Workspace & { drop(): Promise<void> };

beforeAll(async () => {
  dataDir = mkdtempSync(join(tmpdir(), 'bellwether-export-model-'));
  workspace = await makeDecidedWorkspace({ databaseUrl: inject('databaseUrl'), dataDir, kind: 'model' });
});
beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'bellwether-model-file-'));
  rmSync(workspace.registryDir, { recursive: true, force: true });
  await workspace.pool.query('TRUNCATE model_versions');
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));
afterAll(async () => {
  await workspace.drop();
  rmSync(dataDir, { recursive: true, force: true });
});

async function record(facts: DraftFacts = {}): Promise<void> {
  const draft = makeModelDraft({ family: 'trees', ...facts });
  await recordVersion(
    workspace.pool,
    await createArtifactStore(workspace.registryDir).save(draft, { durable: false }),
  );
}

async function exportWith(options: Parameters<typeof exportModel>[0]) {
  const trace = traceCommand({
    BELLWETHER_DATA_DIR: dataDir,
    DATABASE_URL: inject('databaseUrl'),
    LOG_LEVEL: 'silent',
  });
  const exit = await exportModel({ workspace: workspace.name, ...options }, trace.context);
  return { exit, text: trace.text(), json: trace.json() };
}

const CHOICE = { arm: 'trees+vader', horizon: 60 };

describe('export model', () => {
  it('writes the newest version as ONNX that knows where it is from', async () => {
    await record({ version: '1.0.9' });
    await record({ version: '1.0.10' });
    const out = join(folder, 'model.onnx');
    const { exit, json, text } = await exportWith({ out, ...CHOICE });
    expect(exit).toBe(0);
    expect(json).toMatchObject({ format: 'onnx', modelVersion: 'trees@1.0.10', horizonMinutes: 60 });
    expect(text).toContain('trees@1.0.10, trees+vader at 60 minutes');
    const { metadata, graph } = decodeOnnx(readFileSync(out));
    expect(Object.fromEntries(metadata)).toMatchObject({
      ...{ model_version: 'trees@1.0.10', arm: 'trees+vader', horizon_minutes: '60', asset: 'BTC-USD' },
      ...{ feature_set: 'features', scorer: 'vader@1.0.0', columns: '[]' },
    });
    expect(graph.nodes.map(({ op }) => op)).toEqual(['TreeEnsembleRegressor', 'Sigmoid']);
  });

  it('writes a named version as the XGBoost JSON that this program reads again', async () => {
    await record({ version: '1.0.0', arms: ['trees+none'], horizonsMinutes: [1_440] });
    await record({ version: '1.0.1' });
    const out = join(folder, 'model.JSON');
    const { json } = await exportWith({ out, version: '1.0.0' });
    expect(json).toMatchObject({ format: 'json', modelVersion: 'trees@1.0.0', arm: 'trees+none' });
    const saved = JSON.parse(readFileSync(out, 'utf8'));
    expect(saved.learner.objective.name).toBe('binary:logistic');
    expect(MODEL_FAMILIES.trees.load(saved).family).toBe('trees');
  });

  it.each([
    [{ out: 'model.pkl', ...CHOICE }, '.onnx (ONNX) nor .json (XGBoost JSON)'],
    [{ out: 'model.onnx', arm: 'logistic+vader' }, 'logistic+vader is no arm of boosted trees'],
    [{ out: 'model.onnx', arm: 'baseline-majority' }, 'baseline-majority is no arm of boosted trees'],
    [{ out: 'model.onnx', horizon: 60 }, 'more than one such model. Choose with --arm and --horizon among'],
    [{ out: 'model.onnx', arm: 'trees+finbert' }, 'trees+none at 1440 minutes'],
  ])('refuses %j as wrong usage and leaves the old file', async (options, words) => {
    await record();
    const out = join(folder, options.out);
    writeFileSync(out, 'old');
    await expect(exportWith({ ...options, out })).rejects.toMatchObject({
      code: 'USAGE_INVALID',
      message: expect.stringContaining(words) as string,
    });
    expect(readFileSync(out, 'utf8')).toBe('old');
    expect(readdirSync(folder)).toEqual([options.out]);
  });

  it('names the versions that there are when the one that is wanted is not', async () => {
    const out = join(folder, 'model.onnx');
    await expect(exportWith({ out, ...CHOICE })).rejects.toMatchObject({ code: 'REGISTRY_MODEL_NOT_FOUND' });
    await record();
    for (const version of ['7.0.0', '../../live']) {
      await expect(exportWith({ out, ...CHOICE, version })).rejects.toMatchObject({
        code: 'REGISTRY_MODEL_NOT_FOUND',
        message: expect.stringContaining('trees@1.0.0') as string,
      });
    }
    expect(existsSync(out)).toBe(false);
  });

  it('refuses a model whose file was changed', async () => {
    await record();
    writeFileSync(join(workspace.registryDir, 'trees', '1.0.0', 'trees+vader-60.json'), '{}');
    await expect(exportWith({ out: join(folder, 'model.onnx'), ...CHOICE })).rejects.toMatchObject({
      code: 'REGISTRY_ARTIFACT_CHANGED',
    });
  });
});
