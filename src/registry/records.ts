import type { EpochMs } from '../core/index.ts';

/** `trees@1.0.3`: family and version in one word, as predictions and the ledger name them. */
export type ModelVersion = string;

/** One deployed model. */
export interface LiveModel {
  arm: string;
  horizonMinutes: number;
  modelVersion: ModelVersion;
}

/** What is live at a moment: a model per arm and horizon, and the arm per horizon that answers. */
export interface LiveState {
  /** Ordered by horizon, then arm. */
  models: LiveModel[];
  /** Ordered by horizon. */
  champions: { horizonMinutes: number; arm: string }[];
}

/** One change of the live state. `from` is what stood there before; null: nothing. */
export type LiveChange =
  | { kind: 'model'; arm: string; horizonMinutes: number; from: ModelVersion | null; to: ModelVersion | null }
  | { kind: 'champion'; horizonMinutes: number; from: string | null; to: string | null };

export const DEPLOYMENT_KINDS = ['retraining', 'deploy', 'select', 'rollback'] as const;
export type DeploymentKind = (typeof DEPLOYMENT_KINDS)[number];

/** An entry of the ledger, before it is written. */
export interface DeploymentDraft {
  asset: string;
  at: EpochMs;
  kind: DeploymentKind;
  /** `system`, `operator` (the command line), or the name of an API key. */
  actor: string;
  reason: string;
  changes: readonly LiveChange[];
  /** Id of the entry that a rollback takes back. */
  undoes: number | null;
}

/** An entry of the append-only ledger. Ids rise in the order of writing; `state` is what was live from then on. */
export interface Deployment extends DeploymentDraft {
  id: number;
  state: LiveState;
}

/** What the gate found when it compared a candidate with what was live. */
export interface GateDecision {
  at: EpochMs;
  horizonMinutes: number;
  /** The arm that the candidate belongs to. */
  arm: string;
  /** `first`: nothing was live. `refresh`: same recipe, newer data. `change`: another recipe. `champion`: another arm. */
  kind: 'first' | 'refresh' | 'change' | 'champion';
  candidate: ModelVersion;
  /** Null where nothing was live. */
  incumbentArm: string | null;
  incumbent: ModelVersion | null;
  /** Windows that were compared. */
  n: number;
  /** Mean of (incumbent's log loss - candidate's log loss), nats a window: above 0 the candidate is better. NaN: none. */
  gain: number;
  /** One-sided 95 % bounds of the gain (together a 90 % interval), block bootstrap; NaN where there is too little. */
  low: number;
  high: number;
  /** What `low` has to exceed, nats. */
  threshold: number;
  /** Mean |P(up) of what ships - P(up) of its gate fit| over the windows compared; NaN: none. */
  agreement: number;
  /** What the gate says; a candidate that was trained by hand waits to be deployed all the same. */
  verdict: 'promoted' | 'refused';
  /** In words, with the figures that decided. */
  reason: string;
}

/** Groups of columns that a family is fitted with: without the scorer, with its news, with its posts, with both. */
export const ABLATION_COLUMNS = ['price', 'price+sentiment', 'price+social', 'all'] as const;
export type AblationColumns = (typeof ABLATION_COLUMNS)[number];

/** One of the four fits of an ablation, held against `price` window by window. A figure that is not to be had is null. */
export interface AblationVariant {
  columns: AblationColumns;
  /** 0..1, on the windows of the ablation. */
  accuracy: number | null;
  /** Nats a window. */
  logLoss: number | null;
  /** Accuracy less that of `price`, with its 95 % interval: above 0 the further columns help. All null for `price`. */
  accuracyDifference: number | null;
  low: number | null;
  high: number | null;
  /** Log loss of `price` less its own, nats a window, with its 95 % interval: above 0 the further columns help. */
  gain: number | null;
  gainLow: number | null;
  gainHigh: number | null;
  /** Two-sided p of equal accuracy, exact; null too where windows overlap. */
  mcnemar: number | null;
  /** Two-sided p of equal Brier scores. */
  dieboldMariano: number | null;
  /** Why figures are missing, or are those of another fit; null where its own fit was measured. */
  reason: string | null;
}

/** What groups of columns are worth to an arm at a horizon, on the windows that judged the version of a training. */
export interface Ablation {
  at: EpochMs;
  /** The version of which this training is. */
  modelVersion: ModelVersion;
  arm: string;
  /** `family@version`. */
  scorer: string;
  horizonMinutes: number;
  /** Ends of the first and the last window that counts; null without any. */
  from: EpochMs | null;
  to: EpochMs | null;
  /** Windows that went up or down: the same ones for all variants. */
  n: number;
  /** Of the fits and of the bootstrap. */
  seed: number;
  /** One for each of `ABLATION_COLUMNS`, in that order. */
  variants: AblationVariant[];
}

/** What one training was made of and what came of it (experiment tracking). */
export interface TrainingRun {
  asset: string;
  family: string;
  /** Null where it failed or was skipped. */
  version: string | null;
  /** The moment the training stands at. */
  at: EpochMs;
  /** `schedule`, `expiry`, `hand`, `first`. */
  trigger: 'first' | 'schedule' | 'expiry' | 'hand';
  status: 'done' | 'failed' | 'skipped';
  /** Why it failed or was skipped; null when done. */
  reason: string | null;
  parameters: Record<string, unknown>;
  metrics: Record<string, number | null>;
  dataHash: string | null;
  /** How many recipes were tried for this result; deflates the claim. */
  trials: number;
}
