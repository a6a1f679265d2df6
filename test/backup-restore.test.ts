import {
  appendFileSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { backup } from '../src/commands/backup.ts';
import {
  readBackupManifest,
  verifyBackup,
  writeBackupManifest,
  type BackupContent,
} from '../src/commands/backup-format.ts';
import { planReset } from '../src/commands/reset-plan.ts';
import { restore } from '../src/commands/restore.ts';
import { MIGRATIONS } from '../src/compose.ts';
import {
  acquireProcessLock,
  dropWorkspace,
  findMigrationDrift,
  findWorkspace,
  HOUR_MS,
  listWorkspaces,
  migrateWorkspace,
  openPostgres,
  openWorkspace,
  silentLog,
  writeFact,
  type Postgres,
  type Workspace,
} from '../src/core/index.ts';
import { featureMigrations } from '../src/features/index.ts';
import { lakeMigrations, verifyBronze } from '../src/lake/index.ts';
import { windowsBetween } from '../src/run-window.ts';
import { traceCommand } from './command-context.ts';
import { importMarket, openTestRun, readLeftBehind, replayWindows } from './run-workspace.ts';
import { ORIGIN } from './simulated-market.ts';

/** The first training stands before the first window of a Sunday, the next one is due a day later. */
const PREDICT_AFTER = ORIGIN + 24 * 27 * HOUR_MS;
const PAUSE = PREDICT_AFTER + 15 * HOUR_MS;
const BARS = 24 * 28 + 6;
const END = ORIGIN + BARS * HOUR_MS;
const NAME = 'backup_trial';

/** Everything of a test lies in here: data folders and backups. */
const FIRST_VERSIONS = ['logistic/1.0.0/manifest.json', 'trees/1.0.0/manifest.json'];

let sandbox: string;
let dataDir: string;
let postgres: Postgres;
let workspace: Workspace;
/** A backup that was taken when the run had stopped at PAUSE. */
let taken: string;
/** What the workspace held then, rows and files, and what the run left behind when it went on to the end. */
let heldThen: Record<string, string[]>;
let filesThen: string[];
let leftInTheEnd: Record<string, string[]>;

beforeAll(async () => {
  sandbox = mkdtempSync(join(tmpdir(), 'bellwether-backup-'));
  dataDir = join(sandbox, 'data');
  taken = join(sandbox, 'taken');
  postgres = await openPostgres({ databaseUrl: inject('databaseUrl'), dataDir, log: silentLog });
  await dropWorkspace(postgres, { name: NAME, dataDir });
  workspace = await openWorkspace(postgres, { name: NAME, dataDir });
  await migrateWorkspace(workspace, MIGRATIONS);
  await importMarket(workspace, { seed: 12, bars: BARS });
  await runBetween(workspace, [ORIGIN, PAUSE]);
  await writeFact(workspace.pool, 'nothing', null);
  await writeFact(workspace.pool, 'line ends', 'a\u2028b\rc\nd\\');
  heldThen = await readTables(workspace);
  filesThen = filesUnder(dirname(workspace.bronzeDir));
  await runCommand(backup, { out: taken, workspace: NAME });
  await runBetween(workspace, [PAUSE, END]);
  leftInTheEnd = await readLeftBehind(workspace);
});
afterAll(async () => {
  await workspace.close();
  await dropWorkspace(postgres, { name: NAME, dataDir });
  await postgres.close();
  rmSync(sandbox, { recursive: true, force: true });
});

/** Goes on where the workspace stopped, as a second process would. */
async function runBetween(
  place: Workspace,
  [after, upTo]: [number, number],
  options: { isLive?: boolean } = {},
): Promise<void> {
  const run = await openTestRun(place, { predictAfter: PREDICT_AFTER });
  await replayWindows(windowsBetween(after, upTo, 60), run, options);
}

async function runCommand<Options extends object>(
  command: (options: Options, context: ReturnType<typeof traceCommand>['context']) => Promise<number>,
  options: Options,
  place = dataDir,
) {
  const trace = traceCommand({
    BELLWETHER_DATA_DIR: place,
    DATABASE_URL: inject('databaseUrl'),
    LOG_LEVEL: 'silent',
  });
  expect(await command(options, trace.context)).toBe(0);
  return trace;
}

/** Every row of every table, in a fixed order, and where the sequences stand. */
async function readTables({ pool, schema }: Workspace): Promise<Record<string, string[]>> {
  const { rows: tables } = await pool.query<{ name: string }>(
    `SELECT tablename AS name FROM pg_tables WHERE schemaname = $1 ORDER BY 1`,
    [schema],
  );
  const held: Record<string, string[]> = {};
  for (const { name } of tables) {
    const { rows } = await pool.query<{ line: string }>(
      `SELECT t::text AS line FROM "${name}" AS t ORDER BY t::text COLLATE "C"`,
    );
    held[name] = rows.map(({ line }) => line);
  }
  const { rows: sequences } = await pool.query<{ line: string }>(
    `SELECT sequencename || ' ' || coalesce(last_value::text, '-') AS line FROM pg_sequences WHERE schemaname = $1 ORDER BY 1`,
    [schema],
  );
  return { ...held, sequences: sequences.map(({ line }) => line) };
}

async function reopen(place: { name: string; dataDir: string }): Promise<Workspace> {
  const found = await findWorkspace(postgres, place);
  if (found === null) throw new RangeError(`${place.name} is not there`);
  return found;
}

const filesUnder = (folder: string): string[] =>
  existsSync(folder)
    ? readdirSync(folder, { recursive: true, withFileTypes: true })
        .filter((entry) => entry.isFile())
        .map((entry) => join(entry.parentPath, entry.name).slice(folder.length + 1))
        .sort()
    : [];

/** A copy of the backup with some of its content changed, and the manifest's own hash made right again. */
async function forge(name: string, change: (content: BackupContent) => void): Promise<string> {
  const copy = join(sandbox, name);
  cpSync(taken, copy, { recursive: true });
  const content = await readBackupManifest(copy);
  change(content);
  await writeBackupManifest(copy, content);
  return copy;
}

describe('a backup', () => {
  it('brings a workspace that was wiped back with equal tables and files, and the run goes on to the same predictions', async () => {
    expect(filesThen).toEqual(expect.arrayContaining(FIRST_VERSIONS.map((path) => `registry/${path}`)));
    expect(heldThen['deployments']).not.toEqual([]);
    expect(heldThen['predictions']?.length).toBeGreaterThan(200);
    expect(leftInTheEnd['model_versions']!.length).toBeGreaterThan(heldThen['model_versions']!.length);
    await workspace.close();
    await dropWorkspace(postgres, { name: NAME, dataDir });

    const elsewhere = join(sandbox, 'elsewhere');
    const told = await runCommand(restore, { from: taken }, elsewhere);
    expect(told.json()).toMatchObject({ workspace: NAME, migrated: [] });
    const restored = await reopen({ name: NAME, dataDir: elsewhere });
    expect(await readTables(restored)).toEqual(heldThen);
    expect(filesUnder(dirname(restored.bronzeDir))).toEqual(filesThen);
    expect(await verifyBronze(restored.bronzeDir)).toMatchObject({ isSound: true, problems: [] });
    expect(await findMigrationDrift(restored, MIGRATIONS)).toEqual({ missing: [], ahead: [] });
    await expect(restored.pool.query('DELETE FROM deployments')).rejects.toThrow('append-only');

    await runBetween(restored, [PAUSE, END]);
    expect(await readLeftBehind(restored)).toEqual(leftInTheEnd);
    await restored.close();
    workspace = await openWorkspace(postgres, { name: NAME, dataDir });
  });

  it('holds a manifest with every part, and the same state gives the same parts', async () => {
    const manifest = JSON.parse(readFileSync(join(taken, 'manifest.json'), 'utf8')) as BackupContent;
    expect(manifest).toMatchObject({ format: 1, workspace: NAME, program: expect.any(String) as string });
    expect(Object.keys(manifest.migrations)).toEqual(expect.arrayContaining(['core', 'lake', 'prediction']));
    for (const { name, rows } of manifest.tables)
      expect([name, rows]).toEqual([name, heldThen[name]?.length]);
    await verifyBackup(taken, manifest, () => {});

    const again = join(sandbox, 'again');
    const copy = await restoreBeside(taken, 'twin');
    await runCommand(backup, { out: again, workspace: copy });
    const second = JSON.parse(readFileSync(join(again, 'manifest.json'), 'utf8')) as BackupContent;
    expect(second.tables).toEqual(manifest.tables);
    expect(second.folders).toEqual(manifest.folders);
    await dropWorkspace(postgres, { name: copy, dataDir });
  });

  it('is of one moment, also while windows are being decided', async () => {
    const copy = await restoreBeside(taken, 'moving');
    const moving = await reopen({ name: copy, dataDir });
    const out = join(sandbox, 'moving-backup');
    await Promise.all([
      runBetween(moving, [PAUSE, END], { isLive: true }),
      runCommand(backup, { out, workspace: copy }),
    ]);
    await moving.close();
    const again = await restoreBeside(out, 'moved');
    const moved = await reopen({ name: again, dataDir });
    const { rows } = await moved.pool.query(
      `SELECT count(*)::int AS torn FROM window_ledger w
       WHERE NOT EXISTS (SELECT FROM feature_rows f WHERE f.window_end = w.window_end)`,
    );
    expect(rows).toEqual([{ torn: 0 }]);
    await moved.close();
    for (const name of [copy, again]) await dropWorkspace(postgres, { name, dataDir });
  });

  it('refuses a place that is taken or lies in the data folder, and writes nothing there', async () => {
    const full = join(sandbox, 'full');
    mkdirSync(full);
    writeFileSync(join(full, 'thesis.tex'), 'mine');
    await expect(runCommand(backup, { out: full, workspace: NAME })).rejects.toMatchObject({
      code: 'BACKUP_TARGET_TAKEN',
    });
    for (const out of [dataDir, join(dataDir, 'backup')]) {
      await expect(runCommand(backup, { out, workspace: NAME })).rejects.toMatchObject({
        code: 'USAGE_INVALID',
      });
    }
    await expect(
      runCommand(backup, { out: join(sandbox, 'thesis', 'x'), workspace: 'nobody_s' }),
    ).rejects.toMatchObject({ code: 'USAGE_INVALID' });
    const file = join(full, 'thesis.tex', 'below');
    await expect(runCommand(backup, { out: file, workspace: NAME })).rejects.toMatchObject({
      code: 'BACKUP_UNWRITABLE',
    });
    expect(readdirSync(full)).toEqual(['thesis.tex']);
  });
});

/** @returns the name of a workspace that holds a backup's content */
async function restoreBeside(from: string, name: string): Promise<string> {
  await runCommand(restore, { from, workspace: name });
  return name;
}

describe('restore', () => {
  it('leaves a workspace that holds anything alone, unless it is told to replace it', async () => {
    const name = await restoreBeside(taken, 'kept');
    const kept = await reopen({ name, dataDir });
    await writeFact(kept.pool, 'newer', true);
    await expect(runCommand(restore, { from: taken, workspace: name })).rejects.toMatchObject({
      code: 'RESTORE_TARGET_TAKEN',
    });
    expect((await readTables(kept))['facts']).toHaveLength(heldThen['facts']!.length + 1);
    writeFileSync(join(kept.registryDir, 'newer'), 'x');
    await runCommand(restore, { from: taken, workspace: name, replace: true });
    expect(await readTables(kept)).toEqual(heldThen);
    expect(filesUnder(kept.registryDir)).toEqual(expect.arrayContaining(FIRST_VERSIONS));
    expect(filesUnder(kept.registryDir)).not.toContain('newer');
    expect(readdirSync(join(dataDir, 'workspaces'))).toEqual(expect.arrayContaining([NAME, name]));
    expect(readdirSync(join(dataDir, 'workspaces')).join()).not.toContain('restore');
    await kept.close();
    await dropWorkspace(postgres, { name, dataDir });
  });

  it('leaves files without tables alone too', async () => {
    const bronze = join(dataDir, 'workspaces', 'files_only', 'bronze');
    mkdirSync(bronze, { recursive: true });
    writeFileSync(join(bronze, 'precious'), 'x');
    await expect(runCommand(restore, { from: taken, workspace: 'files_only' })).rejects.toMatchObject({
      code: 'RESTORE_TARGET_TAKEN',
    });
    expect(filesUnder(bronze)).toEqual(['precious']);
    expect(await listWorkspaces(postgres)).not.toContain('files_only');
  });

  it.each([
    ['a table', 'tables/predictions.jsonl.gz'],
    ['a model', 'folders/registry/logistic/1.0.0/manifest.json'],
    ['the manifest', 'manifest.json'],
  ])('refuses a backup in which one byte of %s was changed, and touches nothing', async (what, path) => {
    const copy = join(sandbox, `changed-${what.replace(' ', '-')}`);
    cpSync(taken, copy, { recursive: true });
    const bytes = readFileSync(join(copy, path));
    const place = path === 'manifest.json' ? bytes.indexOf('"rows": ') + 8 : bytes.length - 3;
    bytes[place] = bytes[place] === 0x31 ? 0x32 : 0x31;
    writeFileSync(join(copy, path), bytes);
    await expect(runCommand(restore, { from: copy, workspace: 'untouched' })).rejects.toMatchObject({
      code: 'BACKUP_DAMAGED',
      message: expect.stringContaining(join(copy, path)) as string,
    });
    expect(await listWorkspaces(postgres)).not.toContain('untouched');
    expect(existsSync(join(dataDir, 'workspaces', 'untouched'))).toBe(false);
  });

  it('refuses a part that is missing, a folder that is no backup, and another layout', async () => {
    const copy = join(sandbox, 'gappy');
    cpSync(taken, copy, { recursive: true });
    rmSync(join(copy, 'tables', 'facts.jsonl.gz'));
    await expect(runCommand(restore, { from: copy })).rejects.toMatchObject({ code: 'BACKUP_DAMAGED' });
    await expect(runCommand(restore, { from: sandbox })).rejects.toMatchObject({ code: 'BACKUP_UNREADABLE' });
    writeFileSync(join(copy, 'manifest.json'), '{"format": 2}');
    await expect(runCommand(restore, { from: copy })).rejects.toMatchObject({
      code: 'BACKUP_UNREADABLE',
      message: expect.stringContaining('layout is number 2') as string,
    });
    writeFileSync(join(copy, 'manifest.json'), '{"format": 1, "tables"');
    await expect(runCommand(restore, { from: copy })).rejects.toMatchObject({ code: 'BACKUP_UNREADABLE' });
  });

  it('refuses the backup of a newer version and names it', async () => {
    const copy = await forge('newer', (content) => {
      content.program = '9.9.9';
      content.migrations['lake']!.push(9_000_000_000_000);
    });
    await expect(runCommand(restore, { from: copy, workspace: 'future' })).rejects.toMatchObject({
      code: 'BACKUP_NEWER',
      message: expect.stringContaining('restore it with Bellwether 9.9.9') as string,
    });
  });

  it('refuses a manifest that leads out of the backup', async () => {
    const copy = join(sandbox, 'climbing');
    cpSync(taken, copy, { recursive: true });
    const text = readFileSync(join(copy, 'manifest.json'), 'utf8');
    writeFileSync(join(copy, 'manifest.json'), text.replace('folders/registry/', 'folders/../../'));
    await expect(runCommand(restore, { from: copy })).rejects.toMatchObject({
      code: 'BACKUP_UNREADABLE',
      message: expect.stringContaining('leads out') as string,
    });
  });

  it('brings the backup of an older version up to date', async () => {
    const older = await openWorkspace(postgres, { name: 'older', dataDir });
    await migrateWorkspace(older, [lakeMigrations, featureMigrations]);
    await writeFact(older.pool, 'from', 'long ago');
    await older.close();
    const out = join(sandbox, 'older-backup');
    await runCommand(backup, { out, workspace: 'older' });
    const told = await runCommand(restore, { from: out, workspace: 'older', replace: true });
    expect(told.json()['migrated']).toEqual(expect.arrayContaining(['registry', 'prediction']));
    const upgraded = await reopen({ name: 'older', dataDir });
    expect(await findMigrationDrift(upgraded, MIGRATIONS)).toEqual({ missing: [], ahead: [] });
    expect((await upgraded.pool.query('SELECT key FROM facts')).rows).toEqual([{ key: 'from' }]);
    await migrateWorkspace(upgraded, MIGRATIONS);
    await upgraded.close();
    await dropWorkspace(postgres, { name: 'older', dataDir });
  });

  it('leaves tables and files as they were when it fails in the middle', async () => {
    const name = await restoreBeside(taken, 'steady');
    const steady = await reopen({ name, dataDir });
    await writeFact(steady.pool, 'mine', true);
    writeFileSync(join(steady.registryDir, 'mine'), 'x');
    const before = await readTables(steady);
    const files = filesUnder(dirname(steady.bronzeDir));
    // The last of the tables cannot be loaded: no migration makes its column.
    const unloadable = await forge('unloadable', ({ tables }) => tables.at(-1)!.columns.push('colour'));
    const short = await forge('short', ({ tables }) => {
      tables.at(-1)!.rows += 1;
    });
    for (const from of [unloadable, short]) {
      await expect(runCommand(restore, { from, workspace: name, replace: true })).rejects.toMatchObject({
        code: 'BACKUP_DAMAGED',
      });
      expect(await readTables(steady)).toEqual(before);
      expect(filesUnder(dirname(steady.bronzeDir))).toEqual(files);
    }
    expect(readdirSync(join(dataDir, 'workspaces')).join()).not.toContain('restore');
    await steady.close();
    await dropWorkspace(postgres, { name, dataDir });
  });

  it('refuses while a start runs in the data folder', async () => {
    const lock = await acquireProcessLock(join(dataDir, 'start.lock'), { port: 8080, startedAt: 0 });
    await expect(runCommand(restore, { from: taken, workspace: 'late' })).rejects.toMatchObject({
      code: 'START_ALREADY_RUNNING',
    });
    await lock.release();
  });

  it('repairs what a restore that was killed left behind, and reset knows those folders', async () => {
    const home = join(dataDir, 'workspaces', 'halfway');
    mkdirSync(join(`${home}.restore-old`, 'bronze'), { recursive: true });
    mkdirSync(join(`${home}.restore-draft`, 'bronze'), { recursive: true });
    appendFileSync(join(`${home}.restore-old`, 'bronze', 'old'), 'x');
    const { strangers } = await planReset(dataDir);
    expect(strangers).toEqual([]);
    // The old folder is put back, so that it is not lost.
    await expect(restoreBeside(taken, 'halfway')).rejects.toMatchObject({ code: 'RESTORE_TARGET_TAKEN' });
    expect(filesUnder(home)).toEqual(['bronze/old']);
    await runCommand(restore, { from: taken, workspace: 'halfway', replace: true });
    expect(readdirSync(join(dataDir, 'workspaces')).join()).not.toContain('restore-');
    await dropWorkspace(postgres, { name: 'halfway', dataDir });
  });
});
