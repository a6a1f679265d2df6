import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { RawRecord } from '../src/sources/index.ts';
import { openMarket, type MarketPlan } from './simulated-market.ts';

const CANDLE_COLUMNS = ['open_time', 'open', 'high', 'low', 'close', 'volume'];

/**
 * Writes a simulated market of hourly bars as a history folder, as a user would bring one.
 * @param folder - made when missing
 */
export async function writeSimulatedHistory(folder: string, plan: MarketPlan): Promise<void> {
  const { simulator, range } = openMarket(plan);
  const records: RawRecord[] = [];
  for await (const record of simulator.fetch(range)) records.push(record);
  const fieldsOf = (kind: RawRecord['kind']) =>
    records.filter((record) => record.kind === kind).map(({ fields }) => fields);

  mkdirSync(folder, { recursive: true });
  writeCsv(join(folder, 'candles-60m.csv'), CANDLE_COLUMNS, fieldsOf('candle'));
  writeCsv(join(folder, 'fear-greed.csv'), ['date', 'value'], fieldsOf('index'));
  writeLines(join(folder, 'news.jsonl'), fieldsOf('article'));
  writeLines(join(folder, 'reddit-posts.jsonl'), fieldsOf('post'));
}

function writeCsv(path: string, columns: readonly string[], rows: readonly RawRecord['fields'][]): void {
  const cells = rows.map((row) => columns.map((column) => String(row[column])).join(','));
  writeFileSync(path, `${[columns.join(','), ...cells].join('\n')}\n`);
}

function writeLines(path: string, rows: readonly RawRecord['fields'][]): void {
  writeFileSync(path, rows.map((row) => `${JSON.stringify(row)}\n`).join(''));
}
