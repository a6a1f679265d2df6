import { chmodSync, existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { traceCommand } from '../../test/command-context.ts';
import { makeDecidedWorkspace } from '../../test/decided-workspace.ts';
import { acquireProcessLock, dropWorkspace, openPostgres, openWorkspace, silentLog } from '../core/index.ts';
import { writeFact } from '../core/index.ts';
import { status } from './status.ts';

let dataDir: string;
let workspace: Awaited<ReturnType<typeof makeDecidedWorkspace>>;
let environment: Record<string, string>;

beforeAll(async () => {
  dataDir = mkdtempSync(join(tmpdir(), 'bellwether-status-'));
  environment = { BELLWETHER_DATA_DIR: dataDir, DATABASE_URL: inject('databaseUrl'), LOG_LEVEL: 'silent' };
  workspace = await makeDecidedWorkspace({ databaseUrl: inject('databaseUrl'), dataDir, kind: 'replay' });
});
afterAll(async () => {
  await workspace.drop();
  rmSync(dataDir, { recursive: true, force: true });
});

async function statusOf(options: { workspace?: string } = {}, changes: Record<string, string> = {}) {
  const trace = traceCommand({ ...environment, ...changes });
  return { exit: await status(options, trace.context), ...trace };
}

describe('status', () => {
  it('says that nothing is there and how to begin, and makes nothing', async () => {
    const nowhere = join(dataDir, 'nowhere');
    const { exit, text, json } = await statusOf({}, { BELLWETHER_DATA_DIR: nowhere, DATABASE_URL: '' });
    expect(exit).toBe(0);
    expect(json()).toEqual({
      dataDir: nowhere,
      running: null,
      database: { kind: 'built-in', state: 'absent', detail: null },
      workspace: null,
      workspaces: [],
    });
    expect(text()).toContain('npm start');
    expect(existsSync(nowhere)).toBe(false);
  });

  it('says that a data folder cannot be read, instead of that nothing is there', async () => {
    const file = join(dataDir, 'a-file');
    writeFileSync(file, '');
    for (const place of [file, join(file, 'inside')]) {
      await expect(statusOf({}, { BELLWETHER_DATA_DIR: place, DATABASE_URL: '' })).rejects.toMatchObject({
        code: 'DATA_FOLDER_UNUSABLE',
        message: expect.stringContaining(`${place} cannot be used: it cannot be read (ENOTDIR`) as string,
      });
    }
    await expect(statusOf({}, { BELLWETHER_DATA_DIR: file })).rejects.toMatchObject({
      code: 'DATA_FOLDER_UNUSABLE',
    });
  });

  it.skipIf(process.getuid?.() !== 0)(
    'says so of a folder of another user, and of its database',
    async () => {
      const home = mkdtempSync(join(tmpdir(), 'bellwether-foreign-'));
      mkdirSync(join(home, 'postgres'), { mode: 0o700 });
      try {
        for (const mode of [0o700, 0o744, 0o755]) {
          chmodSync(home, mode);
          process.seteuid?.(65_534);
          const looking = statusOf({}, { BELLWETHER_DATA_DIR: home, DATABASE_URL: '' });
          process.seteuid?.(0);
          await expect(looking).rejects.toMatchObject({
            code: 'DATA_FOLDER_UNUSABLE',
            message: expect.stringContaining('EACCES') as string,
          });
        }
      } finally {
        rmSync(home, { recursive: true });
      }
    },
  );

  it('counts windows, predictions, what matured and what is pending', async () => {
    writeFileSync(join(workspace.bronzeDir, 'x.parquet'), 'x'.repeat(2_500));
    await workspace.pool.query(
      `INSERT INTO quarantine (id, source, kind, asset, reason, message, record, at)
       VALUES ('1', 's', 'candle', 'BTC-USD', 'price_zero', 'm', '{}', now())`,
    );
    const { exit, text, json } = await statusOf({ workspace: workspace.name });
    expect(exit).toBe(0);
    expect(json()).toMatchObject({
      workspace: workspace.name,
      database: { kind: 'url', state: 'ready' },
      workspaces: [
        {
          name: workspace.name,
          isReady: true,
          assets: ['BTC-USD'],
          windows: 10,
          firstWindow: '2021-11-05T01:00:00Z',
          lastWindow: '2021-11-05T10:00:00Z',
          predictions: 8,
          matured: 6,
          voids: 1,
          pending: 2,
          rows: { candles: 0, articles: 0, posts: 0, indices: 0 },
          quarantine: { price_zero: 1 },
          bronzeBytes: 2_500,
          replayFinished: false,
        },
      ],
    });
    const [figures] = json()['workspaces'] as { postgresBytes: number }[];
    expect(figures?.postgresBytes).toBeGreaterThan(50_000);
    expect(text()).toContain('8: 6 matured (1 void), 2 pending');
    expect(text()).toContain('not finished; the same command resumes it');
  });

  it('knows a finished replay', async () => {
    await writeFact(workspace.pool, 'replay-result', { windows: 10 });
    const { json, text } = await statusOf({ workspace: workspace.name });
    expect(json()).toMatchObject({ workspaces: [{ replayFinished: true }] });
    expect(text()).toMatch(/replay +finished/);
  });

  it('shows every workspace of the database when none is named', async () => {
    const { json, text, said } = await statusOf();
    const names = (json()['workspaces'] as { name: string }[]).map(({ name }) => name);
    expect(names).toContain(workspace.name);
    expect(text()).toContain(workspace.name);
    if (names.length > 1) expect(said.join()).toContain('looking at workspaces');
  });

  it('refuses a workspace that is not there with the names of those that are', async () => {
    await expect(statusOf({ workspace: 'nobody_s' })).rejects.toMatchObject({
      code: 'USAGE_INVALID',
      message: expect.stringContaining(workspace.name) as string,
    });
  });

  it('tells of the start that runs and takes its workspace', async () => {
    const lock = await acquireProcessLock(join(dataDir, 'start.lock'), {
      port: 8123,
      startedAt: Date.now(),
      mode: 'history',
      workspace: workspace.name,
    });
    try {
      const { json, text } = await statusOf();
      expect(json()['workspace']).toBe(workspace.name);
      expect(json()['running']).toMatchObject({
        pid: process.pid,
        port: 8123,
        url: 'http://localhost:8123',
        mode: 'history',
      });
      expect(text()).toContain(`Workspace ${workspace.name} (running)`);
      const early = await statusOf({}, { DATABASE_URL: '' });
      expect(early.text()).toContain('still preparing');
    } finally {
      await lock.release();
    }
    expect((await statusOf({ workspace: workspace.name })).json()['running']).toBeNull();
  });

  it('ends with 1 when the database does not answer', async () => {
    const { exit, json, text } = await statusOf({}, { DATABASE_URL: 'postgres://nobody@127.0.0.1:1/none' });
    expect(exit).toBe(1);
    expect(json()['database']).toMatchObject({ kind: 'url', state: 'unreachable' });
    expect(text()).toContain('127.0.0.1:1/none does not answer');
  });

  it('shows a workspace whose tables are not made yet as empty', async () => {
    const postgres = await openPostgres({ databaseUrl: inject('databaseUrl'), dataDir, log: silentLog });
    const name = `bare_${process.pid}`;
    const bare = await openWorkspace(postgres, { name, dataDir });
    try {
      const { exit, json, text } = await statusOf({ workspace: name });
      expect(exit).toBe(0);
      expect(json()).toMatchObject({ workspaces: [{ isReady: false, windows: 0, replayFinished: null }] });
      expect(text()).toContain('its tables are not made yet');
    } finally {
      await bare.close();
      await dropWorkspace(postgres, { name, dataDir });
    }
  });
});
