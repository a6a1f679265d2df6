import { fileURLToPath } from 'node:url';
import { isoUtc, type EpochMs, type ModuleMigrations, type Queryable } from '../core/index.ts';
import type { Outcome } from '../features/index.ts';
import type { Direction } from '../models/index.ts';
import type { Prediction } from './predictor.ts';
import * as sql from './statements.ts';
import type { SettledOutcome } from './truth.ts';

/** The tables `predictions` and `outcomes`. */
export const predictionMigrations: ModuleMigrations = {
  module: 'prediction',
  folder: fileURLToPath(new URL('./migrations', import.meta.url)),
};

/** A stored prediction with what became of it: null = not known by the moment that was asked about. */
export interface JudgedPrediction extends Prediction {
  asset: string;
  outcome: Outcome | null;
}

/** The least that scoring needs: one prediction with its truth and the truth of entering one bar later. */
export interface ScoredPrediction {
  windowEnd: EpochMs;
  horizonMinutes: number;
  arm: string;
  probabilityUp: number;
  outcome: Outcome | null;
  outcomeOneBarLater: Outcome | null;
}

interface PredictionRecord {
  asset: string;
  window_end: number;
  horizon_minutes: number;
  arm: string;
  model_version: string;
  probability_up: number;
  direction: Direction;
  sentiment: number | null;
  predicted_at: number;
  matures_at: number;
  degraded: boolean;
  abstention: string | null;
  outcome: Outcome | null;
}

/** Writes predictions once; a second writing of one fails the caller's transaction. */
export async function writePredictions(
  queryable: Queryable,
  asset: string,
  predictions: readonly Prediction[],
): Promise<void> {
  if (predictions.length === 0) return;
  const column = <Key extends keyof Prediction>(key: Key) => predictions.map((prediction) => prediction[key]);
  await queryable.query(sql.INSERT_PREDICTIONS, [
    asset,
    column('windowEnd'),
    column('horizonMinutes'),
    column('arm'),
    column('modelVersion'),
    column('probabilityUp'),
    column('direction'),
    column('sentiment'),
    column('predictedAt'),
    column('maturesAt'),
    column('degraded'),
    predictions.map(({ abstention = null }) => abstention),
  ]);
}

/** Writes what came true, once. */
export async function writeOutcomes(
  queryable: Queryable,
  asset: string,
  outcomes: readonly SettledOutcome[],
): Promise<void> {
  if (outcomes.length === 0) return;
  await queryable.query(sql.INSERT_OUTCOMES, [
    asset,
    outcomes.map(({ windowEnd }) => windowEnd),
    outcomes.map(({ horizonMinutes }) => horizonMinutes),
    outcomes.map(({ entryDelayMinutes }) => entryDelayMinutes),
    outcomes.map(({ outcome }) => outcome),
    outcomes.map(({ futureReturn }) => (Number.isNaN(futureReturn) ? null : futureReturn)),
    outcomes.map(({ knownAt }) => knownAt),
  ]);
}

/** Predictions with after < window <= upTo, in the order of the prediction file (window, horizon, arm). */
export async function readPredictions(
  queryable: Queryable,
  { asset, after, upTo, knownBy }: { asset: string; after: EpochMs; upTo: EpochMs; knownBy: EpochMs },
): Promise<JudgedPrediction[]> {
  const { rows } = await queryable.query<PredictionRecord>(sql.READ_ALL, [asset, knownBy, after, upTo]);
  return rows.map(toPrediction);
}

/** The newest predictions of one arm that had been made by `knownBy`, newest first. */
export async function readArm(
  queryable: Queryable,
  request: {
    asset: string;
    arm: string;
    horizonMinutes: number;
    after: EpochMs;
    upTo: EpochMs;
    knownBy: EpochMs;
    limit: number;
  },
): Promise<JudgedPrediction[]> {
  const { asset, arm, horizonMinutes, after, upTo, knownBy, limit } = request;
  const { rows } = await queryable.query<PredictionRecord>(sql.READ_ARM, [
    asset,
    knownBy,
    arm,
    horizonMinutes,
    after,
    upTo,
    limit,
  ]);
  return rows.map(toPrediction);
}

/** When an arm said something for the first time; null before that. */
export async function firstPredictedAt(
  queryable: Queryable,
  { asset, arm, horizonMinutes }: { asset: string; arm: string; horizonMinutes: number },
): Promise<EpochMs | null> {
  const { rows } = await queryable.query<{ first: number }>(sql.FIRST_PREDICTED_AT, [
    asset,
    arm,
    horizonMinutes,
  ]);
  return rows[0]?.first ?? null;
}

/** Every prediction with after < window <= upTo and both its truths, in time order. */
export async function readScored(
  queryable: Queryable,
  { asset, after, upTo, barMinutes }: { asset: string; after: EpochMs; upTo: EpochMs; barMinutes: number },
): Promise<ScoredPrediction[]> {
  const { rows } = await queryable.query<{
    window_end: number;
    horizon_minutes: number;
    arm: string;
    probability_up: number;
    outcome: Outcome | null;
    outcome_later: Outcome | null;
  }>(sql.READ_SCORED, [asset, after, upTo, barMinutes]);
  return rows.map((row) => ({
    windowEnd: row.window_end,
    horizonMinutes: row.horizon_minutes,
    arm: row.arm,
    probabilityUp: row.probability_up,
    outcome: row.outcome,
    outcomeOneBarLater: row.outcome_later,
  }));
}

/** How much has been predicted, and up to which window (null before the first). */
export async function countPredictions(
  queryable: Queryable,
  asset: string,
): Promise<{ predictions: number; windows: number; lastWindow: EpochMs | null }> {
  const { rows } = await queryable.query<{
    predictions: number;
    windows: number;
    last_window: number | null;
  }>(sql.COUNT_PREDICTIONS, [asset]);
  const [row] = rows;
  return {
    predictions: row?.predictions ?? 0,
    windows: row?.windows ?? 0,
    lastWindow: row?.last_window ?? null,
  };
}

/**
 * Call it after many windows at once and before their predictions are read with their outcomes: 9,408 fresh ones took
 * 6 s without it and take 20 ms with it.
 */
export async function analyzeLedger(queryable: Queryable): Promise<void> {
  await queryable.query(sql.ANALYZE_LEDGER);
}

/**
 * One line of the prediction file: the keys stand in this order, moments are ISO 8601 in UTC, so that the same
 * prediction is always the same line.
 */
export function predictionLine(prediction: JudgedPrediction): string {
  return JSON.stringify({
    windowEnd: isoUtc(prediction.windowEnd),
    horizonMinutes: prediction.horizonMinutes,
    arm: prediction.arm,
    modelVersion: prediction.modelVersion,
    probabilityUp: prediction.probabilityUp,
    direction: prediction.direction,
    sentiment: prediction.sentiment,
    maturesAt: isoUtc(prediction.maturesAt),
    outcome: prediction.outcome,
  });
}

function toPrediction(row: PredictionRecord): JudgedPrediction {
  return {
    asset: row.asset,
    windowEnd: row.window_end,
    horizonMinutes: row.horizon_minutes,
    arm: row.arm,
    modelVersion: row.model_version,
    probabilityUp: row.probability_up,
    direction: row.direction,
    sentiment: row.sentiment,
    predictedAt: row.predicted_at,
    maturesAt: row.matures_at,
    degraded: row.degraded,
    ...(row.abstention === null ? {} : { abstention: row.abstention }),
    outcome: row.outcome,
  };
}
