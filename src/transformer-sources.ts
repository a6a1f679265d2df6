import { existsSync } from 'node:fs';
import { homedir } from 'node:os';
import { isAbsolute, join, resolve } from 'node:path';
import { createHttp, createRealClock, proxyEnvironment, type Config } from './core/index.ts';
import type { BuiltInScorer } from './scorers.ts';
import { createHubClient, createTransformer, type FetchProgress } from './sentiment/index.ts';

/** What a version of a pretrained model is called; heads that are trained on it come after. */
const PRETRAINED = '1.0.0';
const MEGABYTE = 1_024 ** 2;
const OFF = 'off';

/** Where a transformer comes from. */
export interface TransformerSource {
  builtIn: BuiltInScorer;
  /** The folder of the pretrained model, fetched if need be. */
  folder(onProgress: (phrase: string) => void, signal?: AbortSignal): Promise<string>;
}

/**
 * A transformer as the settings name it: a folder, or a repository of the hub, which is fetched when it is first asked
 * for and pinned then.
 * @param wanted - folder, or `owner/name[@revision]`
 * @returns null for `off`
 */
export function createTransformerSource(
  family: string,
  wanted: string,
  config: Pick<Config, 'dataDir' | 'hubEndpoint' | 'hubToken' | 'isOffline'>,
): TransformerSource | null {
  if (wanted === OFF) return null;
  const place = isFolder(wanted) ? { folder: resolve(atHome(wanted)) } : { repo: parseRepo(wanted) };
  const root = join(config.dataDir, 'models');
  const clientOf = (isOffline: boolean) =>
    createHubClient({
      endpoint: config.hubEndpoint,
      token: config.hubToken === '' ? null : config.hubToken,
      isOffline,
      clock: createRealClock(),
      http: createHttp({ proxy: proxyEnvironment() }),
    });

  async function folder(onProgress: (phrase: string) => void, signal?: AbortSignal): Promise<string> {
    if (place.folder !== undefined) return place.folder;
    const client = clientOf(config.isOffline);
    const fetched = await client.fetch(place.repo, root, {
      onProgress: (progress) => {
        onProgress(describe(progress));
      },
      ...(signal && { signal }),
    });
    return fetched.folder;
  }

  return {
    folder,
    builtIn: {
      version: PRETRAINED,
      async isHere() {
        if (place.folder !== undefined) return true;
        if (!existsSync(root)) return false;
        return clientOf(true)
          .fetch(place.repo, root)
          .then(
            () => true,
            () => false,
          );
      },
      async load(onProgress, signal) {
        const modelDir = await folder(onProgress, signal);
        const version = PRETRAINED;
        const named = { family, version, isNamedByContent: true };
        const scorer = await createTransformer({ ...named, modelDir, onProgress, ...(signal && { signal }) });
        return { scorer, note: scorer.note };
      },
    },
  };
}

/** A path says that it is one; what is there counts as a folder, too. */
function isFolder(wanted: string): boolean {
  return isAbsolute(wanted) || wanted.startsWith('.') || wanted.startsWith('~') || existsSync(wanted);
}

/** As a shell reads `~/models`; settings of a file have met none. */
function atHome(path: string): string {
  return path === '~' || path.startsWith('~/') ? join(homedir(), path.slice(1)) : path;
}

function parseRepo(wanted: string): { repo: string; revision: string } {
  const [repo = '', revision = 'main'] = wanted.split('@');
  return { repo, revision };
}

function describe({ file, receivedBytes, totalBytes }: FetchProgress): string {
  const megabytes = (bytes: number) => Math.round(bytes / MEGABYTE);
  return `fetching ${file}: ${megabytes(receivedBytes)} of ${megabytes(totalBytes)} MB`;
}
