import type { EpochMs } from './core/index.ts';
import type { FeatureSet } from './features/index.ts';
import type { FitPool } from './models/index.ts';
import { HORIZONS_MINUTES, type Arm, type DeployedModels, type WindowMemory } from './prediction/index.ts';
import {
  applyChanges,
  latestDeployment,
  listVersions,
  NOTHING_LIVE,
  numberAfter,
  readRuns,
  type LiveModel,
  type LiveState,
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
  toDeployedModels,
  toLiveState,
  type ModelPlace,
  type StandingModel,
} from './live-models.ts';

type History = WindowMemory['history'];

/** Trainings that are looked through for the newest that was not by hand. */
const RUNS_LOOKED_THROUGH = 1_000;
/** Events that tell of something live, which a training by hand never makes. */
const LIVE_EVENTS = ['retraining.promoted', 'retraining.champion-changed'];

/** What decides which models are live while windows go by. */
export interface Learning {
  /** What answers for the next window. */
  readonly deployed: DeployedModels;
  /**
   * The first training of every family of which nothing is live yet; it stands at the end of the warm-up.
   * @returns null when there is nothing to begin
   */
  begin(history: History): Promise<Retraining | null>;
  /** The retraining that is due after a window; null when none is. Nothing of it is live before it is accepted. */
  trainIfDue(windowEnd: EpochMs, history: History): Promise<Retraining | null>;
  /** What a training promoted answers from the next window on. */
  accept(retraining: Retraining): void;
  /** Whether one is due after this window. */
  isDue(windowEnd: EpochMs): boolean;
  /**
   * A candidate of one family on everything matured by a window's decision. Nothing that is live changes.
   * @throws RangeError for a family that is not governed
   */
  trainByHand(family: string, now: { windowEnd: EpochMs; history: History }): Promise<Retraining>;
  /** Takes over what somebody else has put into the ledger. */
  adopt(deployed: DeployedModels): void;
}

/** What learning is made of. */
export interface LearningOptions {
  asset: string;
  featureSet: FeatureSet;
  arms: readonly Arm[];
  /** `vader@1.0.0` */
  scorer: string;
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
  /** The models of the state. */
  standing: readonly StandingModel[];
  lastTrainedAt: EpochMs | null;
}

/** What learning asks the registry for while it goes on. */
export interface LearningRegistry {
  /** A live model that is not among the standing ones: somebody else made it live. */
  load(live: LiveModel): Promise<StandingModel>;
  /** Every recorded version. */
  versions(): Promise<readonly VersionNumber[]>;
}

type VersionNumber = Pick<VersionRecord, 'asset' | 'family' | 'version' | 'recipe'>;

/**
 * Learning as the workspace's ledger left it.
 * @throws AppError `REGISTRY_...` when a live model cannot be used as it lies in the registry
 */
export async function openLearning(options: LearningOptions & ModelPlace): Promise<Learning> {
  const { asset, workspace } = options;
  const latest = await latestDeployment(workspace.pool, asset);
  const runs = await readRuns(workspace.pool, { asset, limit: RUNS_LOOKED_THROUGH });
  const state = latest?.state ?? NOTHING_LIVE;
  const learnt = {
    revision: latest?.id ?? 0,
    state,
    standing: await loadStanding(options, state),
    // One by hand is a candidate of one family: it does not stand in for the one that is due.
    lastTrainedAt: runs.find(({ trigger }) => trigger !== 'hand')?.at ?? null,
  };
  return createLearning(options, learnt, {
    load: (live) => loadOne(options, live),
    versions: () => listVersions(workspace.pool),
  });
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
  let { lastTrainedAt, state } = learnt;
  // Live models with their gate fits; one that somebody else made live is not among them before it is asked for.
  let known = learnt.standing;
  let deployed: DeployedModels = toDeployedModels(learnt.revision, state, known);
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
      live: state,
      incumbents: findIncumbent,
      nextVersion,
    });

  async function findIncumbent(arm: string, horizonMinutes: number): Promise<Incumbent | null> {
    const live = state.models.find((each) => each.arm === arm && each.horizonMinutes === horizonMinutes);
    if (live === undefined) return null;
    return known.find((each) => isSameModel(each, live)) ?? registry.load(live);
  }

  const nextVersion = async (family: string, recipe: string) =>
    numberAfter(ofFamily([...ownVersions, ...(await registry.versions())], family), { asset, recipe });

  const dueAfter = (windowEnd: EpochMs) => {
    const expiries = deployed.models.map(({ expiresAt }) => expiresAt);
    return retrainingDue({ windowEnd, firstFitAt, cadenceDays, lastTrainedAt, expiries });
  };

  return {
    get deployed() {
      return deployed;
    },
    async begin(history) {
      if (hasBegun) return null;
      hasBegun = true;
      const families = familiesOf(arms).filter((family) => !isLive(family, state));
      if (families.length === 0) return null;
      return train(firstFitAt + graceMs, { trigger: 'first', families, history });
    },
    async trainIfDue(windowEnd, history) {
      const due = dueAfter(windowEnd);
      if (due === null) return null;
      return train(windowEnd + graceMs, { trigger: due.trigger, families: familiesOf(arms), history });
    },
    accept(retraining) {
      const { at, drafts, trained } = retraining;
      lastTrainedAt = at;
      ownVersions.push(...drafts.map(({ manifest }) => manifest));
      state = stateAfter(state, retraining);
      known = pickLive(state, [...trained, ...known]);
      deployed = toDeployedModels(
        deployed.revision,
        state,
        pickLive(state, [...trained, ...deployed.models]),
      );
    },
    async trainByHand(name, { windowEnd, history }) {
      const families = familiesOf(arms).filter(({ family }) => family.name === name);
      if (families.length === 0) throw new RangeError(`${name} is no family whose models the registry keeps`);
      return asCandidate(await train(windowEnd + graceMs, { trigger: 'hand', families, history }));
    },
    isDue: (windowEnd) => dueAfter(windowEnd) !== null,
    adopt(others) {
      deployed = others;
      state = toLiveState(others);
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
  const { asset, featureSet, scorer, firstChampion, expiryDays, seed, pool } = options;
  return {
    asset,
    featureSet: featureSet.version,
    barMinutes: featureSet.barMinutes,
    withoutSentiment: featureSet.withoutSentiment,
    horizonsMinutes: HORIZONS_MINUTES,
    scorer,
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
