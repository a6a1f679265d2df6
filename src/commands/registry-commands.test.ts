import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, inject, it } from 'vitest';
import { traceCommand } from '../../test/command-context.ts';
import { FIRST_WINDOW, makeDecidedWorkspace } from '../../test/decided-workspace.ts';
import { makeDraft, makeModelDraft, type DraftFacts } from '../../test/version-draft.ts';
import { createModels } from '../compose.ts';
import {
  acquireProcessLock,
  dropWorkspace,
  HOUR_MS,
  isoUtc,
  MINUTE_MS,
  openPostgres,
  openWorkspace,
  silentLog,
  type Workspace,
} from '../core/index.ts';
import {
  createArtifactStore,
  recordDecisions,
  recordVersion,
  type GateDecision,
  type LiveState,
} from '../registry/index.ts';
import { deployCommand, rollbackCommand } from './deploy.ts';
import { deploymentsCommand } from './deployments.ts';
import { registryList } from './registry-list.ts';
import { presentOf } from './workspace-clock.ts';
import { startLockPath } from './data-folder.ts';
import type { Check } from './doctor-report.ts';
import { doctor } from './doctor.ts';

let dataDir: string;
let workspace: Workspace & { drop(): Promise<void> };

/** Just after the decision of the newest window that `makeDecidedWorkspace` makes. */
const PRESENT = FIRST_WINDOW + 9 * HOUR_MS + MINUTE_MS + 1;
const FEATURE_SET = createModels(15).featureSet.version;

beforeAll(async () => {
  dataDir = mkdtempSync(join(tmpdir(), 'bellwether-models-'));
  workspace = await makeDecidedWorkspace({ databaseUrl: inject('databaseUrl'), dataDir, kind: 'history' });
});
beforeEach(async () => {
  rmSync(workspace.registryDir, { recursive: true, force: true });
  await workspace.pool.query(`
    ALTER TABLE deployments DISABLE TRIGGER deployments_append_only;
    TRUNCATE deployments, model_versions, gate_decisions;
    ALTER TABLE deployments ENABLE TRIGGER deployments_append_only`);
});
afterAll(async () => {
  await workspace.drop();
  rmSync(dataDir, { recursive: true, force: true });
});

const context = () =>
  traceCommand({ BELLWETHER_DATA_DIR: dataDir, DATABASE_URL: inject('databaseUrl'), LOG_LEVEL: 'silent' });

async function run<Options>(
  command: (
    options: Options & { workspace?: string },
    given: ReturnType<typeof context>['context'],
  ) => Promise<number>,
  options: Options,
) {
  const trace = context();
  const exit = await command({ workspace: workspace.name, ...options }, trace.context);
  return { exit, text: trace.text(), json: trace.json() };
}

async function record(facts: DraftFacts = {}): Promise<void> {
  const store = createArtifactStore(workspace.registryDir);
  const saved = await store.save(makeModelDraft({ family: 'trees', featureSet: FEATURE_SET, ...facts }), {
    durable: false,
  });
  await recordVersion(workspace.pool, saved);
}

const deploy = (options: { version?: string; family?: string } = {}) =>
  run(deployCommand, { family: 'trees', ...options });
const fileOf = (version: string, file: string) => join(workspace.registryDir, 'trees', version, file);

function damage(path: string): () => void {
  const whole = readFileSync(path);
  const changed = Buffer.from(whole);
  changed[10]! ^= 4;
  writeFileSync(path, changed);
  return () => {
    writeFileSync(path, whole);
  };
}

describe('deploy', () => {
  it('makes the newest version of a family live for all its arms and horizons, just after the newest window', async () => {
    await record({ version: '1.0.9' });
    await record({ version: '1.0.10' });
    const { exit, json, text } = await deploy();
    expect(exit).toBe(0);
    expect(json).toMatchObject({
      workspace: workspace.name,
      modelVersion: 'trees@1.0.10',
      isChanged: true,
      at: isoUtc(PRESENT),
    });
    const { champions, models } = json['state'] as LiveState;
    expect(champions).toEqual([
      { horizonMinutes: 60, arm: 'trees+vader' },
      { horizonMinutes: 1_440, arm: 'trees+vader' },
    ]);
    expect(models).toHaveLength(4);
    expect(text).toContain('trees+none at 1440 minutes: none -> trees@1.0.10');
  });

  it('writes nothing for a version that is live, but still checks every file of it', async () => {
    await record();
    await deploy();
    const again = await deploy({ version: '1.0.0' });
    expect(again.json).toMatchObject({ isChanged: false, deployment: null, changes: [] });
    expect(again.text).toContain('was live');
    damage(fileOf('1.0.0', 'trees+none-1440.gate.json'));
    await expect(deploy()).rejects.toMatchObject({
      code: 'REGISTRY_ARTIFACT_CHANGED',
      message: expect.stringContaining('trees+none-1440.gate.json') as string,
    });
    const { json } = await run(deploymentsCommand, { limit: 9 });
    expect(json['deployments']).toHaveLength(1);
  });

  it('refuses a version that is not there, and one of another feature set', async () => {
    await expect(deploy()).rejects.toMatchObject({ code: 'REGISTRY_MODEL_NOT_FOUND' });
    await record({ featureSet: 'another' });
    await expect(deploy({ version: '7.0.0' })).rejects.toMatchObject({
      code: 'REGISTRY_MODEL_NOT_FOUND',
      message: expect.stringContaining('trees@1.0.0') as string,
    });
    await expect(deploy()).rejects.toMatchObject({ code: 'REGISTRY_FEATURE_SET_MISMATCH' });
    await expect(deploy({ version: '../../live' })).rejects.toMatchObject({
      code: 'REGISTRY_MODEL_NOT_FOUND',
    });
  });

  it('goes to the live workspace unless another is named', async () => {
    const trace = context();
    await expect(
      deployCommand({ family: 'trees', workspace: 'nowhere' }, trace.context),
    ).rejects.toMatchObject({
      code: 'USAGE_INVALID',
    });
  });

  it('says that the start that runs takes it over', async () => {
    await record();
    const lock = await acquireProcessLock(join(dataDir, 'start.lock'), {
      port: 1,
      startedAt: 0,
      workspace: workspace.name,
    });
    try {
      expect((await deploy()).text).toContain('The start that runs takes it over');
    } finally {
      await lock.release();
    }
  });
});

describe('rollback', () => {
  it('returns to what was live before, and says how long it took', async () => {
    await record({ version: '1.0.0' });
    const before = await deploy();
    await record({ version: '1.0.1' });
    const second = await deploy();
    const { exit, json, text } = await run(rollbackCommand, {});
    expect(exit).toBe(0);
    expect(json).toMatchObject({ undoes: second.json['deployment'], state: before.json['state'] });
    expect(json['wallMs']).toBeLessThan(5_000);
    expect(text).toContain('trees+none at 60 minutes: trees@1.0.1 -> trees@1.0.0');
    expect(text).toMatch(/trees\+vader +60 +trees@1\.0\.0 +champion/);
    await expect(run(rollbackCommand, {})).rejects.toMatchObject({ code: 'REGISTRY_NOTHING_TO_ROLL_BACK' });
  });

  it('is refused where a file that it returns to has changed', async () => {
    await record({ version: '1.0.0' });
    await deploy();
    await record({ version: '1.0.1' });
    await deploy();
    const heal = damage(fileOf('1.0.0', 'manifest.json'));
    await expect(run(rollbackCommand, {})).rejects.toMatchObject({
      code: 'REGISTRY_ARTIFACT_CHANGED',
      message: expect.stringContaining('manifest.json') as string,
    });
    heal();
    await run(rollbackCommand, {});
  });
});

describe('deployments', () => {
  it('shows the ledger, the newest first, with what was taken back', async () => {
    expect((await run(deploymentsCommand, { limit: 20 })).text).toContain('Nothing has been live');
    await record({ version: '1.0.0' });
    await deploy();
    await record({ version: '1.0.1' });
    await deploy();
    await run(rollbackCommand, {});
    const { json, text } = await run(deploymentsCommand, { limit: 20 });
    const entries = json['deployments'] as { id: number; at: string; kind: string; undoes: number | null }[];
    expect(entries.map(({ kind, at }) => [kind, at])).toEqual([
      ['rollback', isoUtc(PRESENT + 2)],
      ['deploy', isoUtc(PRESENT + 1)],
      ['deploy', isoUtc(PRESENT)],
    ]);
    expect(entries[0]?.undoes).toBe(entries[1]?.id);
    expect(text).toContain(`takes back ${entries[1]?.id}`);
    expect(text).toContain(`taken back by ${entries[0]?.id}`);
    expect(text).toContain('operator');
    const short = await run(deploymentsCommand, { limit: 1 });
    expect(short.json['deployments']).toHaveLength(1);
    expect(short.text).toContain('--limit shows more');
  });

  it('answers what was live at a moment', async () => {
    await record({ version: '1.0.0' });
    await deploy();
    await record({ version: '1.0.1' });
    await deploy();
    const at = (moment: number) => run(deploymentsCommand, { at: moment, limit: 20 });
    const none = await at(PRESENT - 1);
    expect(none.json).toMatchObject({ deployment: null, state: null });
    expect(none.text).toContain('Nothing was live at');
    const first = await at(PRESENT);
    expect((first.json['state'] as LiveState).models[0]?.modelVersion).toBe('trees@1.0.0');
    expect(first.text).toMatch(/trees\+vader +1440 +trees@1\.0\.0 +champion/);
    expect(((await at(PRESENT + 1)).json['state'] as LiveState).models[0]?.modelVersion).toBe('trees@1.0.1');
  });
});

describe('registry list', () => {
  const decision: GateDecision = {
    at: PRESENT,
    horizonMinutes: 60,
    arm: 'trees+vader',
    kind: 'refresh',
    candidate: 'trees@1.0.2',
    incumbentArm: 'trees+vader',
    incumbent: 'trees@1.0.1',
    n: 1_344,
    gain: -0.004,
    low: -0.0061,
    high: -0.002,
    threshold: -0.002,
    agreement: 0.01,
    verdict: 'refused',
    reason: 'worse',
  };
  const statusesOf = (json: Record<string, unknown>) =>
    Object.fromEntries(
      (json['versions'] as { modelVersion: string; status: string }[]).map((one) => [
        one.modelVersion,
        one.status,
      ]),
    );

  it('says of each version what became of it', async () => {
    expect((await run(registryList, {})).text).toContain('No version is recorded');
    await record({ version: '1.0.0' });
    await deploy();
    await record({ version: '1.0.1' });
    await deploy();
    await record({ version: '1.0.2' });
    await recordDecisions(workspace.pool, { asset: 'BTC-USD', decisions: [decision] });
    await record({ version: '1.0.3' });
    // That an arm did not become champion is no refusal of its version.
    const champion: GateDecision = { ...decision, kind: 'champion', candidate: 'trees@1.0.3', low: NaN };
    await recordDecisions(workspace.pool, { asset: 'BTC-USD', decisions: [champion] });
    const { exit, json, text } = await run(registryList, {});
    expect(exit).toBe(0);
    expect(statusesOf(json)).toEqual({
      'trees@1.0.3': 'candidate',
      'trees@1.0.2': 'refused',
      'trees@1.0.1': 'live',
      'trees@1.0.0': 'retired',
    });
    const [, refused, live] = json['versions'] as { live: object[]; decisions: object[]; models: object[] }[];
    expect(live?.live).toContainEqual({ arm: 'trees+vader', horizonMinutes: 60, isChampion: true });
    expect(live?.live).toContainEqual({ arm: 'trees+none', horizonMinutes: 60, isChampion: false });
    expect(refused?.decisions).toEqual([{ ...decision, at: isoUtc(PRESENT) }]);
    expect(refused?.models[0]).toMatchObject({ rows: 1_000, metrics: { logLoss: 0.6912, accuracy: null } });
    expect(text).toMatch(/trees@1\.0\.2 .*refresh refused \(low -0\.0061\)/);
    expect(text).toMatch(/trees@1\.0\.1 .*live \(answers\)/);
    expect(text).toMatch(/best baseline +n +log loss/);
    expect(text).toContain('0.6912');
    expect(json['unrecorded']).toEqual([]);
  });

  it('names what is on the disk alone, with what to do', async () => {
    const store = createArtifactStore(workspace.registryDir);
    await store.save(makeDraft({ version: '3.0.0' }), { durable: false });
    mkdirSync(join(workspace.registryDir, 'trees', '.3.1.0.draft-4194311-1'));
    writeFileSync(join(workspace.registryDir, 'notes.txt'), 'mine');
    const { json, text } = await run(registryList, {});
    expect(json['unrecorded']).toEqual(
      [
        ['notes.txt', 'stranger'],
        ['trees/3.0.0', 'version'],
        ['trees/.3.1.0.draft-4194311-1', 'draft'],
      ].map(([path, kind]) => ({
        path: join(workspace.registryDir, path!),
        kind,
        status: 'unrecorded',
        remedy: expect.any(String) as string,
      })),
    );
    expect(text).toContain('the next one that takes its number replaces it');
    expect(text).toContain('half-written');
    expect(text).toContain('move it away');
  });

  it('names what is in the database alone, and what is not what was recorded', async () => {
    await record({ version: '1.0.0' });
    await deploy();
    await record({ version: '1.0.1' });
    rmSync(join(workspace.registryDir, 'trees', '1.0.0'), { recursive: true });
    damage(fileOf('1.0.1', 'trees+vader-60.json'));
    const { json, text } = await run(registryList, {});
    expect(statusesOf(json)).toEqual({ 'trees@1.0.0': 'missing', 'trees@1.0.1': 'damaged' });
    const [damaged, missing] = json['versions'] as { live: object[]; problem: string }[];
    expect(missing?.live).toHaveLength(4);
    expect(damaged?.problem).toContain('trees+vader-60.json');
    expect(text).toContain('Versions that cannot be loaded');
  });
});

describe('doctor', () => {
  const modelsCheck = async () => {
    const checks = (await run(doctor, { workspace: workspace.name })).json['checks'] as Check[];
    return checks.find(({ name }) => name === 'models');
  };

  it('fails on a live model that was changed, and only warns of a candidate', async () => {
    await record({ version: '1.0.0' });
    await deploy();
    expect(await modelsCheck()).toMatchObject({ status: 'ok' });
    await record({ version: '1.0.1' });
    damage(fileOf('1.0.1', 'trees+vader-60.json'));
    expect(await modelsCheck()).toMatchObject({ status: 'warn' });
    damage(fileOf('1.0.0', 'trees+vader-60.json'));
    const check = await modelsCheck();
    expect(check).toMatchObject({ status: 'fail' });
    expect(check?.detail).toContain('trees+vader-60.json');
    expect(check?.remedy).toContain('deploy --family');
  });
});

describe('the present of a workspace', () => {
  const at = (name: string) =>
    presentOf({ name, pool: workspace.pool }, { asset: 'BTC-USD', graceSeconds: 60, dataDir });

  it('is just after the decision of its newest window', async () => {
    expect([await at(workspace.name), await at('live')]).toEqual([PRESENT, PRESENT]);
  });

  it('is the real one while a start decides its windows as they close', async () => {
    const lock = await acquireProcessLock(startLockPath(dataDir), {
      port: null,
      startedAt: 0,
      workspace: 'live',
    });
    try {
      expect(Math.abs((await at('live')) - Date.now())).toBeLessThan(60_000);
      expect(await at('another')).toBe(PRESENT);
      await workspace.pool.query(`INSERT INTO facts (key, value) VALUES ('simulator-played-from', '1')`);
      expect(await at('live')).toBe(PRESENT);
    } finally {
      await lock.release();
    }
  });
});

it('a workspace without tables has no versions and no ledger, and gets them with its first order', async () => {
  const postgres = await openPostgres({ databaseUrl: inject('databaseUrl'), dataDir, log: silentLog });
  const name = `history_bare_${process.pid}`;
  const bare = await openWorkspace(postgres, { name, dataDir });
  try {
    expect((await run(registryList, { workspace: name })).json['versions']).toEqual([]);
    expect((await run(deploymentsCommand, { workspace: name, limit: 9 })).json['deployments']).toEqual([]);
    expect(
      (await run(deploymentsCommand, { workspace: name, limit: 9, at: 0 })).json['deployment'],
    ).toBeNull();
    await expect(run(rollbackCommand, { workspace: name })).rejects.toMatchObject({
      code: 'REGISTRY_NOTHING_TO_ROLL_BACK',
    });
  } finally {
    await bare.close();
    await dropWorkspace(postgres, { name, dataDir });
    await postgres.close();
  }
});
