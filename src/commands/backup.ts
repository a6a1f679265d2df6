import { createWriteStream, existsSync, readdirSync, realpathSync, statSync } from 'node:fs';
import { mkdir, readdir, rename, rm } from 'node:fs/promises';
import { basename, dirname, isAbsolute, join, relative, resolve, sep } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { createGzip } from 'node:zlib';
import {
  countRows,
  createRealClock,
  dumpRows,
  holdTables,
  inSnapshot,
  isAppError,
  isoUtc,
  listTables,
  messageOf,
  readMigrationLevel,
  readSequences,
  type Queryable,
  type TableShape,
  type Workspace,
} from '../core/index.ts';
import { VERSION } from '../version.ts';
import { amount } from './amount.ts';
import { BACKUP_FORMAT, partsOf, writeBackupManifest, type BackupContent } from './backup-format.ts';
import { realPathOf } from './data-folder.ts';
import { backupSourceBusy, backupTargetTaken, backupUnwritable, usageInvalid } from './errors.ts';
import { copyStill, createMeter, type CopiedFile } from './folder-copy.ts';
import { isFileError } from './out-file.ts';
import { openPresentWorkspace } from './present-workspace.ts';
import type { CommandContext, ExitCode } from './program.ts';
import { describeBytes, describeCount } from './sizes.ts';
import type { Terminal } from './terminal.ts';

interface Options {
  out: string;
  workspace?: string;
  json?: boolean;
}

type Database = Pick<BackupContent, 'migrations' | 'tables' | 'sequences'>;

/** Where an ingest gathers records that nobody was promised yet. */
const UNPROMISED = /(^|\/)\.pending\/work(\/|$)/;

/** `backup`: one workspace as a folder: its tables as of one moment, its files, and a manifest with their hashes. */
export async function backup(options: Options, context: CommandContext): Promise<ExitCode> {
  const { config, terminal } = context;
  const place = requireTarget(options.out, config.dataDir);
  const draft = `${place}.${process.pid}.draft`;
  const { workspace, close } = await openPresentWorkspace(options.workspace, context);
  try {
    terminal.say(`Backing up workspace ${workspace.name} to ${place}`);
    await guarded(place, () => makeDraft(draft));
    const content = await guarded(place, async () => {
      const made = await writeContent(draft, workspace, terminal);
      const sha256 = await writeBackupManifest(draft, made);
      // An empty folder may stand there; the system moves over nothing else.
      await rename(draft, place);
      return { ...made, sha256 };
    }).finally(() => rm(draft, { recursive: true, force: true }));
    tell(terminal, place, { content, scorers: join(config.dataDir, 'scorers') });
  } finally {
    await close();
  }
  return 0;
}

/** In two steps: Node's recursive way says of a read-only disk that the folder was not found. */
async function makeDraft(draft: string): Promise<void> {
  await mkdir(dirname(draft), { recursive: true });
  await mkdir(draft);
}

/** Tables first: what the files hold beyond them does no harm, what they lack could not be made up. */
async function writeContent(draft: string, workspace: Workspace, terminal: Terminal): Promise<BackupContent> {
  const createdAt = isoUtc(createRealClock().now());
  const database = await inSnapshot(workspace.pool, (client) => dumpDatabase(client, draft, terminal));
  const folders: BackupContent['folders'] = [];
  const home = dirname(workspace.bronzeDir);
  for (const name of await foldersIn(home)) {
    folders.push({ name, files: await copyFolder(join(home, name), { draft, name, terminal }) });
  }
  return {
    format: BACKUP_FORMAT,
    program: VERSION,
    createdAt,
    workspace: workspace.name,
    ...database,
    folders,
  };
}

async function dumpDatabase(client: Queryable, draft: string, terminal: Terminal): Promise<Database> {
  const tables = await listTables(client);
  await holdTables(client, tables);
  const migrations = await readMigrationLevel(client);
  const counts: number[] = [];
  for (const { name } of tables) counts.push(await countRows(client, name));
  const total = counts.reduce((sum, count) => sum + count, 0);
  await mkdir(join(draft, 'tables'));
  const dumped: Database['tables'] = [];
  let done = 0;
  for (const table of tables) {
    dumped.push(
      await dumpTable(client, { draft, table }, (rows) => {
        done += rows;
        terminal.progress('backing up rows', done, total);
      }),
    );
  }
  return { migrations, tables: dumped, sequences: await readSequences(client) };
}

async function dumpTable(
  client: Queryable,
  { draft, table }: { draft: string; table: TableShape },
  onRows: (rows: number) => void,
): Promise<Database['tables'][number]> {
  const path = `tables/${table.name}.jsonl.gz`;
  const meter = createMeter();
  let rows = 0;
  await pipeline(
    Readable.from(texts(), { objectMode: true }),
    createGzip(),
    meter.stream,
    createWriteStream(join(draft, path), { flush: true }),
  );
  return {
    name: table.name,
    columns: table.columns.map(({ name }) => name),
    rows,
    part: { path, ...meter.read() },
  };

  async function* texts(): AsyncGenerator<string> {
    for await (const lines of dumpRows(client, table)) {
      rows += lines.length;
      onRows(lines.length);
      yield `${lines.join('\n')}\n`;
    }
  }
}

async function copyFolder(
  from: string,
  { draft, name, terminal }: { draft: string; name: string; terminal: Terminal },
): Promise<CopiedFile[]> {
  const copied = await copyStill(from, join(draft, 'folders', name), {
    skip: (path) => UNPROMISED.test(path),
    onFile(done, total) {
      terminal.progress(`copying ${name}`, done, total);
    },
  });
  if (copied === null) throw backupSourceBusy(from);
  return copied.map((file) => ({ ...file, path: `folders/${name}/${file.path}` }));
}

async function foldersIn(home: string): Promise<string[]> {
  if (!existsSync(home)) return [];
  const entries = await readdir(home, { withFileTypes: true });
  return entries
    .filter((entry) => entry.isDirectory())
    .map(({ name }) => name)
    .sort();
}

/** @returns the folder to write, absolute */
function requireTarget(out: string, dataDir: string): string {
  const place = join(realPathOf(dirname(resolve(out))), basename(resolve(out)));
  const inside = relative(realPathOf(dataDir), place);
  if (inside === '' || (!isAbsolute(inside) && inside.split(sep)[0] !== '..')) {
    throw usageInvalid(
      `--out ${out} lies in the data folder, which would take the backup with it. Name a place elsewhere, best on another disk.`,
    );
  }
  if (!existsSync(place)) return place;
  const isFree = statSync(place).isDirectory() && isEmpty(place);
  if (!isFree) throw backupTargetTaken(place);
  return realpathSync(place);
}

function isEmpty(folder: string): boolean {
  try {
    return readdirSync(folder).length === 0;
  } catch (error) {
    throw backupUnwritable(folder, messageOf(error));
  }
}

async function guarded<Result>(place: string, work: () => Promise<Result>): Promise<Result> {
  try {
    return await work();
  } catch (error) {
    if (isAppError(error) || !isFileError(error)) throw error;
    throw backupUnwritable(place, messageOf(error));
  }
}

function tell(
  terminal: Terminal,
  place: string,
  { content, scorers }: { content: BackupContent & { sha256: string }; scorers: string },
): void {
  const { workspace, tables, folders, program, createdAt, sha256 } = content;
  const rows = tables.reduce((sum, table) => sum + table.rows, 0);
  const files = folders.reduce((sum, folder) => sum + folder.files.length, 0);
  const bytes = partsOf(content).reduce((sum, part) => sum + part.bytes, 0);
  terminal.result(
    [
      `Workspace ${workspace} is in ${place}: ${describeCount(rows)} rows of ${amount(tables.length, 'table')}, ${describeCount(files)} files, ${describeBytes(bytes)}`,
      `  npm run bellwether -- restore --from ${place}`,
      // They belong to no workspace; price models that were trained on one need it.
      ...(existsSync(scorers) ? [`Trained scorers are not in it: keep a copy of ${scorers}, too.`] : []),
    ].join('\n'),
    { out: place, workspace, program, createdAt, sha256, rows, tables: tables.length, files, bytes },
  );
}
