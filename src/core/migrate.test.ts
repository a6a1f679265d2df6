import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createTestWorkspace, type TestWorkspace } from '../../test/database.ts';
import { migrateWorkspace } from './migrate.ts';
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
