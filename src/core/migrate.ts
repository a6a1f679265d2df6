import { fileURLToPath } from 'node:url';
import { drizzle } from 'drizzle-orm/node-postgres';
import { migrate } from 'drizzle-orm/node-postgres/migrator';
import type { Workspace } from './workspaces.ts';

/** Where a module keeps what drizzle-kit made of its tables. */
export interface ModuleMigrations {
  module: string;
  /** Absolute path. */
  folder: string;
}

/** Core's own tables: window ledger, events, facts. */
const CORE: ModuleMigrations = {
  module: 'core',
  folder: fileURLToPath(new URL('./migrations', import.meta.url)),
};

/**
 * Brings the tables of core, then of the given modules in their order, up to date in one workspace. Each module
 * keeps its own book (`migrations_<module>`) in the workspace's schema. Two processes at once wait for each other.
 */
export async function migrateWorkspace(
  workspace: Workspace,
  modules: readonly ModuleMigrations[],
): Promise<void> {
  const client = await workspace.pool.connect();
  const lock = `migrate:${workspace.schema}`;
  try {
    await client.query('SELECT pg_advisory_lock(hashtextextended($1, 0))', [lock]);
    const database = drizzle(client);
    for (const { module, folder } of [CORE, ...modules]) {
      await migrate(database, {
        migrationsFolder: folder,
        migrationsSchema: workspace.schema,
        migrationsTable: `migrations_${module}`,
      });
    }
    await client.query('SELECT pg_advisory_unlock(hashtextextended($1, 0))', [lock]);
    client.release();
  } catch (error) {
    // The lock goes with the connection.
    client.release(true);
    throw error;
  }
}
