import { inTransaction, isAppError, raiseEvent, type EpochMs, type Queryable } from './core/index.ts';
import { createFeatureLanes } from './features/index.ts';
import { loadDeployed, type ModelPlace } from './live-models.ts';
import { HORIZONS_MINUTES, NOTHING_DEPLOYED, rowMatrices } from './prediction/index.ts';
import {
  appendDeployment,
  championArm,
  changesToDeploy,
  createArtifactStore,
  findVersion,
  isFamilyName,
  latestDeployment,
  listVersions,
  liveVersion,
  modelNotFound,
  modelVersionOf,
  NOTHING_LIVE,
  parseModelVersion,
  planRollback,
  requireAsset,
  requireFeatureSets,
  armNotLive,
  type Deployment,
  type DeploymentDraft,
  type LiveState,
  type OpenVersion,
} from './registry/index.ts';
import { tryInShadow } from './serving/index.ts';

/** Where an order is carried out, and by whom. */
export interface OrderPlace extends ModelPlace {
  asset: string;
  /** The arm that answers where a horizon has no champion yet. */
  firstChampion: string;
  /** Moment of the entry; moved on to the last entry's where that is later. */
  now: EpochMs;
  /** Stands in the ledger. */
  actor: string;
}

/** What an order did. */
export interface OrderResult {
  /** The entry that it wrote; where nothing had to change, the one that is in force. */
  deployment: Deployment;
  /** False when everything was so already. */
  isChanged: boolean;
}

/**
 * Makes a version live for all its arms and horizons. Every file of it is held against its hash first, also when it is
 * live already, and every model of it is loaded and asked, before anything is written.
 * @param order.version - null: the newest of the family
 * @throws AppError `REGISTRY_MODEL_NOT_FOUND`, `REGISTRY_ARTIFACT_CHANGED`, `REGISTRY_FEATURE_SET_MISMATCH`,
 *   `REGISTRY_ASSET_MISMATCH`, `MODEL_INVALID`, `SERVING_PROBABILITY_INVALID`, ...
 */
export async function deployVersion(
  place: OrderPlace,
  order: { family: string; version: string | null },
): Promise<OrderResult & { modelVersion: string }> {
  const { workspace, asset, featureSets, firstChampion } = place;
  const { family } = order;
  // It comes from HTTP, and the database takes no NUL.
  if (!isFamilyName(family)) throw modelNotFound(JSON.stringify(family), await knownVersions(workspace.pool));
  const [newest] = await listVersions(workspace.pool, { asset, family });
  const version = order.version ?? newest?.version;
  if (version === undefined) throw modelNotFound(family, await knownVersions(workspace.pool));
  const opened = await tellingRefusals(place, (verify) =>
    verify(modelVersionOf({ family, version }), workspace.pool),
  );
  requireAsset(opened.manifest, asset);
  requireFeatureSets(opened.manifest, versionsOf(featureSets));
  await tryModels(place, opened);
  const result = await append(place, (state) => ({
    kind: 'deploy',
    reason: `${modelVersionOf(opened.manifest)} was deployed by hand`,
    changes: changesToDeploy(state, opened.manifest, { firstChampion }),
    undoes: null,
  }));
  return { ...result, modelVersion: modelVersionOf(opened.manifest) };
}

/**
 * Makes a live arm the one that answers for a horizon.
 * @throws AppError `REGISTRY_ARM_NOT_LIVE` when nothing is deployed for it there
 */
export async function selectChampion(
  place: OrderPlace,
  { horizonMinutes, arm }: { horizonMinutes: number; arm: string },
): Promise<OrderResult> {
  return append(place, (state) => {
    const live = state.models.filter((model) => model.horizonMinutes === horizonMinutes);
    if (liveVersion(state, { arm, horizonMinutes }) === null) {
      throw armNotLive({ arm, horizonMinutes, live: live.map((model) => model.arm) });
    }
    const from = championArm(state, horizonMinutes);
    return {
      kind: 'select',
      reason: `${arm} was chosen by hand to answer for ${horizonMinutes} minutes`,
      changes: from === arm ? [] : [{ kind: 'champion', horizonMinutes, from, to: arm }],
      undoes: null,
    };
  });
}

/**
 * Takes back the newest entry that stands, once every file of what it returns to has been held against its hash.
 * @param options.reason - default: by hand
 * @param options.undoes - the entry to be taken back, of a router that refused it: what it returns to either answers
 *   already or is tried next, so that it is not looked at here
 * @throws AppError `REGISTRY_NOTHING_TO_ROLL_BACK`, `REGISTRY_STATE_MOVED` when `undoes` is not the newest that stands,
 *   or `REGISTRY_ARTIFACT_CHANGED`, `REGISTRY_FEATURE_SET_MISMATCH` when there is no way back
 */
export async function rollBack(
  place: OrderPlace,
  options: { reason?: string; undoes?: number } = {},
): Promise<OrderResult> {
  const { workspace, asset, featureSets } = place;
  const deployment = await tellingRefusals(place, (verify) =>
    inTransaction(workspace.pool, async (client) => {
      const plan = await planRollback(client, asset, options.undoes);
      const returning = plan.changes.flatMap((change) =>
        change.kind === 'model' && change.to !== null ? [change.to] : [],
      );
      for (const modelVersion of options.undoes === undefined ? new Set(returning) : []) {
        requireFeatureSets((await verify(modelVersion, client)).manifest, versionsOf(featureSets));
      }
      const at = await momentOf(client, place);
      const { changes, undoes } = plan;
      return appendDeployment(client, {
        asset,
        at,
        kind: 'rollback',
        actor: place.actor,
        reason: options.reason ?? `entry ${undoes} was taken back by hand`,
        changes,
        undoes,
      });
    }),
  );
  return { deployment, isChanged: true };
}

/**
 * Loads every model of a version and lets it answer two rows: one of zeros, one of which nothing is known.
 * @throws AppError `MODEL_INVALID`, `SERVING_PROBABILITY_INVALID`, `REGISTRY_...`
 */
async function tryModels(place: OrderPlace, { manifest }: OpenVersion): Promise<void> {
  const { names } = createFeatureLanes(place.featureSets);
  const modelVersion = modelVersionOf(manifest);
  const state = {
    models: manifest.models.map(({ arm, horizonMinutes }) => ({ arm, horizonMinutes, modelVersion })),
    champions: [],
  };
  const models = await loadDeployed(place, { id: 0, state }, NOTHING_DEPLOYED);
  for (const fill of [0, NaN]) {
    const values = new Float64Array(names.length).fill(fill);
    const pastReturns = HORIZONS_MINUTES.map(() => fill);
    const matrices = rowMatrices({ windowEnd: 0, values, pastReturns }, names);
    const rows = HORIZONS_MINUTES.flatMap((horizonMinutes, place) => {
      const matrix = matrices[place];
      return matrix === undefined ? [] : [[horizonMinutes, matrix] as const];
    });
    await tryInShadow(models, NOTHING_DEPLOYED, new Map(rows));
  }
}

/** Opens a version and holds every file against its hash. */
type Verify = (modelVersion: string, db: Queryable) => Promise<OpenVersion>;

/**
 * Does work that opens versions. When it fails because one is not what it was, the outbox says so; afterwards, since
 * many who hold a connection and wait for a second one would wait for each other.
 */
async function tellingRefusals<Result>(
  place: OrderPlace,
  work: (verify: Verify) => Promise<Result>,
): Promise<Result> {
  const { workspace, asset, now, actor } = place;
  const store = createArtifactStore(workspace.registryDir);
  const refused = new Map<unknown, string>();
  const verify: Verify = async (modelVersion, db) => {
    const parsed = parseModelVersion(modelVersion);
    const recorded = parsed === null ? null : await findVersion(db, parsed);
    if (parsed === null || recorded === null) throw modelNotFound(modelVersion, await knownVersions(db));
    try {
      return await store.verify(parsed.family, parsed.version, { manifestHash: recorded.manifestHash });
    } catch (error) {
      refused.set(error, modelVersion);
      throw error;
    }
  };
  try {
    return await work(verify);
  } catch (error) {
    const modelVersion = refused.get(error);
    if (modelVersion !== undefined && isAppError(error)) {
      const { code, message } = error;
      const facts = { modelVersion, actor, code, message };
      const kind = 'registry.version-refused';
      await raiseEvent(workspace.pool, { at: now, kind, severity: 'critical', asset, facts, dedupKey: null });
    }
    throw error;
  }
}

function versionsOf(featureSets: readonly { version: string }[]): string[] {
  return featureSets.map(({ version }) => version);
}

async function knownVersions(db: Queryable): Promise<string[]> {
  return (await listVersions(db)).map(modelVersionOf);
}

async function append(
  place: OrderPlace,
  decide: (state: LiveState) => Pick<DeploymentDraft, 'kind' | 'reason' | 'changes' | 'undoes'>,
): Promise<OrderResult> {
  const { workspace, asset, actor } = place;
  return inTransaction(workspace.pool, async (client) => {
    const latest = await latestDeployment(client, asset);
    const draft = decide(latest?.state ?? NOTHING_LIVE);
    if (draft.changes.length === 0 && latest !== null) return { deployment: latest, isChanged: false };
    const at = await momentOf(client, place);
    return {
      deployment: await appendDeployment(client, { ...draft, asset, at, actor }),
      isChanged: true,
    };
  });
}

/** No entry stands before an older one: on a clock that stands still the next one comes a millisecond later. */
async function momentOf(db: Queryable, { asset, now }: OrderPlace): Promise<EpochMs> {
  const latest = await latestDeployment(db, asset);
  return latest === null ? now : Math.max(now, latest.at + 1);
}
