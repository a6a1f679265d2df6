import { join } from 'node:path';
import { createModels, type Models } from './compose.ts';
import type { Config, Workspace } from './core/index.ts';
import { scorersRead } from './live-models.ts';
import { createScorerStore, latestDeployment, type ScorerStore } from './registry/index.ts';
import {
  openScorers,
  wantedLanes,
  type BuiltInScorer,
  type OpenScorers,
  type ScorersOptions,
} from './scorers.ts';
import {
  createEnsemble,
  createEnsembleFamily,
  createTransformerFamily,
  createVader,
  linearFamily,
  vaderFamily,
  type Scorer,
  type ScorerFamily,
} from './sentiment/index.ts';
import { createTransformerSource } from './transformer-sources.ts';

/** The scorers of this installation with what they are made of. */
export interface InstalledScorers {
  scorers: OpenScorers;
  store: ScorerStore;
  /** Families that can be trained. */
  families: Readonly<Record<string, ScorerFamily>>;
  /** What needs no training, by family. */
  builtIn: Readonly<Record<string, BuiltInScorer | undefined>>;
  /** Numbers of what needs no training, by family. */
  builtInVersions: Readonly<Record<string, string | undefined>>;
}

/** How scorers are opened. */
export interface OpeningScorers extends Pick<ScorersOptions, 'log' | 'onProgress' | 'signal'> {
  /** True: nothing is opened that is not asked for by name, for commands that need one or none. */
  isLazy?: boolean;
}

/** The scorers that the data folder and the settings give. */
export async function openInstalledScorers(
  config: Config,
  { log, isLazy = false, ...watching }: OpeningScorers,
): Promise<InstalledScorers> {
  const store = createScorerStore(join(config.dataDir, 'scorers'));
  // The ensemble's members are the scorers that stand when it is opened, which is after all of them.
  let members: () => readonly Scorer[] = () => [];
  const families: Record<string, ScorerFamily> = {
    vader: vaderFamily,
    linear: linearFamily,
    ensemble: createEnsembleFamily(() => members()),
  };
  const transformers = ['finbert', 'cryptobert'] as const;
  const off: Record<string, string> = {};
  const fetched: Record<string, BuiltInScorer> = {};
  for (const name of transformers) {
    const source = createTransformerSource(name, config[name], config);
    if (source === null) off[name] = `Unset BELLWETHER_${name.toUpperCase()}, then start again.`;
    else {
      fetched[name] = source.builtIn;
      families[name] = createTransformerFamily({ name, baseFolder: source.folder });
    }
  }
  const builtIn: Record<string, BuiltInScorer> = {
    ...fetched,
    vader: {
      version: '1.0.0',
      isHere: () => Promise.resolve(true),
      load: () => Promise.resolve({ scorer: createVader(), note: null }),
    },
    ensemble: {
      version: '1.0.0',
      isHere: () => Promise.resolve(members().length > 1),
      missing: {
        reason: 'It takes two scorers that are ready, and there is one.',
        remedy: 'Train or fetch another family and deploy it.',
      },
      load: () =>
        Promise.resolve({
          scorer: createEnsemble({ members: members() }),
          note: 'not fitted: its members count alike',
        }),
    },
  };
  const scorers = await openScorers({
    store,
    families,
    builtIn,
    off,
    log,
    isLazy,
    ...watching,
    onMembers: (ready) => {
      members = ready;
    },
  });
  return {
    scorers,
    store,
    families,
    builtIn,
    builtInVersions: Object.fromEntries(
      Object.entries(builtIn).map(([name, { version }]) => [name, version]),
    ),
  };
}

/**
 * Does something with the scorers of this installation and lets go of their threads and memory, whatever comes of it.
 * @param options - as of `openInstalledScorers`
 */
export async function withInstalledScorers<Result>(
  config: Config,
  options: OpeningScorers,
  work: (installed: InstalledScorers) => Promise<Result>,
): Promise<Result> {
  const installed = await openInstalledScorers(config, options);
  try {
    return await work(installed);
  } finally {
    await installed.scorers.close();
  }
}

/**
 * The models of a workspace: a lane for every scorer that answers and is wanted, and for those that its live price models
 * were trained on, though other versions may answer by now.
 */
export async function createWorkspaceModels(
  { pool, registryDir }: Pick<Workspace, 'pool' | 'registryDir'>,
  { scorers, config, barMinutes }: { scorers: OpenScorers; config: Config; barMinutes: number },
): Promise<Models> {
  const entry = await latestDeployment(pool, config.asset);
  const read = entry === null ? [] : await scorersRead({ pool, registryDir }, entry.state);
  return createModels(barMinutes, await scorers.lanes({ read, isWanted: wantedLanes(config) }));
}
