import type { DomainEvent, EpochMs } from '../core/index.ts';
import type { Dissimilarity, DirectionRows, FitPool, Model, ModelFamily } from '../models/index.ts';
import type { Arm } from '../prediction/index.ts';
import type {
  Ablation,
  GateDecision,
  LiveChange,
  LiveState,
  ModelVersion,
  TrainingRun,
  VersionDraft,
} from '../registry/index.ts';

export type RetrainingTrigger = TrainingRun['trigger'];

/** A family with the arms that its next version is made for. */
export interface RetrainedFamily {
  family: ModelFamily;
  arms: readonly Arm[];
}

/** A live model as its successor is compared with it. */
export interface Incumbent {
  /** `trees@1.0.3`. */
  modelVersion: ModelVersion;
  /** A candidate with the same recipe differs in its data alone: it is a refresh, else a change. */
  recipe: string;
  /** Whose sentiment it was trained on, `family@version`; null: nobody's. */
  scorer: string | null;
  expiresAt: EpochMs;
  model: Model;
  /** Fitted without the eight weeks that judged it; null where the past was too short for one. */
  gateModel: Model | null;
}

/** Everything that a retraining depends on: the same request gives the same bytes, however many threads fit. */
export interface RetrainingRequest {
  asset: string;
  /** The moment it stands at: nothing known later is learnt. */
  at: EpochMs;
  trigger: RetrainingTrigger;
  families: readonly RetrainedFamily[];
  horizonsMinutes: readonly number[];
  /** Every window so far with its truth, at a horizon. */
  rowsAt(horizonMinutes: number): DirectionRows;
  /** Feature sets that are computed side by side: version hash and scorer; the first is that of arms without a scorer. */
  featureSets: readonly { version: string; scorer: string }[];
  barMinutes: number;
  /** Scorers that did not always exist, `family@version`, with the moment since when; default: none. */
  knownSince?: ReadonlyMap<string, EpochMs>;
  /** What is live now. */
  live: LiveState;
  /** A live model of `live`, loaded; null where nothing is live for the arm and horizon. */
  incumbents(arm: string, horizonMinutes: number): Promise<Incumbent | null>;
  /** The number of the family's next version, `1.0.4`; asked for once per family that was fitted. */
  nextVersion(family: string, recipe: string): Promise<string>;
  /** The arm that answers at a horizon that has no champion yet, if it is live then. */
  firstChampion: string;
  /** After so many days what is made now is to be replaced. */
  expiryDays: number;
  seed: number;
  pool: FitPool;
  /** Called after each fit of an arm. */
  onProgress?: (progress: { done: number; total: number }) => void;
}

/** A model that was made, promoted or not. */
export interface TrainedModel extends Incumbent {
  arm: string;
  horizonMinutes: number;
  dissimilarity: Dissimilarity | null;
}

/** What a retraining made and decided; nothing of it is written yet. */
export interface Retraining {
  /** The moment it stands at. */
  at: EpochMs;
  /** A millisecond later: what was live at `at` was still what answered before. */
  recordedAt: EpochMs;
  trigger: RetrainingTrigger;
  /** One a family that was fitted. */
  drafts: VersionDraft[];
  /** One a family. */
  runs: TrainingRun[];
  /** By horizon, then family and arm; then the champions'. */
  decisions: GateDecision[];
  /** From `live` to what is live afterwards; empty when nothing was promoted. */
  changes: LiveChange[];
  /** What the columns of each arm's scorer are worth; by horizon, then family and arm. */
  ablations: Ablation[];
  trained: TrainedModel[];
  events: DomainEvent[];
}
