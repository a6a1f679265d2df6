import { DatabaseSync } from 'node:sqlite';
import { setTimeout as pause } from 'node:timers/promises';
import { dataFolderUnusable, guardBusy } from './storage-errors.ts';

/** Starting a server after a crash is the longest thing that is done under a guard. */
const LONGEST_MS = 180_000;
const RETRY_MS = 20;
const SQLITE_BUSY = 5;

/**
 * Runs `work` while no other process, and nothing else in this one, holds the guard at `path`. The guard is a lock
 * of the operating system, so a killed holder leaves nothing behind that would have to be recognised as stale.
 * Node has no call for such a lock; SQLite, which is part of Node, takes one for every exclusive transaction.
 * @param path - of the guard's file, made when missing and left in place
 * @throws AppError `GUARD_BUSY` after three minutes, `DATA_FOLDER_UNUSABLE` when the file cannot be made
 */
export async function withExclusiveLock<Result>(
  path: string,
  work: () => Promise<Result>,
  longestMs = LONGEST_MS,
): Promise<Result> {
  const guard = await take(path, longestMs);
  try {
    return await work();
  } finally {
    // Closing rolls the empty transaction back and lets go of the lock.
    guard.close();
  }
}

async function take(path: string, longestMs: number): Promise<DatabaseSync> {
  for (let waitedMs = 0; ; waitedMs += RETRY_MS) {
    const guard = tryToTake(path);
    if (guard !== null) return guard;
    if (waitedMs >= longestMs) throw guardBusy(path, waitedMs);
    await pause(RETRY_MS);
  }
}

function tryToTake(path: string): DatabaseSync | null {
  let guard: DatabaseSync | undefined;
  try {
    guard = new DatabaseSync(path, { timeout: 0 });
    // Nothing is ever written, a journal least of all: a full disk must not lock everybody out.
    guard.exec('PRAGMA journal_mode = MEMORY; BEGIN EXCLUSIVE');
    return guard;
  } catch (error) {
    guard?.close();
    if ((error as { errcode?: number }).errcode === SQLITE_BUSY) return null;
    throw dataFolderUnusable(path, error);
  }
}
