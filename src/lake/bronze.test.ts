import {
  appendFileSync,
  existsSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DuckDBInstance } from '@duckdb/node-api';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { DAY_MS } from '../core/index.ts';
import type { RawRecord } from '../sources/index.ts';
import { openBronze, type BronzeFile } from './bronze.ts';
import { hashFile, verifyBronze } from './bronze-manifest.ts';
import { START, article, candle } from './fixtures/records.ts';
import { identify } from './record-id.ts';

const NEWS = 'history__news/2021-11-01.parquet';
const BARS = 'history__candles-60m/2021-11-01.parquet';

let dir: string;
const at = (name: string): string => join(dir, name);
const manifest = (): string => readFileSync(at('manifest.jsonl'), 'utf8');

beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'bronze-test-'));
});
afterEach(() => {
  rmSync(dir, { recursive: true, force: true });
});

async function append(records: readonly RawRecord[], ingestedAt = START): Promise<BronzeFile[]> {
  const writer = await openBronze({ bronzeDir: dir, ingestedAt });
  await writer.add(records.map((record) => ({ record, ...identify(record) })));
  return writer.commit();
}

async function readRows(file: string): Promise<Record<string, unknown>[]> {
  const instance = await DuckDBInstance.create(':memory:');
  const connection = await instance.connect();
  const reader = await connection.runAndReadAll(`SELECT * FROM read_parquet('${at(file)}')`);
  const rows = reader.getRowObjectsJson();
  connection.closeSync();
  instance.closeSync();
  return rows;
}

const idsIn = async (file: string) => (await readRows(file)).map((row) => row['record_id']);
const idOf = (record: RawRecord): string => identify(record).id;

describe('raw records in bronze', () => {
  it('stand whole in one file per source and day of ingestion', async () => {
    const live = { ...article(0), firstSeenAt: START + 5_000, origin: null, backfilled: false };
    const files = await append([candle(0), live, candle(1)]);
    expect(files).toEqual([
      { file: BARS, rows: 2, added: 2 },
      { file: NEWS, rows: 1, added: 1 },
    ]);
    const [row] = await readRows(NEWS);
    expect(row).toMatchObject({
      record_id: idOf(live),
      source: 'history:news',
      kind: 'article',
      asset: 'BTC-USD',
    });
    expect(JSON.parse(String(row?.['fields']))).toEqual(live.fields);
    expect(row).toMatchObject({ origin_file: null, origin_line: null, backfilled: false });
    expect(String(row?.['first_seen_at'])).toContain('2021-11-01 00:00:05');
  });

  it('are kept in a name that is safe for any file system', async () => {
    const [file] = await append([{ ...candle(0), source: '../so:me/where' }]);
    expect(file?.file).toBe('_2e_2e_2fso__me_2fwhere/2021-11-01.parquet');
  });

  it('are added once, however often they come', async () => {
    await append([candle(0), candle(1)]);
    expect(await append([candle(1), candle(2)])).toEqual([{ file: BARS, rows: 3, added: 1 }]);
    expect(await append([candle(0)])).toEqual([]);
    expect(await idsIn(BARS)).toEqual([0, 1, 2].map((hour) => idOf(candle(hour))));
    expect(await verifyBronze(dir)).toMatchObject({ isSound: true, entries: 2, files: 1 });
  });

  it('of another day go to another file', async () => {
    await append([candle(0)]);
    const [file] = await append([candle(1)], START + DAY_MS);
    expect(file).toEqual({ file: 'history__candles-60m/2021-11-02.parquet', rows: 1, added: 1 });
  });

  it('pass through several parts when there are many', async () => {
    const records = Array.from({ length: 21_000 }, (_, hour) => candle(hour));
    expect(await append(records)).toEqual([{ file: BARS, rows: 21_000, added: 21_000 }]);
    const ids = await idsIn(BARS);
    expect([ids[0], ids[20_999]]).toEqual([idOf(candle(0)), idOf(candle(20_999))]);
  });

  it('that were gathered and thrown away leave nothing', async () => {
    const writer = await openBronze({ bronzeDir: dir, ingestedAt: START });
    await writer.add([{ record: candle(0), ...identify(candle(0)) }]);
    await writer.abort();
    expect(readdirSync(dir)).toEqual(['.pending']);
    expect(readdirSync(at('.pending'))).toEqual([]);
  });
});

describe('the manifest of bronze', () => {
  it('chains every change to the one before, from zeros', async () => {
    await append([candle(0)]);
    await append([candle(1), article(0)]);
    const entries = manifest()
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line));
    expect(entries.map(({ seq, file, rows }) => ({ seq, file, rows }))).toEqual([
      { seq: 1, file: BARS, rows: 1 },
      { seq: 2, file: BARS, rows: 2 },
      { seq: 3, file: NEWS, rows: 1 },
    ]);
    expect(entries.map(({ previous }) => previous)).toEqual([
      '0'.repeat(64),
      entries[0].hash,
      entries[1].hash,
    ]);
    expect(entries[1].oldHash).toBe(entries[0].newHash);
    expect(entries[1].newHash).toBe(await hashFile(at(BARS)));
  });

  it('shows a file that was changed, taken away or brought in by somebody else', async () => {
    await append([candle(0), article(0)]);
    appendFileSync(at(BARS), 'x');
    renameSync(at(NEWS), at('history__news/2021-11-09.parquet'));
    const { isSound, problems } = await verifyBronze(dir);
    expect(isSound).toBe(false);
    expect(problems).toHaveLength(3);
    expect(problems.join()).toMatch(/candles-60m\/2021-11-01.*news\/2021-11-01.*news\/2021-11-09/);
  });

  it('shows an entry that was changed afterwards', async () => {
    await append([candle(0)]);
    await append([candle(1)]);
    writeFileSync(at('manifest.jsonl'), manifest().replace('"rows":1', '"rows":7'));
    expect((await verifyBronze(dir)).problems).toEqual([expect.stringContaining('entry 1')]);
  });

  it('of a folder that is not there is sound and empty', async () => {
    expect(await verifyBronze(at('nowhere'))).toMatchObject({ isSound: true, entries: 0, files: 0 });
  });
});

describe('an interrupted append', () => {
  it('that tore its line is forgotten, and the next one brings everything', async () => {
    await append([candle(0)]);
    const before = manifest();
    writeFileSync(at('manifest.jsonl'), `${before}{"seq":2,"file":"history`);
    expect((await verifyBronze(dir)).problems).toEqual([expect.stringContaining('no whole entry')]);
    await append([candle(0), candle(1)]);
    expect(await verifyBronze(dir)).toMatchObject({ isSound: true, entries: 2 });
    expect(await idsIn(BARS)).toHaveLength(2);
  });

  it('whose entry is on the disk is finished by the next one', async () => {
    await append([candle(0)]);
    const old = readFileSync(at(BARS));
    await append([candle(1)]);
    // As after a crash between entry and move: the new file still waits, the old one is in place.
    renameSync(at(BARS), at('.pending/2.parquet'));
    writeFileSync(at(BARS), old);
    expect(await verifyBronze(dir)).toMatchObject({ isSound: true });
    await append([candle(2)]);
    expect(await idsIn(BARS)).toEqual([0, 1, 2].map((hour) => idOf(candle(hour))));
    expect(await verifyBronze(dir)).toMatchObject({ isSound: true, entries: 3 });
  });

  it('whose entry is not on the disk was never promised, and its leftovers go', async () => {
    await append([candle(0)]);
    writeFileSync(at('.pending/2.parquet'), readFileSync(at(BARS)));
    await append([candle(1)]);
    expect(readdirSync(at('.pending'))).toEqual([]);
    expect(await verifyBronze(dir)).toMatchObject({ isSound: true, entries: 2 });
  });

  it('that left a file without an entry loses none of its rows', async () => {
    await append([candle(0)]);
    const lines = manifest();
    await append([candle(1)]);
    writeFileSync(at('manifest.jsonl'), lines);
    await append([candle(2)]);
    expect(await idsIn(BARS)).toHaveLength(3);
    expect(await verifyBronze(dir)).toMatchObject({ isSound: true, entries: 3, recovered: [BARS] });
  });
});

describe('a bronze folder that cannot be used', () => {
  it('is named with what to do when it cannot be written', async () => {
    writeFileSync(at('file'), '');
    const opening = openBronze({ bronzeDir: at('file'), ingestedAt: START });
    await expect(opening).rejects.toMatchObject({ code: 'LAKE_BRONZE_WRITE_FAILED', status: 507 });
  });

  it('keeps what it had when a write fails half-way', async () => {
    await append([candle(0)]);
    const before = [manifest(), await hashFile(at(BARS))];
    const writer = await openBronze({ bronzeDir: dir, ingestedAt: START });
    rmSync(at('.pending'), { recursive: true });
    await writer.add([{ record: candle(1), ...identify(candle(1)) }]);
    await expect(writer.commit()).rejects.toMatchObject({ code: 'LAKE_BRONZE_WRITE_FAILED' });
    await writer.abort();
    expect([manifest(), await hashFile(at(BARS))]).toEqual(before);
    expect(existsSync(at('.pending/work'))).toBe(false);
  });

  it('is refused when a file of the day is gone or is no Parquet', async () => {
    await append([candle(0)]);
    writeFileSync(at(BARS), 'not a table');
    await expect(append([candle(1)])).rejects.toMatchObject({ code: 'LAKE_BRONZE_DAMAGED' });
    rmSync(at(BARS));
    await expect(append([candle(1)])).rejects.toMatchObject({ code: 'LAKE_BRONZE_DAMAGED' });
  });
});
