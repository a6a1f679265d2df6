import { logisticRegression } from './logistic-regression.ts';

/** What a classifier said of rows that it has not learnt from, and what was true. */
export interface ScoredRows {
  /** Any score that grows with the chance of 1, such as log-odds; finite, shape (n). */
  scores: Float64Array;
  /** 0 or 1, shape (n). */
  labels: Uint8Array;
}

/** P(1) = sigmoid(slope * score + intercept). In Platt's letters slope = -A and intercept = -B. */
export interface PlattFit {
  slope: number;
  intercept: number;
  /** False when the steps ran out first. */
  converged: boolean;
}

/**
 * Platt's scaling: the sigmoid of a score that fits the labels best, which are drawn in a little from 0 and 1, as if
 * each class had one more row of either kind; so it stays finite where a score separates the classes or one is absent.
 * Found by damped Newton steps: each row stands once as 1 and once as 0, weighed by its target.
 * @throws RangeError when the shapes differ, there are no rows, or a score is not finite
 * @see Platt (1999), Probabilistic Outputs for Support Vector Machines; Lin, Lin, Weng (2007), A note on Platt's
 *   probabilistic outputs for support vector machines, Machine Learning 68
 */
export function plattScaling({ scores, labels }: ScoredRows): PlattFit {
  const n = labels.length;
  if (scores.length !== n) throw new RangeError(`${scores.length} scores, but ${n} labels`);
  if (n === 0) throw new RangeError('there are no rows');
  const ups = labels.reduce((sum, label) => sum + label, 0);
  const targets = [1 / (n - ups + 2), (ups + 1) / (ups + 2)];
  const column = new Float64Array(2 * n);
  const weights = new Float64Array(2 * n);
  column.set(scores);
  column.set(scores, n);
  labels.forEach((label, row) => {
    const target = targets[label] ?? NaN;
    weights[row] = target;
    weights[n + row] = 1 - target;
  });
  const fit = logisticRegression({
    columns: [column],
    labels: new Uint8Array(2 * n).fill(1, 0, n),
    weights,
    l2: 0,
  });
  return { slope: fit.coefficients[0] ?? NaN, intercept: fit.intercept, converged: fit.converged };
}
