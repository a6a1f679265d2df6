import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createTestWorkspace, type TestWorkspace } from '../../test/database.ts';
import { findMigrationDrift, migrateWorkspace, type ModuleMigrations } from './migrate.ts';
import { bringUpToDate, makeTablesOf, modulesAhead, readMigrationLevel } from './migration-level.ts';
import { inTransaction } from './queryable.ts';

const FIRST = 1_000;
const SECOND = 2_000;

let folder: string;
let workspace: TestWorkspace;
/** A module with two migrations, and as it was before the second. */
let today: ModuleMigrations;
let yesterday: ModuleMigrations;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'bellwether-level-'));
  const steps = [
    { when: FIRST, tag: '0000_first', sql: 'CREATE TABLE apples (kind text PRIMARY KEY);' },
    {
      when: SECOND,
      tag: '0001_second',
      sql: `ALTER TABLE apples ADD COLUMN colour text DEFAULT 'red';\n--> statement-breakpoint\nCREATE TABLE pears (kind text);`,
    },
  ];
  today = writeMigrations('today', steps);
  yesterday = writeMigrations('yesterday', steps.slice(0, 1));
  workspace = await createTestWorkspace();
});
afterAll(async () => {
  await workspace.drop();
  rmSync(folder, { recursive: true, force: true });
});

function writeMigrations(
  name: string,
  steps: readonly { when: number; tag: string; sql: string }[],
): ModuleMigrations {
  const place = join(folder, name);
  mkdirSync(join(place, 'meta'), { recursive: true });
  const entries = steps.map(({ when, tag }, idx) => ({ idx, version: '7', when, tag, breakpoints: true }));
  writeFileSync(join(place, 'meta', '_journal.json'), JSON.stringify({ entries }));
  for (const { tag, sql } of steps) writeFileSync(join(place, `${tag}.sql`), sql);
  return { module: 'orchard', folder: place };
}

/** In a schema of its own, which goes again. */
async function inBlankSchema<Result>(
  work: (client: Parameters<Parameters<typeof inTransaction>[1]>[0]) => Promise<Result>,
): Promise<Result> {
  let result: Result;
  const rolledBack = new RangeError('rolled back on purpose');
  await inTransaction(workspace.pool, async (client) => {
    await client.query('CREATE SCHEMA level_trial');
    await client.query('SET LOCAL search_path = level_trial');
    result = await work(client);
    throw rolledBack;
  }).catch((error: unknown) => {
    if (error !== rolledBack) throw error;
  });
  return result!;
}

describe('the level of a schema', () => {
  it('is what its books say, module by module', async () => {
    await migrateWorkspace(workspace, [yesterday]);
    expect(await readMigrationLevel(workspace.pool)).toMatchObject({ orchard: [FIRST] });
    await migrateWorkspace(workspace, [today]);
    expect(await readMigrationLevel(workspace.pool)).toMatchObject({ orchard: [FIRST, SECOND] });
    expect(Object.keys(await readMigrationLevel(workspace.pool))).toEqual(['core', 'orchard']);
  });

  it('is ahead where it holds a migration or a module that the code does not know', () => {
    expect(modulesAhead({ orchard: [FIRST] }, [today])).toEqual([]);
    expect(modulesAhead({ orchard: [FIRST, SECOND] }, [yesterday])).toEqual(['orchard']);
    expect(modulesAhead({ vineyard: [FIRST] }, [today])).toEqual(['vineyard']);
  });
});

describe('tables of an older level', () => {
  it('are made as they were, then changed as an upgrade would', async () => {
    await inBlankSchema(async (client) => {
      const level = { orchard: [FIRST] };
      await makeTablesOf(client, level, [today]);
      await client.query(`INSERT INTO apples VALUES ('gala')`);
      expect((await client.query('SELECT * FROM apples')).rows).toEqual([{ kind: 'gala' }]);
      expect(await bringUpToDate(client, level, [today])).toEqual(['core', 'orchard']);
      expect((await client.query('SELECT * FROM apples')).rows).toEqual([{ kind: 'gala', colour: 'red' }]);
      expect((await client.query('SELECT * FROM pears')).rows).toEqual([]);
      expect(await readMigrationLevel(client)).toMatchObject({ orchard: [SECOND] });
    });
  });

  it('leave nothing behind when the transaction does not end well', async () => {
    expect(await inBlankSchema(async () => 'done')).toBe('done');
    const { rows } = await workspace.pool.query(`SELECT FROM pg_namespace WHERE nspname = 'level_trial'`);
    expect(rows).toEqual([]);
  });

  it('end where the usual way of migrating has nothing left to do', async () => {
    await inTransaction(workspace.pool, async (client) => {
      await client.query(`DROP SCHEMA ${workspace.schema} CASCADE`);
      await client.query(`CREATE SCHEMA ${workspace.schema}`);
      await bringUpToDate(client, {}, [today]);
    });
    expect(await findMigrationDrift(workspace, [today])).toEqual({ missing: [], ahead: [] });
    await migrateWorkspace(workspace, [today]);
    expect(await readMigrationLevel(workspace.pool)).toMatchObject({ orchard: [FIRST, SECOND] });
  });
});
