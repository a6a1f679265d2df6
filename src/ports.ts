import { DAY_MS, isAppError, MINUTE_MS, SECOND_MS, type EpochMs, type Workspace } from './core/index.ts';
import { databaseAway, isConnectionLost } from './database-away.ts';
import { createOnlineStore, readFeatureRows } from './features/index.ts';
import { readCandles } from './lake/index.ts';
import { measurePerformance } from './monitoring/index.ts';
import { firstPredictedAt, readArm, readScored, type JudgedPrediction } from './prediction/index.ts';
import { describeHealth } from './health.ts';
import { createModelPorts, deployedNow } from './model-ports.ts';
import type { Operation } from './operation.ts';
import { priceDirection } from './price-direction.ts';
import { championArm, liveAt, liveVersion, readDeployments } from './registry/index.ts';
import type {
  DashboardView,
  FeaturesView,
  HistoryQuestion,
  HistoryView,
  PerformanceView,
  ServingPorts,
  SignalView,
} from './serving/index.ts';

const PERFORMANCE_NOTE =
  'Share of right directions on matured windows, with a 95 % block-bootstrap interval and every baseline on the same windows. At these horizons 51 to 54 % (an hour) and 52 to 55 % (a day) is what can be had. Nothing here is investment advice.';
/** Seeds the resampling of the intervals: the same windows always show the same interval. */
const INTERVAL_SEED = 1;
/** A router is never so many entries of the ledger behind. */
const ENTRIES_LOOKED_THROUGH = 20;
/** Answers remembered at a time: while a clock stands, questions of all kinds may come for days. */
const REMEMBERED_ANSWERS = 64;

/** The API's ports on a running system. Each reads what the last commit left, from memory or by one indexed read. */
export function createPorts(operation: Operation, dashboard: () => DashboardView): ServingPorts {
  const perWindow = createWindowMemo(operation);

  return guarded({
    ...createModelPorts(operation),
    clock: clockOf(operation),
    stopwatch: () => performance.now(),
    scorers: operation.scorers,
    dashboard,
    health: () => describeHealth(operation, dashboard()),
    cache: createAnswerCache(operation),
    latestSignal({ asset, horizonMinutes, asOf }) {
      if (asOf !== null) return signalAt(operation, { asset, horizonMinutes, asOf });
      // While missed windows are caught up the newest one is not the present: better no answer than an old one.
      if (operation.lastWindow === null) return Promise.resolve(null);
      const arm = championNow(operation, horizonMinutes);
      return perWindow(`signal ${asset} ${horizonMinutes} ${arm}`, () =>
        newestSignal(operation, { asset, horizonMinutes, arm, knownBy: operation.clock.now() }),
      );
    },
    async firstSignalAt({ asset, horizonMinutes }) {
      const { storage } = operation;
      const arm = championNow(operation, horizonMinutes);
      return storage === null
        ? null
        : firstPredictedAt(storage.workspace.pool, { asset, arm, horizonMinutes });
    },
    signalHistory: (question) => readHistory(operation, question),
    latestFeatures: ({ asset }) => readLatestFeatures(operation, asset),
    performance: ({ asset, days }) =>
      perWindow(`performance ${asset} ${days}`, () => measureLast(operation, { asset, days })),
  });
}

/** The arm that answers for a horizon at this instant. */
function championNow(operation: Operation, horizonMinutes: number): string {
  return deployedNow(operation).champions.get(horizonMinutes) ?? operation.settings.firstChampion;
}

/** What was answered at a moment: by the arm that the ledger names for it, as far as it was known then. */
async function signalAt(
  operation: Operation,
  { asset, horizonMinutes, asOf }: { asset: string; horizonMinutes: number; asOf: EpochMs },
): Promise<SignalView | null> {
  const { storage, settings } = operation;
  if (storage === null) return null;
  const entry = await liveAt(storage.workspace.pool, { asset, at: asOf });
  const arm = entry === null ? null : championArm(entry.state, horizonMinutes);
  return newestSignal(operation, {
    asset,
    horizonMinutes,
    arm: arm ?? settings.firstChampion,
    knownBy: asOf,
  });
}

async function newestSignal(
  operation: Operation,
  key: { asset: string; horizonMinutes: number; arm: string; knownBy: EpochMs },
): Promise<SignalView | null> {
  const { storage } = operation;
  if (storage === null) return null;
  const { pool } = storage.workspace;
  const [prediction] = await readArm(pool, { ...key, after: -Infinity, upTo: Infinity, limit: 1 });
  if (prediction === undefined) return null;
  return toSignal(operation, prediction, await revisionOf(pool, key, prediction));
}

/**
 * The entry that a prediction was made under: the newest by then that names its version. A router follows the ledger
 * some moments behind, so the newest of all may not have been taken over yet.
 */
async function revisionOf(
  pool: Workspace['pool'],
  { asset, arm, horizonMinutes }: { asset: string; arm: string; horizonMinutes: number },
  { predictedAt, modelVersion }: JudgedPrediction,
): Promise<number | null> {
  const entries = await readDeployments(pool, { asset, upTo: predictedAt, limit: ENTRIES_LOOKED_THROUGH });
  const made = entries.find(({ state }) => liveVersion(state, { arm, horizonMinutes }) === modelVersion);
  return made?.id ?? null;
}

function toSignal({ config }: Operation, prediction: JudgedPrediction, revision: number | null): SignalView {
  return {
    ...prediction,
    revision,
    asOf: prediction.windowEnd + config.graceSeconds * SECOND_MS,
    priceDirection: priceDirection(prediction, config.neutralBand),
    abstention: prediction.abstention ?? null,
  };
}

async function readHistory(
  operation: Operation,
  { asset, horizonMinutes, from, to, limit }: HistoryQuestion,
): Promise<HistoryView> {
  const { storage, clock, config, barMinutes } = operation;
  const arm = championNow(operation, horizonMinutes);
  if (storage === null) return { arm, items: [] };
  const { pool } = storage.workspace;
  const predictions = await readArm(pool, {
    asset,
    arm,
    horizonMinutes,
    after: from ?? -Infinity,
    upTo: to ?? Infinity,
    knownBy: clock.now(),
    limit,
  });
  const [newest, oldest] = [predictions[0], predictions.at(-1)];
  if (newest === undefined || oldest === undefined) return { arm, items: [] };
  const candles = await readCandles(pool, {
    asset,
    barMinutes,
    after: oldest.windowEnd - 1,
    upTo: newest.windowEnd + config.graceSeconds * SECOND_MS,
  });
  // Walked backwards, so that of several versions of a bar the first one stays.
  const closes = new Map(candles.toReversed().map(({ eventTime, close }) => [eventTime, close]));
  const items = predictions.toReversed().map((prediction) => ({
    // Nobody asks which entry each of them came from; their versions say it.
    ...toSignal(operation, prediction, null),
    close: closes.get(prediction.windowEnd) ?? NaN,
  }));
  return { arm, items };
}

async function readLatestFeatures(operation: Operation, asset: string): Promise<FeaturesView | null> {
  const { storage, lastWindow, models } = operation;
  if (storage === null || lastWindow === null) return null;
  const { featureSet } = models;
  const { workspace, cache } = storage;
  const latest =
    (await createOnlineStore(cache, workspace.cachePrefix).read({ asset, featureSet }, lastWindow)) ??
    (await readStoredVector(operation, asset, lastWindow));
  if (latest === null) return null;
  const { windowEnd, asOf, degraded, values } = latest;
  return {
    asset,
    featureSet: featureSet.version,
    windowEnd,
    asOf,
    degraded,
    features: Object.fromEntries(featureSet.names.map((name, place) => [name, values[place] ?? NaN])),
    units: Object.fromEntries(featureSet.definitions.map(({ name, unit }) => [name, unit])),
  };
}

async function readStoredVector(operation: Operation, asset: string, windowEnd: EpochMs) {
  const { storage, models } = operation;
  if (storage === null) return null;
  const key = { asset, featureSet: models.featureSet };
  const rows = await readFeatureRows(storage.workspace.pool, key, { after: windowEnd - 1, upTo: windowEnd });
  const asOf = rows.asOfs[0];
  return asOf === undefined
    ? null
    : { windowEnd, asOf, values: rows.values, degraded: rows.degraded[0] === 1 };
}

async function measureLast(
  { storage, lastWindow, barMinutes }: Operation,
  { asset, days }: { asset: string; days: number },
): Promise<PerformanceView> {
  const nothing = { asset, windows: { from: null, to: null, n: 0 }, arms: [], note: PERFORMANCE_NOTE };
  if (storage === null || lastWindow === null) return nothing;
  const range = { asset, after: lastWindow - days * DAY_MS, upTo: lastWindow, barMinutes };
  const scored = await readScored(storage.workspace.pool, range);
  const first = scored[0]?.windowEnd;
  if (first === undefined) return nothing;
  return {
    asset,
    windows: {
      from: first - barMinutes * MINUTE_MS,
      to: lastWindow,
      n: new Set(scored.map(({ windowEnd }) => windowEnd)).size,
    },
    arms: measurePerformance(scored, { barMinutes, seed: INTERVAL_SEED }),
    note: PERFORMANCE_NOTE,
  };
}

/** Remembers answers until the next window: between two windows nothing that they are made of changes. */
function createWindowMemo(operation: Operation) {
  let window: EpochMs | null = null;
  const answers = new Map<string, Promise<unknown>>();
  return async <Answer>(key: string, compute: () => Promise<Answer>): Promise<Answer> => {
    if (operation.lastWindow === null) return compute();
    if (operation.lastWindow !== window) {
      answers.clear();
      window = operation.lastWindow;
    }
    const known = answers.get(key) as Promise<Answer> | undefined;
    if (known !== undefined) return known;
    const answer = compute();
    if (answers.size >= REMEMBERED_ANSWERS) answers.clear();
    answers.set(key, answer);
    try {
      return await answer;
    } catch (error) {
      if (answers.get(key) === answer) answers.delete(key);
      throw error;
    }
  };
}

/** The operation's clock changes when the catch-up is over; this one always is the present one. */
function clockOf(operation: Operation): ServingPorts['clock'] {
  return {
    get isVirtual() {
      return operation.clock.isVirtual;
    },
    now: () => operation.clock.now(),
  };
}

/** The cache under the workspace's own prefix; before it stands nothing is kept. */
function createAnswerCache(operation: Operation): ServingPorts['cache'] {
  const prefixed = (key: string) => `${operation.storage?.workspace.cachePrefix ?? ''}${key}`;
  return {
    isShared: () => operation.storage?.cache.kind === 'redis',
    get: async (key) => (await operation.storage?.cache.get(prefixed(key))) ?? null,
    set: async (key, value, ttlSeconds) => operation.storage?.cache.set(prefixed(key), value, ttlSeconds),
  };
}

/** A database that is away is the world's fault: it is answered as such, with a chance to come again. */
function guarded(ports: ServingPorts): ServingPorts {
  const wrap =
    <Question, Answer>(ask: (question: Question) => Promise<Answer>) =>
    async (question: Question): Promise<Answer> => {
      try {
        return await ask(question);
      } catch (error) {
        throw isAppError(error) || !isConnectionLost(error) ? error : databaseAway(error);
      }
    };
  return {
    ...ports,
    latestSignal: wrap(ports.latestSignal),
    firstSignalAt: wrap(ports.firstSignalAt),
    signalHistory: wrap(ports.signalHistory),
    latestFeatures: wrap(ports.latestFeatures),
    performance: wrap(ports.performance),
    ablations: wrap(ports.ablations),
    priceWithTexts: wrap(ports.priceWithTexts),
    modelsStatus: wrap(ports.modelsStatus),
    deployments: wrap(ports.deployments),
    selectChampion: wrap(ports.selectChampion),
    deployVersion: wrap(ports.deployVersion),
    rollBack: wrap(ports.rollBack),
  };
}
