import { availableParallelism } from 'node:os';
import { sigmoid } from '../../stats/index.ts';
import {
  calibrated,
  fitCalibration,
  requireCalibration,
  rowsBetween,
  type CalibrationParameters,
} from '../calibration.ts';
import {
  PAST_RETURN,
  type FeatureMatrix,
  type Model,
  type ModelFamily,
  type TrainingRows,
} from '../model.ts';
import { boost, marginOf, type LabelledRows } from './boost.ts';
import { predictForest, type Forest } from './forest.ts';
import { importancesOf } from './importances.ts';
import { exportOnnx } from './onnx-export.ts';
import { requireParameters, XGBOOST_DEFAULTS, type BoostingParameters } from './parameters.ts';
import { createForestExplainer } from './tree-shap.ts';
import { floatRows } from './values.ts';
import { readXgboost } from './xgboost-read.ts';
import { writeXgboost } from './xgboost-write.ts';

/** From so many rows on a second thread pays for its start; below, the fit pool already runs a fit a core. */
const THREADED_ROWS = 200_000;
const MOST_THREADS = 2;

/** How the family `trees` learns. */
export interface TreesParameters extends BoostingParameters {
  /** Rounds without a better log loss on the judging rows after which no more trees are tried. */
  patience: number;
  /** The newest share of the rows: they are not learnt from, they judge when to stop. */
  judgingShare: number;
  /** Rows left out before the judging ones, whose labels may reach into them. */
  gapRows: number;
  /** Corrects probabilities by what the judging rows say of them; left out: not at all. */
  calibration?: CalibrationParameters;
}

/**
 * Chosen for signals that move a probability by a few points: shallow trees, heavy leaves, half of rows and columns a
 * tree. Of 24 settings tried on 2020-11 to 2021-12 it had the second lowest log loss, and noise alone parts it from the
 * first and from those behind it (docs/results/trees.md shows them all).
 */
export const TREES_DEFAULTS: TreesParameters = {
  ...XGBOOST_DEFAULTS,
  rounds: 150,
  eta: 0.05,
  maxDepth: 3,
  lambda: 100,
  // 400 rows, 800 of them before sampling: a month of hours, on which labels a day long overlap.
  minChildWeight: 100,
  subsample: 0.5,
  colsampleByTree: 0.5,
  maxBin: 64,
  patience: 15,
  judgingShare: 0.15,
  // The family does not know the horizon. The longest is a day: 96 rows on bars of 15 minutes, 24 on bars of an hour.
  gapRows: 96,
};

/**
 * A family of boosted trees with parameters of its own. The newest rows judge when to stop and are not learnt from; where
 * not one round makes their log loss better, and where there are too few rows to judge, the model says the mean label.
 * @throws RangeError when a parameter is out of its range
 */
export function createTrees(parameters: TreesParameters): ModelFamily {
  requireParameters(parameters);
  requireJudging(parameters);
  if (parameters.calibration !== undefined) requireCalibration(parameters.calibration);
  return {
    name: 'trees',
    columns: null,
    parameters: { ...parameters },
    fit: (rows, { seed }) => treesModel(fitForest(rows, parameters, seed)),
    load(json) {
      // Through text, since what `toJson` gives holds raw texts for numbers.
      return treesModel(readXgboost(JSON.parse(JSON.stringify(json) ?? 'null')));
    },
  };
}

/**
 * Gradient boosted decision trees on all columns but `past_return`: histograms, second-order gains, a learnt direction
 * for missing values, early stopping on the newest rows. Saved as an XGBoost model, which XGBoost 1.7 to 3.2 open.
 * @see Chen, Guestrin (2016), XGBoost: a scalable tree boosting system, KDD
 * @see Ke et al. (2017), LightGBM: a highly efficient gradient boosting decision tree, NIPS
 */
export const trees: ModelFamily = createTrees(TREES_DEFAULTS);

/** `trees` with calibrated probabilities. */
export function calibratedTrees(calibration: CalibrationParameters): ModelFamily {
  return createTrees({ ...TREES_DEFAULTS, calibration });
}

function treesModel(forest: Forest): Model {
  // Takes some milliseconds to make, and most models are never asked.
  let explain: ReturnType<typeof createForestExplainer> | null = null;
  const plain: Model = {
    family: 'trees',
    predict: (rows: FeatureMatrix) => predictForest(forest, rows),
    contributions(rows) {
      explain ??= createForestExplainer(forest);
      return explain(rows);
    },
    importances: () => importancesOf(forest),
    columnWeights: () =>
      new Map(importancesOf(forest).map(({ column, totalGain }) => [column, totalGain] as const)),
    toJson: () => writeXgboost(forest),
  };
  const model = calibrated(plain, forest.calibration ?? null);
  // Log-odds that are stretched are trees again, log-odds on a curve are none.
  if (forest.calibration?.method === 'isotonic') return model;
  return { ...model, toOnnx: (metadata) => exportOnnx(stretched(forest), metadata) };
}

/** The same answers as trees alone, without a calibration. */
function stretched({ calibration, ...forest }: Forest): Forest {
  if (calibration?.method !== 'platt') return forest;
  const { slope, intercept } = calibration;
  return {
    ...forest,
    baseScore: sigmoid(slope * marginOf(forest.baseScore) + intercept),
    trees: forest.trees.map((tree) => ({
      ...tree,
      thresholds: tree.thresholds.map((value, node) => ((tree.lefts[node] ?? 0) < 0 ? slope * value : value)),
    })),
  };
}

function requireJudging({ patience, judgingShare, gapRows }: TreesParameters): void {
  if (!(Number.isInteger(patience) && patience >= 1)) {
    throw new RangeError(`patience is an integer from 1 on, got ${patience}`);
  }
  if (!(judgingShare > 0 && judgingShare < 1)) {
    throw new RangeError(`judgingShare lies between 0 and 1, got ${judgingShare}`);
  }
  if (!(Number.isInteger(gapRows) && gapRows >= 0)) {
    throw new RangeError(`gapRows is an integer from 0 on, got ${gapRows}`);
  }
}

function fitForest(rows: TrainingRows, parameters: TreesParameters, seed: number): Forest {
  // By name, so that the order of the columns reaches neither ties nor dice.
  const columns = rows.columns.filter((column) => column !== PAST_RETURN).sort();
  const weights = rows.weights && Float32Array.from(rows.weights);
  const all = { ...floatRows(rows, columns), labels: rows.labels, weights };
  const { judgingShare, gapRows, patience } = parameters;
  const judging = Math.floor(rows.count * judgingShare);
  const learning = Math.max(0, rows.count - judging - gapRows);
  const judge = { rows: part(all, rows.count - judging, rows.count), patience };
  const threads = learning < THREADED_ROWS ? 1 : Math.min(MOST_THREADS, availableParallelism());
  const forest = { columns, ...boost(part(all, 0, learning), { parameters, seed, judge, threads }) };
  if (parameters.calibration === undefined) return forest;
  const held = rowsBetween(rows, rows.count - judging, rows.count);
  const probabilities = predictForest(forest, held);
  return {
    ...forest,
    calibration: fitCalibration(parameters.calibration, { probabilities, labels: held.labels }),
  };
}

function part({ values, width, labels, weights }: LabelledRows, first: number, end: number): LabelledRows {
  return {
    values: values.subarray(first * width, end * width),
    width,
    count: end - first,
    labels: labels.subarray(first, end),
    weights: weights?.subarray(first, end),
  };
}
