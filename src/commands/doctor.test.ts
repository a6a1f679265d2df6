import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer as createHttpServer } from 'node:http';
import { createServer, type AddressInfo, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, inject, it } from 'vitest';
import { traceCommand } from '../../test/command-context.ts';
import { FIRST_WINDOW, makeDecidedWorkspace } from '../../test/decided-workspace.ts';
import {
  acquireProcessLock,
  dropWorkspace,
  HOUR_MS,
  isoUtc,
  openPostgres,
  openWorkspace,
  silentLog,
} from '../core/index.ts';
import type { Check } from './doctor-report.ts';
import { doctor } from './doctor.ts';

let dataDir: string;
let workspace: Awaited<ReturnType<typeof makeDecidedWorkspace>>;
let environment: Record<string, string>;
const servers: Server[] = [];

beforeAll(async () => {
  dataDir = mkdtempSync(join(tmpdir(), 'bellwether-doctor-'));
  environment = {
    BELLWETHER_DATA_DIR: dataDir,
    DATABASE_URL: inject('databaseUrl'),
    PORT: '0',
    LOG_LEVEL: 'silent',
    BELLWETHER_DASHBOARD: 'off',
  };
  workspace = await makeDecidedWorkspace({ databaseUrl: inject('databaseUrl'), dataDir, kind: 'history' });
});
afterEach(() => {
  for (const server of servers.splice(0)) server.close();
});
afterAll(async () => {
  await workspace.drop();
  rmSync(dataDir, { recursive: true, force: true });
});

async function examine(changes: Record<string, string> = {}, options: { workspace?: string } = {}) {
  const trace = traceCommand({ ...environment, ...changes });
  const exit = await doctor({ workspace: workspace.name, ...options }, trace.context);
  const checks = trace.json()['checks'] as Check[];
  return {
    exit,
    text: trace.text(),
    checks,
    about: (name: string) => checks.find((one) => one.name === name),
  };
}

async function listening(server: Server): Promise<number> {
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return (server.address() as AddressInfo).port;
}

describe('doctor', () => {
  it('finds nothing wrong with sound data and says what it looked at', async () => {
    const { about, text } = await examine();
    for (const name of ['data folder', 'database', 'tables', 'windows', 'predictions', 'raw records'])
      expect(about(name)?.status).toBe('ok');
    expect(about('windows')?.detail).toContain('10 without a hole');
    expect(about('raw records')).toMatchObject({ detail: 'none yet', workspace: workspace.name });
    expect(text).toMatch(/✔ windows +10 without a hole/);
  });

  it('makes nothing where nothing is', async () => {
    const nowhere = join(dataDir, 'nowhere');
    const changes = { BELLWETHER_DATA_DIR: nowhere, DATABASE_URL: '' };
    const { about } = await examine(changes, { workspace: undefined });
    expect(about('database')?.detail).toContain('not made yet');
    expect(about('data folder')?.detail).toContain('can be made');
    expect(existsSync(nowhere)).toBe(false);
  });

  it('fails when the ledger has a hole, and names it', async () => {
    const hole = isoUtc(FIRST_WINDOW + HOUR_MS);
    const kept = await workspace.pool.query('DELETE FROM window_ledger WHERE window_end = $1 RETURNING *', [
      hole,
    ]);
    const { exit, about, text } = await examine();
    expect(exit).toBe(1);
    expect(about('windows')).toMatchObject({
      status: 'fail',
      detail: `1 missing between the first and the last: ${hole}`,
    });
    expect(text).toContain('✖ windows');
    const row = kept.rows[0] as Record<string, unknown>;
    await workspace.pool.query('INSERT INTO window_ledger VALUES ($1, $2, $3, $4, $5, $6)', [
      row['job'],
      row['asset'],
      row['window_end'],
      row['fence'],
      row['state'],
      row['committed_at'],
    ]);
    expect((await examine()).about('windows')?.status).toBe('ok');
  });

  it('fails when a window after the first predicted one has no prediction', async () => {
    const bare = isoUtc(FIRST_WINDOW + 9 * HOUR_MS);
    await workspace.pool.query('DELETE FROM predictions WHERE window_end = $1', [bare]);
    const { exit, about } = await examine();
    expect(exit).toBe(1);
    expect(about('predictions')).toMatchObject({ status: 'fail', detail: `1 windows have none: ${bare}` });
  });

  it('fails when a raw file is in no entry of the manifest', async () => {
    const stray = join(workspace.bronzeDir, 'stray.parquet');
    writeFileSync(stray, 'not ours');
    const { exit, about } = await examine();
    rmSync(stray);
    expect(exit).toBe(1);
    expect(about('raw records')).toMatchObject({ status: 'fail', detail: 'stray.parquet is in no entry' });
  });

  it('announces changes of tables that the next start will make', async () => {
    const postgres = await openPostgres({ databaseUrl: inject('databaseUrl'), dataDir, log: silentLog });
    const name = `bare_doctor_${process.pid}`;
    const bare = await openWorkspace(postgres, { name, dataDir });
    try {
      const { about } = await examine({}, { workspace: name });
      expect(about('tables')).toMatchObject({
        status: 'warn',
        detail: expect.stringContaining('core 0000_core') as string,
      });
      expect(about('windows')).toBeUndefined();
    } finally {
      await bare.close();
      await dropWorkspace(postgres, { name, dataDir });
    }
  });

  it('says why the database does not answer and goes on with the rest', async () => {
    const changes = { DATABASE_URL: 'postgres://nobody@127.0.0.1:1/none' };
    const { exit, about } = await examine(changes);
    expect(exit).toBe(1);
    expect(about('database')).toMatchObject({ status: 'fail', detail: 'POSTGRES_UNREACHABLE' });
    expect(about('disk')).toBeDefined();
  });

  it('fails when another program holds the port', async () => {
    const port = await listening(createServer());
    const { exit, about } = await examine({ PORT: String(port) });
    expect(exit).toBe(1);
    expect(about('port')).toMatchObject({
      status: 'fail',
      remedy: expect.stringContaining('--port') as string,
    });
  });

  it('finds a port that is free', async () => {
    const free = createServer();
    const port = await listening(free);
    await new Promise((resolve) => free.close(resolve));
    expect((await examine({ PORT: String(port) })).about('port')?.status).toBe('ok');
  });

  it('notices a Redis that is away without failing', async () => {
    const { about } = await examine({ REDIS_URL: 'redis://127.0.0.1:1' });
    expect(about('cache')?.status).toBe('warn');
  });

  describe('beside a start that runs', () => {
    async function beside(health: object | null) {
      const server = createHttpServer((_, response) => {
        if (health === null) response.destroy();
        else response.end(JSON.stringify(health));
      });
      const port = await listening(server);
      const lock = await acquireProcessLock(join(dataDir, 'start.lock'), {
        port,
        startedAt: 0,
        url: `http://127.0.0.1:${port}`,
      });
      try {
        return await examine();
      } finally {
        await lock.release();
      }
    }

    it('passes on what it says about itself', async () => {
      const { about } = await beside({
        status: 'ok',
        checks: [{ name: 'windows', status: 'ok', detail: 'fine' }],
        dashboard: { state: 'ready', detail: 'The page is built.' },
      });
      expect(about('start')).toMatchObject({ status: 'ok' });
      expect(about('port')?.detail).toContain('our own start');
      expect(about('page')?.detail).toBe('The page is built.');
    });

    it('passes on its troubles', async () => {
      const { about } = await beside({
        status: 'degraded',
        checks: [{ name: 'windows', status: 'degraded', detail: 'late', remedy: 'wait' }],
        dashboard: { state: 'failed', detail: 'no page' },
      });
      expect(about('start')).toMatchObject({ status: 'warn', detail: 'windows: late', remedy: 'wait' });
      expect(about('page')).toMatchObject({ status: 'warn', detail: 'no page' });
    });

    it('fails when it does not answer', async () => {
      const { exit, about } = await beside(null);
      expect(exit).toBe(1);
      expect(about('start')?.status).toBe('fail');
    });
  });
});
