import { isHeldOut, MINUTE_MS, SECOND_MS, type EpochMs, type Holdout } from '../core/index.ts';
import {
  createCloseSeries,
  createFeatureLanes,
  createFeatureState,
  type CloseSeries,
  type FeatureInput,
  type FeatureLanes,
  type FeatureSet,
  type FeatureState,
} from '../features/index.ts';
import type { LaneInput } from './inputs.ts';
import { createRowHistory, type RowHistory, type WindowRow } from './row-history.ts';
import { createTruth, type SettledOutcome } from './truth.ts';

/** A decided row with what its folding showed. */
export interface DecidedRow extends WindowRow {
  /** The vector of each lane; `values` is the wide row made of them. */
  vectors: readonly Float64Array[];
  degraded: boolean;
  revisions: EpochMs[];
}

/** What a run carries from window to window. All of it can be rebuilt from the workspace at any window. */
export interface WindowMemory {
  readonly graceMs: number;
  readonly lanes: FeatureLanes;
  /** One a lane. */
  readonly featureStates: readonly FeatureState[];
  readonly history: RowHistory;
  /** Everything known by this moment has been folded. */
  readonly knownUpTo: EpochMs;
  /** Folds inputs known by the decision of this window and reads its row. */
  fold(inputs: readonly LaneInput[], windowEnd: EpochMs): DecidedRow;
  settle(asOf: EpochMs): SettledOutcome[];
}

/** What a memory is made for. */
export interface MemoryOptions {
  /** A lane each, see `FeatureLanes`. */
  featureSets: readonly FeatureSet[];
  horizonsMinutes: readonly number[];
  graceSeconds: number;
  /** Labels that touch this range are never told, so that nothing can learn from them or be judged by them. */
  holdout?: Holdout | null;
}

/** What a workspace holds of a run that was interrupted. */
export interface RememberedRun {
  /** State of each lane after the last committed window. */
  featureStates: readonly FeatureState[];
  knownUpTo: EpochMs;
  /** Every close known by then. */
  closes: Iterable<Extract<FeatureInput, { kind: 'candle' }>>;
  /** Every committed row in time order, wide. */
  rows: Iterable<{ windowEnd: EpochMs; values: Float64Array }>;
}

/**
 * A memory that begins at nothing, or where a remembered run stopped. Rows, closes and feature state come from the
 * workspace; truth and fits follow from them, so they are made again and are the same.
 */
export function createWindowMemory(options: MemoryOptions, remembered?: RememberedRun): WindowMemory {
  const { featureSets, horizonsMinutes, holdout = null } = options;
  const graceMs = options.graceSeconds * SECOND_MS;
  const lanes = createFeatureLanes(featureSets);
  const featureStates = remembered?.featureStates ?? featureSets.map((set) => createFeatureState(set));
  const barMinutes = featureSets[0]?.barMinutes ?? NaN;
  const series = createCloseSeries();
  const history = createRowHistory({ featureNames: lanes.names, horizonsMinutes });
  const truth = createTruth({ series, horizonsMinutes, barMinutes });
  let knownUpTo = remembered?.knownUpTo ?? -Infinity;

  function settle(asOf: EpochMs): SettledOutcome[] {
    const settled = truth.settle(asOf).filter((outcome) => !isHeldOut(holdout, spanOf(outcome)));
    for (const outcome of settled) history.learn(outcome);
    return settled;
  }

  function remember(windowEnd: EpochMs, values: Float64Array, asOf: EpochMs): WindowRow {
    const row = { windowEnd, values, pastReturns: pastReturns(series, { windowEnd, asOf, horizonsMinutes }) };
    history.append(row);
    truth.expect(windowEnd);
    return row;
  }

  if (remembered !== undefined) {
    for (const candle of remembered.closes) series.add(candle);
    for (const { windowEnd, values } of remembered.rows) remember(windowEnd, values, windowEnd + graceMs);
    settle(knownUpTo);
  }

  return {
    graceMs,
    lanes,
    featureStates,
    history,
    get knownUpTo() {
      return knownUpTo;
    },
    fold(inputs, windowEnd) {
      const asOf = windowEnd + graceMs;
      const revisions: EpochMs[] = [];
      for (const input of inputs) {
        if (input.kind === 'candle') series.add(input);
        featureStates.forEach((state, lane) => {
          const folded = state.apply(inputOfLane(input, lane), asOf);
          if (folded === 'revision' && lane === 0) revisions.push(input.eventTime);
        });
      }
      knownUpTo = asOf;
      let degraded = false;
      const vectors = featureStates.map((state) => {
        const vector = new Float64Array(state.featureSet.names.length);
        degraded = state.read({ windowEnd, asOf }, vector);
        return vector;
      });
      return { ...remember(windowEnd, lanes.widen(vectors), asOf), vectors, degraded, revisions };
    },
    settle,
  };
}

/** The time that an outcome asks for. */
function spanOf({ windowEnd, horizonMinutes, entryDelayMinutes }: SettledOutcome) {
  return { windowEnd, end: windowEnd + (entryDelayMinutes + horizonMinutes) * MINUTE_MS };
}

/** What a lane folds: the texts with the sentiment of its own scorer. */
export function inputOfLane(input: LaneInput, lane: number): FeatureInput {
  if (lane === 0 || input.kind === 'candle' || input.kind === 'index') return input;
  return { ...input, sentiment: input.further?.[lane - 1] ?? null };
}

/** ln(close(T) / close(T-h)) per horizon, by what was known at the decision. */
function pastReturns(
  series: CloseSeries,
  {
    windowEnd,
    asOf,
    horizonsMinutes,
  }: { windowEnd: EpochMs; asOf: EpochMs; horizonsMinutes: readonly number[] },
): number[] {
  const present = series.closeAt(windowEnd, asOf);
  return horizonsMinutes.map((horizon) =>
    Math.log(present / series.closeAt(windowEnd - horizon * MINUTE_MS, asOf)),
  );
}
