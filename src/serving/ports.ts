import type { Clock, EpochMs } from '../core/index.ts';
import type { Scorers } from '../sentiment/index.ts';
import type { Authority } from './auth.ts';
import type {
  AblationView,
  DashboardView,
  DeploymentView,
  ExplainedDirectionView,
  FeaturesView,
  HealthView,
  HistoryView,
  ModelsStatusView,
  PerformanceView,
  PricedView,
  SignalView,
} from './views.ts';

/** Which predictions are meant: those of the answering arm for one asset at one horizon. */
export interface SignalKey {
  asset: string;
  horizonMinutes: number;
}

/** The scorers behind the live price models of a horizon, as `family@version`. */
export interface PriceReaders {
  /** What the champion reads; null where it reads no sentiment, or nothing is live. */
  champion: string | null;
  /** What each live arm reads: arm to scorer; arms that read none are not in it. */
  byArm: ReadonlyMap<string, string>;
}

export interface HistoryQuestion extends SignalKey {
  /** Windows with from < T <= to; null = open. */
  from: EpochMs | null;
  to: EpochMs | null;
  /** The newest so many. */
  limit: number;
}

/** What happened until a moment; null: now. */
export interface PastQuestion {
  asset: string;
  asOf: EpochMs | null;
  /** The newest so many entries of each list. */
  limit: number;
}

/** Which ablations are meant; null: all. */
export interface AblationQuestion {
  asset: string;
  horizonMinutes: number | null;
  /** A family, `vader`, or one version of it, `vader@1.0.0`. */
  scorer: string | null;
}

/** Who changes what is live. */
interface Order {
  asset: string;
  /** Name of the API key; stands in the ledger. */
  actor: string;
}

/** The part of the cache that answers are kept in. A failure costs latency, never an answer. */
export interface AnswerCache {
  /** True where other processes see it too; false where it lives in this one. */
  isShared(): boolean;
  get(key: string): Promise<string | null>;
  set(key: string, value: string, ttlSeconds: number): Promise<void>;
}

/**
 * What the API needs from the rest of the system. Every function may be called many times a second; the ones
 * behind `/predict`, `/signal`, `/features/latest` and `/health` should answer from memory or one indexed row.
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
  /** The newest of each horizon and arm, in this order; none before the first training that made one. */
  ablations(question: AblationQuestion): Promise<readonly AblationView[]>;
  health(): Promise<HealthView>;
  /** Where the page stands; asked at every request for it, so that it switches without a restart. */
  dashboard(): DashboardView;
  /** Every family of scorers as it stands: what scores the texts of `/predict…` and `/explain`. */
  scorers: Scorers;
  /**
   * The window and the ledger entry that `priceWithTexts` would answer from at this instant, from memory: cached
   * answers are found by them. null before the first window.
   */
  present(question: { asset: string }): { windowEnd: EpochMs; revision: number } | null;
  /**
   * Which scorers the price models that are live at a horizon read, from memory: a text is scored by these before
   * it is priced, because a model must be given the sentiment that it was trained on.
   */
  readersOf(question: SignalKey): PriceReaders;
  /**
   * What is live at a horizon says of the latest window, with the texts stepped through a copy of the feature
   * state as articles known now; all of it from one `DeployedModels`. Nothing is stored.
   * @param question.sentiments - of the texts, -1..1 each, by the scorer's `family@version`; null: the window as it is
   * @returns null before the first window. An arm that reads a scorer that is not in `sentiments` is left out, and so
   *   is one that fails.
   */
  priceWithTexts(
    question: SignalKey & { sentiments: ReadonlyMap<string, readonly number[]> | null },
  ): Promise<PricedView | null>;
  /** Why the champion of a horizon says what it says of the latest window as it is, from memory. */
  explainDirection(question: SignalKey): ExplainedDirectionView;
  /** What is live, or was at `asOf`, with the gate's newest decisions up to then. */
  modelsStatus(question: PastQuestion): Promise<ModelsStatusView>;
  /** The ledger's entries up to then, newest first. */
  deployments(question: PastQuestion): Promise<readonly DeploymentView[]>;
  /**
   * Makes a deployed arm the champion of a horizon.
   * @returns the entry of the ledger; without changes where it was so already
   * @throws AppError where the arm is not deployed at that horizon
   */
  selectChampion(order: Order & { horizonMinutes: number; arm: string }): Promise<DeploymentView>;
  /**
   * Verifies every file of a version and makes all its models live; null: the newest version.
   * @throws AppError where it is not there, or not what its manifest says
   */
  deployVersion(order: Order & { family: string; version: string | null }): Promise<DeploymentView>;
  /**
   * Takes back the newest entry that was not taken back yet, and resolves when answers come from the state before.
   * @throws AppError where there is none
   */
  rollBack(order: Order): Promise<DeploymentView>;
  /** Knows the API keys and keeps the audit log; made by `createAuthority`. */
  authority: Authority;
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
  /** How many features the answering arm's price model is given; told while no arm can answer. */
  featuresCount: number;
  /** Folder of the exported page (`dashboard/out`); need not exist yet. */
  dashboardDir: string;
  /** Origins whose pages may call the API; absent: pages of this machine. `*`: all. */
  corsOrigins?: '*' | readonly string[];
  limits?: Partial<ServingLimits>;
  /** Holds every answer against its schema before it is sent; for tests. */
  checkAnswers?: boolean;
}
