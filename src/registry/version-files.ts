import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { artifactChanged, artifactMissing, versionInvalid } from './errors.ts';
import { MANIFEST_FILE, type VersionFile } from './manifest.ts';
import { sha256Of } from './sha256.ts';
import { modelVersionOf } from './version-name.ts';

/** What each file of a version must be to be opened, ordered by name. @param contents - bytes by file name */
export function describeFiles(contents: ReadonlyMap<string, Uint8Array>): VersionFile[] {
  return [...contents]
    .map(([path, bytes]) => ({ path, sha256: sha256Of(bytes), bytes: bytes.length }))
    .sort((left, right) => (left.path < right.path ? -1 : 1));
}

/** A manifest as it is written: the same one always gives the same bytes. */
export function manifestBytes(manifest: object): Buffer<ArrayBuffer> {
  return Buffer.from(`${JSON.stringify(manifest, null, 2)}\n`, 'utf8');
}

/**
 * What a version says of itself.
 * @param modelVersion - the name that its folder has
 * @param form.kind - what it is to be, for the message: `manifest of a scorer`
 * @throws AppError `REGISTRY_VERSION_INVALID` when it is none, or that of another version
 */
export function parseVersion<Parsed extends { family: string; version: string }>(
  modelVersion: string,
  bytes: Buffer,
  { parse, kind }: { parse: (value: unknown) => Parsed; kind: string },
): Parsed {
  let manifest: Parsed;
  try {
    manifest = parse(JSON.parse(bytes.toString('utf8')));
  } catch (error) {
    throw versionInvalid(modelVersion, `its ${MANIFEST_FILE} is no ${kind}`, error);
  }
  const own = modelVersionOf(manifest);
  if (own === modelVersion) return manifest;
  throw versionInvalid(modelVersion, `its ${MANIFEST_FILE} is that of ${own}`);
}

/**
 * A file of a version, held against its size and hash.
 * @throws AppError `REGISTRY_ARTIFACT_CHANGED`, `REGISTRY_ARTIFACT_MISSING`; RangeError for a path that is not in `files`
 */
export async function readVerified(
  version: { name: string; folder: string; files: readonly VersionFile[] },
  path: string,
): Promise<Buffer> {
  const { name, folder, files } = version;
  const file = files.find((candidate) => candidate.path === path);
  if (file === undefined) throw new RangeError(`${name} has no file ${path}`);
  const bytes = await readPart(name, join(folder, path));
  const found = sha256Of(bytes);
  if (bytes.length === file.bytes && found === file.sha256) return bytes;
  throw artifactChanged(name, [{ file: path, expected: file.sha256, found }]);
}

/** @throws AppError `REGISTRY_ARTIFACT_MISSING` */
export async function readPart(modelVersion: string, path: string): Promise<Buffer> {
  try {
    return await readFile(path);
  } catch (error) {
    const isGone = (error as NodeJS.ErrnoException).code === 'ENOENT';
    throw artifactMissing(modelVersion, path, isGone ? undefined : error);
  }
}
