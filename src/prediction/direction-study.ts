import { MINUTE_MS, type EpochMs, type Holdout } from '../core/index.ts';
import type { FeatureInput, FeatureSet, LabelDefinition } from '../features/index.ts';
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
  type Refit,
  type Weighting,
} from '../models/index.ts';
import { markUnlike } from './abstention.ts';
import type { LaneInput } from './inputs.ts';
import { relabel } from './relabel.ts';
import { createWindowMemory, type WindowMemory } from './window-memory.ts';

/** Share of the history that only trains when nobody says where the test begins. */
export const WARM_UP_SHARE = 0.25;

/** What is tried on which past. */
export interface DirectionStudyOptions {
  featureSet: FeatureSet;
  /** In the order in which state is folded. */
  inputs: readonly FeatureInput[];
  graceSeconds: number;
  horizonMinutes: number;
  /** What is asked of a window; default `sign`. */
  label?: LabelDefinition;
  family: ModelFamily;
  /** False drops the sentiment columns. */
  usesSentiment: boolean;
  /** By the name under which their accuracy is told. */
  baselines: Readonly<Record<string, ModelFamily>>;
  /** Tested windows: from < T <= to. Default: the last three quarters of the history. */
  from?: EpochMs;
  to?: EpochMs;
  /** `weekly`: fits as in live operation; `once`: everything before `from` trains, everything after tests. */
  refit: Refit;
  /** Only windows of so many days before a fit teach it, the baselines' too; all of the past where left out. */
  trainingDays?: number;
  /** How the family's rows are weighted; default `none`. Baselines count them all alike. */
  weighting?: Weighting;
  /** Default: one horizon. */
  embargoMinutes?: number;
  /** Kept back: neither trains nor tests. */
  holdout?: Holdout | null;
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
  /** Of the scored windows, the share that is up (or a large move); NaN without any. */
  baseRate: number;
  /** Tested windows whose label is void or not known. */
  voids: number;
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
    trainingDays: options.trainingDays,
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
    weighting: options.weighting,
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
    ...truthOf(judged),
  };
}

/** How often the answer was yes, and how often there was none. */
export function truthOf({
  probabilities,
  labels,
}: ComparisonRows): Pick<DirectionStudy, 'baseRate' | 'voids'> {
  let tested = 0;
  let known = 0;
  let ups = 0;
  probabilities.forEach((probability, row) => {
    if (Number.isNaN(probability)) return;
    tested += 1;
    const label = labels[row] ?? VOID_LABEL;
    if (label > 1) return;
    known += 1;
    ups += label;
  });
  return { baseRate: ups / known, voids: tested - known };
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

/** Every window of a history with its features and its truth. */
export interface FoldedHistory {
  rows: DirectionRows;
  /** The truth with entry one bar later; `VOID_LABEL` where there is none, shape (rows.count). */
  labelsOneBarLater: Uint8Array;
}

/** Folds a history that is held in memory, through the very folding and truth that a window goes through. */
export function foldHistory(
  options: Pick<
    DirectionStudyOptions,
    'featureSet' | 'inputs' | 'graceSeconds' | 'horizonMinutes' | 'label' | 'holdout'
  >,
): FoldedHistory {
  const { featureSet, inputs, graceSeconds, horizonMinutes, holdout } = options;
  const memory = createWindowMemory({
    featureSets: [featureSet],
    horizonsMinutes: [horizonMinutes],
    graceSeconds,
    holdout,
  });
  const windowEnds = foldAll(memory, inputs, featureSet.barMinutes);
  const places = new Map(windowEnds.map((windowEnd, place) => [windowEnd, place]));
  const labelsOneBarLater = new Uint8Array(windowEnds.length).fill(VOID_LABEL);
  for (const settled of memory.settle((windowEnds.at(-1) ?? 0) + memory.graceMs)) {
    const place = places.get(settled.windowEnd);
    if (settled.entryDelayMinutes === 0 || settled.outcome === 'void' || place === undefined) continue;
    labelsOneBarLater[place] = settled.outcome === 'up' ? 1 : 0;
  }
  const rows = memory.history.rowsAt(horizonMinutes);
  const { label = { kind: 'sign' } } = options;
  if (label.kind === 'sign') return { rows, labelsOneBarLater };
  const { barMinutes } = featureSet;
  return relabel(rows, { definition: label, inputs, horizonMinutes, barMinutes, graceSeconds, holdout });
}

/**
 * Folds everything into a memory, window by window from the first candle's close to the last one's.
 * @returns the windows
 */
export function foldAll(
  memory: WindowMemory,
  inputs: readonly LaneInput[],
  barMinutes: number,
): readonly EpochMs[] {
  const windowEnds = windowsOf(inputs, barMinutes);
  let next = 0;
  for (const windowEnd of windowEnds) {
    const first = next;
    while ((inputs[next]?.knownAt ?? Infinity) <= windowEnd + memory.graceMs) next += 1;
    memory.fold(inputs.slice(first, next), windowEnd);
  }
  return windowEnds;
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
