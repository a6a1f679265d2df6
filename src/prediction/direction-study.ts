import { MINUTE_MS, type EpochMs } from '../core/index.ts';
import type { FeatureInput, FeatureSet } from '../features/index.ts';
import {
  compareDirections,
  coverageCurve,
  evaluateDirection,
  PAST_RETURN,
  selectColumns,
  VOID_LABEL,
  walkForward,
  type AnsweringFit,
  type ComparisonRows,
  type CoveragePoint,
  type DirectionRows,
  type DirectionScores,
  type ModelFamily,
  type PairedComparison,
} from '../models/index.ts';
import { markUnlike } from './abstention.ts';
import { createWindowMemory } from './window-memory.ts';

/** Share of the history that only trains when nobody says where the test begins. */
export const WARM_UP_SHARE = 0.25;

/** What is tried on which past. */
export interface DirectionStudyOptions {
  featureSet: FeatureSet;
  /** In the order in which state is folded. */
  inputs: readonly FeatureInput[];
  graceSeconds: number;
  horizonMinutes: number;
  family: ModelFamily;
  /** False drops the sentiment columns. */
  usesSentiment: boolean;
  /** By the name under which their accuracy is told. */
  baselines: Readonly<Record<string, ModelFamily>>;
  /** Tested windows: from < T <= to. Default: the last three quarters of the history. */
  from?: EpochMs;
  to?: EpochMs;
  /** `weekly`: fits as in live operation; `once`: everything before `from` trains, everything after tests. */
  refit: 'weekly' | 'once';
  /** Default: one horizon. */
  embargoMinutes?: number;
  seed: number;
  /** Told after each fit of the family, then after each baseline, how many of these are done. */
  onProgress?: (done: number, total: number) => void;
}

/** How well a direction could have been predicted. */
export interface DirectionStudy extends DirectionScores {
  /** What was predicted, with its truth. */
  judged: ComparisonRows;
  /** P(up) of each baseline for the same windows. */
  baselineProbabilities: Record<string, Float64Array>;
  /** P(up) per window, NaN where not tested. */
  probabilities: Float64Array;
  windowEnds: Float64Array;
  /** Tested windows: from < T <= to. */
  from: EpochMs;
  to: EpochMs;
  /** What the family was given, and its fits with the rows that they answered for, in time order. */
  answering: { rows: DirectionRows; fits: readonly AnsweringFit[] };
  /** 1 where a window was unlike what its fit had learnt from, shape (windows). */
  unlike: Uint8Array;
  /** How many fits were made, and the rows of the last one. */
  fits: number;
  lastTrainingRows: number;
}

/**
 * Purged, embargoed walk-forward over a past that is held in memory, through the very folding, truth and rows that a
 * window goes through in operation.
 * @throws RangeError when there is no window to test
 */
export function studyDirection(options: DirectionStudyOptions): DirectionStudy {
  const { featureSet, horizonMinutes, family, baselines, seed, refit, onProgress } = options;
  const { rows, labelsOneBarLater } = foldHistory(options);
  const last = rows.windowEnds.at(-1) ?? NaN;
  const from = options.from ?? firstTested(rows.windowEnds);
  const to = Math.min(options.to ?? Infinity, last);
  if (!(from < to)) throw new RangeError(`there is no window to test after ${from} and up to ${to}`);
  const walk = {
    horizonMinutes,
    embargoMinutes: options.embargoMinutes ?? horizonMinutes,
    graceSeconds: options.graceSeconds,
    from,
    to,
    refit,
    seed,
  };
  const columns = options.usesSentiment
    ? featureSet.names
    : featureSet.names.filter((name) => !featureSet.withoutSentiment.includes(name));
  const yardsticks = Object.entries(baselines);
  const answering = { rows: selectColumns(rows, [...columns, PAST_RETURN]), fits: [] as AnsweringFit[] };
  const unlike = new Uint8Array(rows.count);
  const own = walkForward(answering.rows, {
    ...walk,
    family,
    onFit: (done, fits, { training, ...fit }) => {
      answering.fits.push(fit);
      markUnlike(unlike, { ...fit, training, rows: answering.rows, seed });
      onProgress?.(done, fits + yardsticks.length);
    },
  });
  const baselineProbabilities = Object.fromEntries(
    yardsticks.map(([name, baseline], place) => {
      const { probabilities } = walkForward(rows, { ...walk, family: baseline });
      onProgress?.(own.fits.length + place + 1, own.fits.length + yardsticks.length);
      return [name, probabilities];
    }),
  );
  const scores = evaluateDirection({
    probabilities: own.probabilities,
    labels: rows.labels,
    labelsOneBarLater,
    windowEnds: rows.windowEnds,
    barMinutes: featureSet.barMinutes,
    horizonMinutes,
    baselineProbabilities,
    seed,
  });
  const judged = {
    probabilities: own.probabilities,
    labels: rows.labels,
    windowEnds: rows.windowEnds,
    barMinutes: featureSet.barMinutes,
    horizonMinutes,
    seed,
  };
  return {
    ...scores,
    judged,
    baselineProbabilities,
    probabilities: own.probabilities,
    windowEnds: rows.windowEnds,
    answering,
    unlike,
    from,
    to,
    fits: own.fits.length,
    lastTrainingRows: own.fits.at(-1)?.trainingRows ?? 0,
  };
}

/** A study beside its baselines, window by window, and where the family is surest. */
export interface StudyComparison {
  comparisons: Record<string, PairedComparison>;
  /** From all windows down to the surest hundredth. */
  coverage: CoveragePoint[];
}

/** Some seconds of resampling, for whoever wants to see it. */
export function compareStudy({
  judged,
  baselineProbabilities,
}: Pick<DirectionStudy, 'judged' | 'baselineProbabilities'>): StudyComparison {
  const beside = Object.entries(baselineProbabilities);
  return {
    comparisons: Object.fromEntries(beside.map(([name, other]) => [name, compareDirections(judged, other)])),
    coverage: coverageCurve(judged),
  };
}

/** Every window of the history with its features and, as far as the history tells, its truth. */
function foldHistory(options: DirectionStudyOptions): {
  rows: DirectionRows;
  labelsOneBarLater: Uint8Array;
} {
  const { featureSet, inputs, graceSeconds, horizonMinutes } = options;
  const memory = createWindowMemory({
    featureSets: [featureSet],
    horizonsMinutes: [horizonMinutes],
    graceSeconds,
  });
  const windowEnds = windowsOf(inputs, featureSet.barMinutes);
  let next = 0;
  for (const windowEnd of windowEnds) {
    const first = next;
    while ((inputs[next]?.knownAt ?? Infinity) <= windowEnd + memory.graceMs) next += 1;
    memory.fold(inputs.slice(first, next), windowEnd);
  }
  const places = new Map(windowEnds.map((windowEnd, place) => [windowEnd, place]));
  const labelsOneBarLater = new Uint8Array(windowEnds.length).fill(VOID_LABEL);
  for (const settled of memory.settle((windowEnds.at(-1) ?? 0) + memory.graceMs)) {
    const place = places.get(settled.windowEnd);
    if (settled.entryDelayMinutes === 0 || settled.outcome === 'void' || place === undefined) continue;
    labelsOneBarLater[place] = settled.outcome === 'up' ? 1 : 0;
  }
  return { rows: memory.history.rowsAt(horizonMinutes), labelsOneBarLater };
}

/** Every bar from the first candle's close to the last one's. */
function windowsOf(inputs: readonly FeatureInput[], barMinutes: number): EpochMs[] {
  const bar = barMinutes * MINUTE_MS;
  let first = Infinity;
  let last = -Infinity;
  for (const input of inputs) {
    if (input.kind !== 'candle') continue;
    first = Math.min(first, input.eventTime);
    last = Math.max(last, input.eventTime);
  }
  const count = last >= first ? (last - first) / bar + 1 : 0;
  return Array.from({ length: count }, (_, place) => first + place * bar);
}

function firstTested(windowEnds: Float64Array): EpochMs {
  return windowEnds[Math.floor(windowEnds.length * WARM_UP_SHARE)] ?? NaN;
}
