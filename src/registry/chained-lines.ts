import { existsSync } from 'node:fs';
import { mkdir, open, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { z } from 'zod';
import { withExclusiveLock } from '../core/index.ts';
import { registryWriteFailed, versionInvalid } from './errors.ts';
import { sha256Of } from './sha256.ts';

/** An append-only file of JSON Lines, each holding the hash of the one before, so that a change by hand is noticed. */
export interface ChainedLines<Entry extends Chained> {
  folder: string;
  file: string;
  lockFile: string;
  /** For messages: `the ledger of scorers`. */
  name: string;
  schema: z.ZodType<Entry>;
}

/** What every line carries. */
export interface Chained {
  /** SHA-256 of the line before; null for the first. */
  previous: string | null;
}

/** The entries, oldest first. @throws AppError `REGISTRY_VERSION_INVALID` when a line is not what was written */
export async function readChain<Entry extends Chained>(chain: ChainedLines<Entry>): Promise<Entry[]> {
  const { name, schema } = chain;
  const path = join(chain.folder, chain.file);
  const lines = await readLines(path);
  return lines.map((line, place) => {
    const before = lines[place - 1];
    const expected = before === undefined ? null : sha256Of(Buffer.from(before));
    let entry: Entry;
    try {
      entry = schema.parse(JSON.parse(line));
    } catch (error) {
      throw versionInvalid(name, `line ${place + 1} of ${path} is no entry`, error);
    }
    if (entry.previous === expected) return entry;
    throw versionInvalid(name, `line ${place + 1} of ${path} does not follow the one before`);
  });
}

/**
 * Appends an entry; it is on the disk when this resolves.
 * @param refuse - given the entries so far while nobody else can write; throws where the new one must not follow them
 * @throws AppError `REGISTRY_WRITE_FAILED`, `GUARD_BUSY`, or as `readChain`; whatever `refuse` throws
 */
export async function appendToChain<Entry extends Chained>(
  chain: ChainedLines<Entry>,
  entry: Omit<Entry, 'previous'>,
  refuse: (entries: readonly Entry[]) => void = () => {},
): Promise<void> {
  const { folder } = chain;
  await mkdir(folder, { recursive: true }).catch((error: unknown) => {
    throw registryWriteFailed(join(folder, chain.file), error);
  });
  // Each entry holds the hash of the one before: two who write at once would both follow the same.
  await withExclusiveLock(join(folder, chain.lockFile), async () => {
    refuse(await readChain(chain));
    await appendAlone(chain, entry);
  });
}

async function appendAlone<Entry extends Chained>(
  { folder, file: name, schema }: ChainedLines<Entry>,
  entry: Omit<Entry, 'previous'>,
): Promise<void> {
  const path = join(folder, name);
  const lines = await readLines(path);
  const last = lines.at(-1);
  const previous = last === undefined ? null : sha256Of(Buffer.from(last));
  const line = JSON.stringify(schema.parse({ ...entry, previous }));
  try {
    const whole = lines.map((each) => `${each}\n`).join('');
    const file = await open(path, 'a');
    try {
      await file.truncate(Buffer.byteLength(whole));
      await file.appendFile(`${line}\n`);
      await file.sync();
    } finally {
      await file.close();
    }
  } catch (error) {
    throw registryWriteFailed(path, error);
  }
}

/** A last line without its end is what a crash cut off: it never was written. */
async function readLines(path: string): Promise<string[]> {
  if (!existsSync(path)) return [];
  const text = await readFile(path, 'utf8');
  return text.split('\n').slice(0, -1);
}
