import { parseUtc, type Queryable, type Workspace } from './core/index.ts';
import type { FeatureSet } from './features/index.ts';
import { MODEL_FAMILIES, type Model, type ModelFamily } from './models/index.ts';
import type { DeployedModel, DeployedModels } from './prediction/index.ts';
import {
  createArtifactStore,
  findVersion,
  modelNotFound,
  parseModelVersion,
  requireFeatureSet,
  type Deployment,
  type LiveModel,
  type LiveState,
  type OpenVersion,
} from './registry/index.ts';

/** A live model with what a decision about its successor needs. */
export interface StandingModel extends DeployedModel {
  /** The recipe's hash: a successor with the same one differs in its data alone. */
  recipe: string;
  /** Its gate fit; null where the past was too short for one. */
  gateModel: Model | null;
}

/** Where the models of a workspace are, and what they must fit. */
export interface ModelPlace {
  workspace: Pick<Workspace, 'pool' | 'registryDir'>;
  featureSet: FeatureSet;
}

/**
 * Loads everything of a live state from the registry, each file held against its hash.
 * @throws AppError `REGISTRY_...` naming the file or version that cannot be used
 */
export async function loadStanding(place: ModelPlace, state: LiveState): Promise<StandingModel[]> {
  const open = createOpener(place);
  return Promise.all(state.models.map(async (live) => toStanding(live, await open(live.modelVersion))));
}

/** One model of the registry with its gate fit. @throws AppError `REGISTRY_...` */
export async function loadOne(place: ModelPlace, live: LiveModel): Promise<StandingModel> {
  return toStanding(live, await createOpener(place)(live.modelVersion));
}

/** Opens each version once. */
function createOpener({ workspace, featureSet }: ModelPlace) {
  const store = createArtifactStore(workspace.registryDir);
  const opened = new Map<string, Promise<OpenVersion>>();
  return (modelVersion: string) => {
    const known = opened.get(modelVersion);
    if (known !== undefined) return known;
    const version = openRecorded(workspace.pool, modelVersion);
    opened.set(modelVersion, version);
    return version;
  };

  async function openRecorded(db: Queryable, modelVersion: string): Promise<OpenVersion> {
    const parsed = parseModelVersion(modelVersion);
    const recorded = parsed === null ? null : await findVersion(db, parsed);
    if (parsed === null || recorded === null) throw modelNotFound(modelVersion, []);
    const version = await store.open(parsed.family, parsed.version, { manifestHash: recorded.manifestHash });
    requireFeatureSet(version.manifest, featureSet.version);
    return version;
  }
}

async function toStanding(
  { arm, horizonMinutes, modelVersion }: LiveModel,
  version: OpenVersion,
): Promise<StandingModel> {
  const family = familyOf(version);
  const gateFit = await version.readGateFit(arm, horizonMinutes);
  return {
    arm,
    horizonMinutes,
    modelVersion,
    model: family.load(await version.readModel(arm, horizonMinutes)),
    gateModel: gateFit === null ? null : family.load(gateFit),
    expiresAt: parseUtc(version.manifest.expiresAt),
    recipe: version.manifest.recipe,
  };
}

function familyOf({ manifest }: OpenVersion): ModelFamily {
  const family = (MODEL_FAMILIES as Record<string, ModelFamily | undefined>)[manifest.family];
  if (family === undefined) throw modelNotFound(manifest.family, Object.keys(MODEL_FAMILIES));
  return family;
}

/**
 * What an entry of the ledger says is live. What stood already is taken over, everything else is read and held against
 * its hash.
 * @throws AppError `REGISTRY_...`
 */
export async function loadDeployed(
  place: ModelPlace,
  entry: Pick<Deployment, 'id' | 'state'>,
  present: DeployedModels,
): Promise<DeployedModels> {
  const open = createOpener(place);
  const models = await Promise.all(
    entry.state.models.map(
      async (live) =>
        present.models.find((model) => isSameModel(model, live)) ??
        toStanding(live, await open(live.modelVersion)),
    ),
  );
  return toDeployedModels(entry.id, entry.state, models);
}

/** What is live, in the words of the ledger. */
export function toLiveState({ models, champions }: DeployedModels): LiveState {
  return {
    models: models.map(({ arm, horizonMinutes, modelVersion }) => ({ arm, horizonMinutes, modelVersion })),
    champions: [...champions].map(([horizonMinutes, arm]) => ({ horizonMinutes, arm })),
  };
}

/** Whether both are the same version for the same arm and horizon. */
export function isSameModel(left: LiveModel, right: LiveModel): boolean {
  return (
    left.arm === right.arm &&
    left.horizonMinutes === right.horizonMinutes &&
    left.modelVersion === right.modelVersion
  );
}

/** The same models as the windows and the API see them. */
export function toDeployedModels(
  revision: number,
  state: LiveState,
  standing: readonly DeployedModel[],
): DeployedModels {
  return {
    revision,
    models: standing.map(({ arm, horizonMinutes, modelVersion, model, expiresAt }) => ({
      arm,
      horizonMinutes,
      modelVersion,
      model,
      expiresAt,
    })),
    champions: new Map(state.champions.map(({ horizonMinutes, arm }) => [horizonMinutes, arm])),
  };
}
