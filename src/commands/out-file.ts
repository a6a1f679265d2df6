import { existsSync, realpathSync, rmSync, statSync } from 'node:fs';
import { open, rename, rm } from 'node:fs/promises';
import { resolve } from 'node:path';
import { isAppError, messageOf } from '../core/index.ts';
import { isConnectionLost } from '../database-away.ts';
import { outFileUnwritable } from './errors.ts';

/**
 * Finds out before any work is done whether a result file can be written, and leaves everything as it was.
 * @throws AppError `OUT_FILE_UNWRITABLE`, for a folder and for a device too
 */
export async function requireOutFile(path: string): Promise<void> {
  const draft = draftOf(placeOf(path));
  await guarded(path, async () => (await open(draft, 'w')).close());
  rmSync(draft, { force: true });
}

/**
 * Lets a result file be written beside its place and moves it there when it is whole and on the disk, so that the
 * place holds the old file or the new one and never half of either.
 * @param write - is given the path to write to; may leave further files whose names begin with that path
 * @throws AppError `OUT_FILE_UNWRITABLE` when the system refuses a file; anything else as `write` throws it
 */
export async function writeWhole<Result>(
  path: string,
  write: (draft: string) => Promise<Result>,
): Promise<Result> {
  const place = placeOf(path);
  const draft = draftOf(place);
  return guarded(path, async () => {
    try {
      const result = await write(draft);
      const handle = await open(draft, 'r+');
      await handle.sync().finally(() => handle.close());
      await rename(draft, place);
      return result;
    } finally {
      await rm(draft, { force: true });
    }
  });
}

/** True for a refusal of the operating system: a full disk, a missing right, a folder that is not there. */
export function isFileError(error: unknown): boolean {
  const { syscall, code } = (error ?? {}) as { syscall?: unknown; code?: unknown };
  // Sockets have system calls of the same names.
  return typeof syscall === 'string' && typeof code === 'string' && !isConnectionLost(error);
}

/** A link is followed, so that what it names is replaced and not the link. */
function placeOf(path: string): string {
  if (!existsSync(path)) return resolve(path);
  const place = realpathSync(path);
  if (statSync(place).isDirectory()) throw outFileUnwritable(path, 'it is a folder');
  if (!statSync(place).isFile()) throw outFileUnwritable(path, 'it is no ordinary file');
  return place;
}

const draftOf = (place: string): string => `${place}.${process.pid}.draft`;

async function guarded<Result>(path: string, work: () => Promise<Result>): Promise<Result> {
  try {
    return await work();
  } catch (error) {
    if (isAppError(error) || !isFileError(error)) throw error;
    throw outFileUnwritable(path, messageOf(error));
  }
}
