import type { Clock, EpochMs } from '../core/index.ts';
import type { Scorer } from '../sentiment/index.ts';
import type {
  DashboardView,
  FeaturesView,
  HealthView,
  HistoryView,
  PerformanceView,
  SignalView,
} from './views.ts';

/** Which predictions are meant: those of the answering arm for one asset at one horizon. */
export interface SignalKey {
  asset: string;
  horizonMinutes: number;
}

export interface HistoryQuestion extends SignalKey {
  /** Windows with from < T <= to; null = open. */
  from: EpochMs | null;
  to: EpochMs | null;
  /** The newest so many. */
  limit: number;
}

/** The part of the cache that answers are kept in. A failure costs latency, never an answer. */
export interface AnswerCache {
  get(key: string): Promise<string | null>;
  set(key: string, value: string, ttlSeconds: number): Promise<void>;
}

/**
 * What the API needs from the rest of the system. Every function may be called many times a second; the ones
 * behind `/signal`, `/features/latest` and `/health` should answer from memory or one indexed row.
 * They may throw an `AppError`, whose status and code are then the answer.
 */
export interface ServingPorts {
  clock: Clock;
  /** Milliseconds of a monotonic watch with any beginning: measures how long an answer took. */
  stopwatch(): number;
  /**
   * The newest prediction of the answering arm. With `asOf`: the newest whose own `asOf` lies at or before that
   * moment, its outcome only if it was known by then. null when there is none.
   */
  latestSignal(question: SignalKey & { asOf: EpochMs | null }): Promise<SignalView | null>;
  /** `asOf` of the oldest prediction there is; null before the first. */
  firstSignalAt(question: SignalKey): Promise<EpochMs | null>;
  signalHistory(question: HistoryQuestion): Promise<HistoryView>;
  /** null before the first window. */
  latestFeatures(question: { asset: string }): Promise<FeaturesView | null>;
  /** Over the windows of the last `days` days, counted back from the newest window. */
  performance(question: { asset: string; days: number }): Promise<PerformanceView>;
  health(): Promise<HealthView>;
  /** Where the page stands; asked at every request for it, so that it switches without a restart. */
  dashboard(): DashboardView;
  /** Scores the texts of `POST /predict/vader`. */
  scorer: Scorer;
  cache: AnswerCache;
}

/** Bounds beyond which a request is refused. */
export interface ServingLimits {
  /** Bytes of a body. */
  bodyBytes: number;
  /** Requests a minute from one address; loopback has its own, generous one. */
  requestsPerMinute: number;
  loopbackRequestsPerMinute: number;
  /** Requests being answered at once; more are refused with 503. `/health` and `/metrics` are not counted. */
  inFlight: number;
  /** The same for those that score texts, which keep the processor busy. */
  scoringInFlight: number;
}

/** Facts that do not change while the process runs. */
export interface ServingOptions {
  /** The program's version. */
  version: string;
  /** Assets that are served; the first is the default. */
  assets: readonly string[];
  horizonsMinutes: readonly number[];
  /** How many features the answering arm's price model is given. */
  featuresCount: number;
  /** Folder of the exported page (`dashboard/out`); need not exist yet. */
  dashboardDir: string;
  /** Origins whose pages may call the API; absent: pages of this machine. `*`: all. */
  corsOrigins?: '*' | readonly string[];
  limits?: Partial<ServingLimits>;
  /** Holds every answer against its schema before it is sent; for tests. */
  checkAnswers?: boolean;
}
