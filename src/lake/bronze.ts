import { existsSync } from 'node:fs';
import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import {
  BOOLEAN,
  DuckDBDataChunk,
  DuckDBInstance,
  DuckDBTimestampTZValue,
  INTEGER,
  TIMESTAMPTZ,
  VARCHAR,
  type DuckDBConnection,
  type DuckDBValue,
} from '@duckdb/node-api';
import { isAppError, utcDay, type EpochMs } from '../core/index.ts';
import type { RawRecord } from '../sources/index.ts';
import { bronzeDamaged, bronzeWriteFailed } from './errors.ts';
import {
  hashFile,
  openManifest,
  pendingDir,
  syncPath,
  type Manifest,
  type FileChange,
} from './bronze-manifest.ts';
import { storable } from './parse.ts';
import type { RecordIdentity } from './record-id.ts';

/** A raw record with the name that its content gives it. */
export type BronzeRecord = RecordIdentity & { record: RawRecord };

/** A file that grew. */
export interface BronzeFile {
  /** Path below the bronze folder. */
  file: string;
  rows: number;
  added: number;
}

/** Gathers records on the disk and adds all of them at once. */
export interface BronzeWriter {
  add(records: readonly BronzeRecord[]): Promise<void>;
  /** Adds what was gathered and closes. Records whose id the day's file already has are left out. */
  commit(): Promise<BronzeFile[]>;
  /** Throws away what was gathered and closes. Without effect after `commit`. */
  abort(): Promise<void>;
}

const COLUMNS = {
  record_id: VARCHAR,
  source: VARCHAR,
  kind: VARCHAR,
  asset: VARCHAR,
  fields: VARCHAR,
  origin_file: VARCHAR,
  origin_line: INTEGER,
  first_seen_at: TIMESTAMPTZ,
  backfilled: BOOLEAN,
  ingested_at: TIMESTAMPTZ,
};
const COLUMN_TYPES = Object.values(COLUMNS);
const COLUMN_NAMES = Object.keys(COLUMNS).join(', ');

/** DuckDB's own size of a vector; a chunk holds no more. */
const CHUNK_ROWS = 2_048;
/** Rows that are gathered in memory before they go to a part file: about 8 MB. */
const PART_ROWS = 20_000;
/** Rows that a Parquet writer holds at a time. */
const ROW_GROUP_ROWS = 20_000;
const ENGINE = {
  memory_limit: '128MB',
  threads: '1',
  autoinstall_known_extensions: 'false',
  autoload_known_extensions: 'false',
};

interface Feed {
  table: string;
  gathered: number;
  parts: string[];
}

/**
 * Opens the open day's files for adding: Parquet (zstd), one per source and UTC day of ingestion,
 * `<source>/<YYYY-MM-DD>.parquet`. A day's file is rewritten whole beside the old one, forced to the disk, entered
 * into the manifest and only then moved into place, so that whatever is interrupted loses nothing.
 * The caller makes sure that nobody else writes to the folder meanwhile.
 * @throws AppError `LAKE_BRONZE_WRITE_FAILED` (from every method too) when the disk is full or read-only,
 *   `LAKE_BRONZE_DAMAGED` when an open file is gone or cannot be read
 */
export async function openBronze(options: { bronzeDir: string; ingestedAt: EpochMs }): Promise<BronzeWriter> {
  const { bronzeDir, ingestedAt } = options;
  const feeds = new Map<string, Feed>();
  const manifest = await guarded(bronzeDir, () => openManifest(bronzeDir));
  const engine = await openEngine(bronzeDir);

  let isOpen = true;

  async function close(): Promise<void> {
    if (isOpen) engine.close();
    isOpen = false;
    await rm(workDir(bronzeDir), { recursive: true, force: true });
  }

  async function addToFeed(source: string, records: readonly BronzeRecord[]): Promise<void> {
    const feed = feeds.get(source) ?? (await createFeed(engine.connection, feeds.size));
    feeds.set(source, feed);
    for (let start = 0; start < records.length; start += PART_ROWS) {
      const slice = records.slice(start, start + PART_ROWS);
      await appendRows(engine.connection, feed.table, { records: slice, ingestedAt });
      feed.gathered += slice.length;
      if (feed.gathered >= PART_ROWS) await writePart(engine.connection, feed, bronzeDir);
    }
  }

  return {
    add: (records) =>
      guarded(bronzeDir, async () => {
        const groups = Map.groupBy(records, ({ record }) => record.source);
        for (const [source, group] of groups) await addToFeed(source, group);
      }),
    commit: () =>
      guarded(bronzeDir, async () => {
        try {
          const rewrites: Rewrite[] = [];
          for (const [source, feed] of feeds) {
            await writePart(engine.connection, feed, bronzeDir);
            const file = `${safeName(source)}/${utcDay(ingestedAt)}.parquet`;
            rewrites.push(await rewrite(engine.connection, { bronzeDir, file, feed, manifest }));
          }
          const grown = rewrites.filter(({ added }) => added > 0);
          await manifest.commit(
            grown.flatMap(({ changes }) => changes),
            ingestedAt,
          );
          return grown.map(({ file, rows, added }) => ({ file, rows, added }));
        } finally {
          await close();
        }
      }),
    abort: close,
  };
}

/** A feed's file of the day, before and after. */
interface Rewrite {
  file: string;
  rows: number;
  added: number;
  changes: FileChange[];
}

async function rewrite(
  connection: DuckDBConnection,
  day: { bronzeDir: string; file: string; feed: Feed; manifest: Manifest },
): Promise<Rewrite> {
  const { bronzeDir, file, feed } = day;
  const target = join(bronzeDir, file);
  const found = await findOld(connection, day);
  const made = join(workDir(bronzeDir), `${feed.table}.parquet`);
  await copyTo(connection, mergeStatement(found === null ? null : target, feed.parts), made);
  await syncPath(made);
  const rows = await countRows(connection, made);
  const changes: FileChange[] = found?.unrecorded === undefined ? [] : [found.unrecorded];
  const oldHash = found?.hash ?? null;
  changes.push({ file, oldHash, newHash: await hashFile(made), rows, reason: 'append', path: made });
  return { file, rows, added: rows - (found?.rows ?? 0), changes };
}

/** The day's file as it stands, held against its entry. */
async function findOld(
  connection: DuckDBConnection,
  { bronzeDir, file, manifest }: { bronzeDir: string; file: string; manifest: Manifest },
): Promise<{ hash: string; rows: number; unrecorded?: FileChange } | null> {
  const target = join(bronzeDir, file);
  const recorded = manifest.hashOf(file);
  if (!existsSync(target)) {
    if (recorded !== null) throw bronzeDamaged(target, 'the manifest tells of a file that is gone');
    return null;
  }
  const hash = await hashFile(target);
  const rows = await countRows(connection, target).catch(() => {
    throw bronzeDamaged(target, 'the file is no Parquet file with the columns of raw records');
  });
  if (hash === recorded) return { hash, rows };
  const change = { file, oldHash: recorded, newHash: hash, rows, reason: 'recovered', path: null } as const;
  return { hash, rows, unrecorded: change };
}

function mergeStatement(old: string | null, parts: readonly string[]): string {
  const added = `SELECT ${COLUMN_NAMES} FROM read_parquet([${parts.map(literal).join(', ')}]) AS added`;
  if (old === null) return added;
  const known = `SELECT 1 FROM read_parquet(${literal(old)}) AS known WHERE known.record_id = added.record_id`;
  return `SELECT ${COLUMN_NAMES} FROM read_parquet(${literal(old)}) UNION ALL ${added} WHERE NOT EXISTS (${known})`;
}

async function writePart(connection: DuckDBConnection, feed: Feed, bronzeDir: string): Promise<void> {
  if (feed.gathered === 0) return;
  const part = join(workDir(bronzeDir), `${feed.table}-${feed.parts.length}.part`);
  await copyTo(connection, `SELECT ${COLUMN_NAMES} FROM ${feed.table}`, part);
  await connection.run(`TRUNCATE ${feed.table}`);
  feed.parts.push(part);
  feed.gathered = 0;
}

async function copyTo(connection: DuckDBConnection, query: string, path: string): Promise<void> {
  const format = `FORMAT parquet, COMPRESSION zstd, ROW_GROUP_SIZE ${ROW_GROUP_ROWS}`;
  await connection.run(`COPY (${query}) TO ${literal(path)} (${format})`);
}

async function countRows(connection: DuckDBConnection, path: string): Promise<number> {
  const result = await connection.runAndReadAll(
    `SELECT count(record_id)::integer FROM read_parquet(${literal(path)})`,
  );
  return Number(result.getRows()[0]?.[0] ?? 0);
}

async function createFeed(connection: DuckDBConnection, number: number): Promise<Feed> {
  const table = `feed_${number}`;
  const columns = Object.entries(COLUMNS).map(([name, type]) => `${name} ${type.toString()}`);
  await connection.run(`CREATE TABLE ${table} (${columns.join(', ')})`);
  return { table, gathered: 0, parts: [] };
}

async function appendRows(
  connection: DuckDBConnection,
  table: string,
  { records, ingestedAt }: { records: readonly BronzeRecord[]; ingestedAt: EpochMs },
): Promise<void> {
  const appender = await connection.createAppender(table);
  for (let start = 0; start < records.length; start += CHUNK_ROWS) {
    const slice = records.slice(start, start + CHUNK_ROWS);
    const chunk = DuckDBDataChunk.create(COLUMN_TYPES, slice.length);
    for (const [column, values] of toColumns(slice, ingestedAt).entries())
      chunk.setColumnValues(column, values);
    appender.appendDataChunk(chunk);
  }
  appender.closeSync();
}

function toColumns(records: readonly BronzeRecord[], ingestedAt: EpochMs): DuckDBValue[][] {
  const ingested = moment(ingestedAt);
  return [
    records.map(({ id }) => id),
    records.map(({ record }) => storable(record.source)),
    records.map(({ record }) => record.kind),
    records.map(({ record }) => storable(record.asset)),
    records.map(({ fieldsJson }) => fieldsJson),
    records.map(({ record }) => (record.origin === null ? null : storable(record.origin.file))),
    records.map(({ record }) => record.origin?.line ?? null),
    records.map(({ record }) => (record.firstSeenAt === null ? null : moment(record.firstSeenAt))),
    records.map(({ record }) => record.backfilled),
    records.map(() => ingested),
  ];
}

const moment = (ms: EpochMs) => new DuckDBTimestampTZValue(BigInt(Math.round(ms * 1_000)));

interface Engine {
  connection: DuckDBConnection;
  close(): void;
}

async function openEngine(bronzeDir: string): Promise<Engine> {
  return guarded(bronzeDir, async () => {
    const folder = workDir(bronzeDir);
    await mkdir(folder, { recursive: true });
    const instance = await DuckDBInstance.create(':memory:', {
      ...ENGINE,
      temp_directory: join(folder, 'spill'),
    });
    const connection = await instance.connect();
    return {
      connection,
      close() {
        connection.closeSync();
        instance.closeSync();
      },
    };
  });
}

const workDir = (bronzeDir: string): string => join(pendingDir(bronzeDir), 'work');

/** A feed's name as a folder: `history:news` becomes `history__news`. */
function safeName(source: string): string {
  return source
    .replaceAll(':', '__')
    .replace(/[^A-Za-z0-9_-]/gu, (sign) => `_${sign.codePointAt(0)?.toString(16) ?? ''}`);
}

function literal(text: string): string {
  return `'${text.replaceAll("'", "''")}'`;
}

async function guarded<Result>(bronzeDir: string, work: () => Promise<Result>): Promise<Result> {
  try {
    return await work();
  } catch (error) {
    throw isAppError(error) ? error : bronzeWriteFailed(bronzeDir, error);
  }
}
