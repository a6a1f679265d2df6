import { isAppError } from '../core/index.ts';
import {
  BASELINE_NAMES,
  evaluateDirection,
  fitDissimilarity,
  MODEL_FAMILIES,
  selectColumns,
  VOID_LABEL,
  type Dissimilarity,
  type FeatureMatrix,
  type Model,
} from '../models/index.ts';
import type { Arm } from '../prediction/index.ts';
import type { HorizonData, JudgedWindows } from './learning-data.ts';
import { recipeOf } from './recipe.ts';
import type { RetrainedFamily, RetrainingRequest } from './retraining.ts';

/** The code of a pool that was closed: the fit did not fail. */
const STOPPED = 'MODEL_FIT_STOPPED';

/** What was fitted for an arm at a horizon. */
export interface Candidate {
  arm: Arm;
  data: HorizonData;
  /** Learnt from all that had matured. */
  model: Model;
  /** Learnt from what had matured eight weeks before; null where that was too little. */
  gateModel: Model | null;
  /** Which inputs are unlike what `model` has learnt from; null where that is not to be had. */
  dissimilarity: Dissimilarity | null;
  /** See `recipeOf`. */
  recipe: string;
  /** See `agreementOf`. */
  agreement: number;
  /** Of the gate fit, on the eight weeks that it has not seen; null = not to be had. */
  metrics: Record<string, number | null>;
}

/** What came of the fits of a family. */
export type FamilyFits = RetrainedFamily & ({ candidates: Candidate[] } | { error: unknown });

/**
 * Fits each arm at each horizon twice, all of them at once through the pool.
 * @returns per family its candidates by horizon, then arm, or the first error in that order
 * @throws AppError `MODEL_FIT_STOPPED` when the pool was closed meanwhile
 */
export async function fitCandidates(
  families: readonly RetrainedFamily[],
  data: readonly HorizonData[],
  request: RetrainingRequest,
): Promise<FamilyFits[]> {
  const { pool, seed, onProgress } = request;
  const places = families.flatMap(({ arms }) => data.flatMap((horizon) => arms.map(() => horizon)));
  const total = places.reduce((sum, { gateRows }) => sum + (gateRows === null ? 1 : 2), 0);
  let done = 0;
  const fit = async (training: HorizonData['gateRows'], arm: Arm): Promise<Model | null> => {
    if (training === null) return null;
    const model = await pool.fit(arm.family.name, training.rowsFor(arm), { seed });
    done += 1;
    onProgress?.({ done, total });
    return model;
  };
  const fitOne = async (arm: Arm, horizon: HorizonData) => {
    const [model, gateModel] = await bothOrFirstError([
      fit(horizon.shipRows, arm),
      fit(horizon.gateRows, arm),
    ]);
    if (model === null || model === undefined) throw new RangeError('a fit of matured rows gave no model');
    const recipe = recipeOf(arm, horizon.all.columns, request);
    return toCandidate({ arm, data: horizon, model, gateModel: gateModel ?? null, recipe }, request);
  };
  return Promise.all(
    families.map(async (family) => {
      const fits = data.flatMap((horizon) => family.arms.map((arm) => fitOne(arm, horizon)));
      try {
        return { ...family, candidates: await bothOrFirstError(fits) };
      } catch (error) {
        if (isStopped(error)) throw error;
        return { ...family, error };
      }
    }),
  );
}

/** Whether a fit failed because the pool was closed: the program ends. */
export function isStopped(error: unknown): boolean {
  return isAppError(error) && error.code === STOPPED;
}

/** Waits for all, so that no fit is left running, then gives what the first in the list was rejected with. */
async function bothOrFirstError<Value>(promises: readonly Promise<Value>[]): Promise<Value[]> {
  await Promise.allSettled(promises);
  return Promise.all(promises);
}

/**
 * Mean |P(up) of what ships - P(up) of its gate fit| over the judged windows whose truth is known.
 * @returns NaN without a gate fit or without windows
 */
export function agreementOf(
  { model, gateModel }: { model: Model; gateModel: Model | null },
  { rows, labels }: JudgedWindows,
): number {
  if (gateModel === null) return NaN;
  const ships = model.predict(rows);
  const judges = gateModel.predict(rows);
  let sum = 0;
  let count = 0;
  labels.forEach((label, row) => {
    if (label === VOID_LABEL) return;
    sum += Math.abs((ships[row] ?? NaN) - (judges[row] ?? NaN));
    count += 1;
  });
  return sum / count;
}

function toCandidate(
  fitted: Pick<Candidate, 'arm' | 'data' | 'model' | 'gateModel' | 'recipe'>,
  request: RetrainingRequest,
): Candidate {
  const agreement = agreementOf(fitted, fitted.data.judged);
  const scores = fitted.gateModel === null ? {} : scoresOf(fitted.gateModel, fitted.data, request);
  const metrics = Object.entries({ ...scores, agreement }).map(([name, figure]) => [
    name,
    Number.isNaN(figure) ? null : figure,
  ]);
  const { arm, data, model } = fitted;
  const dissimilarity = fitDissimilarity(model, data.shipRows.rowsFor(arm), { seed: request.seed });
  return {
    ...fitted,
    dissimilarity,
    agreement,
    metrics: Object.fromEntries(metrics) as Candidate['metrics'],
  };
}

function scoresOf(
  judge: Model,
  { judged, horizonMinutes, gateRows }: HorizonData,
  { barMinutes, seed }: RetrainingRequest,
): Record<string, number> {
  const { rows, labels, windowEnds } = judged;
  const { n, accuracy, low, high, logLoss, brier, auc, baselines } = evaluateDirection({
    probabilities: judge.predict(rows),
    labels,
    labelsOneBarLater: new Uint8Array(rows.count).fill(VOID_LABEL),
    windowEnds,
    barMinutes,
    horizonMinutes,
    baselineProbabilities: baselinesOn(judged.rows, gateRows),
    seed,
  });
  const bestBaseline = Math.max(...Object.values(baselines));
  return { n, accuracy, accuracyLow: low, accuracyHigh: high, bestBaseline, logLoss, brier, auc };
}

/** What each baseline, fitted on the rows of the gate fit, says of the judged windows. */
function baselinesOn(rows: FeatureMatrix, gateRows: HorizonData['gateRows']): Record<string, Float64Array> {
  if (gateRows === null) return {};
  const training = gateRows.rows;
  return Object.fromEntries(
    BASELINE_NAMES.map((name) => {
      const family = MODEL_FAMILIES[name];
      const read = selectColumns(training, family.columns ?? training.columns);
      return [name, family.fit(read, { seed: 0 }).predict(rows)];
    }),
  );
}
