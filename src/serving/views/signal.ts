/** Epoch milliseconds. */
export type Moment = number;

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
  /** Why no direction is given whatever the probability; null or absent where one is. */
  abstention?: string | null;
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
