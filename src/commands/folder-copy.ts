import { createHash, type Hash } from 'node:crypto';
import { createReadStream, createWriteStream } from 'node:fs';
import { lstat, mkdir, readdir, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { Transform } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { setTimeout as pause } from 'node:timers/promises';

/** A file that was copied, and what exactly was copied. */
export interface CopiedFile {
  /** Below the folder, with slashes. */
  path: string;
  bytes: number;
  sha256: string;
}

/** What tells one state of a file from another without reading it. */
interface Trace {
  path: string;
  mark: string;
}

const TRIES = 6;
const FIRST_PAUSE_MS = 200;

/** SHA-256 of a file, hex, without holding it in memory. */
export async function hashFile(path: string): Promise<string> {
  const sum = createHash('sha256');
  for await (const chunk of createReadStream(path)) sum.update(chunk as Buffer);
  return sum.digest('hex');
}

/**
 * A stream that counts and hashes what passes through it.
 * @returns the stream, and what passed once it has ended
 */
export function createMeter(): { stream: Transform; read: () => { bytes: number; sha256: string } } {
  const sum: Hash = createHash('sha256');
  let bytes = 0;
  const stream = new Transform({
    transform(chunk: Buffer, _encoding, done) {
      sum.update(chunk);
      bytes += chunk.length;
      done(null, chunk);
    },
  });
  return { stream, read: () => ({ bytes, sha256: sum.digest('hex') }) };
}

/** Copies one file to where it is on the disk for good, with its folders. */
export async function copyFile(from: string, to: string): Promise<{ bytes: number; sha256: string }> {
  await mkdir(dirname(to), { recursive: true });
  const meter = createMeter();
  await pipeline(createReadStream(from), meter.stream, createWriteStream(to, { flush: true }));
  return meter.read();
}

/**
 * Copies the files of a folder as they were at one moment, although somebody may be writing there: a copy during which
 * anything changed is made again. Links are not followed and not copied.
 * @param options.firstPauseMs - before the second try, doubled each time
 * @param options.skip - true for paths (below the folder, with slashes) that are nobody's loss
 * @returns null when the folder never held still
 */
export async function copyStill(
  from: string,
  to: string,
  options: {
    skip: (path: string) => boolean;
    onFile?: (done: number, total: number) => void;
    firstPauseMs?: number;
  },
): Promise<CopiedFile[] | null> {
  const { skip, onFile, firstPauseMs = FIRST_PAUSE_MS } = options;
  for (let turn = 0; turn < TRIES; turn += 1) {
    if (turn > 0) await pause(firstPauseMs * 2 ** turn);
    await rm(to, { recursive: true, force: true });
    const before = await traceFolder(from, skip);
    const copied = await copyTraced({ from, to, onFile }, before);
    const after = await traceFolder(from, skip);
    if (copied !== null && JSON.stringify(before) === JSON.stringify(after)) return copied;
  }
  await rm(to, { recursive: true, force: true });
  return null;
}

async function copyTraced(
  { from, to, onFile }: { from: string; to: string; onFile?: (done: number, total: number) => void },
  files: readonly Trace[],
): Promise<CopiedFile[] | null> {
  const copied: CopiedFile[] = [];
  for (const { path } of files) {
    try {
      copied.push({ path, ...(await copyFile(join(from, path), join(to, path))) });
    } catch (error) {
      // Gone between the look and the copy. A target that is not there would be our own fault.
      if (isGoneFile(error) && (await isThere(dirname(join(to, path))))) return null;
      throw error;
    }
    onFile?.(copied.length, files.length);
  }
  return copied;
}

/** The ordinary files of a folder by path; none when it is not there. */
async function traceFolder(folder: string, skip: (path: string) => boolean): Promise<Trace[]> {
  const traces: Trace[] = [];
  await visit('');
  return traces.sort((left, right) => (left.path < right.path ? -1 : 1));

  async function visit(inner: string): Promise<void> {
    for (const entry of await listFolder(join(folder, inner))) {
      const path = inner === '' ? entry.name : `${inner}/${entry.name}`;
      if (skip(path)) continue;
      if (entry.isDirectory()) await visit(path);
      else if (entry.isFile()) traces.push(...(await traceFile(folder, path)));
    }
  }
}

async function listFolder(folder: string) {
  try {
    return await readdir(folder, { withFileTypes: true });
  } catch (error) {
    if (isGoneFile(error)) return [];
    throw error;
  }
}

async function traceFile(folder: string, path: string): Promise<Trace[]> {
  try {
    const { ino, size, mtimeMs } = await lstat(join(folder, path));
    return [{ path, mark: `${ino} ${size} ${mtimeMs}` }];
  } catch (error) {
    if (isGoneFile(error)) return [];
    throw error;
  }
}

async function isThere(path: string): Promise<boolean> {
  return lstat(path).then(
    () => true,
    () => false,
  );
}

function isGoneFile(error: unknown): boolean {
  return (error as NodeJS.ErrnoException | null)?.code === 'ENOENT';
}
