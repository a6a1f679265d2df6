import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { readJsonFile, writeJsonFile } from '../../core/index.ts';

const NAME = 'pin.json';
/** A piece takes well under a millisecond to hash, so that nobody else waits. */
const PIECE_BYTES = 256 * 1_024;

const sha256Schema = z.string().regex(/^[0-9a-f]{64}$/);
const sha1Schema = z.string().regex(/^[0-9a-f]{40}$/);
/** It becomes a place on the disk, so nothing may lead out of the folder. */
const pathSchema = z
  .string()
  .max(200)
  .regex(/^(?!.*(?:^|\/)\.)[\w.-]+(?:\/[\w.-]+)*$/);

const fileSchema = z.object({
  /** Inside the repository and the folder, parts joined by "/". */
  path: pathSchema,
  size: z.number().int().nonnegative(),
  /** As the hub keeps it for large files; of the others from the moment they were fetched whole. */
  sha256: sha256Schema.nullable(),
  /** Git's own name of the content: SHA-1 over "blob <size>\0" and it. Of small files. */
  gitSha1: sha1Schema.nullable(),
});

const pinSchema = z.object({
  endpoint: z.string(),
  repo: z.string(),
  /** What was asked for: a branch, a tag, a commit. */
  revision: z.string(),
  /** What it meant when it was first asked for. */
  commit: sha1Schema,
  files: z.array(fileSchema),
});

export type PinnedFile = z.infer<typeof fileSchema>;
/** Which content a model consists of: kept beside it from its first use on. */
export type Pin = z.infer<typeof pinSchema>;

/** True for a path that can be a file of a model. */
export function isSafePath(path: string): boolean {
  return pathSchema.safeParse(path).success;
}

/** @returns null where nothing, or nothing readable, is pinned */
export function readPin(folder: string): Pin | null {
  return readJsonFile(join(folder, NAME), pinSchema);
}

/** Written whole or not at all. */
export function writePin(folder: string, pin: Pin): void {
  writeJsonFile(join(folder, NAME), pin);
}

/** True once every file has been fetched whole and its SHA-256 is known. */
export function isComplete(pin: Pin): boolean {
  return pin.files.every(({ sha256 }) => sha256 !== null);
}

/** What a file is, held against what it must be. */
export type Inspection = { problem: string } | { problem: null; sha256: string };

/** Reads a file and compares it with what it must be; `problem` tells in a few words what is wrong. */
export async function inspectFile(path: string, expected: PinnedFile): Promise<Inspection> {
  const size = await sizeOf(path);
  if (size === null) return { problem: 'it is not there' };
  if (size !== expected.size) return { problem: `it has ${size} bytes instead of ${expected.size}` };
  const { sha256, gitSha1 } = await hashFile(path, size);
  if (expected.sha256 !== null && sha256 !== expected.sha256) {
    return { problem: `its SHA-256 is ${sha256} instead of ${expected.sha256}` };
  }
  if (expected.gitSha1 !== null && gitSha1 !== expected.gitSha1) {
    return { problem: `Git would name it ${gitSha1} instead of ${expected.gitSha1}` };
  }
  return { problem: null, sha256 };
}

/** SHA-256 of a file, hexadecimal. */
export async function sha256Of(path: string): Promise<string> {
  return (await hashFile(path, 0)).sha256;
}

async function hashFile(path: string, size: number): Promise<{ sha256: string; gitSha1: string }> {
  const sha256 = createHash('sha256');
  const gitSha1 = createHash('sha1').update(`blob ${size}\0`);
  for await (const piece of createReadStream(path, { highWaterMark: PIECE_BYTES })) {
    sha256.update(piece as Buffer);
    gitSha1.update(piece as Buffer);
  }
  return { sha256: sha256.digest('hex'), gitSha1: gitSha1.digest('hex') };
}

/** @returns bytes, null where there is no such file */
export async function sizeOf(path: string): Promise<number | null> {
  const found = await stat(path).catch(() => null);
  return found?.isFile() === true ? found.size : null;
}
