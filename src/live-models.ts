import { parseUtc, type Workspace } from './core/index.ts';
import type { FeatureSet } from './features/index.ts';
import { loadDissimilarity, MODEL_FAMILIES, type Model, type ModelFamily } from './models/index.ts';
import type { DeployedModel, DeployedModels } from './prediction/index.ts';
import {
  createArtifactStore,
  findVersion,
  modelNotFound,
  parseModelVersion,
  requireFeatureSets,
  type Deployment,
  type LiveModel,
  type LiveState,
  type Manifest,
  type ManifestModel,
  type OpenVersion,
  type VersionRecord,
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
  /** Those that are computed: a model that reads another one is refused. */
  featureSets: readonly FeatureSet[];
}

/** A live model that cannot be used as it lies in the registry, and why. */
export interface RefusedModel {
  live: LiveModel;
  error: unknown;
}

/** What is live, with the words of the ledger, which also name what cannot be used. */
export interface LedgeredModels extends DeployedModels {
  state: LiveState;
}

/**
 * Loads what answers of a live state, each file held against its hash. Gate fits are left where they are: only a
 * retraining needs them (`loadOne`).
 * @returns the models that can be used, in the order of the state, and those that cannot
 * @throws what the database throws
 */
export async function loadStanding(
  place: ModelPlace,
  state: LiveState,
): Promise<{ models: DeployedModel[]; refused: RefusedModel[] }> {
  const loaded = await loadEach(place, state.models);
  return {
    models: loaded.flatMap((one) => ('error' in one ? [] : [one])),
    refused: loaded.flatMap((one) => ('error' in one ? [one] : [])),
  };
}

/**
 * One model of the registry with its gate fit.
 * @param options.isStrict - false: a gate fit that cannot be used counts as none, and a model that cannot be used as
 *   one that has expired, so that whatever is trained next takes its place
 * @throws AppError `REGISTRY_...`
 */
export async function loadOne(
  place: ModelPlace,
  live: LiveModel,
  { isStrict = true }: { isStrict?: boolean } = {},
): Promise<StandingModel> {
  const recorded = await findRecorded(place, live.modelVersion);
  let recipe = '';
  try {
    if (recorded === null) throw modelNotFound(live.modelVersion, []);
    const version = await openRecorded(place, recorded);
    recipe = manifestModelOf(live, version)?.recipe ?? version.manifest.recipe;
    const model = await toDeployed(place, live, version);
    const gateModel = await readGateModel(live, version).catch((error: unknown) => {
      if (isStrict) throw error;
      return null;
    });
    return { ...model, gateModel, recipe };
  } catch (error) {
    if (isStrict) throw error;
    // Where its file alone is damaged, the manifest still knows its recipe. What nobody can load is past its time.
    const { modelVersion } = live;
    const model = unusable(modelVersion, error);
    return { ...live, model, gateModel: null, recipe, scorer: null, expiresAt: -Infinity };
  }
}

/** Stands where a model would; nobody is answered by it. */
function unusable(modelVersion: string, cause: unknown): Model {
  const refuse = (): never => {
    throw new RangeError(`${modelVersion} cannot be used, so it says nothing`, { cause });
  };
  return { family: modelVersion, predict: refuse, toJson: refuse };
}

/** In the order of the models; the database's failures are the caller's. */
async function loadEach(
  place: ModelPlace,
  models: readonly LiveModel[],
): Promise<(DeployedModel | RefusedModel)[]> {
  const open = await createOpener(place, models);
  return Promise.all(
    models.map(async (live) => {
      try {
        return await toDeployed(place, live, await open(live.modelVersion));
      } catch (error) {
        return { live, error };
      }
    }),
  );
}

/** Opens each version once, its record read before. */
async function createOpener(place: ModelPlace, models: readonly LiveModel[]) {
  const names = [...new Set(models.map(({ modelVersion }) => modelVersion))];
  const records = new Map<string, VersionRecord | null>();
  for (const name of names) records.set(name, await findRecorded(place, name));
  const opened = new Map<string, Promise<OpenVersion>>();
  return (modelVersion: string): Promise<OpenVersion> => {
    const version = opened.get(modelVersion) ?? openNamed(modelVersion);
    opened.set(modelVersion, version);
    return version;
  };

  function openNamed(modelVersion: string): Promise<OpenVersion> {
    const recorded = records.get(modelVersion) ?? null;
    if (recorded === null) return Promise.reject(modelNotFound(modelVersion, []));
    return openRecorded(place, recorded);
  }
}

async function findRecorded({ workspace }: ModelPlace, modelVersion: string): Promise<VersionRecord | null> {
  const parsed = parseModelVersion(modelVersion);
  return parsed === null ? null : findVersion(workspace.pool, parsed);
}

async function openRecorded({ workspace }: ModelPlace, recorded: VersionRecord): Promise<OpenVersion> {
  const { family, version, manifestHash } = recorded;
  return createArtifactStore(workspace.registryDir).open(family, version, { manifestHash });
}

async function toDeployed(
  { featureSets }: ModelPlace,
  live: LiveModel,
  version: OpenVersion,
): Promise<DeployedModel> {
  const { arm, horizonMinutes, modelVersion } = live;
  const own = manifestModelOf(live, version);
  const known = featureSets.map((set) => set.version);
  requireFeatureSets(version.manifest, known, own === undefined ? [] : [own]);
  const model = familyOf(version).load(await version.readModel(arm, horizonMinutes));
  const distances = await version.readDissimilarity(arm, horizonMinutes);
  const scorer = own === undefined ? null : scorerOf(own, version.manifest);
  return {
    arm,
    horizonMinutes,
    modelVersion,
    model,
    scorer,
    expiresAt: parseUtc(version.manifest.expiresAt),
    dissimilarity: distances === null ? null : loadDissimilarity(distances),
  };
}

function manifestModelOf(live: LiveModel, { manifest }: OpenVersion): ManifestModel | undefined {
  return manifest.models.find(
    ({ arm, horizonMinutes }) => arm === live.arm && horizonMinutes === live.horizonMinutes,
  );
}

/** Older releases wrote one scorer for a version, which its arms without sentiment do not read. */
function scorerOf({ arm, scorer }: ManifestModel, manifest: Manifest): string | null {
  if (scorer !== undefined) return scorer;
  return arm.endsWith('+none') ? null : manifest.scorer;
}

async function readGateModel(
  { arm, horizonMinutes }: LiveModel,
  version: OpenVersion,
): Promise<Model | null> {
  const gateFit = await version.readGateFit(arm, horizonMinutes);
  return gateFit === null ? null : familyOf(version).load(gateFit);
}

function familyOf({ manifest }: OpenVersion): ModelFamily {
  const family = (MODEL_FAMILIES as Record<string, ModelFamily | undefined>)[manifest.family];
  if (family === undefined) throw modelNotFound(manifest.family, Object.keys(MODEL_FAMILIES));
  return family;
}

/**
 * What an entry of the ledger says is live. What stood already is taken over, everything else is read and held against
 * its hash. What was named before and could not be used then does not keep the entry from being followed: it stays out
 * until it can be used or is replaced.
 * @throws AppError `REGISTRY_...` when something new cannot be used
 */
export async function loadDeployed(
  place: ModelPlace,
  entry: Pick<Deployment, 'id' | 'state'>,
  present: DeployedModels,
): Promise<DeployedModels> {
  const { models: wanted } = entry.state;
  const before = toLiveState(present).models;
  const standing = (live: LiveModel) => present.models.find((model) => isSameModel(model, live));
  const missing = wanted.filter((live) => standing(live) === undefined);
  const loaded = await loadEach(place, missing);
  const models: DeployedModel[] = [];
  for (const live of wanted) {
    const own = standing(live) ?? loaded[missing.indexOf(live)];
    if (own === undefined) continue;
    if (!('error' in own)) models.push(own);
    else if (!before.some((known) => isSameModel(known, live))) throw own.error;
  }
  return toDeployedModels(entry.id, entry.state, models);
}

/** What is live, in the words of the ledger. */
export function toLiveState(deployed: DeployedModels & Partial<LedgeredModels>): LiveState {
  const { models, champions, state } = deployed;
  return (
    state ?? {
      models: models.map(({ arm, horizonMinutes, modelVersion }) => ({ arm, horizonMinutes, modelVersion })),
      champions: [...champions].map(([horizonMinutes, arm]) => ({ horizonMinutes, arm })),
    }
  );
}

/** What the ledger names and nobody could load. */
export function missingModels(state: LiveState, models: readonly LiveModel[]): LiveModel[] {
  return state.models.filter((live) => !models.some((model) => isSameModel(model, live)));
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
): LedgeredModels {
  return {
    revision,
    state,
    models: standing.map(({ arm, horizonMinutes, modelVersion, model, scorer, expiresAt }) => ({
      arm,
      horizonMinutes,
      modelVersion,
      model,
      scorer,
      expiresAt,
    })),
    champions: new Map(state.champions.map(({ horizonMinutes, arm }) => [horizonMinutes, arm])),
  };
}

/** The scorers that live models were trained on, `family@version`; models that cannot be opened read none. */
export async function scorersRead(
  { pool, registryDir }: ModelPlace['workspace'],
  { models }: LiveState,
): Promise<string[]> {
  const store = createArtifactStore(registryDir);
  const read = new Set<string>();
  for (const live of models) {
    const parsed = parseModelVersion(live.modelVersion);
    const recorded = parsed === null ? null : await findVersion(pool, parsed);
    if (parsed === null || recorded === null) continue;
    const { manifestHash } = recorded;
    const version = await store.open(parsed.family, parsed.version, { manifestHash }).catch(() => null);
    const own = version === null ? undefined : manifestModelOf(live, version);
    const scorer = version === null || own === undefined ? null : scorerOf(own, version.manifest);
    if (scorer !== null) read.add(scorer);
  }
  return [...read];
}
