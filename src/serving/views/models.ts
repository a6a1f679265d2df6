import type { Moment } from './signal.ts';

/** A model that answers for an arm at a horizon, with what its manifest says. */
export interface LiveModelView {
  arm: string;
  horizonMinutes: number;
  modelVersion: string;
  /** It has answered from this moment on. */
  since: Moment;
  /** null for what has no manifest. */
  trainedAt: Moment | null;
  expiresAt: Moment | null;
  isChampion: boolean;
  rows: number | null;
  metrics: Readonly<Record<string, number | null>>;
}

/** A decision of the gate; the shape of the registry's `GateDecision`. NaN = not to be had. */
export interface GateDecisionView {
  at: Moment;
  horizonMinutes: number;
  arm: string;
  kind: 'first' | 'refresh' | 'change' | 'champion';
  candidate: string;
  incumbentArm: string | null;
  incumbent: string | null;
  n: number;
  gain: number;
  low: number;
  high: number;
  threshold: number;
  agreement: number;
  verdict: 'promoted' | 'refused';
  reason: string;
}

/** One change of what is live; `from` null: nothing stood there. */
export type LiveChangeView =
  | { kind: 'model'; arm: string; horizonMinutes: number; from: string | null; to: string | null }
  | { kind: 'champion'; horizonMinutes: number; from: string | null; to: string | null };

/** An entry of the deployment ledger; the registry's `Deployment` fits. */
export interface DeploymentView {
  id: number;
  at: Moment;
  kind: 'retraining' | 'deploy' | 'select' | 'rollback';
  actor: string;
  reason: string;
  changes: readonly LiveChangeView[];
  /** The entry that a rollback takes back. */
  undoes: number | null;
}

/** Why the newest entry of the ledger is not what is answered from. */
export interface RouterProblemView {
  at: Moment;
  /** The entry that was refused. */
  revision: number;
  code: string;
  message: string;
}

/** What answers come from in this process. */
export interface RouterView {
  revision: number;
  lastSwapAt: Moment | null;
  problem: RouterProblemView | null;
}

/** A family of scorers as it stands now; what does not go with its state is null. */
export interface ScorerStateView {
  family: string;
  state: 'ready' | 'loading' | 'unavailable';
  version: string | null;
  /** What its user should know, such as `fp32`. */
  note: string | null;
  progress: string | null;
  reason: string | null;
  remedy: string | null;
  /** Live arms that read it, each once. */
  readBy: readonly string[];
}

/** What is, or was, live. */
export interface ModelsStatusView {
  asset: string;
  /** The moment that is told about. */
  at: Moment;
  horizons: readonly { horizonMinutes: number; champion: string | null; since: Moment | null }[];
  /** By horizon, then arm. */
  models: readonly LiveModelView[];
  /** Newest first. */
  gate: readonly GateDecisionView[];
  /** null for a moment of the past. */
  router: RouterView | null;
}
