import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { CAUGHT_UP, prepareClosedLoop } from '../../test/closed-loop.ts';
import { traceCommand, type CommandTrace } from '../../test/command-context.ts';
import { createTestDatabase } from '../../test/database.ts';
import { writeSimulatedHistory } from '../../test/simulated-history.ts';
import { ORIGIN } from '../../test/simulated-market.ts';
import {
  DAY_MS,
  findWorkspace,
  isoUtc,
  LIVE_WORKSPACE,
  MINUTE_MS,
  openPostgres,
  readEvents,
  silentLog,
  type Postgres,
  type Workspace,
} from '../core/index.ts';
import {
  createArtifactStore,
  findVersion,
  listVersions,
  readDecisions,
  readDeployments,
  readLatestAblations,
  readRuns,
} from '../registry/index.ts';
import { deployCommand } from './deploy.ts';
import { importHistory } from './import.ts';
import { retrainCommand } from './retrain.ts';

const ASSET = 'BTC-USD';
/** A day's horizon needs 500 windows whose truth is known, before what is live may be trained anew. */
const DAYS = 23;
const LAST = ORIGIN + DAYS * DAY_MS;
const root = mkdtempSync(join(tmpdir(), 'bellwether-retrain-'));
const dataDir = join(root, 'data');
let database: Awaited<ReturnType<typeof createTestDatabase>>;
let postgres: Postgres;
let live: Workspace;

const context = (changes: Record<string, string> = {}) =>
  traceCommand({
    DATABASE_URL: database.url,
    BELLWETHER_DATA_DIR: dataDir,
    LOG_LEVEL: 'silent',
    ...changes,
  });

beforeAll(async () => {
  database = await createTestDatabase();
  const history = join(root, 'history');
  await writeSimulatedHistory(history, { seed: 931, bars: DAYS * 24 });
  await importHistory({ history }, context().context);
  postgres = await openPostgres({ databaseUrl: database.url, dataDir, log: silentLog });
  live = (await findWorkspace(postgres, { name: LIVE_WORKSPACE, dataDir }))!;
});
beforeEach(async () => {
  rmSync(live.registryDir, { recursive: true, force: true });
  await live.pool.query('ALTER TABLE deployments DISABLE TRIGGER USER');
  await live.pool.query(
    'TRUNCATE deployments, model_versions, runs, gate_decisions, ablations, events RESTART IDENTITY',
  );
  await live.pool.query('ALTER TABLE deployments ENABLE TRIGGER USER');
});
afterAll(async () => {
  await live.close();
  await postgres.close();
  await database.drop();
  rmSync(root, { recursive: true, force: true });
});

describe('retrain', () => {
  it('makes a candidate of imported windows, with its figures, and changes nothing for those who ask', async () => {
    const trace = await run({ family: 'trees' });
    expect(trace.json()).toMatchObject({
      family: 'trees',
      version: '1.0.0',
      status: 'candidate',
      workspace: LIVE_WORKSPACE,
      trainedAt: isoUtc(LAST),
    });
    // Too short a past to hold eight weeks back, so there is nothing to measure it on.
    expect(trace.json()['metrics']).toMatchObject({ 'trees+vader 60 agreement': null });
    expect(trace.json()['ablations']).toMatchObject(
      [60, 1_440].map((horizonMinutes) => ({
        ...{ arm: 'trees+vader', modelVersion: 'trees@1.0.0', scorer: 'vader@1.0.0', horizonMinutes },
        ...{ n: 0, from: null, to: null },
      })),
    );
    expect(trace.text()).toContain('What news and posts are worth beside price');
    expect(trace.text()).toContain('Fewer than 500 windows had matured before the eight weeks that judge.');
    expect(trace.text()).toContain('trees@1.0.0 is a candidate in the registry of live');
    expect(trace.text()).toContain('Nothing changed for those who ask');
    expect(trace.text()).toContain('deploy --family trees --version 1.0.0');
    const recorded = await findVersion(live.pool, { family: 'trees', version: '1.0.0' });
    const { manifest } = await createArtifactStore(live.registryDir).verify('trees', '1.0.0', recorded!);
    expect(manifest.models.map(({ arm, horizonMinutes }) => `${arm} ${horizonMinutes}`).sort()).toEqual([
      ...['trees+none 1440', 'trees+none 60', 'trees+vader 1440', 'trees+vader 60'],
    ]);
    expect(manifest.trainedAt).toBe(isoUtc(LAST + MINUTE_MS));
    expect(await readDeployments(live.pool, { asset: ASSET, limit: 9 })).toEqual([]);
    expect(await readRuns(live.pool, { asset: ASSET, limit: 9 })).toMatchObject([
      { family: 'trees', version: '1.0.0', trigger: 'hand', status: 'done' },
    ]);
    expect(await readLatestAblations(live.pool, { asset: ASSET })).toHaveLength(2);
    // Nobody hears of something live that is not.
    expect(await readEvents(live.pool, { limit: 99 })).toEqual([]);
  });

  it('then deploy makes it live, and the next candidate waits beside it with what the gate says', async () => {
    await run({ family: 'trees' });
    expect(await deployCommand({ family: 'trees' }, context().context)).toBe(0);
    const [entry] = await readDeployments(live.pool, { asset: ASSET, limit: 9 });
    expect(entry).toMatchObject({ kind: 'deploy', actor: 'operator' });
    expect(entry?.state.champions.map(({ arm }) => arm)).toEqual(['trees+vader', 'trees+vader']);

    const next = await run({ family: 'trees', seed: 2 });
    expect(next.json()).toMatchObject({ version: '1.0.1', status: 'candidate' });
    const decisions = await readDecisions(live.pool, { asset: ASSET, limit: 99 });
    const refreshes = decisions.filter(({ kind }) => kind === 'refresh');
    expect(refreshes).toHaveLength(4);
    for (const decision of refreshes) {
      // Too short a past for a comparison.
      expect(decision).toMatchObject({
        candidate: 'trees@1.0.1',
        incumbent: 'trees@1.0.0',
        verdict: 'refused',
      });
      expect(decision.reason).toContain('trained by hand and waits to be deployed');
    }
    expect((await readDeployments(live.pool, { asset: ASSET, limit: 9 })).map(({ id }) => id)).toEqual([
      entry?.id,
    ]);
    expect((await listVersions(live.pool)).map(({ version }) => version)).toEqual(['1.0.1', '1.0.0']);
  });

  it('makes the same bytes from the same windows and seed', async () => {
    const hashOf = async () => {
      await run({ family: 'logistic' });
      return readFileSync(join(live.registryDir, 'logistic', '1.0.0', 'manifest.json'), 'utf8');
    };
    const first = await hashOf();
    await live.pool.query('TRUNCATE model_versions, runs, gate_decisions, ablations');
    expect(await hashOf()).toBe(first);
  });

  it('refuses a family that is none, a baseline, and a workspace without candles', async () => {
    for (const family of ['forest', 'majority']) {
      await expect(run({ family })).rejects.toMatchObject({
        code: 'USAGE_INVALID',
        message: expect.stringContaining('logistic, trees') as string,
      });
    }
    await expect(run({ family: 'trees', workspace: 'empty_one' })).rejects.toMatchObject({
      code: 'USAGE_INVALID',
      message: expect.stringContaining('holds no candles') as string,
    });
    expect(await listVersions(live.pool)).toEqual([]);
  });

  it('says why when what it should learn from has a fault, notes the run, and leaves what is live', async () => {
    await run({ family: 'trees' });
    await deployCommand({ family: 'trees' }, context().context);
    const before = await readDeployments(live.pool, { asset: ASSET, limit: 9 });
    await live.pool.query(
      `UPDATE candles SET asset = 'elsewhere' WHERE event_time > to_timestamp($1::float8 / 1000)`,
      [ORIGIN + DAY_MS],
    );
    try {
      await expect(run({ family: 'trees' })).rejects.toMatchObject({
        code: 'RETRAINING_FAILED',
        message: expect.stringMatching(/^trees was not trained: Only \d+ windows/) as string,
      });
    } finally {
      await live.pool.query(`UPDATE candles SET asset = $1 WHERE asset = 'elsewhere'`, [ASSET]);
    }
    expect(await readDeployments(live.pool, { asset: ASSET, limit: 9 })).toEqual(before);
    const [failed] = await readRuns(live.pool, { asset: ASSET, limit: 1 });
    expect(failed).toMatchObject({ status: 'skipped', trigger: 'hand', version: null });
    expect((await readEvents(live.pool, { limit: 99 })).map(({ kind }) => kind)).toEqual([
      'retraining.skipped',
    ]);
  });
});

describe('retrain in a workspace whose windows were decided', () => {
  it('learns from those windows up to the newest one, numbers on, and leaves what answers', async () => {
    const loop = await prepareClosedLoop({ seed: 932, isLived: false });
    const { work, operation } = loop;
    try {
      const { pool } = operation.storage!.workspace;
      const before = await readDeployments(pool, { asset: ASSET, limit: 99 });
      const words = { family: 'logistic', workspace: operation.workspaceName, seed: 1 };
      expect(await retrainCommand(words, work.trace.context)).toBe(0);
      expect(work.trace.json()).toMatchObject({
        version: '1.0.3',
        status: 'candidate',
        trainedAt: isoUtc(CAUGHT_UP),
        workspace: operation.workspaceName,
      });
      expect(work.trace.text()).toContain(`--version 1.0.3 --workspace ${operation.workspaceName}`);
      expect(await readDeployments(pool, { asset: ASSET, limit: 99 })).toEqual(before);
      // The run that decides its windows is not overtaken.
      const { rows } = await pool.query<{ fence: string }>('SELECT fence FROM window_runners');
      expect(rows.map(({ fence }) => Number(fence))).toEqual([operation.run!.fence]);
    } finally {
      await loop.end();
    }
  });
});

async function run(options: { family: string; workspace?: string; seed?: number }): Promise<CommandTrace> {
  const trace = context();
  expect(await retrainCommand({ seed: 1, ...options }, trace.context)).toBe(0);
  return trace;
}
