import { join } from 'node:path';
import { mkdir, rm } from 'node:fs/promises';
import { createHttp, createRandom, withExclusiveLock, type Clock, type Http } from '../../core/index.ts';
import { modelCorrupt, modelDiskRefused, modelOffline, modelUnusable } from './errors.ts';
import { listFiles, pause, resolveCommit, type Hub } from './hub-api.ts';
import { downloadFile, partOf, realDisk, type Disk } from './hub-download.ts';
import { inspectFile, isComplete, readPin, sizeOf, writePin, type Pin, type PinnedFile } from './hub-pin.ts';
import type { Patience } from './hub-retry.ts';
import { findModelFiles } from './model-files.ts';

/** A model of a hub, as the settings name it. */
export interface WantedModel {
  /** `owner/name`. */
  repo: string;
  /** A branch, a tag or a commit; what it means when it is first used is kept. */
  revision: string;
  /** SHA-256 by path, where the settings pin more than the hub does. */
  hashes?: Readonly<Record<string, string>>;
}

/** How far a fetch is. */
export interface FetchProgress {
  file: string;
  receivedBytes: number;
  totalBytes: number;
}

export interface HubClientOptions {
  endpoint?: string;
  token?: string | null;
  /** Nothing is asked of the network; what is here whole is used. */
  isOffline?: boolean;
  clock: Clock;
  http?: Http;
  disk?: Disk;
  patience?: Patience;
  /** A model that would be larger is not fetched. */
  mostBytes?: number;
}

/** Fetches models and keeps them. */
export interface HubClient {
  /**
   * Makes sure that a model is in its folder, whole and as it was pinned at first use; asks the network only where it
   * is not. Two processes at once do it once.
   * @param root - the folder of all models
   * @returns the folder of this one, every file verified by its SHA-256 just now, and the pin
   * @throws AppError of `transformer/errors.ts`, from which `unavailableBecause` makes a state
   */
  fetch(
    wanted: WantedModel,
    root: string,
    options?: { onProgress?: (progress: FetchProgress) => void; signal?: AbortSignal },
  ): Promise<{ folder: string; pin: Pin }>;
}

const ENDPOINT = 'https://huggingface.co';
const ATTEMPTS = 6;
/** Four times BERT-base; a larger one would not fit the memory that a scorer may take. */
const MOST_BYTES = 2 * 1_024 ** 3;
/** Left free for whatever else lives on the disk. */
const SPARE_BYTES = 64 * 1_024 ** 2;
/** Half a gigabyte on a slow line. */
const LONGEST_LOCK_MS = 3_600_000;
const REPO = /^[\w.-]+\/[\w.-]+$/;

/** A client of the Hugging Face hub, or of a mirror that speaks as it does. */
export function createHubClient({
  endpoint = ENDPOINT,
  token = null,
  isOffline = false,
  clock,
  http = createHttp(),
  disk = realDisk,
  // Only how long is waited hangs on these dice; two processes of one second would draw alike, so the pid is in it.
  patience = { attempts: ATTEMPTS, random: createRandom((clock.now() % 1_000_003) ^ process.pid), pause },
  mostBytes = MOST_BYTES,
}: HubClientOptions): HubClient {
  const hub: Hub = { endpoint: endpoint.replace(/\/+$/, ''), token, http, clock };
  return {
    async fetch(wanted, root, { onProgress = () => {}, signal } = {}) {
      const folder = folderOf(wanted, root);
      const stored = await readWhole(folder, wanted);
      if (stored !== null) return { folder, pin: stored };
      if (isOffline) throw modelOffline(wanted.repo, folder);
      await makeFolder(folder);
      return withExclusiveLock(
        join(folder, '.lock'),
        async () => {
          const present = await readWhole(folder, wanted);
          if (present !== null) return { folder, pin: present };
          const pin = readPin(folder) ?? (await pinNow(hub, wanted, mostBytes));
          checkSettings(pin, wanted);
          writeToDisk(folder, pin);
          const whole = await fetchFiles({
            hub,
            pin,
            folder,
            disk,
            patience,
            onProgress,
            ...(signal && { signal }),
          });
          writeToDisk(folder, whole);
          return { folder, pin: whole };
        },
        LONGEST_LOCK_MS,
      );
    },
  };
}

/** One folder a repository and revision: another revision is another model. */
function folderOf({ repo, revision }: WantedModel, root: string): string {
  if (!REPO.test(repo) || repo.includes('..')) {
    throw modelUnusable({
      place: 'the settings',
      problem: `"${repo.slice(0, 80)}" is no repository`,
      remedy: 'Write owner/name, as in the address of its page on the hub.',
    });
  }
  return join(root, repo.replace('/', '--'), encodeURIComponent(revision).replaceAll('.', '%2E'));
}

/** @returns the pin when everything that it names is here and as it says; null when something has to be fetched */
async function readWhole(folder: string, wanted: WantedModel): Promise<Pin | null> {
  const pin = readPin(folder);
  if (pin === null || !isComplete(pin)) return null;
  checkSettings(pin, wanted);
  for (const file of pin.files) {
    const { problem } = await inspectFile(join(folder, file.path), file);
    if (problem !== null) return null;
  }
  return pin;
}

async function pinNow(
  hub: Hub,
  { repo, revision, hashes = {} }: WantedModel,
  mostBytes: number,
): Promise<Pin> {
  const commit = await resolveCommit(hub, repo, revision);
  if (/^[0-9a-f]{40}$/.test(revision) && revision !== commit) {
    throw modelCorrupt(repo, `the hub gives commit ${commit} for ${revision}`);
  }
  const listed = await listFiles(hub, repo, commit);
  const found = findModelFiles(listed.map(({ path }) => path));
  if ('problem' in found) throw modelUnusable({ place: `${repo} at ${commit.slice(0, 12)}`, ...found });
  const paths = [found.config, found.tokenizer, ...found.companions, found.weights.path];
  const files = paths.flatMap((path) => listed.filter((file) => file.path === path));
  const bytes = files.reduce((sum, { size }) => sum + size, 0);
  if (bytes > mostBytes) {
    throw modelUnusable({
      place: repo,
      problem: `it has ${megabytes(bytes)}, and ${megabytes(mostBytes)} is the most that is fetched`,
      remedy: 'Name a smaller model.',
    });
  }
  const pinned = files.map((file) => ({
    ...file,
    sha256: file.sha256 ?? hashes[file.path]?.toLowerCase() ?? null,
  }));
  return { endpoint: hub.endpoint, repo, revision, commit, files: pinned };
}

/** What the settings say of a file goes before what the hub says of it. */
function checkSettings({ repo, files }: Pin, { hashes = {} }: WantedModel): void {
  for (const { path, sha256 } of files) {
    const pinned = hashes[path]?.toLowerCase();
    if (pinned !== undefined && sha256 !== null && pinned !== sha256) {
      throw modelCorrupt(`${repo}/${path}`, `its SHA-256 is ${sha256}, and the settings pin ${pinned}`);
    }
  }
}

interface Fetch {
  hub: Hub;
  pin: Pin;
  folder: string;
  disk: Disk;
  patience: Patience;
  signal?: AbortSignal;
  onProgress: (progress: FetchProgress) => void;
}

async function fetchFiles(fetch: Fetch): Promise<Pin> {
  const { pin, folder, onProgress } = fetch;
  const missing: PinnedFile[] = [];
  const whole = new Map<string, string>();
  for (const file of pin.files) {
    const inspection = await inspectFile(join(folder, file.path), file);
    if (inspection.problem === null) whole.set(file.path, inspection.sha256);
    else missing.push(file);
  }
  await requireRoom(fetch, missing);
  const totalBytes = pin.files.reduce((sum, { size }) => sum + size, 0);
  let doneBytes = totalBytes - missing.reduce((sum, { size }) => sum + size, 0);
  for (const file of missing) {
    const onBytes = (received: number) =>
      onProgress({ file: file.path, receivedBytes: doneBytes + received, totalBytes });
    // A damaged one gives its room back before its successor comes.
    await rm(join(folder, file.path), { force: true });
    whole.set(file.path, await downloadFile({ ...fetch, file, onBytes }));
    doneBytes += file.size;
    onProgress({ file: file.path, receivedBytes: doneBytes, totalBytes });
  }
  return { ...pin, files: pin.files.map((file) => ({ ...file, sha256: whole.get(file.path) ?? null })) };
}

async function requireRoom({ folder, disk }: Fetch, missing: readonly PinnedFile[]): Promise<void> {
  let neededBytes = 0;
  for (const file of missing) {
    const present =
      ((await sizeOf(partOf(folder, file))) ?? 0) + ((await sizeOf(join(folder, file.path))) ?? 0);
    neededBytes += Math.max(0, file.size - present);
  }
  const freeBytes = await disk.freeBytes(folder);
  if (neededBytes === 0 || neededBytes + SPARE_BYTES <= freeBytes) return;
  const problem = `${megabytes(neededBytes)} are needed, ${megabytes(SPARE_BYTES)} are to stay free, and ${megabytes(freeBytes)} are there`;
  throw modelDiskRefused(folder, { problem, neededBytes });
}

function megabytes(bytes: number): string {
  return `${Math.ceil(bytes / 1_024 ** 2).toLocaleString('en')} MB`;
}

async function makeFolder(folder: string): Promise<void> {
  await mkdir(folder, { recursive: true }).catch((error: Error) => {
    throw modelDiskRefused(folder, { problem: error.message, cause: error });
  });
}

function writeToDisk(folder: string, pin: Pin): void {
  try {
    writePin(folder, pin);
  } catch (error) {
    throw modelDiskRefused(folder, { problem: (error as Error).message, cause: error });
  }
}
