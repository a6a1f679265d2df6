import { MINUTE_MS, utcDay, type EpochMs } from '../core/index.ts';
import type { FeatureLanes } from '../features/index.ts';
import {
  directionOf,
  PAST_RETURN,
  refitTime,
  selectColumns,
  selectMatured,
  type Direction,
  type Dissimilarity,
  type FeatureMatrix,
  type Model,
  type TrainingRows,
} from '../models/index.ts';
import { reasonToAbstain } from './abstention.ts';
import type { Arm } from './arms.ts';
import type { DeployedModels } from './deployed.ts';
import type { RowHistory, WindowRow } from './row-history.ts';

/** What one arm says about one window at one horizon. Pending until its outcome is known. */
export interface Prediction {
  windowEnd: EpochMs;
  horizonMinutes: number;
  arm: string;
  /** `<price family>@<version>`; of a yardstick `<price family>@<date of its fit>`. */
  modelVersion: string;
  probabilityUp: number;
  direction: Direction;
  /** The 4 h aggregate that the arm used; null where it uses none or there is none. */
  sentiment: number | null;
  predictedAt: EpochMs;
  maturesAt: EpochMs;
  /** True when the window was decided without its own candle, or by a model past its expiry. */
  degraded: boolean;
  /** Why the arm should rather give no direction, see `reasonToAbstain`; absent where it should. */
  abstention?: string;
}

/** One fit of a yardstick that was made. */
export interface Fit {
  arm: string;
  horizonMinutes: number;
  modelVersion: string;
  /** Matured rows that it learnt from. */
  rows: number;
}

/** A deployed model that could not answer for a window. */
export interface ArmFailure {
  windowEnd: EpochMs;
  arm: string;
  horizonMinutes: number;
  modelVersion: string;
  error: unknown;
}

/** Lets every arm predict every window: the governed ones by what is deployed, the yardsticks by their own fits. */
export interface Predictor {
  /**
   * Fits all yardsticks when a fit is due at this window (at the first, and each Monday), on what was matured by then.
   * A fit depends on the rows and the seed alone, so a restart makes the same one again.
   * @returns the fits made, none when none was due
   */
  refitIfDue(windowEnd: EpochMs, history: RowHistory): Fit[];
  /**
   * What every arm says, ordered by horizon, then arm; a governed arm without a deployed model says nothing.
   * @param moment.onFailure - told of each deployed model that cannot answer; its arm is left out of this window
   * @throws RangeError when nothing is fitted and nothing deployed, or a yardstick answers no probability; without
   *   `onFailure` whatever a deployed model throws
   */
  predict(
    row: WindowRow,
    moment: { predictedAt: EpochMs; degraded: boolean; onFailure?: (failure: ArmFailure) => void },
    deployed: DeployedModels,
  ): Prediction[];
}

/** Who answers for an arm at a horizon. */
interface Answering {
  arm: Arm;
  horizonMinutes: number;
  model: Model;
  modelVersion: string;
  scorer: string | null;
  /** After this moment its answers are degraded; a yardstick has no such moment. */
  expiresAt: EpochMs;
  /** Null or absent where it was not measured. */
  dissimilarity?: Dissimilarity | null;
}

interface Yardstick extends Answering {
  rows: number;
}

/** What a predictor is made of. */
export interface PredictorOptions {
  arms: readonly Arm[];
  horizonsMinutes: readonly number[];
  lanes: FeatureLanes;
  /** The moment of the first fit; every window up to it is warm-up. */
  firstFitAt: EpochMs;
  /** A window is decided this long after its end. */
  graceMs: number;
  seed: number;
}

const AGGREGATE_COLUMN = 'news_sentiment_4h';

/** A predictor without fits; the first `refitIfDue` makes them. */
export function createPredictor(options: PredictorOptions): Predictor {
  const { arms, horizonsMinutes, lanes, firstFitAt } = options;
  let yardsticks: Yardstick[] = [];
  let fittedAt = NaN;
  let answering: { deployed: DeployedModels; yardsticks: Yardstick[]; all: Answering[] } | null = null;

  /** Everybody who answers, ordered by horizon, then arm; laid out anew only when somebody was exchanged. */
  function everybody(deployed: DeployedModels): Answering[] {
    if (answering?.deployed !== deployed || answering.yardsticks !== yardsticks) {
      const all = horizonsMinutes.flatMap((horizonMinutes) =>
        arms.flatMap((arm) => find(arm, horizonMinutes, { deployed, yardsticks })),
      );
      answering = { deployed, yardsticks, all };
    }
    return answering.all;
  }

  return {
    refitIfDue(windowEnd, history) {
      const due = refitTime(windowEnd, firstFitAt);
      if (due === fittedAt) return [];
      fittedAt = due;
      yardsticks = horizonsMinutes.flatMap((horizonMinutes) =>
        fitYardsticks(options, { due, horizonMinutes, history }),
      );
      return yardsticks.map(({ arm, horizonMinutes, modelVersion, rows }) => ({
        arm: arm.name,
        horizonMinutes,
        modelVersion,
        rows,
      }));
    },
    predict(row, { predictedAt, degraded, onFailure }, deployed) {
      const all = everybody(deployed);
      if (all.length === 0) throw new RangeError('there is nothing to predict with: nothing is fitted yet');
      const matrices = rowMatrices(row, lanes.names);
      const { windowEnd } = row;
      return all.flatMap((answering) => {
        const {
          arm,
          horizonMinutes,
          model,
          modelVersion,
          scorer,
          expiresAt,
          dissimilarity = null,
        } = answering;
        let probabilityUp: number;
        let abstention: string | null;
        try {
          const matrix = matrices[horizonsMinutes.indexOf(horizonMinutes)];
          probabilityUp = probabilityOf(model, matrix);
          abstention = reasonToAbstain({ dissimilarity, row: matrix, expiresAt, at: predictedAt });
        } catch (error) {
          if (!arm.isGoverned || onFailure === undefined) throw error;
          onFailure({ windowEnd, arm: arm.name, horizonMinutes, modelVersion, error });
          return [];
        }
        return {
          windowEnd,
          horizonMinutes,
          arm: arm.name,
          modelVersion,
          probabilityUp,
          direction: directionOf(probabilityUp),
          sentiment: aggregateOf(row.values, scorer, lanes),
          predictedAt,
          maturesAt: windowEnd + horizonMinutes * MINUTE_MS,
          degraded: degraded || predictedAt > expiresAt,
          ...(abstention === null ? {} : { abstention }),
        };
      });
    },
  };
}

/**
 * A decided row as the models see it, once per horizon (they differ in `past_return`).
 * @param row - its `pastReturns` in the order of the horizons
 */
export function rowMatrices(row: WindowRow, featureNames: readonly string[]): FeatureMatrix[] {
  const columns = [...featureNames, PAST_RETURN];
  return row.pastReturns.map((pastReturn) => ({
    columns,
    values: Float64Array.of(...row.values, pastReturn),
    count: 1,
  }));
}

function find(
  arm: Arm,
  horizonMinutes: number,
  { deployed, yardsticks }: { deployed: DeployedModels; yardsticks: readonly Yardstick[] },
): Answering[] {
  if (!arm.isGoverned) {
    return yardsticks.filter((each) => each.arm === arm && each.horizonMinutes === horizonMinutes);
  }
  const model = deployed.models.find(
    (each) => each.arm === arm.name && each.horizonMinutes === horizonMinutes,
  );
  return model === undefined ? [] : [{ ...model, arm }];
}

function fitYardsticks(
  { arms, graceMs, seed }: PredictorOptions,
  { due, horizonMinutes, history }: { due: EpochMs; horizonMinutes: number; history: RowHistory },
): Yardstick[] {
  const yardsticks = arms.filter(({ isGoverned }) => !isGoverned);
  if (yardsticks.length === 0) return [];
  const matured = selectMatured(history.rowsAt(horizonMinutes), {
    asOf: due + graceMs,
    horizonMinutes,
    embargoMinutes: 0,
  });
  return yardsticks.map((arm) => ({
    arm,
    horizonMinutes,
    model: arm.family.fit(withoutColumns(matured, arm.hiddenColumns), { seed }),
    modelVersion: `${arm.family.name}@${utcDay(due)}`,
    scorer: arm.scorer,
    expiresAt: Infinity,
    rows: matured.count,
  }));
}

function withoutColumns(rows: TrainingRows, hidden: readonly string[]): TrainingRows {
  return selectColumns(
    rows,
    rows.columns.filter((name) => !hidden.includes(name)),
  );
}

/**
 * The 4 h news aggregate that a model was given.
 * @param values - a wide row, in the order of `lanes.names`
 * @param scorer - that the model reads; null: none
 * @returns null where it reads none, or there is none
 */
export function aggregateOf(
  values: Float64Array,
  scorer: string | null,
  lanes: Pick<FeatureLanes, 'names' | 'columnOf'>,
): number | null {
  if (scorer === null) return null;
  const value = values[lanes.names.indexOf(lanes.columnOf(AGGREGATE_COLUMN, scorer))] ?? NaN;
  return Number.isNaN(value) ? null : value;
}

/** One row's P(up). @throws RangeError when the model answers anything else */
export function probabilityOf(model: Model, row: FeatureMatrix | undefined): number {
  const probability = row === undefined ? undefined : model.predict(row)[0];
  if (probability === undefined || !(probability >= 0 && probability <= 1)) {
    throw new RangeError(`${model.family} answered ${probability}, which is no probability`);
  }
  return probability;
}
