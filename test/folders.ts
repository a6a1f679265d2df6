import { chmodSync, mkdtempSync, statfsSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const MEMORY_DISK = '/dev/shm';
const ROOM_BYTES = 2_000_000_000;

/**
 * Makes a temporary folder for a database, in memory where the machine has room for that: a test's database need
 * not survive a power cut, and waiting for a disk is most of what starting one costs.
 */
export function makeDatabaseFolder(): string {
  const folder = mkdtempSync(join(hasRoom(MEMORY_DISK) ? MEMORY_DISK : tmpdir(), 'bellwether-tests-'));
  // As root the server runs as another user, who has to get in.
  chmodSync(folder, 0o755);
  return folder;
}

function hasRoom(folder: string): boolean {
  try {
    const { bavail, bsize } = statfsSync(folder);
    return bavail * bsize > ROOM_BYTES;
  } catch {
    return false;
  }
}
