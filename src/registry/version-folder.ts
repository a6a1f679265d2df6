import { existsSync } from 'node:fs';
import { mkdir, open, readdir, readFile, rename, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { sha256Of } from './sha256.ts';

/** `.1.0.3.draft-4711-1`: what a process that writes a version has in hand; hidden from whoever looks for versions. */
const HANDIWORK = /^\.\d+\.\d+\.\d+\.(?:draft|old)-(\d+)-\d+$/;
const READ_TOGETHER = 8;

let handiworks = 0;

/**
 * Writes a folder whole or not at all: into a draft beside it, which then takes its name. One that stands there
 * already steps aside for the moment of the change. The two folders above it are made when missing.
 * @param target - absolute
 * @param contents - bytes by file name
 * @param options.durable - waits until files and names are on the disk
 */
export async function writeFolder(
  target: string,
  contents: ReadonlyMap<string, Uint8Array>,
  { durable }: { durable: boolean },
): Promise<void> {
  const parent = dirname(target);
  for (const folder of [dirname(parent), parent]) await makeIfMissing(folder);
  await clearHandiwork(parent);
  const draft = besides(target, 'draft');
  try {
    await mkdir(draft);
    for (const [name, bytes] of contents) await writeFile(join(draft, name), bytes, durable);
    if (durable) await syncFolder(draft);
    await takePlace(draft, target);
    if (durable) for (const folder of [parent, dirname(parent)]) await syncFolder(folder);
  } catch (error) {
    await rm(draft, { recursive: true, force: true }).catch(() => {});
    throw error;
  }
}

/** True for the name of a draft, or of a folder that was stepping aside, which a crash may leave behind. */
export function isHandiwork(name: string): boolean {
  return HANDIWORK.test(name);
}

/**
 * What lies in a folder: SHA-256 of each file, null for what is no plain file; null where there is no such folder.
 * @throws the system's error where the folder or a file may not be read
 */
export async function hashesIn(folder: string): Promise<Map<string, string | null> | null> {
  if (!existsSync(folder)) return null;
  const entries = await readdir(folder, { withFileTypes: true });
  const hashes = new Map<string, string | null>();
  for (let start = 0; start < entries.length; start += READ_TOGETHER) {
    await Promise.all(
      entries.slice(start, start + READ_TOGETHER).map(async (entry) => {
        const hash = entry.isFile() ? sha256Of(await readFile(join(folder, entry.name))) : null;
        hashes.set(entry.name, hash);
      }),
    );
  }
  return hashes;
}

/** Node's recursive way never ends where the system denies a parent that is there, as /proc does. */
async function makeIfMissing(folder: string): Promise<void> {
  try {
    await mkdir(folder);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
  }
}

async function takePlace(draft: string, target: string): Promise<void> {
  if (!existsSync(target)) {
    await rename(draft, target);
    return;
  }
  // A folder with content cannot be renamed over.
  const aside = besides(target, 'old');
  await rename(target, aside);
  try {
    await rename(draft, target);
  } catch (error) {
    await rename(aside, target);
    throw error;
  }
  await rm(aside, { recursive: true, force: true });
}

function besides(target: string, kind: 'draft' | 'old'): string {
  handiworks += 1;
  const version = target.slice(dirname(target).length + 1);
  return join(dirname(target), `.${version}.${kind}-${process.pid}-${handiworks}`);
}

/** What processes that were killed left behind; what a living one has in hand stays. */
async function clearHandiwork(parent: string): Promise<void> {
  for (const name of await readdir(parent)) {
    const pid = HANDIWORK.exec(name)?.[1];
    if (pid === undefined || isAlive(Number(pid))) continue;
    await rm(join(parent, name), { recursive: true, force: true });
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

async function writeFile(path: string, bytes: Uint8Array, durable: boolean): Promise<void> {
  const handle = await open(path, 'wx');
  try {
    await handle.writeFile(bytes);
    if (durable) await handle.sync();
  } finally {
    await handle.close();
  }
}

/** Windows opens no folders, and needs no sync of names. */
async function syncFolder(folder: string): Promise<void> {
  if (process.platform === 'win32') return;
  const handle = await open(folder, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}
