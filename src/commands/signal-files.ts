import { open, rm } from 'node:fs/promises';
import { DuckDBInstance } from '@duckdb/node-api';
import { isoUtc, messageOf, type EpochMs } from '../core/index.ts';
import { outFileUnwritable } from './errors.ts';
import type { Signal } from './signal-rows.ts';

export const SIGNAL_FORMATS = ['csv', 'parquet'] as const;
export type SignalFormat = (typeof SIGNAL_FORMATS)[number];

interface Column {
  name: string;
  /** DuckDB's. */
  type: 'VARCHAR' | 'TIMESTAMPTZ' | 'INTEGER' | 'DOUBLE' | 'BOOLEAN';
  text: (signal: Signal) => string;
}

/** What an exported file holds, in this order (docs/operations.md). */
const COLUMNS: readonly Column[] = [
  { name: 'asset', type: 'VARCHAR', text: ({ asset }) => quoted(asset) },
  { name: 'window_end', type: 'TIMESTAMPTZ', text: ({ windowEnd }) => isoUtc(windowEnd) },
  { name: 'as_of', type: 'TIMESTAMPTZ', text: ({ asOf }) => momentText(asOf) },
  { name: 'horizon_minutes', type: 'INTEGER', text: ({ horizonMinutes }) => String(horizonMinutes) },
  { name: 'arm', type: 'VARCHAR', text: ({ arm }) => quoted(arm) },
  { name: 'model_version', type: 'VARCHAR', text: ({ modelVersion }) => quoted(modelVersion) },
  { name: 'probability_up', type: 'DOUBLE', text: ({ probabilityUp }) => String(probabilityUp) },
  { name: 'direction', type: 'VARCHAR', text: ({ direction }) => direction },
  { name: 'sentiment', type: 'DOUBLE', text: ({ sentiment }) => numberText(sentiment) },
  { name: 'degraded', type: 'BOOLEAN', text: ({ degraded }) => String(degraded) },
  { name: 'predicted_at', type: 'TIMESTAMPTZ', text: ({ predictedAt }) => isoUtc(predictedAt) },
  { name: 'matures_at', type: 'TIMESTAMPTZ', text: ({ maturesAt }) => isoUtc(maturesAt) },
  { name: 'outcome', type: 'VARCHAR', text: ({ outcome }) => outcome ?? '' },
  { name: 'outcome_known_at', type: 'TIMESTAMPTZ', text: ({ outcomeKnownAt }) => momentText(outcomeKnownAt) },
  { name: 'future_return', type: 'DOUBLE', text: ({ futureReturn }) => numberText(futureReturn) },
  { name: 'close', type: 'DOUBLE', text: ({ close }) => close ?? '' },
];

const ENGINE = {
  memory_limit: '128MB',
  threads: '1',
  // Nothing here is larger than a row group, and a folder for what does not fit would have to be cleared away.
  temp_directory: '',
  autoinstall_known_extensions: 'false',
  autoload_known_extensions: 'false',
};
const ROW_GROUP_ROWS = 20_000;

/** Writes signals as CSV: a header, moments in ISO 8601 UTC, an empty field where a value is not known. */
export async function writeCsv(
  path: string,
  batches: AsyncIterable<Signal[]>,
  onRows: (rows: number) => void,
): Promise<number> {
  const file = await open(path, 'w');
  let rows = 0;
  try {
    await file.writeFile(`${COLUMNS.map(({ name }) => name).join(',')}\n`);
    for await (const batch of batches) {
      await file.writeFile(batch.map(lineOf).join(''));
      rows += batch.length;
      onRows(rows);
    }
  } finally {
    await file.close();
  }
  return rows;
}

/** Writes signals as Parquet (zstd), with the columns of the CSV: moments as UTC timestamps, numbers as doubles. */
export async function writeParquet(
  path: string,
  batches: AsyncIterable<Signal[]>,
  onRows: (rows: number) => void,
): Promise<number> {
  const between = `${path}.csv`;
  try {
    const rows = await writeCsv(between, batches, onRows);
    await convert(between, path);
    return rows;
  } finally {
    await rm(between, { force: true });
  }
}

async function convert(csv: string, parquet: string): Promise<void> {
  const columns = COLUMNS.map(({ name, type }) => `'${name}': '${type}'`).join(', ');
  const from = `read_csv(${literal(csv)}, header = true, auto_detect = false, delim = ',', quote = '"', escape = '"', columns = {${columns}})`;
  const format = `FORMAT parquet, COMPRESSION zstd, ROW_GROUP_SIZE ${ROW_GROUP_ROWS}`;
  const instance = await DuckDBInstance.create(':memory:', ENGINE);
  try {
    const connection = await instance.connect();
    try {
      await connection.run(`COPY (SELECT * FROM ${from}) TO ${literal(parquet)} (${format})`);
    } finally {
      connection.closeSync();
    }
  } catch (error) {
    throw outFileUnwritable(parquet, messageOf(error));
  } finally {
    instance.closeSync();
  }
}

function lineOf(signal: Signal): string {
  return `${COLUMNS.map(({ text }) => text(signal)).join(',')}\n`;
}

/** As RFC 4180 has it. */
function quoted(text: string): string {
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

const momentText = (moment: EpochMs | null): string => (moment === null ? '' : isoUtc(moment));
const numberText = (value: number | null): string => (value === null ? '' : String(value));
const literal = (text: string): string => `'${text.replaceAll("'", "''")}'`;
