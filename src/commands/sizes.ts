import { lstat, readdir } from 'node:fs/promises';
import { join } from 'node:path';

const UNITS = ['B', 'kB', 'MB', 'GB', 'TB'] as const;
const STEP = 1_000;
/** What a look at a folder may meet that somebody else writes to, or owns. */
const PASSED_OVER: ReadonlySet<string> = new Set(['ENOENT', 'ENOTDIR', 'EACCES', 'EPERM']);

/**
 * Bytes of a file, or of all files under a folder; links count as themselves. What vanishes meanwhile, is not
 * there or may not be read counts as nothing.
 */
export async function bytesUnder(path: string): Promise<number> {
  try {
    const stat = await lstat(path);
    if (!stat.isDirectory()) return stat.size;
    let bytes = 0;
    for (const name of await readdir(path)) bytes += await bytesUnder(join(path, name));
    return bytes;
  } catch (error) {
    if (PASSED_OVER.has((error as NodeJS.ErrnoException).code ?? '')) return 0;
    throw error;
  }
}

/** Bytes for a person, in steps of 1000: `12.3 MB`. */
export function describeBytes(bytes: number): string {
  let value = bytes;
  let place = 0;
  while (value >= STEP - 0.5 && place < UNITS.length - 1) {
    value /= STEP;
    place += 1;
  }
  const digits = place === 0 || value >= 99.95 ? 0 : 1;
  return `${value.toFixed(digits)} ${UNITS[place] ?? ''}`;
}

/** A count for a person: `122,640`. */
export function describeCount(count: number): string {
  return count.toLocaleString('en-US');
}
