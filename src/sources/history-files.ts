import { readdir, stat } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { messageOf } from '../core/index.ts';
import {
  dividesDay,
  historyBarMissing,
  historyBarUnreadable,
  historyFileTwice,
  historyFolderMissing,
  historyNoCandles,
} from './errors.ts';

/** What a file of the folder is for. The order is the order of reading. */
const HISTORY_ROLES = ['candles', 'news', 'fear-greed', 'social-daily', 'reddit-posts', 'tweets'] as const;
export type HistoryRole = (typeof HISTORY_ROLES)[number];

/** A file of a known role, found by its name alone. */
export interface FoundFile {
  name: string;
  path: string;
  role: HistoryRole;
  bytes: number;
  /** Only candles have one; 0 for every other role. */
  barMinutes: number;
}

const ROLE_BY_STEM = new Map<string, HistoryRole>([
  ['news.jsonl', 'news'],
  ['fear-greed.csv', 'fear-greed'],
  ['social-daily.csv', 'social-daily'],
  ['reddit-posts.jsonl', 'reddit-posts'],
  ['tweets.jsonl', 'tweets'],
]);
const CANDLES = /^candles-([^-_.]*).*\.csv$/;
const BAR = /^(\d{1,4})(m|h|d)$/;
const UNIT_MINUTES: Readonly<Record<string, number>> = { m: 1, h: 60, d: 1_440 };

/**
 * Lists the files of a history folder that have a role, in order of role and name. Other files are left alone.
 * @throws AppError `SOURCE_HISTORY_FOLDER_MISSING`, `_NO_CANDLES`, `_BAR_UNREADABLE`, `_FILE_TWICE`
 */
export async function findHistoryFiles(dir: string): Promise<FoundFile[]> {
  const folder = resolve(dir);
  const names = await listFolder(folder);
  refuseTwins(folder, names);
  const files: FoundFile[] = [];
  for (const name of names) {
    const recognised = recognise(folder, name);
    if (recognised === null) continue;
    const path = join(folder, name);
    const facts = await stat(path).catch(() => null);
    files.push({ name, path, ...recognised, bytes: facts?.size ?? 0 });
  }
  if (!files.some((file) => file.role === 'candles')) throw historyNoCandles(folder, names);
  return files.toSorted(
    (left, right) => HISTORY_ROLES.indexOf(left.role) - HISTORY_ROLES.indexOf(right.role),
  );
}

/**
 * Groups candle files by their bar; with a wish, only that bar is left.
 * @throws AppError `SOURCE_HISTORY_BAR_MISSING`
 */
export function candlesByBar(
  dir: string,
  files: readonly FoundFile[],
  wish?: number,
): Map<number, FoundFile[]> {
  const candles = files.filter((file) => file.role === 'candles');
  const groups = Map.groupBy(candles, (file) => file.barMinutes);
  if (wish === undefined) return groups;
  const wanted = groups.get(wish);
  if (wanted === undefined) {
    throw historyBarMissing(
      resolve(dir),
      wish,
      [...groups.keys()].toSorted((a, b) => a - b),
    );
  }
  return new Map([[wish, wanted]]);
}

async function listFolder(folder: string): Promise<string[]> {
  const facts = await stat(folder).catch((cause: unknown) => {
    const missing = (cause as NodeJS.ErrnoException).code === 'ENOENT';
    throw historyFolderMissing(folder, missing ? 'it does not exist' : messageOf(cause), cause);
  });
  if (!facts.isDirectory()) throw historyFolderMissing(folder, 'it is a file, not a folder');
  const names = await readdir(folder).catch((cause: unknown) => {
    throw historyFolderMissing(folder, messageOf(cause), cause);
  });
  return names.toSorted();
}

function recognise(folder: string, name: string): { role: HistoryRole; barMinutes: number } | null {
  const stem = name.replace(/\.gz$/, '');
  const role = ROLE_BY_STEM.get(stem);
  if (role !== undefined) return { role, barMinutes: 0 };
  const written = CANDLES.exec(stem)?.[1];
  if (written === undefined) return null;
  const barMinutes = readBar(written);
  if (Number.isNaN(barMinutes)) throw historyBarUnreadable({ folder, file: name }, written);
  return { role: 'candles', barMinutes };
}

/** `15m`, `1h`, `1d` in minutes; NaN unless it divides a day. */
function readBar(written: string): number {
  const parts = BAR.exec(written);
  const minutes = Number(parts?.[1]) * (UNIT_MINUTES[parts?.[2] ?? ''] ?? NaN);
  return dividesDay(minutes) ? minutes : NaN;
}

function refuseTwins(folder: string, names: readonly string[]): void {
  const all = new Set(names);
  const twin = names.find((name) => all.has(`${name}.gz`) && recognise(folder, name) !== null);
  if (twin !== undefined) throw historyFileTwice({ folder, file: twin }, `${twin}.gz`);
}
