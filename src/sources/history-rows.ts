import type { HistoryPlace } from './errors.ts';
import { historyColumns } from './errors.ts';
import {
  dayField,
  findColumns,
  readHeader,
  snakeCase,
  splitCells,
  timeField,
  type Aliases,
} from './history-cells.ts';
import type { HistoryRole } from './history-files.ts';
import { isTooLong, LINE_LIMIT } from './history-lines.ts';
import type { RawRecord, RawValue, RecordKind } from './source.ts';

/** The file that rows come from, as far as their meaning goes. */
export interface RowContext {
  place: HistoryPlace;
  role: HistoryRole;
  asset: string;
  /** Only for candles. */
  barMinutes: number;
}

/**
 * Appends the records of one line. One that cannot be read becomes a record with `_unreadable`, and with `_problem`
 * where more is known than that its shape is wrong.
 */
export type RowReader = (line: string, lineNumber: number, out: RawRecord[]) => void;

/** Of a line that cannot be read this much is kept for the quarantine. */
const RAW_LIMIT = 500;

const DATE: readonly string[] = ['date', 'day', 'timestamp', 'time'];
const NEWS_KEYS: Aliases = {
  published_at: ['published_at', 'published'],
  first_seen_at: ['first_seen_at', 'seen_at'],
  publisher: ['publisher', 'source'],
  title: ['title', 'headline'],
  summary: ['summary', 'description'],
  url: ['url', 'link'],
};
const POST_KEYS: Aliases = {
  posted_at: ['posted_at', 'created_at'],
  first_seen_at: ['first_seen_at', 'seen_at'],
  text: ['title', 'text'],
};

/** True for roles whose first line is a header. */
export function hasHeader(role: HistoryRole): boolean {
  return role === 'candles' || role === 'fear-greed' || role === 'social-daily';
}

/** What the records of a file are about. */
export function kindOf(role: HistoryRole): RecordKind {
  if (role === 'candles') return 'candle';
  if (role === 'news') return 'article';
  return role === 'fear-greed' || role === 'social-daily' ? 'index' : 'post';
}

/** The name that records of a file carry: `history:candles-60m`, `history:news`. */
function feedName(role: HistoryRole, barMinutes: number): string {
  return role === 'candles' ? `history:candles-${barMinutes}m` : `history:${role}`;
}

/**
 * Makes the reader for a file whose columns were found good.
 * @param head - the first lines of the file: the header, or for JSON lines some objects to look at
 * @throws AppError `SOURCE_HISTORY_COLUMNS` when columns or keys are not those of the role
 */
export function createRowReader(context: RowContext, head: readonly string[]): RowReader {
  const readLine = createLineReader(context, head);
  const record = recordFactory(context, kindOf(context.role));
  return (line, lineNumber, out) => {
    if (!isTooLong(line)) {
      readLine(line, lineNumber, out);
      return;
    }
    const problem = `longer than ${LINE_LIMIT} characters`;
    out.push(record({ _unreadable: line.slice(0, RAW_LIMIT), _problem: problem }, lineNumber));
  };
}

function createLineReader(context: RowContext, head: readonly string[]): RowReader {
  switch (context.role) {
    case 'candles':
      return candleReader(context, head[0] ?? '');
    case 'fear-greed':
      return fearGreedReader(context, head[0] ?? '');
    case 'social-daily':
      return socialReader(context, head[0] ?? '');
    case 'news':
      return objectReader(context, head, { keys: NEWS_KEYS, time: 'published_at', text: 'title' });
    case 'reddit-posts':
    case 'tweets':
      return objectReader(context, head, { keys: POST_KEYS, time: 'posted_at', text: 'text' });
  }
}

/** Where a candle file keeps its open time, and how it is written. */
export function openTimeColumn(context: RowContext, header: string): number {
  return candleColumns(context, header).columns.open_time;
}

function candleColumns(context: RowContext, header: string) {
  const base = snakeCase(context.asset.split('-')[0] ?? '');
  const aliases = {
    open_time: ['open_time', 'time', 'timestamp', 'datetime', 'date'],
    open: ['open'],
    high: ['high'],
    low: ['low'],
    close: ['close'],
    volume: [`volume_${base}`, 'volume', 'base_volume', 'volumefrom'],
    minutes_present: ['minutes_present'],
  } as const;
  const names = readHeader(context.place, header);
  const required = ['open_time', 'open', 'high', 'low', 'close', 'volume'] as const;
  return { count: names.length, columns: findColumns({ place: context.place, names }, aliases, required) };
}

function candleReader(context: RowContext, header: string): RowReader {
  const { count, columns } = candleColumns(context, header);
  const record = recordFactory(context, 'candle');
  const keepsMinutes = columns.minutes_present >= 0;
  return (line, lineNumber, out) => {
    const cells = splitCells(line);
    const at = (column: number): RawValue => cells?.[column] ?? null;
    const fields: Record<string, RawValue> = {
      open_time: timeField(at(columns.open_time)),
      bar_minutes: context.barMinutes,
      open: at(columns.open),
      high: at(columns.high),
      low: at(columns.low),
      close: at(columns.close),
      volume: at(columns.volume),
    };
    if (keepsMinutes) fields['minutes_present'] = at(columns.minutes_present);
    if (cells?.length !== count) fields['_unreadable'] = line.slice(0, RAW_LIMIT);
    out.push(record(fields, lineNumber));
  };
}

function fearGreedReader(context: RowContext, header: string): RowReader {
  const names = readHeader(context.place, header);
  const aliases = { date: DATE, value: ['value', 'fear_greed'] };
  const columns = findColumns({ place: context.place, names }, aliases, ['date', 'value']);
  const record = recordFactory(context, 'index');
  return (line, lineNumber, out) => {
    const cells = splitCells(line);
    const fields: Record<string, RawValue> = {
      name: 'fear_greed',
      date: dayField(cells?.[columns.date] ?? null),
      value: cells?.[columns.value] ?? null,
    };
    if (cells?.length !== names.length) fields['_unreadable'] = line.slice(0, RAW_LIMIT);
    out.push(record(fields, lineNumber));
  };
}

function socialReader(context: RowContext, header: string): RowReader {
  const names = readHeader(context.place, header);
  const columns = findColumns({ place: context.place, names }, { date: DATE }, ['date']);
  const values = names.map((_, column) => column).filter((column) => column !== columns.date);
  const record = recordFactory(context, 'index');
  return (line, lineNumber, out) => {
    const cells = splitCells(line);
    const date = dayField(cells?.[columns.date] ?? null);
    if (cells?.length !== names.length) {
      const fields = { name: 'social_daily', date, value: null, _unreadable: line.slice(0, RAW_LIMIT) };
      out.push(record(fields, lineNumber));
      return;
    }
    for (const column of values) {
      const value = cells[column] ?? '';
      // An empty cell says that nothing was measured on that day, which is no mistake.
      if (value === '') continue;
      out.push(record({ name: names[column] ?? '', date, value }, lineNumber));
    }
  };
}

function objectReader(
  context: RowContext,
  head: readonly string[],
  shape: { keys: Aliases; time: string; text: string },
): RowReader {
  refuseForeignKeys(context.place, head, shape);
  const isNews = context.role === 'news';
  const record = recordFactory(context, isNews ? 'article' : 'post');
  const fixed: Record<string, RawValue> = isNews
    ? {}
    : { platform: context.role === 'tweets' ? 'twitter' : 'reddit' };
  const wanted = Object.entries(shape.keys);
  return (line, lineNumber, out) => {
    const row = readObject(line);
    const fields: Record<string, RawValue> = { ...fixed };
    let isReadable = row !== null;
    for (const [field, keys] of wanted) {
      const value = row === null ? null : pick(row, keys);
      if (isPlain(value)) fields[field] = field.endsWith('_at') ? timeField(value) : value;
      else {
        fields[field] = null;
        isReadable = false;
      }
    }
    if (!isReadable) fields['_unreadable'] = line.slice(0, RAW_LIMIT);
    out.push(record(fields, lineNumber));
  };
}

/** A file in which no object at all carries the two keys that matter is another file, not a file with bad rows. */
function refuseForeignKeys(
  place: HistoryPlace,
  head: readonly string[],
  shape: { keys: Aliases; time: string; text: string },
): void {
  const rows = head.map(readObject).filter((row) => row !== null);
  const needed = [shape.time, shape.text].map((field) => shape.keys[field] ?? []);
  if (rows.some((row) => needed.every((keys) => pick(row, keys) !== null))) return;
  const missing = needed.filter((keys) => !rows.some((row) => pick(row, keys) !== null));
  const first = rows[0];
  throw historyColumns(place, {
    problem:
      first === undefined
        ? 'no line is a JSON object'
        : `no object has ${(missing.length > 0 ? missing : needed).map((keys) => keys.join('|')).join(' and ')}`,
    found: first === undefined ? (head[0] ?? '') : Object.keys(first).join(', '),
    wanted: `one JSON object a line with ${needed.map((keys) => keys.join('|')).join(' and ')}`,
  });
}

function recordFactory(context: RowContext, kind: RecordKind) {
  const source = feedName(context.role, context.barMinutes);
  const { asset } = context;
  const { file } = context.place;
  return (fields: Record<string, RawValue>, line: number): RawRecord => ({
    source,
    kind,
    asset,
    fields,
    origin: { file, line },
    firstSeenAt: null,
    backfilled: true,
  });
}

function readObject(line: string): Record<string, unknown> | null {
  try {
    const parsed: unknown = JSON.parse(line);
    return typeof parsed === 'object' && parsed !== null && !Array.isArray(parsed)
      ? (parsed as Record<string, unknown>)
      : null;
  } catch {
    return null;
  }
}

function pick(row: Record<string, unknown>, keys: readonly string[]): unknown {
  for (const key of keys) {
    if (row[key] !== undefined && row[key] !== null) return row[key];
  }
  return null;
}

function isPlain(value: unknown): value is RawValue {
  return value === null || ['string', 'number', 'boolean'].includes(typeof value);
}
