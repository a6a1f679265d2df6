import { createHash } from 'node:crypto';
import { cpSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { drizzle } from 'drizzle-orm/node-postgres';
import { migrate } from 'drizzle-orm/node-postgres/migrator';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, inject, it } from 'vitest';
import {
  linesOf,
  readBackupManifest,
  verifyBackup,
  type BackupContent,
} from '../src/commands/backup-format.ts';
import { restore } from '../src/commands/restore.ts';
import { createModels, MIGRATIONS } from '../src/compose.ts';
import {
  dropWorkspace,
  dumpRows,
  findMigrationDrift,
  findWorkspace,
  HOUR_MS,
  inSnapshot,
  inTransaction,
  listTables,
  loadRows,
  migrateWorkspace,
  openPostgres,
  openWorkspace,
  readEvents,
  readFact,
  setSequences,
  silentLog,
  type Postgres,
  type Queryable,
  type Workspace,
} from '../src/core/index.ts';
import { readFeatureRows, readFeatureState } from '../src/features/index.ts';
import { readCandles, verifyBronze } from '../src/lake/index.ts';
import { countPredictions, readPredictions } from '../src/prediction/index.ts';
import { traceCommand } from './command-context.ts';
import { ASSET, BAR_MINUTES, ORIGIN } from './simulated-market.ts';

/**
 * What release 0.1.0 left in a data folder: its own program ran nine simulated days (seed 20, ORIGIN) and decided eight
 * of them, the last one with predictions. As a backup, whose parts are the rows as Postgres writes them.
 */
const RELEASE = resolve(import.meta.dirname, 'fixtures', 'release-0.1.0');
const CORE_FOLDER = resolve(import.meta.dirname, '..', 'src', 'core', 'migrations');
const FOLDERS = new Map([
  ['core', CORE_FOLDER],
  ...MIGRATIONS.map(({ module, folder }) => [module, folder] as const),
]);
const LAST_WINDOW = ORIGIN + 8 * 24 * HOUR_MS;

let sandbox: string;
let dataDir: string;
let postgres: Postgres;
let content: BackupContent;
let workspace: Workspace;

beforeAll(async () => {
  sandbox = mkdtempSync(join(tmpdir(), 'bellwether-upgrade-'));
  dataDir = join(sandbox, 'data');
  postgres = await openPostgres({ databaseUrl: inject('databaseUrl'), dataDir, log: silentLog });
  content = await readBackupManifest(RELEASE);
});
beforeEach(async () => {
  await dropWorkspace(postgres, { name: 'upgraded', dataDir });
  workspace = await openWorkspace(postgres, { name: 'upgraded', dataDir });
});
afterEach(() => workspace.close());
afterAll(async () => {
  await dropWorkspace(postgres, { name: 'upgraded', dataDir });
  await postgres.close();
  rmSync(sandbox, { recursive: true, force: true });
});

interface Journal {
  entries: { when: number; tag: string }[];
}

const journalOf = (module: string): Journal =>
  JSON.parse(readFileSync(join(FOLDERS.get(module)!, 'meta', '_journal.json'), 'utf8')) as Journal;

/** A module's migrations as the release had them: those in its book, under the same numbers. */
function migrationsThen(module: string): string {
  const folder = join(sandbox, 'then', module);
  mkdirSync(join(folder, 'meta'), { recursive: true });
  const entries = journalOf(module).entries.filter(({ when }) => content.migrations[module]?.includes(when));
  writeFileSync(join(folder, 'meta', '_journal.json'), JSON.stringify({ entries }));
  for (const { tag } of entries) cpSync(join(FOLDERS.get(module)!, `${tag}.sql`), join(folder, `${tag}.sql`));
  return folder;
}

/** Makes the workspace what the release left: tables by its migrations, rows as they were, files in place. */
async function makeOldWorkspace(): Promise<void> {
  for (const module of Object.keys(content.migrations)) {
    await migrate(drizzle(workspace.pool), {
      migrationsFolder: migrationsThen(module),
      migrationsSchema: workspace.schema,
      migrationsTable: `migrations_${module}`,
    });
  }
  await inTransaction(workspace.pool, async (client) => {
    const tables = await listTables(client);
    for (const { name, columns, part } of content.tables) {
      if (name.startsWith('migrations_')) continue;
      const table = tables.find((one) => one.name === name)!;
      await loadRows(client, { table, columns }, linesOf(join(RELEASE, part.path)));
    }
    await setSequences(client, content.sequences);
  });
  cpSync(join(RELEASE, 'folders'), dirname(workspace.bronzeDir), { recursive: true });
}

/** The rows of a table as the release had its columns. */
async function rowsNow(client: Queryable, { name, columns }: BackupContent['tables'][number]) {
  const table = (await listTables(client)).find((one) => one.name === name)!;
  const then = { ...table, columns: columns.map((column) => ({ name: column, type: '' })) };
  const lines: string[] = [];
  for await (const batch of dumpRows(client, then)) lines.push(...batch);
  return lines;
}

async function rowsThen(path: string): Promise<string[]> {
  return Array.fromAsync(linesOf(join(RELEASE, path)));
}

/** Every row of the release is there as it was; the books may have grown. */
async function expectOldRows({ pool }: Workspace): Promise<void> {
  for (const table of content.tables) {
    const now = await inSnapshot(pool, (client) => rowsNow(client, table));
    const then = await rowsThen(table.part.path);
    if (table.name.startsWith('migrations_')) expect(now.slice(0, then.length)).toEqual(then);
    else expect([table.name, now]).toEqual([table.name, then]);
  }
}

describe('a data folder of release 0.1.0', () => {
  it('is a whole backup with rows in every table that the release had', async () => {
    await verifyBackup(RELEASE, content, () => {});
    expect(content.program).toBe('0.1.0');
    expect(content.tables.filter(({ rows }) => rows === 0)).toEqual([]);
    expect(content.tables).toHaveLength(18);
  });

  it('was made by migrations that nobody has edited since', async () => {
    const books = content.tables.filter(({ name }) => name.startsWith('migrations_'));
    for (const { name, part } of books) {
      const module = name.slice('migrations_'.length);
      for (const line of await rowsThen(part.path)) {
        const [, hash, when] = JSON.parse(line) as [string, string, string];
        const { tag } = journalOf(module).entries.find((entry) => entry.when === Number(when))!;
        const sql = readFileSync(join(FOLDERS.get(module)!, `${tag}.sql`));
        expect([module, tag, createHash('sha256').update(sql).digest('hex')]).toEqual([module, tag, hash]);
      }
    }
  });

  it('is brought up to date with every row as it was, also by two processes at once', async () => {
    await makeOldWorkspace();
    const { missing } = await findMigrationDrift(workspace, MIGRATIONS);
    expect(missing).not.toEqual([]);
    await Promise.all([migrateWorkspace(workspace, MIGRATIONS), migrateWorkspace(workspace, MIGRATIONS)]);
    expect(await findMigrationDrift(workspace, MIGRATIONS)).toEqual({ missing: [], ahead: [] });
    await expectOldRows(workspace);
  });

  it("is read by today's program: candles, features, predictions, events, facts, raw records", async () => {
    await makeOldWorkspace();
    await migrateWorkspace(workspace, MIGRATIONS);
    const { pool, bronzeDir } = workspace;
    const all = { asset: ASSET, after: -Infinity, upTo: Infinity };
    const key = { asset: ASSET, featureSet: createModels(BAR_MINUTES).featureSet };
    expect(await countPredictions(pool, ASSET)).toEqual({
      predictions: 336,
      windows: 24,
      lastWindow: LAST_WINDOW,
    });
    expect(await readPredictions(pool, { ...all, knownBy: Infinity })).toHaveLength(336);
    expect(await readCandles(pool, { ...all, barMinutes: BAR_MINUTES })).toHaveLength(210);
    expect((await readFeatureRows(pool, key, all)).windowEnds).toHaveLength(192);
    expect((await readFeatureState(pool, key))?.windowEnd).toBe(LAST_WINDOW);
    expect(await readEvents(pool, { after: 0, limit: 10 })).toHaveLength(1);
    expect(await readFact(pool, 'imported')).toEqual({ by: '0.1.0' });
    expect(await verifyBronze(bronzeDir)).toMatchObject({ isSound: true, problems: [] });
  });

  it('can be restored as a backup too, at the level of today', async () => {
    const trace = traceCommand({
      BELLWETHER_DATA_DIR: dataDir,
      DATABASE_URL: inject('databaseUrl'),
      LOG_LEVEL: 'silent',
    });
    await restore({ from: RELEASE, workspace: 'upgraded', replace: true }, trace.context);
    const restored = (await findWorkspace(postgres, { name: 'upgraded', dataDir }))!;
    expect(await findMigrationDrift(restored, MIGRATIONS)).toEqual({ missing: [], ahead: [] });
    await expectOldRows(restored);
    expect(readdirSync(restored.bronzeDir)).toContain('manifest.jsonl');
    await restored.close();
  });
});
