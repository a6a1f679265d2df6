import { existsSync } from 'node:fs';
import { mkdir, open, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { withExclusiveLock } from '../core/index.ts';
import { registryWriteFailed, versionInvalid } from './errors.ts';
import { sha256Of } from './sha256.ts';

/** An entry: from then on this version of the family answers. */
const entrySchema = z.strictObject({
  at: z.iso.datetime(),
  family: z.string(),
  version: z.string(),
  /** SHA-256 of its `manifest.json`; null for what is built in and has none. */
  manifestHash: z.string().nullable(),
  actor: z.string(),
  /** SHA-256 of the line before; null for the first. */
  previous: z.string().nullable(),
});

export type ScorerDeployment = z.infer<typeof entrySchema>;

/** Append-only JSON Lines, each holding the hash of the one before, so that a change by hand is noticed. */
const LEDGER_FILE = 'deployments.jsonl';
const LOCK_FILE = '.deployments.lock';
const NAME = 'the ledger of scorers';

/** The entries, oldest first. @throws AppError `REGISTRY_VERSION_INVALID` when a line is not what was written */
export async function readScorerLedger(folder: string): Promise<ScorerDeployment[]> {
  const lines = await readLines(folder);
  return lines.map((line, place) => {
    const before = lines[place - 1];
    const expected = before === undefined ? null : sha256Of(Buffer.from(before));
    let entry: ScorerDeployment;
    try {
      entry = entrySchema.parse(JSON.parse(line));
    } catch (error) {
      throw versionInvalid(NAME, `line ${place + 1} of ${join(folder, LEDGER_FILE)} is no entry`, error);
    }
    if (entry.previous === expected) return entry;
    throw versionInvalid(
      NAME,
      `line ${place + 1} of ${join(folder, LEDGER_FILE)} does not follow the one before`,
    );
  });
}

/** @throws AppError `REGISTRY_WRITE_FAILED`, `GUARD_BUSY`, or as `readScorerLedger` */
export async function appendToScorerLedger(
  folder: string,
  entry: Omit<ScorerDeployment, 'previous'>,
): Promise<void> {
  const path = join(folder, LEDGER_FILE);
  await mkdir(folder, { recursive: true }).catch((error: unknown) => {
    throw registryWriteFailed(path, error);
  });
  // Each entry holds the hash of the one before: two who write at once would both follow the same.
  await withExclusiveLock(join(folder, LOCK_FILE), () => appendAlone(folder, path, entry));
}

async function appendAlone(
  folder: string,
  path: string,
  entry: Omit<ScorerDeployment, 'previous'>,
): Promise<void> {
  await readScorerLedger(folder);
  const last = (await readLines(folder)).at(-1);
  const line = JSON.stringify(
    entrySchema.parse({ ...entry, previous: last === undefined ? null : sha256Of(Buffer.from(last)) }),
  );
  try {
    const whole = (await readLines(folder)).map((each) => `${each}\n`).join('');
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
async function readLines(folder: string): Promise<string[]> {
  const path = join(folder, LEDGER_FILE);
  if (!existsSync(path)) return [];
  const text = await readFile(path, 'utf8');
  return text.split('\n').slice(0, -1);
}
