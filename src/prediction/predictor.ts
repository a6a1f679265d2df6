import { MINUTE_MS, utcDay, type EpochMs } from '../core/index.ts';
import {
  directionOf,
  PAST_RETURN,
  refitTime,
  selectColumns,
  selectMatured,
  type Direction,
  type FeatureMatrix,
  type Model,
} from '../models/index.ts';
import type { Arm } from './arms.ts';
import type { RowHistory, WindowRow } from './row-history.ts';

/** What one arm says about one window at one horizon. Pending until its outcome is known. */
export interface Prediction {
  windowEnd: EpochMs;
  horizonMinutes: number;
  arm: string;
  /** `<price family>@<date of its fit>`. */
  modelVersion: string;
  probabilityUp: number;
  direction: Direction;
  /** The 4 h aggregate that the arm used; null where it uses none or there is none. */
  sentiment: number | null;
  predictedAt: EpochMs;
  maturesAt: EpochMs;
  /** True when the window was decided without its own candle. */
  degraded: boolean;
}

/** One fit that was made. */
export interface Fit {
  arm: string;
  horizonMinutes: number;
  modelVersion: string;
  /** Matured rows that it learnt from. */
  rows: number;
}

/** Fits every arm on its schedule and lets every arm predict every window. */
export interface Predictor {
  /**
   * Fits all arms when a fit is due at this window (at the first, and each Monday), on what was matured by then.
   * A fit depends on the rows and the seed alone, so a restart makes the same one again.
   * @returns the fits made, none when none was due
   */
  refitIfDue(windowEnd: EpochMs, history: RowHistory): Fit[];
  /** @throws RangeError before the first fit */
  predict(row: WindowRow, moment: { predictedAt: EpochMs; degraded: boolean }): Prediction[];
}

interface Standing {
  arm: Arm;
  horizonMinutes: number;
  model: Model;
  modelVersion: string;
  rows: number;
}

/** What a predictor is made of. */
export interface PredictorOptions {
  arms: readonly Arm[];
  horizonsMinutes: readonly number[];
  featureNames: readonly string[];
  /** Columns that arms without sentiment do not see. */
  withoutSentiment: readonly string[];
  /** The moment of the first fit; every window up to it is warm-up. */
  firstFitAt: EpochMs;
  /** A window is decided this long after its end. */
  graceMs: number;
  seed: number;
}

const AGGREGATE_COLUMN = 'news_sentiment_4h';

/** A predictor without fits; the first `refitIfDue` makes them. */
export function createPredictor(options: PredictorOptions): Predictor {
  const { horizonsMinutes, featureNames, firstFitAt } = options;
  const columns = [...featureNames, PAST_RETURN];
  const aggregatePlace = featureNames.indexOf(AGGREGATE_COLUMN);
  let standing: Standing[] = [];
  let fittedAt = NaN;

  return {
    refitIfDue(windowEnd, history) {
      const due = refitTime(windowEnd, firstFitAt);
      if (due === fittedAt) return [];
      fittedAt = due;
      standing = horizonsMinutes.flatMap((horizonMinutes) =>
        fitArms(options, { due, horizonMinutes, history }),
      );
      return standing.map(({ arm, horizonMinutes, modelVersion, rows }) => ({
        arm: arm.name,
        horizonMinutes,
        modelVersion,
        rows,
      }));
    },
    predict(row, { predictedAt, degraded }) {
      if (standing.length === 0)
        throw new RangeError('there is nothing to predict with before the first fit');
      const matrices = row.pastReturns.map((pastReturn) => ({
        columns,
        values: Float64Array.of(...row.values, pastReturn),
        count: 1,
      }));
      const aggregate = row.values[aggregatePlace] ?? NaN;
      return standing.map(({ arm, horizonMinutes, model, modelVersion }) => {
        const probabilityUp = probabilityOf(model, matrices[horizonsMinutes.indexOf(horizonMinutes)]);
        return {
          windowEnd: row.windowEnd,
          horizonMinutes,
          arm: arm.name,
          modelVersion,
          probabilityUp,
          direction: directionOf(probabilityUp),
          sentiment: arm.usesSentiment && !Number.isNaN(aggregate) ? aggregate : null,
          predictedAt,
          maturesAt: row.windowEnd + horizonMinutes * MINUTE_MS,
          degraded,
        };
      });
    },
  };
}

function fitArms(
  { arms, graceMs, seed, withoutSentiment }: PredictorOptions,
  { due, horizonMinutes, history }: { due: EpochMs; horizonMinutes: number; history: RowHistory },
): Standing[] {
  const matured = selectMatured(history.rowsAt(horizonMinutes), {
    asOf: due + graceMs,
    horizonMinutes,
    embargoMinutes: 0,
  });
  const priceOnly = selectColumns(
    matured,
    matured.columns.filter((name) => !withoutSentiment.includes(name)),
  );
  return arms.map((arm) => ({
    arm,
    horizonMinutes,
    model: arm.family.fit(arm.usesSentiment ? matured : priceOnly, { seed }),
    modelVersion: `${arm.family.name}@${utcDay(due)}`,
    rows: matured.count,
  }));
}

function probabilityOf(model: Model, row: FeatureMatrix | undefined): number {
  const probability = row === undefined ? undefined : model.predict(row)[0];
  if (probability === undefined || !(probability >= 0 && probability <= 1)) {
    throw new RangeError(`${model.family} answered ${probability}, which is no probability`);
  }
  return probability;
}
