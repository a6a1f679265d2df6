import { existsSync } from 'node:fs';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import {
  artifactChanged,
  artifactMissing,
  modelNotFound,
  registryWriteFailed,
  versionInvalid,
  versionTaken,
  type FileProblem,
} from './errors.ts';
import {
  isFamilyName,
  isVersionNumber,
  MANIFEST_FILE,
  manifestSchema,
  type Manifest,
  type ManifestModel,
  type VersionDraft,
} from './manifest.ts';
import { sha256Of } from './sha256.ts';
import { describeFiles, manifestBytes, parseVersion, readPart, readVerified } from './version-files.ts';
import { hashesIn, isHandiwork, writeFolder } from './version-folder.ts';
import { compareVersions, modelVersionOf } from './version-name.ts';

/** A version as it was written: its manifest and the hash that the database keeps of it. */
export interface SavedVersion {
  manifest: Manifest;
  /** SHA-256 of `manifest.json`, which itself holds the hash of every other file. */
  manifestHash: string;
}

/** A version whose manifest has been checked; its other files are checked as they are read. */
export interface OpenVersion extends SavedVersion {
  /**
   * A file of the version as text.
   * @throws AppError `REGISTRY_ARTIFACT_CHANGED` when size or SHA-256 is not that of the manifest,
   *   `REGISTRY_ARTIFACT_MISSING`; RangeError for a path that the manifest does not name
   */
  read(path: string): Promise<string>;
  /**
   * The JSON of the model that ships for an arm and horizon; a family's `load` makes the model of it.
   * @throws AppError as `read`; `REGISTRY_MODEL_NOT_FOUND` when the version has no such arm or horizon,
   *   `REGISTRY_VERSION_INVALID` when the file is no JSON
   */
  readModel(arm: string, horizonMinutes: number): Promise<unknown>;
  /** Its gate fit's JSON; null where the past was too short for one. @throws AppError as `readModel` */
  readGateFit(arm: string, horizonMinutes: number): Promise<unknown>;
  /** The JSON of its dissimilarity; null where it has none. @throws AppError as `readModel` */
  readDissimilarity(arm: string, horizonMinutes: number): Promise<unknown>;
}

/** Something that lies in the registry folder. */
export interface ArtifactFolder {
  /** Below the registry folder: `trees/1.0.3`. */
  path: string;
  /** `draft`: what an interrupted writing left behind. `stranger`: nothing that the registry makes. */
  kind: 'version' | 'draft' | 'stranger';
  /** Null unless it is a version. */
  family: string | null;
  version: string | null;
  /** SHA-256 of its `manifest.json`; null where there is none, or where it is no version. */
  manifestHash: string | null;
}

/** Models of a workspace on the disk, one folder a version: `<registryDir>/<family>/<version>/`. */
export interface ArtifactStore {
  /**
   * Writes a version whole or not at all. One that is there with the same bytes is kept.
   * @param options.durable - true: on the disk when this resolves; a replay need not wait
   * @param options.replace - true where the database does not know this version: what lies there with other content
   *   was left by a crash and gives way
   * @throws AppError `REGISTRY_WRITE_FAILED` (disk full, read-only), `REGISTRY_VERSION_TAKEN`
   */
  save(draft: VersionDraft, options: { durable: boolean; replace?: boolean }): Promise<SavedVersion>;
  /**
   * Opens a version; family and version may come from anywhere.
   * @param options.manifestHash - what the database recorded; without it a changed manifest is not noticed
   * @throws AppError `REGISTRY_MODEL_NOT_FOUND`, `REGISTRY_ARTIFACT_CHANGED`, `REGISTRY_ARTIFACT_MISSING`,
   *   `REGISTRY_VERSION_INVALID`
   */
  open(family: string, version: string, options?: { manifestHash?: string }): Promise<OpenVersion>;
  /**
   * Opens a version and checks every file of it: missing, changed, or not in the manifest.
   * @throws AppError as `open`; the first problem is in the message, all of them are in `details.problems`
   */
  verify(family: string, version: string, options: { manifestHash: string }): Promise<OpenVersion>;
  /** Everything that lies in the registry folder, ordered by family and version. */
  list(): Promise<ArtifactFolder[]>;
}

/**
 * The versions in a folder.
 * @param registryDir - absolute; made with the first version
 */
export function createArtifactStore(registryDir: string): ArtifactStore {
  const folderOf = (family: string, version: string) => join(registryDir, family, version);

  async function open(
    family: string,
    version: string,
    { manifestHash }: { manifestHash?: string } = {},
  ): Promise<OpenVersion> {
    const name = modelVersionOf({ family, version });
    const isPossible = isFamilyName(family) && isVersionNumber(version);
    const folder = isPossible ? folderOf(family, version) : null;
    if (folder === null || (!existsSync(folder) && manifestHash === undefined)) {
      throw modelNotFound(name, await knownVersions());
    }
    const bytes = await readPart(name, join(folder, MANIFEST_FILE));
    const found = sha256Of(bytes);
    if (manifestHash !== undefined && found !== manifestHash) {
      throw artifactChanged(name, [{ file: MANIFEST_FILE, expected: manifestHash, found }]);
    }
    const form = { parse: (value: unknown) => manifestSchema.parse(value), kind: 'manifest' };
    return openVersion(folder, { manifest: parseVersion(name, bytes, form), manifestHash: found });
  }

  async function knownVersions(): Promise<string[]> {
    const folders = await list();
    return folders.flatMap(({ family, version }) =>
      family === null || version === null ? [] : [modelVersionOf({ family, version })],
    );
  }

  async function list(): Promise<ArtifactFolder[]> {
    const folders: ArtifactFolder[] = [];
    for (const family of await entriesOf(registryDir)) {
      if (!family.isFolder || !isFamilyName(family.name)) folders.push(strangerAt(family.name));
      else folders.push(...(await listFamily(registryDir, family.name)));
    }
    return folders;
  }

  return {
    async save(draft, { durable, replace = false }) {
      const { saved, contents } = prepare(draft);
      const { family, version } = saved.manifest;
      const folder = folderOf(family, version);
      try {
        const found = await hashesIn(folder);
        const isSame = found?.get(MANIFEST_FILE) === saved.manifestHash;
        if (found !== null && !isSame && !replace) {
          throw versionTaken(modelVersionOf(saved.manifest), folder);
        }
        const isWhole = isSame && problemsOf(saved.manifest, found).length === 0;
        if (!isWhole) await writeFolder(folder, contents, { durable });
      } catch (error) {
        if ((error as NodeJS.ErrnoException).syscall === undefined) throw error;
        throw registryWriteFailed(folder, error);
      }
      return saved;
    },
    open,
    async verify(family, version, { manifestHash }) {
      const opened = await open(family, version, { manifestHash });
      const name = modelVersionOf({ family, version });
      const folder = folderOf(family, version);
      const found = await hashesIn(folder).catch((error: unknown) => {
        throw artifactMissing(name, folder, error);
      });
      const problems = problemsOf(opened.manifest, found ?? new Map());
      const [first] = problems;
      if (first?.found === null) throw artifactMissing(name, join(folder, first.file));
      if (first !== undefined) throw artifactChanged(name, problems);
      return opened;
    },
    list,
  };
}

/** Hashes the files of a draft and writes its manifest; the same draft always gives the same bytes. */
function prepare({ manifest: facts, contents }: VersionDraft): {
  saved: SavedVersion;
  contents: Map<string, Buffer>;
} {
  const parts = new Map([...contents].map(([path, text]) => [path, Buffer.from(text, 'utf8')]));
  const manifest = manifestSchema.parse({ ...facts, files: describeFiles(parts) });
  const bytes = manifestBytes(manifest);
  parts.set(MANIFEST_FILE, bytes);
  return { saved: { manifest, manifestHash: sha256Of(bytes) }, contents: parts };
}

function openVersion(folder: string, saved: SavedVersion): OpenVersion {
  const { manifest } = saved;
  const name = modelVersionOf(manifest);

  const read = async (path: string): Promise<string> =>
    (await readVerified({ name, folder, files: manifest.files }, path)).toString('utf8');

  async function readJson(path: string): Promise<unknown> {
    const text = await read(path);
    try {
      return JSON.parse(text) as unknown;
    } catch (error) {
      throw versionInvalid(name, `its ${path} is no JSON`, error);
    }
  }

  return {
    ...saved,
    read,
    readModel: async (arm, horizonMinutes) => readJson(modelOf(manifest, arm, horizonMinutes).file),
    async readGateFit(arm, horizonMinutes) {
      const { gateFile } = modelOf(manifest, arm, horizonMinutes);
      return gateFile === null ? null : readJson(gateFile);
    },
    async readDissimilarity(arm, horizonMinutes) {
      const { dissimilarityFile = null } = modelOf(manifest, arm, horizonMinutes);
      return dissimilarityFile === null ? null : readJson(dissimilarityFile);
    },
  };
}

function modelOf(manifest: Manifest, arm: string, horizonMinutes: number): ManifestModel {
  const { models } = manifest;
  const model = models.find((one) => one.arm === arm && one.horizonMinutes === horizonMinutes);
  if (model !== undefined) return model;
  throw modelNotFound(
    `model of ${arm} at ${horizonMinutes} minutes in ${modelVersionOf(manifest)}`,
    models.map((one) => `${one.arm} at ${one.horizonMinutes} minutes`),
  );
}

/** What is missing comes first, then what is changed, then what is too many. */
function problemsOf({ files }: Manifest, found: ReadonlyMap<string, string | null> | null): FileProblem[] {
  const problems = files
    .map(({ path, sha256 }) => ({ file: path, expected: sha256, found: found?.get(path) ?? null }))
    .filter((file) => file.found !== file.expected);
  const own = new Set([MANIFEST_FILE, ...files.map(({ path }) => path)]);
  const strangers = [...(found ?? [])].filter(([file]) => !own.has(file));
  return [
    ...problems.filter((file) => file.found === null),
    ...problems.filter((file) => file.found !== null),
    ...strangers.map(([file, hash]) => ({ file, expected: null, found: hash ?? 'no plain file' })),
  ];
}

async function listFamily(registryDir: string, family: string): Promise<ArtifactFolder[]> {
  const entries = await entriesOf(join(registryDir, family));
  const versions = entries
    .filter(({ name, isFolder }) => isFolder && isVersionNumber(name))
    .sort((left, right) => compareVersions(left.name, right.name));
  const others = entries.filter((entry) => !versions.includes(entry));
  const listed: ArtifactFolder[] = [];
  for (const { name: version } of versions) {
    const path = `${family}/${version}`;
    const manifest = await readFile(join(registryDir, path, MANIFEST_FILE)).catch(() => null);
    const manifestHash = manifest === null ? null : sha256Of(manifest);
    listed.push({ path, kind: 'version', family, version, manifestHash });
  }
  return [
    ...listed,
    ...others.map(({ name }): ArtifactFolder => ({
      ...strangerAt(`${family}/${name}`),
      kind: isHandiwork(name) ? 'draft' : 'stranger',
    })),
  ];
}

function strangerAt(path: string): ArtifactFolder {
  return { path, kind: 'stranger', family: null, version: null, manifestHash: null };
}

async function entriesOf(folder: string): Promise<{ name: string; isFolder: boolean }[]> {
  if (!existsSync(folder)) return [];
  const entries = await readdir(folder, { withFileTypes: true });
  return entries
    .map((entry) => ({ name: entry.name, isFolder: entry.isDirectory() }))
    .sort((left, right) => (left.name < right.name ? -1 : 1));
}
