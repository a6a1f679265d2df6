import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DuckDBInstance } from '@duckdb/node-api';
import fc from 'fast-check';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, inject, it } from 'vitest';
import { traceCommand } from '../../test/command-context.ts';
import { FIRST_WINDOW, makeDecidedWorkspace } from '../../test/decided-workspace.ts';
import { HOUR_MS, isoUtc, MINUTE_MS, type Workspace } from '../core/index.ts';
import { exportSignals } from './export-signals.ts';
import { writeCsv, writeParquet } from './signal-files.ts';
import type { Signal } from './signal-rows.ts';

let dataDir: string;
let folder: string;
let workspace: Workspace & { drop(): Promise<void> };

beforeAll(async () => {
  dataDir = mkdtempSync(join(tmpdir(), 'bellwether-export-data-'));
  workspace = await makeDecidedWorkspace({ databaseUrl: inject('databaseUrl'), dataDir, kind: 'export' });
  await giveClosesAndMoments(workspace);
});
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'bellwether-export-'));
});
afterEach(() => {
  rmSync(folder, { recursive: true, force: true });
});
afterAll(async () => {
  await workspace.drop();
  rmSync(dataDir, { recursive: true, force: true });
});

/** Two versions of each hourly close, and one of another bar, which is not the ledger's. */
async function giveClosesAndMoments({ pool }: Workspace): Promise<void> {
  await pool.query(
    `INSERT INTO candles (id, source, asset, event_time, known_at, ingested_at, backfilled, bar_minutes,
                          open, high, low, close, volume)
     SELECT id || h, 'test', 'BTC-USD', to_timestamp($1::float8 / 1000 + h * 3600),
            to_timestamp($1::float8 / 1000 + h * 3600 + late), now(), true, bar, 1, 1, 1, close, 1
     FROM generate_series(0, 9) AS h,
          (VALUES ('b', 60, 900, 61000.50), ('a', 60, 5, 60000.10), ('c', 15, 1, 59999)) AS v (id, bar, late, close)`,
    [FIRST_WINDOW],
  );
  await pool.query(
    `INSERT INTO feature_rows (asset, feature_set, window_end, as_of, values, degraded)
     SELECT 'BTC-USD', 'test', to_timestamp($1::float8 / 1000 + h * 3600), to_timestamp($1::float8 / 1000 + h * 3600 + 60),
            '{NaN}', false
     FROM generate_series(0, 9) AS h`,
    [FIRST_WINDOW],
  );
}

async function exportWith(options: Partial<Parameters<typeof exportSignals>[0]> & { out: string }) {
  const trace = traceCommand({
    BELLWETHER_DATA_DIR: dataDir,
    DATABASE_URL: inject('databaseUrl'),
    LOG_LEVEL: 'silent',
  });
  const exit = await exportSignals({ workspace: workspace.name, ...options }, trace.context);
  return { exit, text: trace.text(), json: trace.json(), said: trace.said };
}

describe('export signals', () => {
  it('writes each prediction with moment, outcome and the first close of its window', async () => {
    const out = join(folder, 'signals.csv');
    const { exit, json, said } = await exportWith({ out });
    const lines = readFileSync(out, 'utf8').trimEnd().split('\n');
    expect(exit).toBe(0);
    expect(json).toMatchObject({ format: 'csv', rows: 8, workspace: workspace.name, from: null, to: null });
    expect(said).toContain('exporting signals: 8 of 8');
    expect(lines).toHaveLength(9);
    expect(lines[0]).toBe(
      'asset,window_end,as_of,horizon_minutes,arm,model_version,probability_up,direction,sentiment,degraded,predicted_at,matures_at,outcome,outcome_known_at,future_return,close',
    );
    const known =
      'BTC-USD,2021-11-05T04:00:00Z,2021-11-05T04:01:00Z,60,baseline-always-up,always-up@2021-11-05';
    expect(lines[2]).toBe(
      `${known},0.5,up,,false,2021-11-05T04:01:00Z,2021-11-05T05:00:00Z,up,2021-11-05T05:00:00Z,0.001,60000.10`,
    );
    expect(lines[8]).toMatch(/,2021-11-05T11:00:00Z,,,,60000\.10$/);
  });

  it('takes the range, arm and horizon that are asked for, and the format before the ending', async () => {
    const out = join(folder, 'signals.dat');
    const { json } = await exportWith({
      out,
      format: 'csv',
      from: FIRST_WINDOW + 2 * HOUR_MS,
      to: FIRST_WINDOW + 4 * HOUR_MS,
      arm: ['baseline-always-up'],
      horizon: 60,
    });
    expect(json).toMatchObject({ rows: 2, from: '2021-11-05T03:00:00Z', to: '2021-11-05T05:00:00Z' });
    expect(readFileSync(out, 'utf8').match(/2021-11-05T0\d:00:00Z,2021/g)).toEqual([
      '2021-11-05T04:00:00Z,2021',
      '2021-11-05T05:00:00Z,2021',
    ]);
  });

  it('writes Parquet with typed columns', async () => {
    const out = join(folder, 'signals.parquet');
    const { text } = await exportWith({ out });
    expect(text).toContain('8 signals');
    const rows = await query(
      `SELECT epoch_ms(window_end), probability_up, outcome, close FROM '${out}' LIMIT 1`,
    );
    expect(rows).toEqual([[BigInt(FIRST_WINDOW + 2 * HOUR_MS), 0.5, 'void', 60_000.1]]);
    const types = await query(`SELECT column_name, column_type FROM (DESCRIBE SELECT * FROM '${out}')`);
    expect(Object.fromEntries(types)).toMatchObject({
      window_end: 'TIMESTAMP WITH TIME ZONE',
      degraded: 'BOOLEAN',
      future_return: 'DOUBLE',
      horizon_minutes: 'INTEGER',
    });
    expect(await query(`SELECT DISTINCT compression FROM parquet_metadata('${out}')`)).toEqual([['ZSTD']]);
  });

  it.each([
    ['an arm that is not there', { arm: ['crystal-ball'] }, 'There are: baseline-always-up'],
    ['a horizon that is not there', { horizon: 61 }, 'There are: 60'],
    ['a range without predictions', { to: 0 }, 'Widen --from and --to'],
    ['a reversed range', { from: HOUR_MS, to: 0 }, 'is not before'],
    ['a workspace that is not there', { workspace: 'nobody_s' }, 'There is no workspace "nobody_s"'],
    ['an ending that says nothing', { out: 'signals.xlsx' }, '--format'],
  ])('refuses %s as wrong usage and leaves the old file', async (_, options, words) => {
    const out = join(folder, 'signals.csv');
    writeFileSync(out, 'old');
    await expect(exportWith({ out, ...options })).rejects.toMatchObject({
      code: 'USAGE_INVALID',
      message: expect.stringContaining(words) as string,
    });
    expect(readFileSync(out, 'utf8')).toBe('old');
    expect(readdirSync(folder)).toEqual(['signals.csv']);
  });

  it('refuses a folder, a device and a place that is not there', async () => {
    mkdirSync(join(folder, 'taken.csv'));
    for (const out of [join(folder, 'taken.csv'), '/dev/null', join(folder, 'no', 'where.csv')]) {
      await expect(exportWith({ out, format: 'csv' })).rejects.toMatchObject({ code: 'OUT_FILE_UNWRITABLE' });
    }
    expect(existsSync('/dev/null')).toBe(true);
    expect(readdirSync(folder)).toEqual(['taken.csv']);
  });
});

const moment = fc.integer({ min: 0, max: 4_000_000 }).map((minutes) => minutes * MINUTE_MS);
const number = fc.double({ noNaN: true, noDefaultInfinity: true }).map((value) => value + 0);
const signal: fc.Arbitrary<Signal> = fc.record({
  asset: fc.constantFrom('BTC-USD', 'A,"B"'),
  windowEnd: moment,
  asOf: fc.option(moment),
  horizonMinutes: fc.integer({ min: 1, max: 100_000 }),
  arm: fc.constantFrom('logistic+vader', 'x\n"y"'),
  modelVersion: fc.constantFrom('trees@1.0.3', 'a,b'),
  probabilityUp: fc.double({ min: 0, max: 1, noNaN: true }).map((value) => value + 0),
  direction: fc.constantFrom('up', 'down'),
  sentiment: fc.option(number),
  degraded: fc.boolean(),
  predictedAt: moment,
  maturesAt: moment,
  outcome: fc.option(fc.constantFrom('up', 'down', 'void')),
  outcomeKnownAt: fc.option(moment),
  futureReturn: fc.option(number),
  close: fc.option(fc.constantFrom('60000.10', '0.5')),
});

describe('a file of signals', () => {
  it('gives every value back, in order, whatever stands in it, in either format', async () => {
    const property = fc.asyncProperty(fc.array(signal, { minLength: 1, maxLength: 20 }), async (signals) => {
      const expected = signals.map((row) => [
        row.asset,
        isoUtc(row.windowEnd),
        row.asOf,
        row.arm,
        row.modelVersion,
        row.probabilityUp,
        row.sentiment,
        row.futureReturn,
        row.close === null ? null : Number(row.close),
      ]);
      for (const [name, write] of [
        ['some.parquet', writeParquet],
        ['some.csv', writeCsv],
      ] as const) {
        const path = join(folder, name);
        expect(await write(path, batches(signals), () => {})).toBe(signals.length);
        const rows = await query(
          `SELECT asset, epoch_ms(window_end::timestamptz), epoch_ms(as_of::timestamptz), arm, model_version,
                  probability_up::double, sentiment::double, future_return::double, close::double
           FROM ${name.endsWith('csv') ? `read_csv('${path}', all_varchar = true)` : `'${path}'`}`,
        );
        const found = rows.map(([asset, windowEnd, asOf, ...rest]) => [
          asset,
          isoUtc(Number(windowEnd)),
          asOf === null ? null : Number(asOf),
          ...rest,
        ]);
        expect(found).toEqual(expected);
      }
    });
    await fc.assert(property, { numRuns: 15, seed: 3 });
  });
});

async function* batches(signals: Signal[]): AsyncGenerator<Signal[]> {
  yield signals.slice(0, 3);
  yield signals.slice(3);
}

async function query(statement: string): Promise<[string, ...unknown[]][]> {
  const instance = await DuckDBInstance.create(':memory:');
  const connection = await instance.connect();
  const rows = (await connection.runAndReadAll(statement)).getRows();
  connection.closeSync();
  instance.closeSync();
  return rows as [string, ...unknown[]][];
}
