import { createHash } from 'node:crypto';
import { resolve } from 'node:path';
import { DAY_MS, MINUTE_MS, parseUtc, type EpochMs } from '../core/index.ts';
import { historyFileEmpty, historyTimesUnreadable } from './errors.ts';
import { splitCells, timeField } from './history-cells.ts';
import { candlesByBar, findHistoryFiles, type FoundFile, type HistoryRole } from './history-files.ts';
import { hashFile, inspectFile, readLineBatches, type Inspection } from './history-lines.ts';
import { createRowReader, hasHeader, kindOf, openTimeColumn, type RowContext } from './history-rows.ts';
import type { KnownRange, RawRecord, Source } from './source.ts';

/** A stamp that lies further than this beyond all others of its file is a mistake, not the file's reach. */
const STRAY_MS = 31 * DAY_MS;

/** A file that a history folder will be read from. */
export interface HistoryFile {
  name: string;
  role: HistoryRole;
  /** On disk, compressed where it is. */
  bytes: number;
  /** Lines of text, the header and blank ones included; for progress. */
  lines: number;
}

/** A folder of past data, checked and ready to be read. */
export interface HistoryFolder {
  readonly source: Source;
  readonly barMinutes: number;
  /** In the order of reading. */
  readonly files: readonly HistoryFile[];
  /** SHA-256 in hex over the bytes of those files with their roles, independent of path and file names. */
  contentHash(): Promise<string>;
}

interface CheckedFile extends FoundFile {
  inspection: Inspection;
}

/**
 * Opens a folder of past data (docs/history-folder.md) and checks every file that will be read: its columns, that it
 * has rows, that its gzip is whole. So a folder that cannot be read whole is refused before anything is taken in.
 * @param options.bar - minutes; without it, the bar whose files reach furthest in time (of equals the longer bar)
 * @throws AppError `SOURCE_HISTORY_*` with folder, file, line, value and remedy
 */
export async function openHistoryFolder(
  dir: string,
  options: { asset: string; bar?: number },
): Promise<HistoryFolder> {
  const folder = resolve(dir);
  const found = await findHistoryFiles(folder);
  const contextOf = (file: FoundFile): RowContext => ({
    place: { folder, file: file.name },
    role: file.role,
    asset: options.asset,
    barMinutes: file.barMinutes,
  });

  const { barMinutes, files: candles } = await chooseCandles(
    candlesByBar(folder, found, options.bar),
    contextOf,
  );
  const files = [...candles];
  for (const file of found) {
    if (file.role !== 'candles') files.push(await checkFile(file, contextOf(file)));
  }
  return {
    barMinutes,
    source: createHistorySource(files, contextOf),
    files: files.map(({ name, role, bytes, inspection }) => ({ name, role, bytes, lines: inspection.lines })),
    contentHash: () => hashFiles(files),
  };
}

function createHistorySource(
  files: readonly CheckedFile[],
  contextOf: (file: FoundFile) => RowContext,
): Source {
  return {
    name: 'history',
    kinds: [...new Set(files.map((file) => kindOf(file.role)))],
    isSimulated: false,
    fetch: (range) => {
      refuseParts(range);
      return readFiles(files, contextOf);
    },
  };
}

/** When a row was known follows from the lake's rules, which need the row itself; so a folder is read whole. */
function refuseParts(range: KnownRange): void {
  if (range.after === -Infinity && range.upTo === Infinity) return;
  throw new RangeError(
    `a history folder is read whole: ask for after -Infinity, up to Infinity, not ${range.after} to ${range.upTo}`,
  );
}

async function* readFiles(
  files: readonly CheckedFile[],
  contextOf: (file: FoundFile) => RowContext,
): AsyncGenerator<RawRecord> {
  for (const file of files) {
    const readRow = createRowReader(contextOf(file), file.inspection.head);
    let lineNumber = 0;
    for await (const lines of readLineBatches(file)) {
      const records: RawRecord[] = [];
      for (const line of lines) {
        lineNumber += 1;
        if (lineNumber === 1 && hasHeader(file.role)) continue;
        if (line.trim() !== '') readRow(line, lineNumber, records);
      }
      for (const record of records) yield record;
    }
  }
}

async function chooseCandles(
  groups: ReadonlyMap<number, FoundFile[]>,
  contextOf: (file: FoundFile) => RowContext,
): Promise<{ barMinutes: number; files: CheckedFile[] }> {
  let best: { barMinutes: number; files: CheckedFile[]; reach: EpochMs } | null = null;
  // Longest bar first, so that it wins among equals: fewer rows say the same.
  for (const [barMinutes, group] of [...groups].toSorted(([left], [right]) => right - left)) {
    const timed: { file: CheckedFile; first: EpochMs; last: EpochMs }[] = [];
    for (const found of group) {
      const file = await checkFile(found, contextOf(found));
      timed.push({ file, ...span(file, contextOf(found)) });
    }
    const reach = Math.max(...timed.map(({ last }) => last)) + barMinutes * MINUTE_MS;
    if (best !== null && reach <= best.reach) continue;
    const files = timed.toSorted((left, right) => left.first - right.first).map(({ file }) => file);
    best = { barMinutes, files, reach };
  }
  if (best === null) throw new RangeError('there are no candle files to choose from');
  return best;
}

async function checkFile(file: FoundFile, context: RowContext): Promise<CheckedFile> {
  const { place } = context;
  const inspection = await inspectFile(file);
  const rows = inspection.head.filter((line) => line.trim() !== '');
  if (rows.length === 0) throw historyFileEmpty(place, 'no bytes');
  createRowReader(context, inspection.head);
  if (hasHeader(file.role) && rows.length === 1) throw historyFileEmpty(place, 'no rows');
  return { ...file, inspection };
}

/**
 * First and last open time, from the first and last thousand rows or so: enough for rising and falling files and for
 * some rows out of order, without parsing every row of a file that may not be wanted.
 */
function span(file: CheckedFile, context: RowContext): { first: EpochMs; last: EpochMs } {
  const { head, tail } = file.inspection;
  const column = openTimeColumn(context, head[0] ?? '');
  const rows = [...head.slice(1), ...tail].filter((line) => line.trim() !== '');
  const stamps = rows.map((line) => String(timeField(splitCells(line)?.[column] ?? '')));
  // A small file's head and tail are the same lines: every moment counts once.
  const times = [...new Set(stamps.map(parseUtc))].filter((time) => !Number.isNaN(time));
  times.sort((left, right) => left - right);
  while (times.length > 1 && (times.at(-1) ?? 0) - (times.at(-2) ?? 0) > STRAY_MS) times.pop();
  const [first, last] = [times[0], times.at(-1)];
  if (first === undefined || last === undefined) {
    throw historyTimesUnreadable({ ...context.place, line: 2 }, stamps[0] ?? '');
  }
  return { first, last };
}

async function hashFiles(files: readonly FoundFile[]): Promise<string> {
  const parts: string[] = [];
  for (const file of files) parts.push(`${file.role} ${file.barMinutes} ${await hashFile(file)}`);
  return createHash('sha256').update(parts.toSorted().join('\n')).digest('hex');
}
