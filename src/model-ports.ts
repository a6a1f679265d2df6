import { setTimeout as pause } from 'node:timers/promises';
import { createRealClock, parseUtc, type EpochMs } from './core/index.ts';
import { databaseAway } from './database-away.ts';
import { deployVersion, rollBack, selectChampion, type OrderPlace, type OrderResult } from './live-orders.ts';
import { explainDirection } from './explained-direction.ts';
import type { Operation } from './operation.ts';
import { NOTHING_DEPLOYED, type DeployedModels } from './prediction/index.ts';
import { priceDirection } from './price-direction.ts';
import { createPriceMemo } from './price-memo.ts';
import { priceWithTexts } from './pricing.ts';
import {
  createArtifactStore,
  findVersion,
  liveAt,
  parseModelVersion,
  readDecisions,
  readDeployments,
  readLatestAblations,
  readLiveSince,
  type Deployment,
  type LiveSince,
  type LiveModel,
  type Manifest,
} from './registry/index.ts';
import {
  createAuthority,
  type ExplainedDirectionView,
  type LiveModelView,
  type ModelRouter,
  type ModelsStatusView,
  type PastQuestion,
  type PricedView,
  type PriceReaders,
  type ServingPorts,
} from './serving/index.ts';

type ModelPorts = Pick<
  ServingPorts,
  | 'present'
  | 'readersOf'
  | 'priceWithTexts'
  | 'explainDirection'
  | 'modelsStatus'
  | 'ablations'
  | 'deployments'
  | 'selectChampion'
  | 'deployVersion'
  | 'rollBack'
  | 'authority'
>;

/** Between two looks at an entry whose load failed for a passing reason. */
const LOOK_AGAIN_MS = 100;

/** What answers are made from at this instant. */
export function deployedNow({ router, run }: Operation): DeployedModels {
  return router?.current() ?? run?.learning.deployed ?? NOTHING_DEPLOYED;
}

/** The ports around models: answers with a text, what is live, and the orders that change it. */
export function createModelPorts(operation: Operation): ModelPorts {
  const { config } = operation;
  const memos = { manifests: createManifestMemo(operation), sinces: createSinceMemo(operation) };
  const prices = createPriceMemo<PricedView>();
  return {
    present() {
      const { present, router } = operation;
      // Until a router stands nobody can say which entry of the ledger an answer is from.
      return present === null || router === null
        ? null
        : { windowEnd: present.windowEnd, revision: router.current().revision };
    },
    readersOf: ({ horizonMinutes }) => readersOf(deployedNow(operation), horizonMinutes),
    priceWithTexts: async (question) => price(question),
    explainDirection: ({ horizonMinutes }) => explain(horizonMinutes),
    modelsStatus: (question) => describeModels(operation, question, memos),
    async ablations({ asset, horizonMinutes, scorer }) {
      const filter = { horizonMinutes: horizonMinutes ?? undefined, scorer: scorer ?? undefined };
      return readLatestAblations(poolOf(operation), { asset, ...filter });
    },
    async deployments({ asset, asOf, limit }) {
      return readDeployments(poolOf(operation), { asset, upTo: asOf ?? undefined, limit });
    },
    selectChampion: (order) => obey(operation, order, (place) => selectChampion(place, order)),
    deployVersion: (order) => obey(operation, order, (place) => deployVersion(place, order)),
    rollBack: (order) => obey(operation, order, (place) => rollBack(place)),
    authority: createAuthority({ database: () => poolOf(operation), clock: createRealClock() }),
  };

  function explain(horizonMinutes: number): ExplainedDirectionView {
    const { present, router, log } = operation;
    return explainDirection({
      // As for prices: until a router stands nobody can say which entry of the ledger an answer is from.
      present: router === null ? null : present,
      deployed: router?.current() ?? NOTHING_DEPLOYED,
      horizonMinutes,
      onFailure: (model, error) => {
        // The router hears of it from who asks for a price: to explain less is no cause to exchange a model.
        log.error({ modelVersion: model.modelVersion, reason: String(error) }, 'a live model failed');
      },
    });
  }

  function price(question: Parameters<ServingPorts['priceWithTexts']>[0]): PricedView | null {
    const { present, router, log } = operation;
    if (present === null || router === null) return null;
    const deployed = router.current();
    return prices.find([present, deployed], question, () => {
      let isWhole = true;
      const answers = priceWithTexts({
        ...question,
        present,
        deployed,
        arms: operation.models.arms,
        onFailure: (model, error) => {
          isWhole = false;
          log.error({ modelVersion: model.modelVersion, reason: String(error) }, 'a live model failed');
          router.failed(deployed, error);
        },
      });
      if (isWhole) router.answered(deployed);
      const priced = {
        windowEnd: present.windowEnd,
        asOf: present.asOf,
        revision: deployed.revision,
        champion: deployed.champions.get(question.horizonMinutes) ?? null,
        arms: answers.map((answer) => ({
          ...answer,
          priceDirection: priceDirection(answer, config.neutralBand),
        })),
      };
      return { priced, isWhole };
    });
  }
}

function readersOf({ models, champions }: DeployedModels, horizonMinutes: number): PriceReaders {
  const byArm = new Map<string, string>();
  for (const model of models) {
    if (model.horizonMinutes === horizonMinutes && model.scorer !== null) byArm.set(model.arm, model.scorer);
  }
  return { champion: byArm.get(champions.get(horizonMinutes) ?? '') ?? null, byArm };
}

/** Writes an entry into the ledger and resolves when answers come from it. */
async function obey(
  operation: Operation,
  { asset, actor }: { asset: string; actor: string },
  order: (place: OrderPlace) => Promise<OrderResult>,
): Promise<Deployment> {
  const { storage, models, settings, clock, router } = operation;
  // Windows that are being caught up must not find another ledger than they began with.
  if (storage === null || router === null) throw databaseAway(new Error('it is still being started'));
  const { firstChampion } = settings;
  const { deployment, isChanged } = await order({
    workspace: storage.workspace,
    featureSets: models.featureSets,
    asset,
    firstChampion,
    // A clock that stands, stands at the decision of its window, which had the models before.
    now: clock.isVirtual ? clock.now() + 1 : clock.now(),
    actor,
  });
  if (isChanged) await requireAnswers(router, deployment.id);
  return isChanged ? deployment : { ...deployment, changes: [] };
}

/**
 * Resolves when answers come from an entry, or a newer one.
 * @throws AppError for an entry that was refused: why, as the router says it
 */
async function requireAnswers(router: ModelRouter, revision: number): Promise<void> {
  await router.follow();
  // A load that fails for a passing reason is decided after a few more looks.
  while (router.current().revision < revision && router.refusalOf(revision) === null) {
    await pause(LOOK_AGAIN_MS);
    await router.follow();
  }
  const refusal = router.refusalOf(revision);
  if (refusal !== null) throw refusal;
}

async function describeModels(
  operation: Operation,
  { asset, asOf, limit }: PastQuestion,
  { manifests, sinces }: { manifests: ManifestMemo; sinces: SinceMemo },
): Promise<ModelsStatusView> {
  const pool = poolOf(operation);
  const at = asOf ?? operation.clock.now();
  const entry = await liveAt(pool, { asset, at: asOf ?? Infinity });
  const state = entry?.state ?? { models: [], champions: [] };
  const since = entry === null ? null : await sinces(entry);
  const live: LiveModelView[] = [];
  for (const model of state.models) {
    const manifest = await manifests(model.modelVersion);
    live.push(describeModel(model, { manifest, since: since?.ofModel(model) ?? at, state }));
  }
  return {
    asset,
    at,
    horizons: state.champions.map(({ horizonMinutes, arm }) => ({
      horizonMinutes,
      champion: arm,
      since: since?.ofChampion({ horizonMinutes, arm }) ?? null,
    })),
    models: live,
    gate: await readDecisions(pool, { asset, upTo: asOf ?? undefined, limit }),
    router: asOf === null ? (operation.router?.status() ?? null) : null,
  };
}

function describeModel(
  { arm, horizonMinutes, modelVersion }: LiveModel,
  {
    manifest,
    since,
    state,
  }: { manifest: Manifest | null; since: EpochMs; state: Pick<Deployment['state'], 'champions'> },
): LiveModelView {
  const own = manifest?.models.find((model) => model.arm === arm && model.horizonMinutes === horizonMinutes);
  return {
    arm,
    horizonMinutes,
    modelVersion,
    since,
    trainedAt: manifest === null ? null : parseUtc(manifest.trainedAt),
    expiresAt: manifest === null ? null : parseUtc(manifest.expiresAt),
    isChampion: state.champions.some((one) => one.horizonMinutes === horizonMinutes && one.arm === arm),
    rows: own?.rows ?? null,
    metrics: own?.metrics ?? {},
  };
}

type SinceMemo = (entry: Deployment) => Promise<LiveSince>;

/** What stands up to an entry never changes, so that the ledger is asked once for who looks at the present. */
function createSinceMemo(operation: Operation): SinceMemo {
  let known: { id: number; since: LiveSince } | null = null;
  return async (entry) => {
    if (known?.id === entry.id) return known.since;
    const since = await readLiveSince(poolOf(operation), entry);
    known = { id: entry.id, since };
    return since;
  };
}

type ManifestMemo = (modelVersion: string) => Promise<Manifest | null>;

/** Manifests never change, so each is read once; one that cannot be read is asked for again. */
function createManifestMemo(operation: Operation): ManifestMemo {
  const known = new Map<string, Manifest>();
  return async (modelVersion) => {
    const kept = known.get(modelVersion);
    const parsed = parseModelVersion(modelVersion);
    const { storage } = operation;
    if (kept !== undefined || parsed === null || storage === null) return kept ?? null;
    try {
      const recorded = await findVersion(storage.workspace.pool, parsed);
      const store = createArtifactStore(storage.workspace.registryDir);
      const { manifest } = await store.open(parsed.family, parsed.version, {
        manifestHash: recorded?.manifestHash,
      });
      known.set(modelVersion, manifest);
      return manifest;
    } catch (error) {
      operation.log.warn({ modelVersion, reason: String(error) }, 'a manifest cannot be read');
      return null;
    }
  };
}

function poolOf({ storage }: Operation) {
  if (storage === null) throw databaseAway(new Error('it is still being started'));
  return storage.workspace.pool;
}
