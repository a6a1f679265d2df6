import { isAppError, messageOf, raiseEvent, type EpochMs } from './core/index.ts';
import type { FeatureSet } from './features/index.ts';
import type { FitPool } from './models/index.ts';
import {
  HORIZONS_MINUTES,
  type Arm,
  type DeployedModel,
  type DeployedModels,
  type WindowMemory,
} from './prediction/index.ts';
import {
  applyChanges,
  latestDeployment,
  listVersions,
  NOTHING_LIVE,
  numberAfter,
  readRuns,
  type Deployment,
  type LiveModel,
  type LiveState,
  type TrainingRun,
  type VersionRecord,
} from './registry/index.ts';
import {
  retrain,
  retrainingDue,
  type Incumbent,
  type RetrainedFamily,
  type Retraining,
  type RetrainingTrigger,
} from './retraining/index.ts';
import {
  isSameModel,
  loadOne,
  loadStanding,
  missingModels,
  toDeployedModels,
  toLiveState,
  type ModelPlace,
  type RefusedModel,
  type StandingModel,
} from './live-models.ts';

type History = WindowMemory['history'];

/** One by hand is a candidate of one family: it does not stand in for the one that is due. */
export const DUE_TRIGGERS: readonly TrainingRun['trigger'][] = ['first', 'schedule', 'expiry'];
/** First trainings that are looked through: one a family. */
const FIRST_RUNS = 1_000;
/** Events that tell of something live, which a training by hand never makes. */
const LIVE_EVENTS = ['retraining.promoted', 'retraining.champion-changed'];

/** What decides which models are live while windows go by. */
export interface Learning {
  /** What answers for the next window. */
  readonly deployed: DeployedModels;
  /**
   * The first training of every family of which nothing is live yet and none was tried; it stands at the end of the
   * warm-up.
   * @returns null when there is nothing to begin
   */
  begin(history: History): Promise<Retraining | null>;
  /** The retraining that is due after a window; null when none is. Nothing of it is live before it is accepted. */
  trainIfDue(windowEnd: EpochMs, history: History): Promise<Retraining | null>;
  /**
   * What a training promoted answers from the next window on.
   * @param entry - of the ledger, null where nothing changed; not given: it is not written yet, `recorded` follows
   */
  accept(retraining: Retraining, entry?: Pick<Deployment, 'id'> | null): void;
  /** What was accepted before it was written stands in the ledger now. @param entry - the newest; null: no change */
  recorded(entry: Pick<Deployment, 'id'> | null): void;
  /** Whether one is due after this window. */
  isDue(windowEnd: EpochMs): boolean;
  /**
   * A candidate of one family on everything matured by a window's decision. Nothing that is live changes.
   * @throws RangeError for a family that is not governed
   */
  trainByHand(family: string, now: { windowEnd: EpochMs; history: History }): Promise<Retraining>;
  /** Takes over what somebody else has put into the ledger; what is older than what is known already is left alone. */
  adopt(deployed: DeployedModels): void;
}

/** What learning is made of. */
export interface LearningOptions {
  asset: string;
  featureSets: readonly FeatureSet[];
  /** Scorers that did not always exist, with the moment since when; default: none. */
  knownSince?: ReadonlyMap<string, EpochMs>;
  arms: readonly Arm[];
  /** The end of the warm-up: the first training stands here. */
  firstFitAt: EpochMs;
  graceMs: number;
  cadenceDays: number;
  expiryDays: number;
  /** The arm that answers at first. */
  firstChampion: string;
  seed: number;
  pool: FitPool;
}

/** How models follow one another, as far as settings decide it. */
export type LearningSettings = Pick<LearningOptions, 'cadenceDays' | 'expiryDays' | 'firstChampion'>;

/** What was learnt before. */
export interface Learnt {
  /** Id of the newest entry of the ledger. */
  revision: number;
  state: LiveState;
  /** The models of the state, as far as they can be used. */
  standing: readonly DeployedModel[];
  /** The newest training that was not by hand. */
  lastTrainedAt: EpochMs | null;
  /** Families whose first training was tried, whatever came of it; default: none. */
  begun?: readonly string[];
}

/** What learning asks the registry for while it goes on. */
export interface LearningRegistry {
  /** A live model with its gate fit, from where it is kept. */
  load(live: LiveModel): Promise<StandingModel>;
  /** Every recorded version. */
  versions(): Promise<readonly VersionNumber[]>;
}

type VersionNumber = Pick<VersionRecord, 'asset' | 'family' | 'version' | 'recipe'>;

/** How learning begins where models cannot be used as they lie in the registry. */
export interface OpeningOptions {
  /**
   * Dates the event of a refusal. With it a model that cannot be used is left out, others stand in for it, and the
   * next training replaces it. Without it nothing is left out: a replay has to give the same again, or stop.
   */
  refusedAt?: EpochMs;
}

/**
 * Learning as the workspace's ledger left it.
 * @throws AppError `REGISTRY_...` when a live model cannot be used as it lies in the registry, without `refusedAt`
 */
export async function openLearning(
  options: LearningOptions & ModelPlace & OpeningOptions,
): Promise<Learning> {
  const { asset, workspace, refusedAt } = options;
  const { pool } = workspace;
  const latest = await latestDeployment(pool, asset);
  const [newest] = await readRuns(pool, { asset, triggers: DUE_TRIGGERS, limit: 1 });
  const first = await readRuns(pool, { asset, triggers: ['first'], limit: FIRST_RUNS });
  const state = latest?.state ?? NOTHING_LIVE;
  const revision = latest?.id ?? 0;
  const { models, refused } = await loadStanding(options, state);
  const isStrict = refusedAt === undefined;
  const [damaged] = refused;
  if (isStrict && damaged !== undefined) throw damaged.error;
  if (!isStrict) await tellRefused(options, { refused, revision, at: refusedAt });
  const learnt = {
    revision,
    state,
    standing: models,
    lastTrainedAt: newest?.at ?? null,
    begun: first.map(({ family }) => family),
  };
  return createLearning(options, learnt, {
    load: (live) => loadOne(options, live, { isStrict }),
    versions: () => listVersions(pool),
  });
}

/** One event a version, once for what is live now, however often it is opened. */
async function tellRefused(
  { asset, workspace }: Pick<LearningOptions & ModelPlace, 'asset' | 'workspace'>,
  { refused, revision, at }: { refused: readonly RefusedModel[]; revision: number; at: EpochMs },
): Promise<void> {
  for (const { live, error } of refused) {
    const kind = 'registry.version-refused';
    const { modelVersion } = live;
    const code = isAppError(error) ? error.code : null;
    await raiseEvent(workspace.pool, {
      at,
      kind,
      severity: 'critical',
      asset,
      facts: { ...live, actor: 'system', deployment: revision, code, message: messageOf(error) },
      dedupKey: `${kind} ${asset} ${revision} ${modelVersion}`,
    });
  }
}

/**
 * Learning that goes on from what was learnt before. What is accepted is live at once in memory; the caller writes it
 * down before anything later, or drops this and opens it anew.
 */
export function createLearning(
  options: LearningOptions,
  learnt: Learnt,
  registry: LearningRegistry,
): Learning {
  const { asset, arms, firstFitAt, graceMs, cadenceDays } = options;
  let { lastTrainedAt } = learnt;
  // What cannot be used is replaced by a training of its own; when that fails, the next one that is due is waited for.
  const standing = createStanding(learnt);
  let isToMend = true;
  // A replay writes several trainings down at once: until then the registry does not know their numbers.
  const ownVersions: VersionNumber[] = [];
  let hasBegun = false;

  const train = (
    at: EpochMs,
    occasion: { trigger: RetrainingTrigger; families: RetrainedFamily[]; history: History },
  ): Promise<Retraining> =>
    retrain({
      ...requestOf(options, occasion),
      at,
      live: standing.state(),
      incumbents: findIncumbent,
      nextVersion,
    });

  async function findIncumbent(arm: string, horizonMinutes: number): Promise<Incumbent | null> {
    const live = standing
      .state()
      .models.find((each) => each.arm === arm && each.horizonMinutes === horizonMinutes);
    if (live === undefined) return null;
    return standing.trained(live) ?? registry.load(live);
  }

  const nextVersion = async (family: string, recipe: string) =>
    numberAfter(ofFamily([...ownVersions, ...(await registry.versions())], family), { asset, recipe });

  const dueAfter = (windowEnd: EpochMs) => {
    const expiries = standing.deployed().models.map(({ expiresAt }) => expiresAt);
    // As if it had expired right after the last training, which mends no arm that is gone.
    if (isToMend && standing.isIncomplete(arms)) expiries.push((lastTrainedAt ?? firstFitAt) + 1);
    return retrainingDue({ windowEnd, firstFitAt, cadenceDays, lastTrainedAt, expiries });
  };

  return {
    get deployed() {
      return standing.deployed();
    },
    async begin(history) {
      if (hasBegun) return null;
      hasBegun = true;
      const families = familiesOf(arms).filter(
        (each) => !isLive(each, standing.state()) && learnt.begun?.includes(each.family.name) !== true,
      );
      if (families.length === 0) return null;
      return train(firstFitAt + graceMs, { trigger: 'first', families, history });
    },
    async trainIfDue(windowEnd, history) {
      const due = dueAfter(windowEnd);
      if (due === null) return null;
      return train(windowEnd + graceMs, { trigger: due.trigger, families: familiesOf(arms), history });
    },
    accept(retraining, entry) {
      const { at, drafts } = retraining;
      lastTrainedAt = at;
      isToMend = false;
      ownVersions.push(...drafts.map(({ manifest }) => manifest));
      standing.accept(retraining, entry);
    },
    recorded: standing.recorded,
    async trainByHand(name, { windowEnd, history }) {
      const families = familiesOf(arms).filter(({ family }) => family.name === name);
      if (families.length === 0) throw new RangeError(`${name} is no family whose models the registry keeps`);
      return asCandidate(await train(windowEnd + graceMs, { trigger: 'hand', families, history }));
    },
    isDue: (windowEnd) => dueAfter(windowEnd) !== null,
    adopt: standing.adopt,
  };
}

/** What is live as far as learning knows, beside what the ledger says of it. */
function createStanding(learnt: Learnt) {
  let { state } = learnt;
  // What was trained here and is live, with its gate fits; those of others are read when they are asked for.
  let known: readonly StandingModel[] = [];
  let deployed: DeployedModels = toDeployedModels(learnt.revision, state, learnt.standing);
  // What is live is not in the ledger yet; meanwhile the ledger is not followed.
  let isUnwritten = false;
  let waiting: DeployedModels | null = null;

  function follow(others: DeployedModels): void {
    if (others.revision < deployed.revision) return;
    deployed = others;
    state = toLiveState(others);
  }

  return {
    deployed: () => deployed,
    state: () => state,
    /** With its gate fit, if it was trained here. */
    trained: (live: LiveModel) => known.find((each) => isSameModel(each, live)),
    /** Whether the ledger names something of these arms that cannot be used. */
    isIncomplete: (arms: readonly Arm[]) =>
      missingModels(state, deployed.models).some(({ arm }) =>
        arms.some(({ isGoverned, name }) => isGoverned && name === arm),
      ),
    accept(retraining: Retraining, entry?: Pick<Deployment, 'id'> | null): void {
      const { trained } = retraining;
      isUnwritten ||= entry === undefined;
      const revision = entry?.id ?? deployed.revision;
      // The ledger was followed to there or beyond: what was promoted is live already, or no more.
      const isFollowed = entry !== undefined && entry !== null && revision <= deployed.revision;
      if (!isFollowed) state = stateAfter(state, retraining);
      known = pickLive(state, [...trained, ...known]);
      if (isFollowed) return;
      deployed = toDeployedModels(revision, state, pickLive(state, [...trained, ...deployed.models]));
    },
    recorded(entry: Pick<Deployment, 'id'> | null): void {
      isUnwritten = false;
      if (entry !== null) deployed = { ...deployed, revision: entry.id };
      if (waiting !== null) follow(waiting);
      waiting = null;
    },
    adopt(others: DeployedModels): void {
      if (isUnwritten) waiting = others;
      else follow(others);
    },
  };
}

/** The governed families with their arms, in the order of the arms. */
export function familiesOf(arms: readonly Arm[]): RetrainedFamily[] {
  const governed = arms.filter(({ isGoverned }) => isGoverned);
  return [...new Set(governed.map(({ family }) => family))].map((family) => ({
    family,
    arms: governed.filter((arm) => arm.family === family),
  }));
}

/** All of a request but what is live. */
function requestOf(
  options: LearningOptions,
  {
    trigger,
    families,
    history,
  }: { trigger: RetrainingTrigger; families: RetrainedFamily[]; history: History },
) {
  const { asset, featureSets, knownSince, firstChampion, expiryDays, seed, pool } = options;
  return {
    asset,
    featureSets,
    knownSince,
    barMinutes: featureSets[0]?.barMinutes ?? NaN,
    horizonsMinutes: HORIZONS_MINUTES,
    firstChampion,
    expiryDays,
    seed,
    pool,
    trigger,
    families,
    rowsAt: (horizonMinutes: number) => history.rowsAt(horizonMinutes),
  };
}

/** The same without any consequence: what the gate says of it stays as evidence. */
function asCandidate(retraining: Retraining): Retraining {
  return {
    ...retraining,
    changes: [],
    decisions: retraining.decisions.map((decision) => ({
      ...decision,
      reason: `${decision.reason} It was trained by hand and waits to be deployed.`,
    })),
    events: retraining.events.filter(({ kind }) => !LIVE_EVENTS.includes(kind)),
  };
}

function ofFamily(versions: readonly VersionNumber[], family: string): VersionNumber[] {
  return versions.filter((version) => version.family === family);
}

/** The models of a state, in its order. */
function pickLive<Candidate extends LiveModel>(
  state: LiveState,
  candidates: readonly Candidate[],
): Candidate[] {
  return state.models.flatMap((live) => candidates.find((candidate) => isSameModel(candidate, live)) ?? []);
}

function stateAfter(state: LiveState, { changes }: Retraining): LiveState {
  const applied = applyChanges(state, changes);
  if ('state' in applied) return applied.state;
  const { place, expected, found } = applied.mismatch;
  throw new RangeError(
    `a training expects ${expected ?? 'nothing'} as ${place}, where ${found ?? 'nothing'} is`,
  );
}

function isLive({ arms }: RetrainedFamily, { models }: LiveState): boolean {
  return arms.every((arm) =>
    HORIZONS_MINUTES.every((horizonMinutes) =>
      models.some((live) => live.arm === arm.name && live.horizonMinutes === horizonMinutes),
    ),
  );
}
