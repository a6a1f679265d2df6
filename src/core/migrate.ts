import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { drizzle } from 'drizzle-orm/node-postgres';
import { migrate } from 'drizzle-orm/node-postgres/migrator';
import { z } from 'zod';
import type { Workspace } from './workspaces.ts';

/** Where a module keeps what drizzle-kit made of its tables. */
export interface ModuleMigrations {
  module: string;
  /** Absolute path. */
  folder: string;
}

/** Core's own tables: window ledger, events, facts. */
export const CORE: ModuleMigrations = {
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

/** How a workspace's tables differ from what the code expects. */
export interface MigrationDrift {
  /** Migrations that the workspace has not seen: `lake 0001_more`. */
  missing: string[];
  /** Modules in whose book stand migrations that this code does not know: a newer version has been here. */
  ahead: string[];
}

/** What drizzle-kit writes beside the SQL, as far as it matters here. */
const journalSchema = z.object({ entries: z.array(z.object({ tag: z.string(), when: z.number() })) });

/** Compares the books of a workspace with the migrations of core and the given modules. Changes nothing. */
export async function findMigrationDrift(
  workspace: Workspace,
  modules: readonly ModuleMigrations[],
): Promise<MigrationDrift> {
  const drift: MigrationDrift = { missing: [], ahead: [] };
  for (const { module, folder } of [CORE, ...modules]) {
    const journal = journalSchema.parse(
      JSON.parse(readFileSync(join(folder, 'meta', '_journal.json'), 'utf8')),
    );
    const newest = await newestInBook(workspace, `migrations_${module}`);
    const missing = journal.entries.filter(({ when }) => when > newest);
    drift.missing.push(...missing.map(({ tag }) => `${module} ${tag}`));
    if (journal.entries.every(({ when }) => when < newest)) drift.ahead.push(module);
  }
  return drift;
}

/** The `when` of the last migration that was carried out; -Infinity without a book. */
async function newestInBook({ pool, schema }: Workspace, book: string): Promise<number> {
  const { rows: found } = await pool.query<{ book: string | null }>('SELECT to_regclass($1)::text AS book', [
    `${schema}.${book}`,
  ]);
  if ((found[0]?.book ?? null) === null) return -Infinity;
  const { rows } = await pool.query<{ newest: number | null }>(
    `SELECT max(created_at)::float8 AS newest FROM ${book}`,
  );
  return rows[0]?.newest ?? -Infinity;
}
