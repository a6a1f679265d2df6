import { isoUtc, utcDay } from '../core/index.ts';
import { historyColumns, type HistoryPlace } from './errors.ts';
import type { RawValue } from './source.ts';

/** Under which names a field may stand, best first. Names are compared in snake_case. */
export type Aliases = Readonly<Record<string, readonly string[]>>;

const DIGITS = /^\d+$/;
/** Epoch seconds have ten digits from 2001 to 2286, milliseconds thirteen. */
const SECONDS_DIGITS = 10;
const MILLISECONDS_DIGITS = 13;

/**
 * Cuts one CSV line (RFC 4180 without line breaks inside a cell).
 * @returns the cells without their quotes, or null when a quote is misplaced or never closed
 */
export function splitCells(line: string): string[] | null {
  return line.includes('"') ? splitQuoted(line) : line.split(',');
}

/** `Stocktwits Sent`, `stocktwitsSent` and `stocktwits-sent` are all `stocktwits_sent`. */
export function snakeCase(name: string): string {
  return name
    .trim()
    .replace(/([a-z0-9])([A-Z])/g, '$1_$2')
    .replace(/[^A-Za-z0-9]+/g, '_')
    .replace(/^_+|_+$/g, '')
    .toLowerCase();
}

/**
 * Reads a header line.
 * @throws AppError `SOURCE_HISTORY_COLUMNS` when it is no CSV or names a column twice
 */
export function readHeader(place: HistoryPlace, line: string): string[] {
  const names = splitCells(line)?.map(snakeCase);
  if (names === undefined) {
    throw historyColumns(place, {
      problem: 'the header has an unclosed quote',
      found: line,
      wanted: 'one line of names, separated by commas',
    });
  }
  const twice = names.find((name, at) => name !== '' && names.indexOf(name) !== at);
  if (twice === undefined) return names;
  throw historyColumns(place, {
    problem: `the column ${twice} stands there twice`,
    found: line,
    wanted: 'every name once',
  });
}

/**
 * Finds each field's column.
 * @param required - fields that must be there; the others of `aliases` get -1 when absent
 * @throws AppError `SOURCE_HISTORY_COLUMNS` naming the missing ones and what was there
 */
export function findColumns<Fields extends Aliases>(
  header: { place: HistoryPlace; names: readonly string[] },
  aliases: Fields,
  required: readonly (keyof Fields & string)[],
): Record<keyof Fields, number> {
  const columns = {} as Record<keyof Fields, number>;
  for (const field of Object.keys(aliases) as (keyof Fields & string)[]) {
    const name = aliases[field]?.find((alias) => header.names.includes(alias));
    columns[field] = name === undefined ? -1 : header.names.indexOf(name);
  }
  const missing = required.filter((field) => columns[field] < 0);
  if (missing.length === 0) return columns;
  throw historyColumns(header.place, {
    problem: `${missing.length === 1 ? 'the column is' : 'columns are'} missing: ${missing.join(', ')}`,
    found: header.names.join(', '),
    wanted: required.map((field) => aliases[field]?.join('|')).join(', '),
  });
}

/** Epoch seconds or milliseconds become ISO 8601; everything else is left for the lake to judge. */
export function timeField(value: RawValue): RawValue {
  const moment = readEpoch(value);
  return moment === null ? value : isoUtc(moment);
}

/** As `timeField`, for values that stand for a whole day. */
export function dayField(value: RawValue): RawValue {
  const moment = readEpoch(value);
  return moment === null ? value : utcDay(moment);
}

function readEpoch(value: RawValue): number | null {
  const text = typeof value === 'number' ? String(value) : value;
  if (typeof text !== 'string' || !DIGITS.test(text)) return null;
  if (text.length === SECONDS_DIGITS) return Number(text) * 1_000;
  return text.length === MILLISECONDS_DIGITS ? Number(text) : null;
}

function splitQuoted(line: string): string[] | null {
  const cells: string[] = [];
  let at = 0;
  for (;;) {
    let cell = '';
    if (line[at] === '"') {
      let end = line.indexOf('"', at + 1);
      while (end >= 0 && line[end + 1] === '"') {
        cell += line.slice(at + 1, end + 1);
        at = end + 1;
        end = line.indexOf('"', at + 1);
      }
      if (end < 0) return null;
      cell += line.slice(at + 1, end);
      at = end + 1;
      if (at < line.length && line[at] !== ',') return null;
    } else {
      const comma = line.indexOf(',', at);
      const end = comma < 0 ? line.length : comma;
      cell = line.slice(at, end);
      if (cell.includes('"')) return null;
      at = end;
    }
    cells.push(cell);
    if (at >= line.length) return cells;
    at += 1;
  }
}
