import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { createCache } from './cache.ts';
import { silentLog } from './log.ts';
import { openPostgres, type Postgres } from './postgres.ts';
import { dropWorkspace, findWorkspace, listWorkspaces, openWorkspace } from './workspaces.ts';

let postgres: Postgres;
let dataDir: string;
beforeAll(async () => {
  dataDir = mkdtempSync(join(tmpdir(), 'bellwether-workspaces-'));
  postgres = await openPostgres({ databaseUrl: inject('databaseUrl'), dataDir, log: silentLog });
});
afterAll(() => rmSync(dataDir, { recursive: true, force: true }));

describe('a workspace', () => {
  it('has a schema, a folder and a cache prefix of its own', async () => {
    const workspace = await openWorkspace(postgres, { name: 'shape_a1', dataDir });
    expect(workspace.schema).toBe('ws_shape_a1');
    expect(workspace.bronzeDir).toBe(join(dataDir, 'workspaces', 'shape_a1', 'bronze'));
    expect(existsSync(workspace.bronzeDir)).toBe(true);
    expect(workspace.cachePrefix).toMatch(/^bellwether:[0-9a-f]{8}:shape_a1:$/);
    const { rows } = await workspace.pool.query(
      `SELECT current_schema AS schema, current_setting('TimeZone') AS zone, 0.1::float8 AS exact, 2::bigint AS count`,
    );
    expect(rows).toEqual([{ schema: 'ws_shape_a1', zone: 'UTC', exact: 0.1, count: 2 }]);
    await workspace.close();
    await dropWorkspace(postgres, { name: 'shape_a1', dataDir });
  });

  it('is listed, and dropped alone with its folder and its cache keys', async () => {
    const cache = await createCache({ redisUrl: '', log: silentLog });
    const gone = await openWorkspace(postgres, { name: 'gone', dataDir });
    const kept = await openWorkspace(postgres, { name: 'kept', dataDir });
    await cache.set(`${gone.cachePrefix}signal`, '1', 60);
    await cache.set(`${kept.cachePrefix}signal`, '2', 60);
    expect(await listWorkspaces(postgres)).toEqual(expect.arrayContaining(['gone', 'kept']));
    await gone.close();
    await dropWorkspace(postgres, { name: 'gone', dataDir, cache });
    expect(await listWorkspaces(postgres)).not.toContain('gone');
    expect(existsSync(join(dataDir, 'workspaces', 'gone'))).toBe(false);
    expect(existsSync(kept.bronzeDir)).toBe(true);
    expect(await cache.get(`${gone.cachePrefix}signal`)).toBeNull();
    expect(await cache.get(`${kept.cachePrefix}signal`)).toBe('2');
    await kept.close();
    await dropWorkspace(postgres, { name: 'kept', dataDir });
  });

  it('can be dropped when it is not there', async () => {
    await dropWorkspace(postgres, { name: 'never_was', dataDir });
  });

  it('is found when it is there, and not made when it is not', async () => {
    expect(await findWorkspace(postgres, { name: 'nobody_s', dataDir })).toBeNull();
    expect(await listWorkspaces(postgres)).not.toContain('nobody_s');
    expect(existsSync(join(dataDir, 'workspaces', 'nobody_s'))).toBe(false);
    const made = await openWorkspace(postgres, { name: 'somebody_s', dataDir });
    const found = await findWorkspace(postgres, { name: 'somebody_s', dataDir });
    expect(found).toMatchObject({
      name: made.name,
      schema: made.schema,
      bronzeDir: made.bronzeDir,
      cachePrefix: made.cachePrefix,
    });
    expect((await found?.pool.query('SELECT current_schema AS schema'))?.rows).toEqual([
      { schema: made.schema },
    ]);
    await found?.close();
    await made.close();
    await dropWorkspace(postgres, { name: 'somebody_s', dataDir });
    await expect(findWorkspace(postgres, { name: '../live', dataDir })).rejects.toMatchObject({
      code: 'WORKSPACE_NAME_INVALID',
    });
  });

  it('keeps to its schema when DATABASE_URL brings options of its own', async () => {
    const url = new URL(postgres.url);
    url.searchParams.set('options', '-c statement_timeout=4321');
    const workspace = await openWorkspace({ ...postgres, url: url.href }, { name: 'with_options', dataDir });
    const { rows } = await workspace.pool.query(
      `SELECT current_schema AS schema, current_setting('TimeZone') AS zone, current_setting('statement_timeout') AS limit`,
    );
    expect(rows).toEqual([{ schema: 'ws_with_options', zone: 'UTC', limit: '4321ms' }]);
    await workspace.close();
    await dropWorkspace(postgres, { name: 'with_options', dataDir });
  });

  it('is made once when two ask for it in the same moment', async () => {
    const both = await Promise.all([1, 2].map(() => openWorkspace(postgres, { name: 'twice', dataDir })));
    await Promise.all(both.map((workspace) => workspace.close()));
    await dropWorkspace(postgres, { name: 'twice', dataDir });
  });

  it.each(['', 'Live', 'a-b', '../escape', 'a"; DROP SCHEMA live', 'x'.repeat(57), '_a'])(
    'cannot be called "%s"',
    async (name) => {
      await expect(openWorkspace(postgres, { name, dataDir })).rejects.toMatchObject({
        code: 'WORKSPACE_NAME_INVALID',
      });
      await expect(dropWorkspace(postgres, { name, dataDir })).rejects.toMatchObject({
        code: 'WORKSPACE_NAME_INVALID',
      });
    },
  );

  it('says so when its folder cannot be made', async () => {
    const blocked = join(dataDir, 'blocked');
    mkdirSync(blocked);
    writeFileSync(join(blocked, 'workspaces'), 'a file where a folder should be');
    await expect(openWorkspace(postgres, { name: 'a', dataDir: blocked })).rejects.toMatchObject({
      code: 'DATA_FOLDER_UNUSABLE',
    });
  });
});
