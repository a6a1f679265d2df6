import { DAY_MS, inTransaction, SECOND_MS, type EpochMs, type Workspace } from './core/index.ts';
import {
  buildFeatureRows,
  createFeatureState,
  readFeatureRows,
  readFeatureState,
  writeFeatureRows,
  writeFeatureState,
  type FeatureSet,
} from './features/index.ts';
import { readKnownScores, writeLaneScores } from './input-feed.ts';
import { readObservations } from './lake/index.ts';
import { scoreSideBySide, type ScoringTroubles } from './prediction/index.ts';
import { scorerName, type Scorer } from './sentiment/index.ts';

/** Windows that are folded and committed at once. */
const BATCH_MS = 28 * DAY_MS;

/** What is told while a lane is caught up. */
export interface LaneProgress {
  /** `linear@1.0.0`. */
  scorer: string;
  done: number;
  total: number;
}

/**
 * Brings every further lane to where the first one stands: texts that its scorer has not read yet are scored, and the
 * same windows are folded by the very steps that run online. A scorer that joins a workspace late so gets the past that
 * it would have had. Scores, rows and state are committed together, four weeks at a time; what is committed is kept.
 * @param options.featureSets - one a lane, the first being the one to follow
 * @param options.scorers - in the same order
 * @returns how many windows were folded
 */
export async function catchUpLanes(options: {
  workspace: Workspace;
  asset: string;
  featureSets: readonly FeatureSet[];
  scorers: readonly Scorer[];
  graceSeconds: number;
  onProgress?: (progress: LaneProgress) => void;
  /** Told of texts that a scorer cannot read, which stay without its score; left out, one such text ends it. */
  onUnreadable?: ScoringTroubles['onUnreadable'];
  signal?: AbortSignal;
}): Promise<number> {
  const { workspace, asset, featureSets, scorers } = options;
  const [first, ...further] = featureSets;
  if (first === undefined) return 0;
  const followed = await readFeatureState(workspace.pool, { asset, featureSet: first });
  if (followed === null) return 0;
  let folded = 0;
  for (const [place, featureSet] of further.entries()) {
    const scorer = scorers[place + 1];
    if (scorer === undefined) throw new RangeError(`the lane of ${featureSet.scorer} has no scorer`);
    const stored = await readFeatureState(workspace.pool, { asset, featureSet });
    const after = stored?.windowEnd ?? -Infinity;
    const { windowEnds } = await readFeatureRows(
      workspace.pool,
      { asset, featureSet: first },
      { after, upTo: followed.windowEnd },
    );
    folded += windowEnds.length;
    await foldLane({ ...options, featureSet, scorer, windowEnds, state: stored?.state, after });
  }
  return folded;
}

async function foldLane(
  lane: Omit<Parameters<typeof catchUpLanes>[0], 'featureSets' | 'scorers'> & {
    featureSet: FeatureSet;
    scorer: Scorer;
    windowEnds: Float64Array;
    state: ReturnType<typeof createFeatureState> | undefined;
    /** Windows up to here are folded already. */
    after: EpochMs;
  },
): Promise<void> {
  const { workspace, asset, featureSet, scorer, graceSeconds, windowEnds, onProgress, onUnreadable, signal } =
    lane;
  const graceMs = graceSeconds * SECOND_MS;
  const state = lane.state ?? createFeatureState(featureSet);
  let knownUpTo = lane.after + graceMs;
  for (let start = 0; start < windowEnds.length;) {
    signal?.throwIfAborted();
    const begins = windowEnds[start] ?? NaN;
    const found = windowEnds.findIndex((windowEnd) => windowEnd >= begins + BATCH_MS);
    const end = found < 0 ? windowEnds.length : found;
    const windows = windowEnds.slice(start, end);
    const upTo = (windows.at(-1) ?? NaN) + graceMs;
    const observations = await readObservations(workspace.pool, {
      asset,
      barMinutes: featureSet.barMinutes,
      after: knownUpTo,
      upTo,
      indexNames: ['fear_greed'],
    });
    const known = await readKnownScores(workspace.pool, observations, [scorer]);
    const { inputs, scores } = await scoreSideBySide(observations, known, { onUnreadable });
    const built = buildFeatureRows({ featureSet, inputs, windows, graceSeconds, state });
    await inTransaction(workspace.pool, async (client) => {
      await writeLaneScores(client, scores, upTo);
      await writeFeatureRows(
        client,
        { asset, featureSet },
        { ...built, asOfs: windows.map((T) => T + graceMs) },
      );
      await writeFeatureState(client, asset, { state, windowEnd: windows.at(-1) ?? NaN });
    });
    knownUpTo = upTo;
    start = end;
    onProgress?.({ scorer: scorerName(scorer), done: end, total: windowEnds.length });
  }
}
