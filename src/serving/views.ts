/*
 * What the answers are made of, in the code's own words (camelCase, epoch milliseconds, NaN or null = missing).
 * This file imports nothing, because the page's build reads it through contract.ts.
 */

/** Epoch milliseconds. */
type Moment = number;

export type PriceDirection = 'bullish' | 'neutral' | 'bearish';
export type Outcome = 'up' | 'down' | 'void';

/** One prediction of the answering arm, with what is known of its truth. */
export interface SignalView {
  asset: string;
  /** Close of the bar that was decided on. */
  windowEnd: Moment;
  /** The moment of the decision: nothing that became known later is in it. */
  asOf: Moment;
  horizonMinutes: number;
  arm: string;
  modelVersion: string;
  /** 0..1 */
  probabilityUp: number;
  priceDirection: PriceDirection;
  /** -1..1; null where the arm reads no sentiment, or none is known. */
  sentiment: number | null;
  predictedAt: Moment;
  maturesAt: Moment;
  /** null while its truth is not known. */
  outcome: Outcome | null;
  /** True when a part was missing and the answer was given nevertheless. */
  degraded: boolean;
  /** Id of the ledger entry that was live when it was predicted; 0 before the first, null where nobody looked. */
  revision: number | null;
}

/** A prediction beside the close of its window; NaN where that candle is missing. */
export interface HistoryRowView extends SignalView {
  close: number;
}

export interface HistoryView {
  arm: string;
  /** Oldest first, newest last. */
  items: readonly HistoryRowView[];
}

/** The newest feature vector. */
export interface FeaturesView {
  asset: string;
  /** Version hash of the feature set. */
  featureSet: string;
  windowEnd: Moment;
  asOf: Moment;
  degraded: boolean;
  /** By name; NaN = missing. */
  features: Readonly<Record<string, number>>;
  /** By name; may leave names out. */
  units: Readonly<Record<string, string>>;
}

/** How one arm did at one horizon. NaN where nothing has matured yet. */
export interface ArmPerformanceView {
  arm: string;
  horizonMinutes: number;
  accuracy: number;
  accuracyOneBarLater: number;
  /** Matured and scored predictions. */
  n: number;
  /** 95 % interval of the accuracy (block bootstrap). */
  low: number;
  high: number;
  /** Accuracy of each baseline on the same windows. */
  baselines: Readonly<Record<string, number>>;
  pending: number;
  voids: number;
}

export interface PerformanceView {
  asset: string;
  /** The windows that were looked at: from < T <= to; null when there are none. */
  windows: { from: Moment | null; to: Moment | null; n: number };
  arms: readonly ArmPerformanceView[];
  /** What a reader must know to read the figures rightly. */
  note: string;
}

export type HealthStatus = 'ok' | 'degraded' | 'starting' | 'failing';

export interface HealthCheckView {
  name: string;
  status: 'ok' | 'degraded' | 'failing';
  detail: string;
  remedy?: string;
}

export interface DashboardView {
  /** `off`: it is not to be built here, and is not there. */
  state: 'ready' | 'building' | 'failed' | 'off';
  detail: string;
}

export interface HealthView {
  status: HealthStatus;
  /** True when the market is invented. */
  simulated: boolean;
  mode: 'live' | 'history' | 'simulated';
  version: string;
  workspace: string;
  asset: string;
  barMinutes: number;
  /** P(up) within 0.5 ± this is called neutral. */
  neutralBand: number;
  now: Moment;
  clock: {
    kind: 'real' | 'virtual';
    /** A real clock runs; a virtual one plays or stands still at the end. */
    state: 'running' | 'playing' | 'standing';
    /** While it plays. */
    windowsPerSecond: number | null;
  };
  lastWindow: Moment | null;
  dataAgeSeconds: number | null;
  /** Windows and predictions in the workspace. */
  windows: number;
  predictions: number;
  checks: readonly HealthCheckView[];
  dashboard: DashboardView;
  /** What is being worked on before the first answer; share 0..1. */
  progress: { phrase: string; share: number } | null;
  sources: readonly { name: string; lastKnownAt: Moment | null; rows: number }[];
}

/** Sentiment of one text. */
export interface TextScoreView {
  sentiment: number;
  confidence: number;
  label: 'negative' | 'neutral' | 'positive';
}

/** What one arm says of the latest window, the texts added. */
export interface ArmAnswerView {
  arm: string;
  horizonMinutes: number;
  /** `trees@1.0.3` */
  modelVersion: string;
  /** 0..1 */
  probabilityUp: number;
  priceDirection: PriceDirection;
  /** Its 4 h news aggregate with the texts in it, -1..1; null where the arm reads none, or none is known. */
  sentiment: number | null;
  /** Columns that its price model reads. */
  featuresCount: number;
  isChampion: boolean;
  /** The vector lacked a part, or the model is past its expiry. */
  degraded: boolean;
}

/** The latest window as everything live answers it, all from one state of the ledger. */
export interface PricedView {
  windowEnd: Moment;
  asOf: Moment;
  /** Id of the ledger entry whose models answered; 0 before the first. */
  revision: number;
  /** The arm that should answer, also where it could not; null before the first deployment. */
  champion: string | null;
  /** Arms that could answer, at the horizon that was asked for; the best first where an order is known. */
  arms: readonly ArmAnswerView[];
}

/** The two scorers of the predict contract side by side. */
export interface ComparisonView {
  vaderSentiment: number | null;
  /** null where that scorer is unavailable. */
  finbertSentiment: number | null;
  /** Both have the same sign; null while one is missing. */
  agreement: boolean | null;
  /** Absolute difference; null while one is missing. */
  confidenceDelta: number | null;
}

/** Everything an answer of `POST /predict` and `POST /predict/vader` says. */
export interface PredictView {
  /** Mean over the texts; null without text where no article is known. */
  sentiment: number | null;
  /** Mean over the texts; null without text. */
  confidence: number | null;
  /** The arm that answers; null until a window exists. */
  answer: ArmAnswerView | null;
  /** Ledger entry that the answer comes from; null without an answer. */
  revision: number | null;
  modelUsed: string;
  modelVersion: string;
  featuresCount: number;
  comparison: ComparisonView;
  /** A part was missing, or another arm stood in. */
  degraded: boolean;
  responseTimeMs: number;
  cacheHit: boolean;
  /** One entry a text, when an array was asked for. */
  items: readonly TextScoreView[] | null;
}

/** Everything an answer of `POST /predict/compare` says. */
export interface CompareView {
  asset: string;
  horizonMinutes: number;
  /** null until a window exists. */
  windowEnd: Moment | null;
  asOf: Moment | null;
  revision: number | null;
  /** The champion first. */
  arms: readonly ArmAnswerView[];
  scorers: readonly {
    scorer: string;
    version: string;
    sentiment: number | null;
    confidence: number | null;
  }[];
  comparison: ComparisonView;
  degraded: boolean;
  responseTimeMs: number;
  cacheHit: boolean;
  items: readonly TextScoreView[] | null;
}

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
  /** Families that cannot answer here, and what would change that. */
  unavailable: readonly { family: string; reason: string; remedy: string }[];
  /** null for a moment of the past. */
  router: RouterView | null;
}
