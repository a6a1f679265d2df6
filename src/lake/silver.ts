import type { EpochMs, Queryable } from '../core/index.ts';
import type { RawRecord, RawValue } from '../sources/index.ts';
import { storable } from './parse.ts';
import {
  ANALYZE_SILVER,
  INSERT_ARTICLES,
  INSERT_CANDLES,
  INSERT_INDICES,
  INSERT_POSTS,
  INSERT_QUARANTINE,
  LOCK_INGEST,
  SELECT_PRICE_REFERENCES,
} from './statements.ts';
import type { PriceReference } from './inspect-candle.ts';
import type { Observation } from './records.ts';
import type { Rejection } from './verdict.ts';

/** A believed record on its way into silver. */
export interface SilverRow {
  observation: Observation;
  record: RawRecord;
}

/** A record on its way into quarantine. */
export interface QuarantineRow {
  id: string;
  record: RawRecord;
  rejection: Rejection;
}

/** What a bulk insert changed. */
export interface Inserted {
  /** Ids that were not there before. */
  ids: ReadonlySet<string>;
  /** How many of them contradict a row that silver had before. */
  revisions: number;
}

/** Writes rows of one kind; the id decides what is new. Rows of one call must not share an id. */
export async function insertSilver(
  db: Queryable,
  rows: readonly SilverRow[],
  ingestedAt: EpochMs,
): Promise<Inserted> {
  const kind = rows[0]?.observation.kind;
  if (kind === undefined) return { ids: new Set(), revisions: 0 };
  const { statement, columns } = OWN_COLUMNS[kind];
  const parameters = [...knownColumns(rows), ingestedAt, ...columns(rows)];
  const result = await db.query<{ ids: string; revisions: number }>(statement, parameters);
  const { ids, revisions } = result.rows[0] ?? { ids: '', revisions: 0 };
  return { ids: new Set(ids === '' ? [] : ids.split(',')), revisions };
}

/** Puts rejected records aside, whole. A record that is there already stays as it is. */
export async function insertQuarantine(
  db: Queryable,
  rows: readonly QuarantineRow[],
  at: EpochMs,
): Promise<ReadonlySet<string>> {
  if (rows.length === 0) return new Set();
  const { rows: inserted } = await db.query<{ id: string }>(INSERT_QUARANTINE, [
    rows.map(({ id }) => id),
    rows.map(({ record }) => storable(record.source)),
    rows.map(({ record }) => record.kind),
    rows.map(({ record }) => storable(record.asset)),
    rows.map(({ rejection }) => rejection.reason),
    rows.map(({ rejection }) => storable(rejection.message)),
    rows.map(({ record }) => (record.origin === null ? null : storable(record.origin.file))),
    rows.map(({ record }) => record.origin?.line ?? null),
    rows.map(({ record }) => storableJson(record)),
    at,
  ]);
  return new Set(inserted.map(({ id }) => id));
}

/** One ingest at a time in a workspace: bronze files are rewritten whole. The lock goes with the transaction. */
export async function lockIngest(db: Queryable): Promise<void> {
  await db.query(LOCK_INGEST);
}

/** The last first-version close of each series within a day before a moment. */
export async function readPriceReferences(
  db: Queryable,
  options: { asset: string; at: EpochMs },
): Promise<(PriceReference & { source: string; barMinutes: number })[]> {
  const { rows } = await db.query<PriceReference & { source: string; barMinutes: number }>(
    SELECT_PRICE_REFERENCES,
    [options.asset, options.at],
  );
  return rows;
}

/** Lets the planner know how large the tables have become. */
export async function analyzeSilver(db: Queryable): Promise<void> {
  await db.query(ANALYZE_SILVER);
}

type OwnColumns = (rows: readonly SilverRow[]) => unknown[];

const OWN_COLUMNS: Record<Observation['kind'], { statement: string; columns: OwnColumns }> = {
  candle: {
    statement: INSERT_CANDLES,
    columns: (rows) => [
      plainArray(rows, ({ observation }) => (observation.kind === 'candle' ? observation.barMinutes : null)),
      ...['open', 'high', 'low', 'close', 'volume'].map((name) =>
        plainArray(rows, ({ record }) => record.fields[name]),
      ),
    ],
  },
  article: {
    statement: INSERT_ARTICLES,
    columns: (rows) => [
      textColumn(rows, 'publisher'),
      rows.map(({ observation }) => (observation.kind === 'article' ? observation.text : '')),
      textColumn(rows, 'summary'),
      textColumn(rows, 'url'),
    ],
  },
  post: {
    statement: INSERT_POSTS,
    columns: (rows) => [
      textColumn(rows, 'platform'),
      rows.map(({ observation }) => (observation.kind === 'post' ? observation.text : '')),
    ],
  },
  index: {
    statement: INSERT_INDICES,
    columns: (rows) => [
      rows.map(({ observation }) => (observation.kind === 'index' ? observation.name : '')),
      plainArray(rows, ({ record }) => record.fields.value),
    ],
  },
};

function knownColumns(rows: readonly SilverRow[]): unknown[] {
  return [
    plainArray(rows, ({ observation }) => observation.id),
    rows.map(({ observation }) => storable(observation.source)),
    rows.map(({ observation }) => storable(observation.asset)),
    plainArray(rows, ({ record }) => record.backfilled),
    plainArray(rows, ({ observation }) => observation.eventTime),
    plainArray(rows, ({ observation }) => observation.knownAt),
  ];
}

/** An array literal of values that need no quotes: ids, numbers and decimals that passed the door. */
function plainArray(rows: readonly SilverRow[], read: (row: SilverRow) => RawValue | undefined): string {
  return `{${rows.map((row) => String(read(row))).join(',')}}`;
}

function textColumn(rows: readonly SilverRow[], field: string): (string | null)[] {
  return rows.map(({ record }) => {
    const value = record.fields[field];
    return value === undefined || value === null ? null : storable(String(value));
  });
}

function storableJson(record: RawRecord): string {
  return JSON.stringify(record, (_, value: unknown) => (typeof value === 'string' ? storable(value) : value));
}
