import { mkdir, open, rename, rm, statfs } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { HttpAnswer } from '../../core/index.ts';
import { hubAnswerInvalid, hubUnreachable, modelCorrupt, modelDiskRefused } from './errors.ts';
import { askHub, fileUrl, type Hub } from './hub-api.ts';
import { inspectFile, sizeOf, type Pin, type PinnedFile } from './hub-pin.ts';
import { withRetries, type Patience } from './hub-retry.ts';

/** What a download needs of a disk; another one only in tests. */
export interface Disk {
  freeBytes(folder: string): Promise<number>;
  /** Opens for writing on from a place, made when missing; what lies behind the place is cut off. */
  open(path: string, from: number): Promise<DiskFile>;
}

export interface DiskFile {
  write(bytes: Uint8Array): Promise<void>;
  /** Everything is on the disk when it is done. */
  sync(): Promise<void>;
  close(): Promise<void>;
}

/** One file of a model that is being fetched. */
export interface Download {
  hub: Hub;
  pin: Pick<Pin, 'repo' | 'commit'>;
  file: PinnedFile;
  folder: string;
  disk: Disk;
  patience: Patience;
  signal?: AbortSignal;
  /** Bytes of the file that are here. */
  onBytes: (received: number) => void;
}

/** So much more of a file counts as a success between two broken connections. */
const PROGRESS_BYTES = 1_024 * 1_024;
/** A half that was here already may have been something else; what came in one go is not tried a third time. */
const WHOLE_TRIES = 2;

/** The real disk. */
export const realDisk: Disk = {
  async freeBytes(folder) {
    const { bavail, bsize } = await statfs(folder);
    return bavail * bsize;
  },
  async open(path, from) {
    const handle = await open(path, from === 0 ? 'w' : 'r+');
    let place = from;
    await handle.truncate(from);
    return {
      async write(bytes) {
        for (let done = 0; done < bytes.length;) {
          const { bytesWritten } = await handle.write(bytes, done, bytes.length - done, place);
          done += bytesWritten;
          place += bytesWritten;
        }
      },
      sync: () => handle.sync(),
      close: () => handle.close(),
    };
  },
};

/** Where the beginning of a file waits for its rest. */
export function partOf(folder: string, { path }: Pick<PinnedFile, 'path'>): string {
  return `${join(folder, path)}.part`;
}

/**
 * Fetches a file to its end, goes on where an earlier try stopped, and puts it in its place only when its hash is right.
 * @returns its SHA-256
 * @throws AppError of the catalogue; the part stays for the next try, except where it is wrong or the disk is full
 */
export async function downloadFile(download: Download): Promise<string> {
  const { file, folder, patience, signal } = download;
  const target = join(folder, file.path);
  const part = partOf(folder, file);
  await onDisk(download, () => mkdir(dirname(target), { recursive: true }));
  let problem: string | null = null;
  for (let tries = 0; tries < WHOLE_TRIES; tries += 1) {
    let before = (await sizeOf(part)) ?? 0;
    let reached = before;
    const advance = (received: number) => {
      reached = received;
      download.onBytes(received);
    };
    const hasProgressed = () => {
      const isFar = reached - before >= PROGRESS_BYTES;
      before = reached;
      return isFar;
    };
    await withRetries(() => fetchRest(download, advance), patience, {
      hasProgressed,
      ...(signal && { signal }),
    });
    const inspection = await inspectFile(part, file);
    if (inspection.problem === null) {
      await onDisk(download, () => rename(part, target));
      return inspection.sha256;
    }
    problem = inspection.problem;
    await rm(part, { force: true });
  }
  throw modelCorrupt(`${download.pin.repo}/${file.path}`, problem ?? 'nothing came');
}

async function fetchRest(download: Download, advance: (received: number) => void): Promise<void> {
  const { hub, pin, file, folder, signal } = download;
  const part = partOf(folder, file);
  const present = (await sizeOf(part)) ?? 0;
  const have = present > file.size ? 0 : present;
  if (have === file.size && have > 0) return;
  const what = `${pin.repo}/${file.path}`;
  const answer = await askHub(hub, fileUrl(hub, pin, file.path), {
    what,
    headers: have > 0 ? { range: `bytes=${have}-` } : {},
    ...(signal && { signal }),
  });
  try {
    if (answer.status === 416) {
      // A part that is not taken as a beginning would be refused for ever.
      await rm(part, { force: true });
      throw hubUnreachable(what, new Error(`the hub does not go on from byte ${have}`));
    }
    checkIdentity(answer, download);
    await append(answer, download, { from: startOf(answer, have), advance });
  } finally {
    answer.body.destroy();
  }
}

async function append(
  { body }: HttpAnswer,
  download: Download,
  { from, advance }: { from: number; advance: (received: number) => void },
): Promise<void> {
  const { file, folder, disk, pin } = download;
  const what = `${pin.repo}/${file.path}`;
  const out = await onDisk(download, () => disk.open(partOf(folder, file), from));
  let received = from;
  try {
    for await (const piece of whole(body, what)) {
      received += piece.length;
      if (received > file.size) {
        // Cut off, so that the hash of what is here decides.
        await onDisk(download, () => out.write(piece.subarray(0, piece.length - (received - file.size))));
        break;
      }
      await onDisk(download, () => out.write(piece));
      advance(received);
    }
    await onDisk(download, () => out.sync());
  } finally {
    await out.close();
  }
  if (received < file.size) {
    throw hubUnreachable(what, new Error(`the connection ended after ${received} of ${file.size} bytes`));
  }
}

/** The pieces of a body; a connection that breaks off is the network's fault, told as such. */
async function* whole(body: AsyncIterable<Buffer>, what: string): AsyncGenerator<Buffer> {
  try {
    yield* body;
  } catch (error) {
    throw hubUnreachable(what, error);
  }
}

/** The hub says on its own answer, before it sends on to a store, what it is about to give. */
function checkIdentity({ hops, headers }: HttpAnswer, { pin, file }: Download): void {
  const what = `${pin.repo}/${file.path}`;
  const encoding = headers['content-encoding'] ?? 'identity';
  if (encoding !== 'identity')
    throw hubAnswerInvalid(what, `it comes encoded (${encoding}), which was not asked for`);
  const told = Object.assign({}, ...hops.map((hop) => hop.headers)) as Record<string, string>;
  const commit = told['x-repo-commit'];
  if (commit !== undefined && commit !== pin.commit) {
    throw hubAnswerInvalid(what, `it is of commit ${commit} instead of ${pin.commit}`);
  }
  const linked = told['x-linked-etag']?.replace(/^W\//, '').replaceAll('"', '');
  const expected = [file.sha256, file.gitSha1].filter((hash) => hash !== null);
  if (linked !== undefined && isHash(linked) && !expected.includes(linked)) {
    throw modelCorrupt(what, `the hub announces ${linked} instead of ${expected.join(' or ')}`);
  }
}

/** Git's hash or SHA-256; the hub knows other kinds of names, too. */
function isHash(text: string): boolean {
  return /^(?:[0-9a-f]{40}|[0-9a-f]{64})$/.test(text);
}

/** Where the body begins in the file: at the end of the part if the answer is about the rest, else at its beginning. */
function startOf({ status, headers }: HttpAnswer, have: number): number {
  if (status !== 206) return 0;
  const [, start] = /^bytes (\d+)-/.exec(headers['content-range'] ?? '') ?? [];
  // Written elsewhere than asked for it would be wrong; from the beginning it would be, too, and the hash says so.
  return Number(start) === have ? have : 0;
}

async function onDisk<Result>({ folder, file }: Download, work: () => Promise<Result>): Promise<Result> {
  try {
    return await work();
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    // The database lives on the same disk as a rule: what cannot be finished must not keep its room.
    if (code === 'ENOSPC') await rm(partOf(folder, file), { force: true }).catch(() => undefined);
    throw modelDiskRefused(folder, { problem: message, cause: error });
  }
}
