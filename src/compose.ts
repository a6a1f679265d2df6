import { fileURLToPath } from 'node:url';
import {
  createCache,
  dropWorkspace,
  migrateWorkspace,
  openPostgres,
  openWorkspace,
  type Cache,
  type Config,
  type Log,
  type ModuleMigrations,
  type Postgres,
  type Workspace,
} from './core/index.ts';
import {
  createFeatureLanes,
  createFeatureSet,
  featureMigrations,
  type FeatureLanes,
  type FeatureSet,
} from './features/index.ts';
import { lakeMigrations } from './lake/index.ts';
import { BASELINE_NAMES, MODEL_FAMILIES } from './models/index.ts';
import { armsOf, predictionMigrations, type Arm } from './prediction/index.ts';
import { registryMigrations } from './registry/index.ts';
import { createVader, scorerName, type Scorer } from './sentiment/index.ts';
import { servingMigrations } from './serving/index.ts';

/** The project's folder: where `dashboard/` and `package.json` stand. */
export const PROJECT_DIR = fileURLToPath(new URL('..', import.meta.url));

/** Tables of every module that has some, in the order of the journey. */
export const MIGRATIONS: readonly ModuleMigrations[] = [
  lakeMigrations,
  featureMigrations,
  registryMigrations,
  predictionMigrations,
  servingMigrations,
];

/** The storage of one workspace, open. */
export interface Storage {
  postgres: Postgres;
  workspace: Workspace;
  cache: Cache;
  /** Lets go of all of it; the last process out stops the built-in Postgres. */
  close(): Promise<void>;
}

/** The models that work together: scorers, the features made with each, the arms that learn from them. */
export interface Models {
  /** One a lane; the first is the reference VADER, which is always there. */
  scorers: readonly Scorer[];
  /** Made with each of them, in their order. */
  featureSets: readonly FeatureSet[];
  lanes: FeatureLanes;
  /** The first lane's: what arms without sentiment read. */
  scorer: Scorer;
  featureSet: FeatureSet;
  arms: readonly Arm[];
}

/** Opens Postgres, cache and one workspace with its tables up to date; what fails half-way is closed again. */
export async function openStorage(options: {
  config: Config;
  workspaceName: string;
  /** Deletes what the workspace held before, and that alone. */
  isFresh?: boolean;
  log: Log;
  onProgress?: (phrase: string) => void;
}): Promise<Storage> {
  const { config, workspaceName, isFresh = false, log, onProgress } = options;
  const { databaseUrl, dataDir, redisUrl } = config;
  const opened: (() => Promise<void>)[] = [];
  const close = async () => {
    for (const closePart of opened.splice(0).toReversed()) await closePart();
  };
  try {
    const postgres = await openPostgres({ databaseUrl, dataDir, log, onProgress });
    opened.push(() => postgres.close());
    const cache = await createCache({ redisUrl, log });
    opened.push(() => cache.close());
    if (isFresh) await dropWorkspace(postgres, { name: workspaceName, dataDir, cache });
    const workspace = await openWorkspace(postgres, { name: workspaceName, dataDir });
    opened.push(() => workspace.close());
    await migrateWorkspace(workspace, MIGRATIONS);
    return { postgres, workspace, cache, close };
  } catch (error) {
    await close();
    throw error;
  }
}

/**
 * The models of today for bars of a length.
 * @param lanes.further - scorers whose sentiment is folded beside that of the reference VADER
 * @param lanes.trained - `family@version` of those that price models are trained with; default: all of them
 */
export function createModels(
  barMinutes: number,
  { further = [], trained }: { further?: readonly Scorer[]; trained?: readonly string[] } = {},
): Models {
  const scorer = createVader();
  const scorers = [scorer, ...further];
  const featureSet = createFeatureSet({ barMinutes, scorer: scorerName(scorer) });
  const featureSets = [
    featureSet,
    ...further.map((each) => createFeatureSet({ barMinutes, scorer: scorerName(each) })),
  ];
  const lanes = createFeatureLanes(featureSets);
  return {
    scorers,
    featureSets,
    lanes,
    scorer,
    featureSet,
    arms: armsOf({
      fitted: [MODEL_FAMILIES.logistic, MODEL_FAMILIES.trees],
      baselines: BASELINE_NAMES.map((name) => MODEL_FAMILIES[name]),
      scorers: trained ?? scorers.map(scorerName),
      lanes,
    }),
  };
}
