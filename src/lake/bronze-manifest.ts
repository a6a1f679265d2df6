import { createHash, hash } from 'node:crypto';
import { createReadStream, existsSync } from 'node:fs';
import { mkdir, open, readFile, readdir, rename, rm, truncate } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { isoUtc, type EpochMs } from '../core/index.ts';

const MANIFEST = 'manifest.jsonl';

/** Where files stand until their manifest entry is on the disk. */
const PENDING = '.pending';

/** What the first entry follows. */
const GENESIS = '0'.repeat(64);

/** One change to one file, chained to the change before it. */
export interface ManifestEntry {
  /** 1, 2, 3 ... */
  seq: number;
  /** Path below the bronze folder, with slashes. */
  file: string;
  /** SHA-256 of the file before; null where there was none. */
  oldHash: string | null;
  newHash: string;
  /** Rows in the file after the change. */
  rows: number;
  /** `recovered`: the file was found with a content that no entry tells of, and was kept as it is. */
  reason: 'append' | 'recovered';
  /** ISO 8601. */
  at: string;
  /** Hash of the entry before. */
  previous: string;
  /** SHA-256 of all the above as JSON. */
  hash: string;
}

export type ManifestChange = Pick<ManifestEntry, 'file' | 'oldHash' | 'newHash' | 'rows' | 'reason'>;

/** A change with the finished file that it brings, on the same disk; null where the file already stands in place. */
export type FileChange = ManifestChange & { path: string | null };

/** What a look over the whole bronze folder found. */
export interface BronzeVerification {
  isSound: boolean;
  entries: number;
  files: number;
  /** One sentence a finding. */
  problems: string[];
  /** Files that were once taken over without an entry, see `recovered`. */
  recovered: string[];
}

/** An opened manifest: torn ends are cut, interrupted changes are finished. */
export interface Manifest {
  /** Hash that the last entry gives to a file; null when none speaks of it. */
  hashOf(file: string): string | null;
  /**
   * Makes changes in one go: the entries reach the disk first, then the files move into place. A crash between the
   * two is finished by the next `openManifest`, a crash before them leaves everything as it was.
   */
  commit(changes: readonly FileChange[], at: EpochMs): Promise<void>;
}

export const pendingDir = (bronzeDir: string): string => join(bronzeDir, PENDING);

/** SHA-256 of a file, hex, without holding it in memory. */
export async function hashFile(path: string): Promise<string> {
  const sum = createHash('sha256');
  for await (const chunk of createReadStream(path)) sum.update(chunk as Buffer);
  return sum.digest('hex');
}

/**
 * Opens the manifest for writing. The caller makes sure that nobody else writes to the folder meanwhile.
 */
export async function openManifest(bronzeDir: string): Promise<Manifest> {
  await mkdir(pendingDir(bronzeDir), { recursive: true });
  const entries = await repairTail(bronzeDir);
  await finishPending(bronzeDir, entries);
  return {
    hashOf: (file) => entries.findLast((entry) => entry.file === file)?.newHash ?? null,
    async commit(changes, at) {
      const chained = chain(changes, entries.at(-1), at);
      // Under this name the file is found again after a crash.
      for (const [place, { path }] of changes.entries()) {
        if (path !== null) await rename(path, pendingPath(bronzeDir, chained[place]?.seq ?? 0));
      }
      await syncPath(pendingDir(bronzeDir));
      await appendLines(join(bronzeDir, MANIFEST), chained);
      entries.push(...chained);
      for (const entry of chained.filter((_, place) => changes[place]?.path !== null)) {
        await moveIntoPlace(bronzeDir, entry);
      }
    },
  };
}

/**
 * Checks the chain of the manifest and the hash of every file.
 * @returns findings; an interrupted append that the next one will finish is none
 */
export async function verifyBronze(bronzeDir: string): Promise<BronzeVerification> {
  const { entries, tornBytes, problems } = await readManifest(bronzeDir);
  if (tornBytes > 0) problems.push(`the manifest ends in ${tornBytes} bytes that are no whole entry`);
  const last = new Map(entries.map((entry) => [entry.file, entry]));
  problems.push(...findBrokenLinks(entries));
  for (const entry of last.values()) {
    const isSound = (await hashIfThere(join(bronzeDir, entry.file))) === entry.newHash;
    const isPending = async () => (await hashIfThere(pendingPath(bronzeDir, entry.seq))) === entry.newHash;
    if (!isSound && !(await isPending()))
      problems.push(`${entry.file} is missing or is not what its entry says`);
  }
  for (const file of await listFiles(bronzeDir)) {
    if (!last.has(file)) problems.push(`${file} is in no entry`);
  }
  const recovered = entries.filter(({ reason }) => reason === 'recovered').map(({ file }) => file);
  return { isSound: problems.length === 0, entries: entries.length, files: last.size, problems, recovered };
}

function chain(
  changes: readonly ManifestChange[],
  last: ManifestEntry | undefined,
  at: EpochMs,
): ManifestEntry[] {
  const entries: ManifestEntry[] = [];
  let { seq, hash: previous } = last ?? { seq: 0, hash: GENESIS };
  for (const { file, oldHash, newHash, rows, reason } of changes) {
    seq += 1;
    const entry = { seq, file, oldHash, newHash, rows, reason, at: isoUtc(at), previous };
    previous = hashEntry(entry);
    entries.push({ ...entry, hash: previous });
  }
  return entries;
}

function hashEntry(entry: Omit<ManifestEntry, 'hash'>): string {
  const { seq, file, oldHash, newHash, rows, reason, at, previous } = entry;
  return hash('sha256', JSON.stringify({ seq, file, oldHash, newHash, rows, reason, at, previous }), 'hex');
}

function findBrokenLinks(entries: readonly ManifestEntry[]): string[] {
  const problems: string[] = [];
  const hashes = new Map<string, string>();
  let previous = GENESIS;
  for (const [place, entry] of entries.entries()) {
    const isLinked =
      entry.seq === place + 1 && entry.previous === previous && entry.hash === hashEntry(entry);
    if (!isLinked) problems.push(`entry ${place + 1} (${entry.file}) does not follow from the one before`);
    const isContinued = entry.reason === 'recovered' || entry.oldHash === (hashes.get(entry.file) ?? null);
    if (!isContinued) problems.push(`entry ${place + 1} continues another ${entry.file} than was left`);
    hashes.set(entry.file, entry.newHash);
    previous = entry.hash;
  }
  return problems;
}

interface ManifestContent {
  entries: ManifestEntry[];
  /** Bytes up to the end of the last whole entry. */
  soundBytes: number;
  tornBytes: number;
  problems: string[];
}

async function readManifest(bronzeDir: string): Promise<ManifestContent> {
  const path = join(bronzeDir, MANIFEST);
  const bytes = existsSync(path) ? await readFile(path) : Buffer.alloc(0);
  const whole = bytes.lastIndexOf(0x0a) + 1;
  const lines = bytes.subarray(0, whole).toString('utf8').split('\n').slice(0, -1);
  const entries: ManifestEntry[] = [];
  const problems: string[] = [];
  for (const [place, line] of lines.entries()) {
    const entry = parseEntry(line);
    if (entry !== null) entries.push(entry);
    else problems.push(`line ${place + 1} of the manifest is no entry`);
  }
  return { entries, soundBytes: whole, tornBytes: bytes.length - whole, problems };
}

function parseEntry(line: string): ManifestEntry | null {
  try {
    const entry = JSON.parse(line) as ManifestEntry;
    return typeof entry.seq === 'number' && typeof entry.file === 'string' ? entry : null;
  } catch {
    return null;
  }
}

async function repairTail(bronzeDir: string): Promise<ManifestEntry[]> {
  const { entries, soundBytes, tornBytes } = await readManifest(bronzeDir);
  if (tornBytes > 0) await truncate(join(bronzeDir, MANIFEST), soundBytes);
  return entries;
}

/** A file whose entry reached the disk belongs into place; one without an entry was never promised to anybody. */
async function finishPending(bronzeDir: string, entries: readonly ManifestEntry[]): Promise<void> {
  for (const name of await readdir(pendingDir(bronzeDir))) {
    const path = join(pendingDir(bronzeDir), name);
    const entry = entries.findLast(({ seq }) => pendingPath(bronzeDir, seq) === path);
    if (entry !== undefined && (await hashIfThere(path)) === entry.newHash) {
      await moveIntoPlace(bronzeDir, entry);
    } else await rm(path, { recursive: true, force: true });
  }
}

const pendingPath = (bronzeDir: string, seq: number): string => join(pendingDir(bronzeDir), `${seq}.parquet`);

async function moveIntoPlace(bronzeDir: string, { seq, file }: ManifestEntry): Promise<void> {
  const target = join(bronzeDir, file);
  await mkdir(dirname(target), { recursive: true });
  await rename(pendingPath(bronzeDir, seq), target);
  await syncPath(dirname(target));
}

async function appendLines(path: string, entries: readonly ManifestEntry[]): Promise<void> {
  const handle = await open(path, 'a');
  const { size } = await handle.stat();
  try {
    await handle.writeFile(entries.map((entry) => `${JSON.stringify(entry)}\n`).join(''));
    await handle.sync();
  } catch (error) {
    await handle.truncate(size).catch(() => {});
    throw error;
  } finally {
    await handle.close();
  }
}

/** Forces a file or a folder's entries to the disk. */
export async function syncPath(path: string): Promise<void> {
  const handle = await open(path, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

async function hashIfThere(path: string): Promise<string | null> {
  return existsSync(path) ? hashFile(path) : null;
}

async function listFiles(bronzeDir: string): Promise<string[]> {
  if (!existsSync(bronzeDir)) return [];
  const names = await readdir(bronzeDir, { recursive: true });
  return names
    .map((name) => name.replaceAll('\\', '/'))
    .filter((name) => name.endsWith('.parquet') && !name.startsWith(PENDING));
}
