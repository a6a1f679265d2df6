import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createTestWorkspace, type TestWorkspace } from '../../test/database.ts';
import { HOUR_MS, inTransaction } from '../core/index.ts';
import type { RawRecord } from '../sources/index.ts';
import { verifyBronze } from './bronze-manifest.ts';
import {
  ASSET,
  NOW,
  START,
  article,
  candle,
  fearGreed,
  post,
  someRecords,
  sourceOf,
} from './fixtures/records.ts';
import { lakeMigrations, ingest, ingestInto, readObservations, type IngestReport } from './index.ts';

let workspace: TestWorkspace;
beforeEach(async () => {
  workspace = await createTestWorkspace([lakeMigrations]);
});
afterEach(async () => {
  await workspace.drop();
});

const RANGE = { after: -Infinity, upTo: Infinity };

function bring(
  records: readonly RawRecord[],
  more: { now?: number; failure?: Error } = {},
): Promise<IngestReport> {
  const source = sourceOf(records, more.failure);
  return ingest({ workspace, source, asset: ASSET, range: RANGE, now: more.now ?? NOW });
}

async function count(table: string): Promise<number> {
  const { rows } = await workspace.pool.query<{ n: number }>(`SELECT count(*)::int AS n FROM ${table}`);
  return rows[0]?.n ?? -1;
}

const readAll = () =>
  readObservations(workspace.pool, { asset: ASSET, barMinutes: 60, after: -Infinity, upTo: Infinity });

describe('an ingest', () => {
  it('puts good rows into silver, bad ones into quarantine, all of them into bronze', async () => {
    const records = [...someRecords(48), candle(48, { close: 'NaN' }), article(48, { title: '' })];
    const report = await bring(records);
    expect(report.rows).toEqual({ candles: 48, articles: 16, posts: 10, indices: 2 });
    expect(report.quarantined).toEqual({ candles: 1, articles: 1, posts: 0, indices: 0 });
    expect(report.reasons.map(({ reason }) => reason)).toEqual([
      'candle_not_a_number',
      'article_title_empty',
    ]);
    expect(report.bronzeFiles.reduce((sum, { added }) => sum + added, 0)).toBe(records.length);
    expect([await count('candles'), await count('articles'), await count('quarantine')]).toEqual([48, 16, 2]);
    expect(await verifyBronze(workspace.bronzeDir)).toMatchObject({ isSound: true, files: 4 });
  });

  it('keeps the decimals of the provider', async () => {
    await bring([candle(0, { open: '100.10', high: '1.025e2', low: '+99.5', close: 100.3, volume: '.50' })]);
    const { rows } = await workspace.pool.query('SELECT open, high, low, close, volume FROM candles');
    expect(rows).toEqual([{ open: '100.10', high: '102.5', low: '99.5', close: '100.3', volume: '0.50' }]);
  });

  it('adds nothing the second time, and says so', async () => {
    const records = [...someRecords(30), candle(30, { high: '1' })];
    const first = await bring(records);
    const again = await bring(records, { now: NOW + HOUR_MS });
    expect(again.rows).toEqual({ candles: 0, articles: 0, posts: 0, indices: 0 });
    expect(again.alreadyStored).toEqual(first.rows);
    expect(again.bronzeFiles).toEqual([]);
    expect(await count('quarantine')).toBe(1);
  });

  it('counts rows that stand twice in the input once', async () => {
    const { rows, duplicates } = await bring([candle(0), candle(0), post(0), candle(1), post(0)]);
    expect(rows).toMatchObject({ candles: 2, posts: 1 });
    expect(duplicates).toMatchObject({ candles: 1, posts: 1 });
  });

  it('that breaks off changes nothing at all', async () => {
    const failure = new Error('the archive is cut short');
    await expect(bring(someRecords(6_000), { failure })).rejects.toThrow(failure);
    expect([await count('candles'), await count('quarantine')]).toEqual([0, 0]);
    expect(existsSync(join(workspace.bronzeDir, 'manifest.jsonl'))).toBe(false);
    expect(await verifyBronze(workspace.bronzeDir)).toMatchObject({ isSound: true, files: 0 });
  });

  it('tells how far it is', async () => {
    const seen: number[] = [];
    const source = sourceOf(Array.from({ length: 6_000 }, (_, hour) => candle(hour)));
    const onProgress = ({ read }: { read: number }) => seen.push(read);
    await ingest({ workspace, source, asset: ASSET, range: RANGE, now: NOW, onProgress });
    expect(seen).toEqual([5_000, 6_000]);
  });

  it('stores what Postgres cannot hold in a readable form', async () => {
    await bring([article(0, { summary: 'a\u0000b \uD83D' }), article(1, { title: 'x\u0000' })]);
    const { rows } = await workspace.pool.query('SELECT summary FROM articles');
    expect(rows).toEqual([{ summary: 'a\uFFFDb \uFFFD' }]);
    const quarantined = await workspace.pool.query('SELECT record, reason, origin_line FROM quarantine');
    expect(quarantined.rows[0]).toMatchObject({ reason: 'article_title_broken', origin_line: 1 });
    expect(quarantined.rows[0].record.fields.title).toBe('x\uFFFD');
  });
});

describe('an ingest within a transaction', () => {
  const bringInto = (records: readonly RawRecord[], afterwards: () => void) =>
    inTransaction(workspace.pool, async (client) => {
      const { bronzeDir } = workspace;
      const source = sourceOf(records);
      await ingestInto(client, {
        bronzeDir,
        source,
        asset: ASSET,
        range: { after: START, upTo: NOW },
        now: NOW,
      });
      afterwards();
    });

  it('that is rolled back leaves silver empty, and the next one fills it without doubling bronze', async () => {
    const undo = () => {
      throw new Error('the window failed');
    };
    await expect(bringInto([candle(0), post(0)], undo)).rejects.toThrow('the window failed');
    expect(await count('candles')).toBe(0);
    const report = await bring([candle(0), post(0)]);
    expect(report.rows).toMatchObject({ candles: 1, posts: 1 });
    expect(report.bronzeFiles).toEqual([]);
    expect(await verifyBronze(workspace.bronzeDir)).toMatchObject({ isSound: true, entries: 2 });
  });

  it('judges jumps by the last close of the day before', async () => {
    await bring([candle(-1, { open: 100, close: 100 })]);
    const high = candle(0, { open: 1_000, high: 1_000, low: 1_000, close: 1_000 });
    await bringInto([high], () => {});
    expect(await count('quarantine')).toBe(1);
  });
});

describe('another version of a bar or a day', () => {
  it('is kept beside the first one and known only from its own ingestion', async () => {
    await bring([candle(0), fearGreed(0)]);
    const later = NOW + HOUR_MS;
    const report = await bring([candle(0, { close: '101' }), fearGreed(0, { value: '77' })], { now: later });
    expect(report.rows).toMatchObject({ candles: 1, indices: 1 });
    expect(report.warnings).toMatchObject([{ kind: 'revisions', count: 2 }]);
    const all = await readAll();
    const bars = all.filter((observation) => observation.kind === 'candle');
    expect(bars.map(({ close, knownAt }) => [close, knownAt])).toEqual([
      [100, START + HOUR_MS + 5_000],
      [101, later],
    ]);
    expect(all.filter(({ kind }) => kind === 'index').map(({ knownAt }) => knownAt)).toEqual([
      START + HOUR_MS,
      later,
    ]);
  });

  it('in one and the same input is treated alike', async () => {
    const report = await bring([candle(0), candle(0, { close: '101' })]);
    expect(report.warnings).toMatchObject([{ kind: 'revisions', count: 1 }]);
    expect((await readAll()).map(({ knownAt }) => knownAt)).toEqual([START + HOUR_MS + 5_000, NOW]);
  });
});
