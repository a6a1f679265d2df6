import { existsSync, statSync } from 'node:fs';
import { mkdir, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { isAppError } from '../core/index.ts';
import {
  artifactChanged,
  artifactMissing,
  modelNotFound,
  registryWriteFailed,
  versionTaken,
} from './errors.ts';
import { isFamilyName, isVersionNumber, MANIFEST_FILE } from './manifest.ts';
import { readScorerLedger, appendToScorerLedger, type ScorerDeployment } from './scorer-ledger.ts';
import { scorerManifestSchema, type ScorerDraft, type ScorerManifest } from './scorer-manifest.ts';
import { sha256Of } from './sha256.ts';
import { describeFiles, manifestBytes, parseVersion, readPart, readVerified } from './version-files.ts';
import { hashesIn, writeFolder } from './version-folder.ts';
import { compareVersions, modelVersionOf } from './version-name.ts';
import { numberAfter } from './versions.ts';

const PREPARED = 'prepared';

/** A version of a scorer whose manifest has been read; its files are held against their hashes as they are read. */
export interface OpenScorerVersion {
  manifest: ScorerManifest;
  /** SHA-256 of `manifest.json`, which holds the hash of every other file. */
  manifestHash: string;
  files: {
    readonly names: readonly string[];
    /** @throws AppError `REGISTRY_ARTIFACT_CHANGED`, `REGISTRY_ARTIFACT_MISSING`; RangeError for another name */
    read(name: string): Promise<Uint8Array>;
    /** The path of a file whose bytes were just held against their hash. @throws as `read` */
    locate(name: string): Promise<string>;
  };
}

/** What lies in the store: a version, or something that cannot be one and why. */
export interface ListedScorer {
  family: string;
  version: string;
  manifest: ScorerManifest | null;
  problem: string | null;
}

/**
 * Versions of scorers, one folder each, and the ledger of which of them answer. Scorers belong to texts, not to one
 * workspace's windows: every workspace reads them from here, and neither training nor evaluation needs a database.
 */
export interface ScorerStore {
  /**
   * Writes a version whole or not at all under the next number of its family.
   * @param options.known - numbers that are taken though no folder has them, such as that of the built-in VADER
   * @throws AppError `REGISTRY_WRITE_FAILED`, `REGISTRY_VERSION_TAKEN` when somebody else was faster
   */
  save(draft: ScorerDraft, options?: { known?: readonly string[] }): Promise<OpenScorerVersion>;
  /**
   * @param options.manifestHash - what the ledger recorded; null or left out: a changed manifest is not noticed
   * @throws AppError `REGISTRY_MODEL_NOT_FOUND`, `REGISTRY_ARTIFACT_MISSING`, `REGISTRY_ARTIFACT_CHANGED`,
   *   `REGISTRY_VERSION_INVALID`
   */
  open(
    family: string,
    version: string,
    options?: { manifestHash?: string | null },
  ): Promise<OpenScorerVersion>;
  /** Numbers of a family's versions, the newest last, by their folders' names alone. */
  versionsOf(family: string): Promise<string[]>;
  /** Every version with every file held against its hash; by family, the newest of each last. */
  list(): Promise<ListedScorer[]>;
  /** Notes that a version answers from now on. @throws AppError `REGISTRY_WRITE_FAILED` */
  deploy(entry: Omit<ScorerDeployment, 'previous'>): Promise<void>;
  /** The entries, oldest first. @throws AppError `REGISTRY_VERSION_INVALID` when the ledger was changed by hand */
  deployments(): Promise<ScorerDeployment[]>;
}

/** The store in a folder, which is made with the first version. @param folder - absolute */
export function createScorerStore(folder: string): ScorerStore {
  const folderOf = (family: string, version: string) => join(folder, family, version);

  async function open(
    family: string,
    version: string,
    { manifestHash = null }: { manifestHash?: string | null } = {},
  ): Promise<OpenScorerVersion> {
    const name = modelVersionOf({ family, version });
    const isPossible = isFamilyName(family) && isVersionNumber(version);
    if (!isPossible || !existsSync(folderOf(family, version))) {
      throw modelNotFound(name, (await names()).map(modelVersionOf));
    }
    const opened = await openFolder(folderOf(family, version), name);
    if (manifestHash !== null && opened.manifestHash !== manifestHash) {
      const found = opened.manifestHash;
      throw artifactChanged(name, [{ file: MANIFEST_FILE, expected: manifestHash, found }]);
    }
    return opened;
  }

  const versionsOf = async (family: string): Promise<string[]> =>
    (await namesIn(join(folder, family))).filter(isVersionNumber).toSorted(compareVersions);

  async function names(): Promise<{ family: string; version: string }[]> {
    const found: { family: string; version: string }[] = [];
    for (const family of (await namesIn(folder)).filter(isFamilyName).toSorted()) {
      found.push(...(await versionsOf(family)).map((version) => ({ family, version })));
    }
    return found;
  }

  /** Of a version that cannot be read nothing is known, and its number is taken all the same. */
  const recipeOf = async (family: string, version: string): Promise<string> =>
    readManifest(folderOf(family, version), modelVersionOf({ family, version })).then(
      ({ manifest }) => manifest.recipe,
      () => '',
    );

  return {
    async save({ manifest: facts, contents }, { known = [] } = {}) {
      const { family, recipe } = facts;
      const there = known.map((version) => ({ asset: '', version, recipe: '' }));
      for (const version of await versionsOf(family)) {
        there.push({ asset: '', version, recipe: await recipeOf(family, version) });
      }
      const version = numberAfter(there, { asset: '', recipe });
      const files = describeFiles(contents);
      const manifest = scorerManifestSchema.parse({ format: 1, kind: 'scorer', version, ...facts, files });
      const target = folderOf(family, version);
      const name = modelVersionOf(manifest);
      if (existsSync(target)) throw versionTaken(name, target);
      try {
        await mkdir(folder, { recursive: true });
        await writeFolder(target, new Map([...contents, [MANIFEST_FILE, manifestBytes(manifest)]]), {
          durable: true,
        });
      } catch (error) {
        if ((error as NodeJS.ErrnoException).syscall === undefined) throw error;
        throw registryWriteFailed(target, error);
      }
      return openFolder(target, name);
    },
    open,
    versionsOf,
    async list() {
      const listed: ListedScorer[] = [];
      for (const name of await names()) listed.push(await listOne(folderOf(name.family, name.version), name));
      return listed;
    },
    deploy: (entry) => appendToScorerLedger(folder, entry),
    deployments: () => readScorerLedger(folder),
  };
}

async function openFolder(folder: string, name: string): Promise<OpenScorerVersion> {
  const { manifest, manifestHash } = await readManifest(folder, name);
  const version = { name, folder, files: manifest.files };
  return {
    manifest,
    manifestHash,
    files: {
      names: manifest.files.map(({ path }) => path),
      read: (path) => readVerified(version, path),
      async locate(path) {
        await readVerified(version, path);
        return join(folder, path);
      },
    },
  };
}

async function readManifest(folder: string, name: string) {
  const bytes = await readPart(name, join(folder, MANIFEST_FILE));
  const form = { parse: (value: unknown) => scorerManifestSchema.parse(value), kind: 'manifest of a scorer' };
  return { manifest: parseVersion(name, bytes, form), manifestHash: sha256Of(bytes) };
}

/** Every file is held against its hash, and one too many is a problem too. */
async function listOne(folder: string, name: { family: string; version: string }): Promise<ListedScorer> {
  const modelVersion = modelVersionOf(name);
  let manifest: ScorerManifest | null = null;
  try {
    ({ manifest } = await readManifest(folder, modelVersion));
    const found = (await hashesIn(folder)) ?? new Map<string, string | null>();
    for (const { path, sha256 } of manifest.files) {
      const hash = found.get(path);
      if (hash === undefined) throw artifactMissing(modelVersion, join(folder, path));
      if (hash !== sha256)
        throw artifactChanged(modelVersion, [{ file: path, expected: sha256, found: hash }]);
      found.delete(path);
    }
    found.delete(MANIFEST_FILE);
    // What an engine makes of the weights; it holds that against hashes of its own.
    found.delete(PREPARED);
    const [[file, hash] = []] = [...found];
    if (file !== undefined) {
      throw artifactChanged(modelVersion, [{ file, expected: null, found: hash ?? 'no plain file' }]);
    }
    return { ...name, manifest, problem: null };
  } catch (error) {
    if (!isAppError(error)) throw error;
    return { ...name, manifest, problem: error.message };
  }
}

async function namesIn(folder: string): Promise<string[]> {
  if (statSync(folder, { throwIfNoEntry: false })?.isDirectory() !== true) return [];
  const entries = await readdir(folder, { withFileTypes: true });
  return entries.filter((entry) => entry.isDirectory()).map(({ name }) => name);
}
