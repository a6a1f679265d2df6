import { readMigrationFiles } from 'drizzle-orm/migrator';
import { CORE, type ModuleMigrations } from './migrate.ts';
import type { Queryable } from './queryable.ts';

/** How far the tables of each module have come: the `when` of its migrations that were carried out, ascending. */
export type MigrationLevel = Record<string, number[]>;

const BOOK_PREFIX = 'migrations_';

/** Reads the books of the schema that the connection works in. */
export async function readMigrationLevel(client: Queryable): Promise<MigrationLevel> {
  const { rows: books } = await client.query<{ book: string }>(
    `SELECT tablename AS book FROM pg_tables
     WHERE schemaname = current_schema() AND starts_with(tablename, $1) ORDER BY tablename`,
    [BOOK_PREFIX],
  );
  const level: MigrationLevel = {};
  for (const { book } of books) {
    const { rows } = await client.query<{ when: string }>(
      `SELECT created_at::text AS when FROM "${book}" ORDER BY created_at`,
    );
    level[book.slice(BOOK_PREFIX.length)] = rows.map(({ when }) => Number(when));
  }
  return level;
}

/** Modules of a level that hold migrations which this code does not know: a newer version made it. */
export function modulesAhead(level: MigrationLevel, modules: readonly ModuleMigrations[]): string[] {
  const known = new Map([CORE, ...modules].map((one) => [one.module, filesOf(one)]));
  return Object.entries(level)
    .filter(([module, whens]) => {
      const files = known.get(module) ?? [];
      return whens.some((when) => !files.some(({ folderMillis }) => folderMillis === when));
    })
    .map(([module]) => module);
}

/**
 * Makes the tables of a level in the schema that the connection works in, with empty books: whoever loads the rows
 * brings those of the books too. Within the caller's transaction, which the usual way of migrating would end.
 */
export async function makeTablesOf(
  client: Queryable,
  level: MigrationLevel,
  modules: readonly ModuleMigrations[],
): Promise<void> {
  for (const one of [CORE, ...modules]) {
    const whens = level[one.module];
    if (whens === undefined) continue;
    await makeBook(client, one.module);
    for (const { sql, folderMillis } of filesOf(one)) {
      if (whens.includes(folderMillis)) await runAll(client, sql);
    }
  }
}

/** Carries out, and enters into the books, what a level lacks. Within the caller's transaction. */
export async function bringUpToDate(
  client: Queryable,
  level: MigrationLevel,
  modules: readonly ModuleMigrations[],
): Promise<string[]> {
  const done: string[] = [];
  for (const one of [CORE, ...modules]) {
    const newest = level[one.module]?.at(-1) ?? -Infinity;
    await makeBook(client, one.module);
    for (const { sql, hash, folderMillis } of filesOf(one)) {
      if (folderMillis <= newest) continue;
      await runAll(client, sql);
      await client.query(`INSERT INTO ${bookOf(one.module)} (hash, created_at) VALUES ($1, $2)`, [
        hash,
        folderMillis,
      ]);
      done.push(one.module);
    }
  }
  return [...new Set(done)];
}

const filesOf = ({ folder }: ModuleMigrations) => readMigrationFiles({ migrationsFolder: folder });
const bookOf = (module: string): string => `"${BOOK_PREFIX}${module}"`;

async function runAll(client: Queryable, statements: readonly string[]): Promise<void> {
  for (const statement of statements) await client.query(statement);
}

/** As drizzle makes it, which goes on with it later. */
async function makeBook(client: Queryable, module: string): Promise<void> {
  await client.query(
    `CREATE TABLE IF NOT EXISTS ${bookOf(module)} (id serial PRIMARY KEY, hash text NOT NULL, created_at bigint)`,
  );
}
