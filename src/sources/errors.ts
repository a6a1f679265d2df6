import { AppError } from '../core/index.ts';

const DAY_MINUTES = 1_440;

/** Where in a history folder something is wrong; `line` counts from 1, the header included. */
export interface HistoryPlace {
  folder: string;
  file: string;
  line?: number;
}

/** Windows are aligned to UTC midnight, so no other bar can be used. */
export function dividesDay(minutes: number): boolean {
  return Number.isInteger(minutes) && minutes > 0 && DAY_MINUTES % minutes === 0;
}

/** The path that was given is no folder that can be listed. */
export function historyFolderMissing(folder: string, reason: string, cause?: unknown): AppError {
  return new AppError(
    {
      code: 'SOURCE_HISTORY_FOLDER_MISSING',
      message: `The history folder ${folder} cannot be read: ${reason}. Give a folder that holds at least one candles-<bar>*.csv[.gz] (docs/history-folder.md).`,
      status: 404,
      retryable: false,
      details: { folder },
    },
    { cause },
  );
}

/** A folder without a single candle file. */
export function historyNoCandles(folder: string, found: readonly string[]): AppError {
  const there = found.length === 0 ? 'nothing' : found.slice(0, 20).join(', ');
  return new AppError({
    code: 'SOURCE_HISTORY_NO_CANDLES',
    message: `The history folder ${folder} holds no candles-<bar>*.csv or .csv.gz; found there: ${there}. Add one, such as candles-1h.csv (docs/history-folder.md).`,
    status: 422,
    retryable: false,
    details: { folder, found: found.slice(0, 20) },
  });
}

/** The bar that was asked for has no file. */
export function historyBarMissing(folder: string, barMinutes: number, present: readonly number[]): AppError {
  const remedy = dividesDay(barMinutes)
    ? `Ask for one of these, or add candles-${barMinutes}m.csv.`
    : `A bar of ${barMinutes} minutes does not divide a day evenly, so no file can have it: ask for one of these.`;
  return new AppError({
    code: 'SOURCE_HISTORY_BAR_MISSING',
    message: `The history folder ${folder} holds no candles of ${barMinutes} minutes, only of ${present.join(', ')}. ${remedy}`,
    status: 422,
    retryable: false,
    details: { folder, barMinutes, present },
  });
}

/** A candle file whose name does not say a usable bar. */
export function historyBarUnreadable(place: HistoryPlace, value: string): AppError {
  return new AppError({
    code: 'SOURCE_HISTORY_BAR_UNREADABLE',
    message: `${place.folder}: the name ${place.file} gives the bar as "${value}", which is no number of minutes, hours or days that divides one day. Name it like candles-15m.csv, candles-1h-2021.csv.gz or candles-1d.csv, or move it elsewhere.`,
    status: 422,
    retryable: false,
    details: { ...place, value },
  });
}

/** The same file twice, plain and compressed. */
export function historyFileTwice(place: HistoryPlace, other: string): AppError {
  return new AppError({
    code: 'SOURCE_HISTORY_FILE_TWICE',
    message: `${place.folder} holds both ${place.file} and ${other}, so every row would come twice. Keep one of them.`,
    status: 422,
    retryable: false,
    details: { ...place, other },
  });
}

/** A file whose columns (or JSON keys) are not those of its role. */
export function historyColumns(
  place: HistoryPlace,
  facts: { problem: string; found: string; wanted: string },
): AppError {
  return new AppError({
    code: 'SOURCE_HISTORY_COLUMNS',
    message: `${place.folder}: ${place.file}, line ${place.line ?? 1}: ${facts.problem}; found: ${clip(facts.found)}. Wanted: ${facts.wanted} (docs/history-folder.md lists the accepted names).`,
    status: 422,
    retryable: false,
    details: { ...place, line: place.line ?? 1, found: clip(facts.found) },
  });
}

/** Not one stamp of a candle file can be read. */
export function historyTimesUnreadable(place: HistoryPlace, value: string): AppError {
  return new AppError({
    code: 'SOURCE_HISTORY_TIMES_UNREADABLE',
    message: `${place.folder}: ${place.file}, line ${place.line ?? 2}: no open time in this file can be read, the first is "${clip(value)}". Write times as ISO 8601 in UTC (2021-11-05T00:00:00Z) or as epoch seconds or milliseconds.`,
    status: 422,
    retryable: false,
    details: { ...place, value: clip(value) },
  });
}

/** A file of no bytes, or one that ends after its header. */
export function historyFileEmpty(place: HistoryPlace, what: 'no bytes' | 'no rows'): AppError {
  const seen = what === 'no bytes' ? 'is empty (0 bytes of content)' : 'ends after its header, without a row';
  return new AppError({
    code: 'SOURCE_HISTORY_FILE_EMPTY',
    message: `${place.folder}: ${place.file}, line ${place.line ?? 1}: the file ${seen}. Export it again, or take it out of the folder.`,
    status: 422,
    retryable: false,
    details: { ...place },
  });
}

/** A gzip file that is cut off or damaged. */
export function historyGzipBroken(place: HistoryPlace, reason: string, cause?: unknown): AppError {
  return new AppError(
    {
      code: 'SOURCE_HISTORY_GZIP_BROKEN',
      message: `${place.folder}: ${place.file} is a truncated or corrupt gzip file: it broke after line ${place.line ?? 0} (${reason}). Copy or download it again; \`gzip -t\` tells when it is whole.`,
      status: 422,
      retryable: false,
      details: { ...place, value: reason },
    },
    { cause },
  );
}

/** A file that the operating system does not let us read. */
export function historyFileUnreadable(place: HistoryPlace, reason: string, cause?: unknown): AppError {
  return new AppError(
    {
      code: 'SOURCE_HISTORY_FILE_UNREADABLE',
      message: `${place.folder}: ${place.file} cannot be read after line ${place.line ?? 0} (${reason}). Check that it is a plain file that this user may read.`,
      status: 422,
      retryable: false,
      details: { ...place, value: reason },
    },
    { cause },
  );
}

function clip(text: string): string {
  return text.length > 200 ? `${text.slice(0, 200)}…` : text;
}
