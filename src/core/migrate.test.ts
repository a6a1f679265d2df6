import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createTestWorkspace, type TestWorkspace } from '../../test/database.ts';
import { findMigrationDrift, migrateWorkspace, type ModuleMigrations } from './migrate.ts';
import { readFact, writeFact } from './facts.ts';

let workspace: TestWorkspace;
beforeAll(async () => {
  workspace = await createTestWorkspace();
});
afterAll(() => workspace.drop());

describe('migrateWorkspace', () => {
  it("puts core's tables and their book into the workspace's own schema", async () => {
    const { rows } = await workspace.pool.query<{ name: string }>(
      'SELECT table_name AS name FROM information_schema.tables WHERE table_schema = $1 ORDER BY 1',
      [workspace.schema],
    );
    expect(rows.map(({ name }) => name)).toEqual([
      'events',
      'facts',
      'migrations_core',
      'window_ledger',
      'window_runners',
    ]);
  });

  it('changes nothing when it runs again, also twice at once', async () => {
    await writeFact(workspace.pool, 'kept', { through: 'migrations' });
    await Promise.all([migrateWorkspace(workspace, []), migrateWorkspace(workspace, [])]);
    expect(await readFact(workspace.pool, 'kept')).toEqual({ through: 'migrations' });
    const { rows } = await workspace.pool.query('SELECT count(*) AS applied FROM migrations_core');
    expect(rows).toEqual([{ applied: 1 }]);
  });

  it('lets go of the lock when a folder holds no migrations', async () => {
    const nowhere = { module: 'nowhere', folder: '/nonexistent' };
    await expect(migrateWorkspace(workspace, [nowhere])).rejects.toThrow('_journal.json');
    await migrateWorkspace(workspace, []);
  });
});

/** A module's migrations as drizzle-kit lays them down. */
function migrationsOf(module: string, entries: readonly { tag: string; when: number }[]): ModuleMigrations {
  const folder = join(workspace.dataDir, 'migrations', module);
  mkdirSync(join(folder, 'meta'), { recursive: true });
  const journal = entries.map(({ tag, when }, idx) => ({ idx, version: '7', when, tag, breakpoints: true }));
  writeFileSync(
    join(folder, 'meta', '_journal.json'),
    JSON.stringify({ version: '7', dialect: 'postgresql', entries: journal }),
  );
  for (const { tag } of entries)
    writeFileSync(join(folder, `${tag}.sql`), `CREATE TABLE ${module}_${tag} ();`);
  return { module, folder };
}

describe('findMigrationDrift', () => {
  const first = { tag: '0000_first', when: 1_000 };
  const second = { tag: '0001_second', when: 2_000 };

  it('finds nothing after a migration', async () => {
    expect(await findMigrationDrift(workspace, [])).toEqual({ missing: [], ahead: [] });
  });

  it('names what a workspace has not seen: all of a new module, or the newest of a known one', async () => {
    const drift = await findMigrationDrift(workspace, [migrationsOf('drifting', [first, second])]);
    expect(drift).toEqual({ missing: ['drifting 0000_first', 'drifting 0001_second'], ahead: [] });
    await migrateWorkspace(workspace, [migrationsOf('drifting', [first])]);
    const later = await findMigrationDrift(workspace, [migrationsOf('drifting', [first, second])]);
    expect(later).toEqual({ missing: ['drifting 0001_second'], ahead: [] });
  });

  it('names a module whose tables a newer version has changed', async () => {
    await migrateWorkspace(workspace, [migrationsOf('ahead', [first, second])]);
    const drift = await findMigrationDrift(workspace, [migrationsOf('ahead', [first])]);
    expect(drift).toEqual({ missing: [], ahead: ['ahead'] });
  });
});
