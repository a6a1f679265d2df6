import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import { inject } from 'vitest';
import {
  dropWorkspace,
  migrateWorkspace,
  openPostgres,
  openWorkspace,
  silentLog,
  type ModuleMigrations,
  type Postgres,
  type Workspace,
} from '../src/core/index.ts';

/** A workspace of a test file's own. */
export interface TestWorkspace extends Workspace {
  readonly postgres: Postgres;
  /** A temporary data folder. */
  readonly dataDir: string;
  /** Closes the pool, drops the schema and deletes the folder. */
  drop(): Promise<void>;
}

/**
 * Makes a fresh schema with core's tables and those of the given modules, and a temporary data folder.
 * Call it in `beforeAll` (or `beforeEach`), and `drop` in its counterpart.
 */
export async function createTestWorkspace(modules: readonly ModuleMigrations[] = []): Promise<TestWorkspace> {
  const dataDir = mkdtempSync(join(tmpdir(), 'bellwether-test-'));
  const postgres = await openPostgres({ databaseUrl: inject('databaseUrl'), dataDir, log: silentLog });
  const name = `test_${randomBytes(8).toString('hex')}`;
  const workspace = await openWorkspace(postgres, { name, dataDir });
  await migrateWorkspace(workspace, modules);
  return {
    ...workspace,
    postgres,
    dataDir,
    async drop() {
      await workspace.close();
      await dropWorkspace(postgres, { name, dataDir });
      await postgres.close();
      rmSync(dataDir, { recursive: true, force: true });
    },
  };
}

/** A database of a test's own on the shared server, for what uses the workspace `live`. */
export async function createTestDatabase(): Promise<{ url: string; drop(): Promise<void> }> {
  const shared = inject('databaseUrl');
  const name = `test_${randomBytes(8).toString('hex')}`;
  await command(shared, `CREATE DATABASE ${name}`);
  const url = new URL(shared);
  url.pathname = `/${name}`;
  return { url: url.href, drop: () => command(shared, `DROP DATABASE ${name} WITH (FORCE)`) };
}

async function command(databaseUrl: string, statement: string): Promise<void> {
  const client = new pg.Client({ connectionString: databaseUrl });
  await client.connect();
  try {
    await client.query(statement);
  } finally {
    await client.end();
  }
}
