import { dirname, join, resolve } from 'node:path';
import { MIGRATIONS } from '../compose.ts';
import {
  acquireProcessLock,
  bringUpToDate,
  createCache,
  createLog,
  createRealClock,
  findWorkspace,
  holdsRows,
  inTransaction,
  listTables,
  loadRows,
  makeTablesOf,
  modulesAhead,
  openPostgres,
  openWorkspace,
  setSequences,
  type Postgres,
  type Queryable,
  type Workspace,
} from '../core/index.ts';
import { amount } from './amount.ts';
import { linesOf, readBackupManifest, verifyBackup, type BackupContent } from './backup-format.ts';
import { startLockPath } from './data-folder.ts';
import { backupDamaged, backupNewer, restoreTargetBusy, restoreTargetTaken } from './errors.ts';
import type { CommandContext, ExitCode } from './program.ts';
import { putBackOld, stageFolder, type StagedFolder } from './restore-folders.ts';
import { bytesUnder, describeCount } from './sizes.ts';
import type { Terminal } from './terminal.ts';

interface Options {
  from: string;
  workspace?: string;
  replace?: boolean;
  json?: boolean;
}

/** A backup that was found whole. */
interface Backup {
  from: string;
  content: BackupContent;
}

/** Postgres's word for a lock that was waited for in vain. */
const LOCK_NOT_AVAILABLE = '55P03';
const LOCK_TIMEOUT = '20s';

/** `restore`: a backup as a workspace, whole or not at all. */
export async function restore(options: Options, context: CommandContext): Promise<ExitCode> {
  const { config, terminal } = context;
  const from = resolve(options.from);
  const content = await readBackupManifest(from);
  const ahead = modulesAhead(content.migrations, MIGRATIONS);
  if (ahead.length > 0) throw backupNewer(content.program, ahead);
  terminal.say(`Checking the backup ${from}`);
  await verifyBackup(from, content, (done, total) => {
    terminal.progress('checking bytes', done, total);
  });
  const name = options.workspace ?? content.workspace;
  // No start may begin in a workspace that is being put in place.
  const lock = await acquireProcessLock(startLockPath(config.dataDir), {
    port: null,
    startedAt: createRealClock().now(),
    mode: 'restore',
    workspace: name,
  });
  try {
    const backup = { from, content };
    const migrated = await restoreAs({ name, backup, isMeant: options.replace === true }, context);
    tell(terminal, { name, backup, migrated });
  } finally {
    await lock.release();
  }
  return 0;
}

async function restoreAs(
  { name, backup, isMeant }: { name: string; backup: Backup; isMeant: boolean },
  { config, terminal }: CommandContext,
): Promise<string[]> {
  const { databaseUrl, dataDir, redisUrl, logLevel } = config;
  const log = createLog(logLevel);
  const onProgress = (phrase: string) => {
    terminal.say(`  ${phrase}`);
  };
  const postgres = await openPostgres({ databaseUrl, dataDir, log, onProgress });
  try {
    const { workspace, withdraw } = await findOrMake(postgres, { name, dataDir });
    try {
      await putBackOld(workspace);
      if (!isMeant && (await holdsAnything(workspace))) throw restoreTargetTaken(name);
      terminal.say(`Restoring workspace ${name}`);
      const migrated = await putInPlace(workspace, backup, terminal);
      const cache = await createCache({ redisUrl, log });
      await cache.delete(workspace.cachePrefix).finally(() => cache.close());
      return migrated;
    } catch (error) {
      await withdraw();
      throw error;
    } finally {
      await workspace.close();
    }
  } finally {
    await postgres.close();
  }
}

/** @returns the workspace, and what takes its schema away again where there was none */
async function findOrMake(
  postgres: Postgres,
  place: { name: string; dataDir: string },
): Promise<{ workspace: Workspace; withdraw: () => Promise<void> }> {
  const found = await findWorkspace(postgres, place);
  if (found !== null) return { workspace: found, withdraw: async () => {} };
  const workspace = await openWorkspace(postgres, place);
  return {
    workspace,
    async withdraw() {
      // Without CASCADE: only the empty one that was just made.
      await workspace.pool.query(`DROP SCHEMA IF EXISTS "${workspace.schema}"`).catch(() => {});
    },
  };
}

async function holdsAnything({ pool, bronzeDir }: Workspace): Promise<boolean> {
  return (await holdsRows(pool)) || (await bytesUnder(dirname(bronzeDir))) > 0;
}

/** Tables and files in one step: until the transaction commits, both are as they were. */
async function putInPlace(workspace: Workspace, backup: Backup, terminal: Terminal): Promise<string[]> {
  const { from, content } = backup;
  let staged: StagedFolder | null = null;
  try {
    staged = await stageFolder(workspace, { from, folders: content.folders }, (done, total) => {
      terminal.progress('copying files', done, total);
    });
    const { put } = staged;
    return await inTransaction(workspace.pool, async (client) => {
      const migrated = await loadDatabase(client, { workspace, backup, terminal });
      await put();
      return migrated;
    });
  } catch (error) {
    await staged?.undo();
    throw error;
  } finally {
    await staged?.finish();
  }
}

/** Builds the schema under another name, at the level of the backup and then at today's, and gives it its own. */
async function loadDatabase(
  client: Queryable,
  { workspace, backup, terminal }: { workspace: Workspace; backup: Backup; terminal: Terminal },
): Promise<string[]> {
  const { schema, queueSchema } = workspace;
  const { content } = backup;
  const building = `restoring_${process.pid}`;
  await client.query('SELECT pg_advisory_xact_lock(hashtextextended($1, 0))', [`migrate:${schema}`]);
  await client.query(`CREATE SCHEMA ${building}`);
  await client.query(`SET LOCAL search_path = ${building}`);
  await makeTablesOf(client, content.migrations, MIGRATIONS);
  await loadTables(client, backup, terminal);
  await setSequences(client, content.sequences);
  const migrated = await bringUpToDate(client, content.migrations, MIGRATIONS);
  await dropOld(client, workspace.name, [schema, queueSchema]);
  await client.query(`ALTER SCHEMA ${building} RENAME TO "${schema}"`);
  return migrated;
}

async function loadTables(client: Queryable, { from, content }: Backup, terminal: Terminal): Promise<void> {
  const shapes = new Map((await listTables(client)).map((table) => [table.name, table]));
  const total = content.tables.reduce((sum, { rows }) => sum + rows, 0);
  let done = 0;
  for (const { name, columns, rows, part } of content.tables) {
    const table = shapes.get(name);
    const path = join(from, part.path);
    const missing = columns.filter((column) => table?.columns.every((known) => known.name !== column));
    if (table === undefined || missing.length > 0) {
      throw backupDamaged(
        path,
        `its migrations make no table ${name}${missing.length > 0 ? ` with ${missing.join(', ')}` : ''}`,
      );
    }
    const lines = told(linesOf(path), (more) => {
      terminal.progress('restoring rows', (done += more), total);
    });
    const loaded = await loadRows(client, { table, columns }, lines);
    if (loaded !== rows)
      throw backupDamaged(path, `it holds ${loaded} rows, not the ${rows} of the manifest`);
  }
}

async function dropOld(client: Queryable, name: string, schemas: readonly string[]): Promise<void> {
  await client.query(`SET LOCAL lock_timeout = '${LOCK_TIMEOUT}'`);
  try {
    await client.query(`DROP SCHEMA IF EXISTS ${schemas.map((schema) => `"${schema}"`).join(', ')} CASCADE`);
  } catch (error) {
    if ((error as { code?: unknown }).code === LOCK_NOT_AVAILABLE) throw restoreTargetBusy(name, error);
    throw error;
  }
}

/** Rows that pass between two words on the terminal. */
const TOLD_ROWS = 1_000;

async function* told(lines: AsyncIterable<string>, onRows: (rows: number) => void): AsyncGenerator<string> {
  let rows = 0;
  for await (const line of lines) {
    yield line;
    rows += 1;
    if (rows % TOLD_ROWS === 0) onRows(TOLD_ROWS);
  }
  onRows(rows % TOLD_ROWS);
}

function tell(
  terminal: Terminal,
  { name, backup, migrated }: { name: string; backup: Backup; migrated: readonly string[] },
): void {
  const { program, createdAt, tables, folders } = backup.content;
  const rows = tables.reduce((sum, table) => sum + table.rows, 0);
  const files = folders.reduce((sum, folder) => sum + folder.files.length, 0);
  const upgraded =
    migrated.length === 0 ? '' : `; its tables of ${migrated.join(', ')} were brought up to date`;
  terminal.result(
    `Workspace ${name} is as Bellwether ${program} backed it up at ${createdAt}: ${describeCount(rows)} rows of ${amount(tables.length, 'table')}, ${describeCount(files)} files${upgraded}.`,
    { workspace: name, from: backup.from, program, createdAt, rows, tables: tables.length, files, migrated },
  );
}
