import { setImmediate } from 'node:timers/promises';
import { multinomialLogisticSteps, type MultinomialFit, type MultinomialProblem } from '../../stats/index.ts';
import type { Head } from './onnx-head.ts';

/** Old log-odds enter enlarged, so that the penalty on what they are multiplied by is next to nothing. */
const OLD_ODDS_SCALE = 10;
/** A class that the old head holds less likely is left out of a distilled row: it would only cost time. */
const LEAST_TRUTH = 1e-3;
/** Of the gradient. What a stricter one changes is below what the choice of the penalty can tell. */
const TOLERANCE = 1e-3;

/** Encoded texts with the truth about them. */
export interface HeadRows {
  /** Shape (rows, width). */
  pooled: Float32Array;
  /** Probabilities of the classes, shape (rows, classes): 1 at the label of a labelled row. */
  truths: Float64Array;
  /** What each row counts, shape (rows). */
  weights: Float64Array;
}

/** What a head says of one encoded text: log-odds up to a constant, shape (classes). */
export function headLogOdds({ matrix, bias, classes, width }: Head, vector: Float32Array): Float64Array {
  const odds = Float64Array.from(bias);
  for (let k = 0; k < classes; k += 1) {
    let sum = 0;
    for (let column = 0; column < width; column += 1) {
      sum += (matrix[k * width + column] ?? 0) * (vector[column] ?? 0);
    }
    odds[k] = (odds[k] ?? 0) + sum;
  }
  return odds;
}

/** Fits under one penalty after the other, each from where the last one ended. */
export type FitHead = (l2: number) => Promise<Head>;

/**
 * Fits heads to the same rows: log-odds are a free mixture of the old head's plus a correction under the penalty `l2`.
 * Lets others work between the steps of the solver.
 * @returns heads of the old one's shape
 */
export function createHeadFitter(old: Head, rows: HeadRows): FitHead {
  const problem = problemOf(old, rows);
  let start = oldHeadAsStart(old);
  return async (l2) => {
    const work = multinomialLogisticSteps({ ...problem, start, l2, tolerance: TOLERANCE });
    for (;;) {
      const { done, value } = work.next();
      if (done === true) {
        start = value;
        return headOf(old, value);
      }
      await setImmediate();
    }
  };
}

/** A row of soft truth becomes one row a class, weighted by its probability: the same sum. */
function problemOf(
  old: Head,
  { pooled, truths, weights }: HeadRows,
): Omit<MultinomialProblem, 'l2' | 'start'> {
  const columnCount = old.width + old.classes;
  const cases: { row: number; label: number; weight: number }[] = [];
  for (const [row, weight] of weights.entries()) {
    for (let label = 0; label < old.classes; label += 1) {
      const truth = truths[row * old.classes + label] ?? 0;
      if (truth > LEAST_TRUTH) cases.push({ row, label, weight: weight * truth });
    }
  }
  const values = new Float32Array(cases.length * columnCount);
  const columns = new Uint32Array(values.length);
  const everyColumn = Uint32Array.from({ length: columnCount }, (_, column) => column);
  for (const [place, { row }] of cases.entries()) {
    const vector = pooled.subarray(row * old.width, (row + 1) * old.width);
    const odds = headLogOdds(old, vector).map((one) => one * OLD_ODDS_SCALE);
    values.set(vector, place * columnCount);
    values.set(odds, place * columnCount + old.width);
    columns.set(everyColumn, place * columnCount);
  }
  return {
    rows: {
      starts: Uint32Array.from({ length: cases.length + 1 }, (_, place) => place * columnCount),
      columns,
      values,
      columnCount,
    },
    labels: Uint8Array.from(cases, ({ label }) => label),
    classes: old.classes,
    weights: Float64Array.from(cases, ({ weight }) => weight),
  };
}

/** The fit that answers exactly as the old head does. */
function oldHeadAsStart({ classes, width }: Head): MultinomialFit {
  const coefficients = new Float64Array(classes * (width + classes));
  for (let k = 0; k < classes; k += 1) coefficients[k * (width + classes) + width + k] = 1 / OLD_ODDS_SCALE;
  return { intercepts: new Float64Array(classes), coefficients, converged: false, steps: 0 };
}

/** Mixture and correction multiplied out into one matrix. */
function headOf(old: Head, { coefficients, intercepts }: MultinomialFit): Head {
  const { classes, width } = old;
  const matrix = new Float64Array(classes * width);
  const bias = Float64Array.from(intercepts);
  for (let k = 0; k < classes; k += 1) {
    const own = coefficients.subarray(k * (width + classes), (k + 1) * (width + classes));
    matrix.set(own.subarray(0, width), k * width);
    for (let from = 0; from < classes; from += 1) {
      const share = OLD_ODDS_SCALE * (own[width + from] ?? 0);
      bias[k] = (bias[k] ?? 0) + share * (old.bias[from] ?? 0);
      for (let column = 0; column < width; column += 1) {
        const place = k * width + column;
        matrix[place] = (matrix[place] ?? 0) + share * (old.matrix[from * width + column] ?? 0);
      }
    }
  }
  return { matrix, bias, classes, width };
}
