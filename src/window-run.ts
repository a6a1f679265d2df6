import {
  acquireFence,
  commitWindows,
  DAY_MS,
  inTransaction,
  isoUtc,
  latestWindow,
  messageOf,
  raiseEvent,
  SECOND_MS,
  type Cache,
  type EpochMs,
  type Holdout,
  type Queryable,
  type Workspace,
} from './core/index.ts';
import {
  createFeatureLanes,
  createOnlineStore,
  readFeatureRows,
  readFeatureState,
  writeFeatureRows,
  writeFeatureState,
  type FeatureSet,
  type FeatureState,
  type StoredFeatureRows,
} from './features/index.ts';
import { catchUpLanes, type LaneProgress } from './catch-up-lanes.ts';
import { writeLaneScores } from './input-feed.ts';
import { readCandles } from './lake/index.ts';
import {
  DUE_TRIGGERS,
  openLearning,
  type LearningOptions,
  type LearningSettings,
  type OpeningOptions,
} from './learning.ts';
import {
  createPredictor,
  createWindowMemory,
  HORIZONS_MINUTES,
  writeOutcomes,
  writePredictions,
  type Arm,
  type ArmFailure,
  type RememberedRun,
  type WindowMemory,
  type ScoringTroubles,
} from './prediction/index.ts';
import {
  claimVersions,
  createArtifactStore,
  latestDeployment,
  readRuns,
  type Deployment,
} from './registry/index.ts';
import { recordRetraining, saveArtifacts, type Retraining } from './retraining/index.ts';
import { runWindow, type WindowEffects, type WindowParts, type WindowRun } from './run-window.ts';
import { knownSinceOf, type Scorer } from './sentiment/index.ts';

/** The ledger's name for the one path. */
export const WINDOW_JOB = 'run-window';
/** At most this much of history is held back before it is committed. */
const BATCH_MS = 7 * DAY_MS;

/** A run over one workspace, opened where the ledger says it stopped. */
export interface WorkspaceRun extends WindowRun {
  workspace: Workspace;
  cache: Cache;
  asset: string;
  /** The first lane's: what bars are decided by. */
  featureSet: FeatureSet;
  /** One a lane. */
  scorers: readonly Scorer[];
  fence: number;
  /** The newest committed window; null before the first. */
  lastWindow: EpochMs | null;
}

/** What a run is made of. */
export interface RunOptions extends LearningSettings, Pick<LearningOptions, 'pool'>, OpeningOptions {
  workspace: Workspace;
  cache: Cache;
  asset: string;
  /** One a lane, each with its scorer in the same place. */
  featureSets: readonly FeatureSet[];
  scorers: readonly Scorer[];
  arms: readonly Arm[];
  graceSeconds: number;
  /** Kept back from fits and from outcomes. */
  holdout: Holdout | null;
  /** Windows up to here are warm-up. */
  predictAfter: EpochMs;
  seed: number;
  /** Told while a scorer that joins late reads the past. */
  onProgress?: (progress: LaneProgress) => void;
  /** Told of texts of that past that it cannot read; left out, one such text ends it. */
  onUnreadable?: ScoringTroubles['onUnreadable'];
  signal?: AbortSignal;
}

/**
 * Takes over the workspace's run: older runners can no longer commit. State, rows and closes are read back as they
 * were committed; everything else follows from them.
 * @throws AppError `REGISTRY_...` without `refusedAt`, when a live model cannot be used as it lies in the registry
 */
export async function openRun(options: RunOptions): Promise<WorkspaceRun> {
  const { workspace, cache, asset, featureSets, scorers, predictAfter, graceSeconds } = options;
  const [featureSet] = featureSets;
  if (featureSet === undefined) throw new RangeError('a run needs a feature set');
  const graceMs = graceSeconds * SECOND_MS;
  const fence = await acquireFence(workspace.pool, { job: WINDOW_JOB, asset });
  await catchUpLanes(options);
  return {
    workspace,
    cache,
    asset,
    featureSet,
    scorers,
    fence,
    predictAfter,
    lastWindow: await latestWindow(workspace.pool, { job: WINDOW_JOB, asset }),
    memory: await openMemory(options),
    predictor: createPredictor({
      arms: options.arms,
      horizonsMinutes: HORIZONS_MINUTES,
      lanes: createFeatureLanes(featureSets),
      firstFitAt: predictAfter,
      graceMs,
      seed: options.seed,
    }),
    learning: await openLearning({
      ...options,
      knownSince: knownSinceOf(scorers),
      firstFitAt: predictAfter,
      graceMs,
    }),
  };
}

/** What the windows of a workspace left behind: rows, closes, feature state. Read only; no fence is taken. */
export async function openMemory(options: MemoryPlace): Promise<WindowMemory> {
  const { featureSets, graceSeconds, holdout } = options;
  const plan = { featureSets, horizonsMinutes: HORIZONS_MINUTES, graceSeconds, holdout };
  return createWindowMemory(plan, await remember(options));
}

type MemoryPlace = Pick<RunOptions, 'workspace' | 'asset' | 'featureSets' | 'graceSeconds' | 'holdout'>;

async function remember(options: MemoryPlace): Promise<RememberedRun | undefined> {
  const { workspace, asset, featureSets, graceSeconds } = options;
  const [first] = featureSets;
  if (first === undefined) return undefined;
  const states: FeatureState[] = [];
  const rows: StoredFeatureRows[] = [];
  let windowEnd = NaN;
  for (const featureSet of featureSets) {
    const key = { asset, featureSet };
    const stored = await readFeatureState(workspace.pool, key);
    if (stored === null && featureSet === first) return undefined;
    if (featureSet === first) windowEnd = stored?.windowEnd ?? NaN;
    if (stored?.windowEnd !== windowEnd)
      throw laneBehind(featureSet, { windowEnd, found: stored?.windowEnd });
    states.push(stored.state);
    rows.push(await readFeatureRows(workspace.pool, key, { after: -Infinity, upTo: windowEnd }));
  }
  const knownUpTo = windowEnd + graceSeconds * SECOND_MS;
  const closes = await readCandles(workspace.pool, {
    asset,
    barMinutes: first.barMinutes,
    after: -Infinity,
    upTo: knownUpTo,
  });
  return { featureStates: states, knownUpTo, closes, rows: widenRows(featureSets, rows) };
}

/** The rows of all lanes side by side; every lane has one for each window. */
function widenRows(featureSets: readonly FeatureSet[], rows: readonly StoredFeatureRows[]) {
  const lanes = createFeatureLanes(featureSets);
  return Array.from(rows[0]?.windowEnds ?? [], (windowEnd, place) => ({
    windowEnd,
    values: lanes.widen(
      rows.map(({ values }, lane) => {
        const width = featureSets[lane]?.names.length ?? 0;
        return values.slice(place * width, (place + 1) * width);
      }),
    ),
  }));
}

function laneBehind(
  { scorer, version }: FeatureSet,
  { windowEnd, found }: { windowEnd: EpochMs; found: EpochMs | undefined },
): RangeError {
  const stands = found === undefined ? 'nowhere' : `at ${isoUtc(found)}`;
  return new RangeError(
    `the features of ${scorer} (${version}) stand ${stands}, the others at ${isoUtc(windowEnd)}: catchUpLanes comes first`,
  );
}

/**
 * Decides windows in order and commits them: one at a time when `isLive`, else up to a week at once.
 * @param options.beforeWindow - awaited before a window is begun: where a virtual clock is moved
 * @param options.onCommit - told after each commit how many of the windows are done
 * @param options.signal - when aborted, stops before the next window; what is decided is committed
 */
export async function runThrough(
  windows: readonly EpochMs[],
  run: WorkspaceRun,
  options: {
    parts: WindowParts;
    isLive: boolean;
    /** Whether a commit waits for the disk; default: when live. */
    isDurable?: boolean;
    onCommit?: (done: number, total: number) => void;
    beforeWindow?: (windowEnd: EpochMs) => Promise<void> | void;
    signal?: AbortSignal;
  },
): Promise<void> {
  const { parts, isLive, isDurable = isLive, onCommit, beforeWindow, signal } = options;
  let batch: WindowEffects[] = [];
  let done = 0;
  for (const windowEnd of windows) {
    if (signal?.aborted === true) break;
    await beforeWindow?.(windowEnd);
    const [first] = batch;
    if (first !== undefined && (isLive || windowEnd - first.windowEnd >= BATCH_MS)) await flush();
    batch.push(await runWindow(windowEnd, run, parts));
    if (isLive) await flush();
  }
  await flush();

  async function flush(): Promise<void> {
    if (batch.length === 0) return;
    await commitEffects(run, batch, { isDurable, at: parts.clock.now() });
    done += batch.length;
    batch = [];
    onCommit?.(done, windows.length);
  }
}

/** Writes windows with everything they changed, in one transaction, then puts the newest vector into the cache. */
async function commitEffects(
  run: WorkspaceRun,
  batch: readonly WindowEffects[],
  { isDurable, at }: { isDurable: boolean; at: EpochMs },
): Promise<void> {
  const last = batch.at(-1);
  if (last === undefined) return;
  const { workspace, asset, fence, memory } = run;
  const windowEnds = batch.map(({ windowEnd }) => windowEnd);
  const retrainings = batch.flatMap((effects) => effects.retrainings);
  const newest = await inTransaction(
    workspace.pool,
    async (client) => {
      let newest: Deployment | null = null;
      await commitWindows(client, { job: WINDOW_JOB, asset, fence, windowEnds, at });
      await writeLaneScores(
        client,
        batch.flatMap(({ scores }) => scores),
        at,
      );
      for (const [lane, state] of memory.featureStates.entries()) {
        await writeFeatureRows(client, { asset, featureSet: state.featureSet }, stackRows(batch, lane));
        await writeFeatureState(client, asset, { state, windowEnd: last.windowEnd });
      }
      await writePredictions(
        client,
        asset,
        batch.flatMap(({ predictions }) => predictions),
      );
      await writeOutcomes(
        client,
        asset,
        batch.flatMap(({ outcomes }) => outcomes),
      );
      for (const retraining of retrainings) {
        newest = (await writeRetraining(client, { workspace, asset, retraining, isDurable })) ?? newest;
      }
      for (const { asOf, revisions, armFailures } of batch) {
        for (const eventTime of revisions) await raiseEvent(client, revisionEvent(asset, asOf, eventTime));
        for (const failure of armFailures) await raiseEvent(client, armFailedEvent(asset, asOf, failure));
      }
      return newest;
    },
    { durable: isDurable },
  );
  if (retrainings.length > 0) run.learning.recorded(newest);
  run.lastWindow = last.windowEnd;
  const { windowEnd, asOf, vectors, degraded } = last;
  const online = createOnlineStore(run.cache, workspace.cachePrefix);
  for (const [lane, { featureSet }] of memory.featureStates.entries()) {
    const values = vectors[lane] ?? new Float64Array(0);
    await online.write({ asset, featureSet }, { windowEnd, asOf, values, degraded });
  }
}

/**
 * Writes a retraining that was made beside the windows: its files, what they are, and what is live from now on.
 * @param run.fence - of the run that it is made for; one by hand is made for none
 * @param now - it is dated then, since windows that were decided meanwhile had the models before
 * @returns its entry of the ledger, null where it changes nothing; and whether it was written: it is not where a
 *   training of the same date, or of a later one, stands already
 * @throws AppError `WINDOW_FENCED` when another runner has taken over, `REGISTRY_STATE_MOVED` or
 *   `REGISTRY_VERSION_TAKEN` when somebody else was faster; nothing is recorded then
 */
export async function commitRetraining(
  run: Pick<WorkspaceRun, 'workspace' | 'asset'> & Partial<Pick<WorkspaceRun, 'fence'>>,
  retraining: Retraining,
  now: EpochMs,
): Promise<{ entry: Deployment | null; isWritten: boolean }> {
  const { workspace, asset, fence } = run;
  return inTransaction(workspace.pool, async (client) => {
    if (fence !== undefined) {
      // No window is written, but whoever has taken over since is respected, and waits until this stands.
      await commitWindows(client, { job: WINDOW_JOB, asset, fence, windowEnds: [], at: now });
      const [newest] = await readRuns(client, { asset, triggers: DUE_TRIGGERS, limit: 1 });
      if (newest !== undefined && newest.at >= retraining.at) return { entry: null, isWritten: false };
    }
    const parts = { workspace, asset, retraining, isDurable: true, notBefore: now };
    return { entry: await writeRetraining(client, parts), isWritten: true };
  });
}

/**
 * Files first, then the rows that name them: what the database knows is there. A crash in between leaves files that
 * nobody knows, and the same training, made again, replaces them.
 */
async function writeRetraining(
  client: Queryable,
  parts: {
    workspace: Workspace;
    asset: string;
    retraining: Retraining;
    isDurable: boolean;
    notBefore?: EpochMs;
  },
): Promise<Deployment | null> {
  const { workspace, asset, retraining, isDurable, notBefore = retraining.recordedAt } = parts;
  await claimVersions(
    client,
    retraining.drafts.map(({ manifest }) => manifest),
  );
  const store = createArtifactStore(workspace.registryDir);
  const saved = await saveArtifacts(store, retraining, { durable: isDurable });
  // Orders that were given while it was being made stand in the ledger before it.
  const latest = await latestDeployment(client, asset);
  const at = Math.max(retraining.recordedAt, notBefore, latest?.at ?? -Infinity);
  return recordRetraining(client, { asset, retraining, saved, at });
}

function stackRows(batch: readonly WindowEffects[], lane: number) {
  const width = batch[0]?.vectors[lane]?.length ?? 0;
  const values = new Float64Array(batch.length * width);
  batch.forEach((effects, place) => {
    values.set(effects.vectors[lane] ?? [], place * width);
  });
  return {
    windowEnds: Float64Array.from(batch, ({ windowEnd }) => windowEnd),
    asOfs: Float64Array.from(batch, ({ asOf }) => asOf),
    degraded: Uint8Array.from(batch, ({ degraded }) => (degraded ? 1 : 0)),
    values,
  };
}

function revisionEvent(asset: string, at: EpochMs, eventTime: EpochMs) {
  return {
    at,
    kind: 'lake.candle-revised',
    severity: 'info' as const,
    asset,
    facts: {
      bar: isoUtc(eventTime),
      remedy: 'The first version serves; compare the sources if this is frequent.',
    },
    dedupKey: null,
  };
}

/** Once a version: one that fails, fails at every window. */
function armFailedEvent(asset: string, at: EpochMs, { error, ...arm }: ArmFailure) {
  const kind = 'prediction.arm-failed';
  return {
    at,
    kind,
    severity: 'critical' as const,
    asset,
    facts: { ...arm, windowEnd: isoUtc(arm.windowEnd), message: messageOf(error) },
    dedupKey: `${kind} ${asset} ${arm.modelVersion}`,
  };
}
