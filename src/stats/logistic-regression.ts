import { factorise, gram, solve } from './normal-equations.ts';

/** Data and penalty of a logistic regression. */
export interface LogisticProblem {
  /** One array for each column, each of shape (n), finite; an intercept is added. */
  columns: readonly Float64Array[];
  /** 1 or 0, shape (n). */
  labels: Uint8Array;
  /** What each row counts, not negative, shape (n); 1 where left out. */
  weights?: Float64Array;
  /** Strength of the penalty on the coefficients, at least 0; the intercept is free. */
  l2: number;
}

/** A fitted logistic regression: log-odds = intercept + sum of coefficient * column. */
export interface LogisticFit {
  intercept: number;
  /** Shape (columns). */
  coefficients: Float64Array;
  /** False when the steps ran out first. */
  converged: boolean;
  /** Steps taken. */
  steps: number;
}

const MOST_STEPS = 100;
/** Squared Newton decrement at which to stop: the answer is then within 1e-9 standard errors of the optimum. */
const TOLERANCE = 1e-18;
/** Share of the promised descent that a step must bring (Armijo). */
const SUFFICIENT = 1e-4;

/** Everything about the objective at one point. */
interface Point {
  beta: Float64Array;
  objective: number;
  gradient: Float64Array;
  /** weight * p * (1 - p), shape (n) */
  curvature: Float64Array;
}

/**
 * Minimises sum(weight * log-loss) + l2 / 2 * sum(coefficient^2) by damped Newton steps (iteratively reweighted least
 * squares, Cholesky factor). In scikit-learn's terms l2 = 1 / C.
 *
 * A column that the others make up exactly (a constant one included) gets no step where l2 = 0. Where one class is
 * absent no optimum exists: the coefficients are then 0 and the intercept follows the rule of succession. Separable
 * classes with l2 = 0 end where the likelihood is flat to double precision.
 * @throws RangeError when shapes differ, l2 is negative, or a column is not finite
 * @see Hastie, Tibshirani, Friedman (2009), The Elements of Statistical Learning, 4.4.1; Boyd, Vandenberghe (2004),
 *   Convex Optimization, 9.5
 */
export function logisticRegression(problem: LogisticProblem): LogisticFit {
  requireShapes(problem);
  const alone = withoutContrast(problem);
  if (alone !== null) return alone;
  const design = [new Float64Array(problem.labels.length).fill(1), ...problem.columns];
  const { point, converged, steps } = descend(design, problem);
  return {
    intercept: point.beta[0] ?? NaN,
    coefficients: point.beta.slice(1),
    converged,
    steps,
  };
}

function descend(design: readonly Float64Array[], problem: LogisticProblem) {
  let point = evaluate(design, problem, new Float64Array(design.length));
  let factor = factorise(hessianAt(design, problem, point), design.length);
  for (let steps = 0; steps < MOST_STEPS; steps += 1) {
    const step = solve(factor, point.gradient);
    if (!(dot(step, point.gradient) > TOLERANCE)) return { point, converged: true, steps };
    point = stepFrom(point, step, (beta) => evaluate(design, problem, beta));
    // Close to the optimum the last Hessian judges the gradient as well as a new one, which is most of a step's work.
    if (dot(solve(factor, point.gradient), point.gradient) > TOLERANCE) {
      factor = factorise(hessianAt(design, problem, point), design.length);
    }
  }
  return { point, converged: false, steps: MOST_STEPS };
}

/** The point a step further, the step halved until it pays. */
function stepFrom(point: Point, step: Float64Array, evaluateAt: (beta: Float64Array) => Point): Point {
  const promised = dot(step, point.gradient);
  // Below this the objective itself is only rounding.
  const slack = 1e-13 * Math.abs(point.objective);
  for (let length = 1; ; length /= 2) {
    const beta = point.beta.map((value, place) => value - length * (step[place] ?? 0));
    const candidate = evaluateAt(beta);
    if (candidate.objective <= point.objective - SUFFICIENT * length * promised + slack) return candidate;
    if (length < 1e-10) return point;
  }
}

function evaluate(design: readonly Float64Array[], problem: LogisticProblem, beta: Float64Array): Point {
  const { labels, weights, l2 } = problem;
  const logOdds = combine(design, beta);
  const residual = new Float64Array(labels.length);
  const curvature = new Float64Array(labels.length);
  let objective = 0;
  for (let row = 0; row < labels.length; row += 1) {
    const odds = logOdds[row] ?? 0;
    const label = labels[row] ?? 0;
    const weight = weights === undefined ? 1 : (weights[row] ?? 0);
    const decay = Math.exp(-Math.abs(odds));
    // The smaller of p and 1 - p keeps its digits where the other rounds to 1.
    const small = decay / (1 + decay);
    objective += weight * (Math.max(odds, 0) - label * odds + Math.log(1 + decay));
    residual[row] = weight * (odds >= 0 ? 1 - label - small : small - label);
    curvature[row] = weight * small * (1 - small);
  }
  const gradient = new Float64Array(beta.length);
  for (let place = 0; place < beta.length; place += 1) {
    const penalty = place === 0 ? 0 : l2;
    const value = beta[place] ?? 0;
    objective += (penalty / 2) * value * value;
    gradient[place] = dot(design[place] ?? residual, residual) + penalty * value;
  }
  return { beta, objective, gradient, curvature };
}

function hessianAt(design: readonly Float64Array[], { l2 }: LogisticProblem, point: Point): Float64Array {
  const hessian = gram(design, point.curvature);
  const size = design.length;
  for (let place = 1; place < size; place += 1) {
    hessian[place * size + place] = (hessian[place * size + place] ?? 0) + l2;
  }
  return hessian;
}

/** Weighted sum of columns, shape (n). */
function combine(columns: readonly Float64Array[], beta: Float64Array): Float64Array {
  const sum = new Float64Array(columns[0]?.length ?? 0);
  columns.forEach((column, place) => {
    const factor = beta[place] ?? 0;
    if (factor === 0) return;
    for (let row = 0; row < sum.length; row += 1) sum[row] = (sum[row] ?? 0) + factor * (column[row] ?? 0);
  });
  return sum;
}

/** Four partial sums, so that one addition need not wait for the last. */
function dot(left: Float64Array, right: Float64Array): number {
  const length = left.length;
  const even = length - (length % 4);
  let a = 0;
  let b = 0;
  let c = 0;
  let d = 0;
  for (let row = 0; row < even; row += 4) {
    a += (left[row] ?? 0) * (right[row] ?? 0);
    b += (left[row + 1] ?? 0) * (right[row + 1] ?? 0);
    c += (left[row + 2] ?? 0) * (right[row + 2] ?? 0);
    d += (left[row + 3] ?? 0) * (right[row + 3] ?? 0);
  }
  for (let row = even; row < length; row += 1) a += (left[row] ?? 0) * (right[row] ?? 0);
  return a + b + (c + d);
}

/** The answer where one class (or all weight) is absent, else null. */
function withoutContrast({ columns, labels, weights }: LogisticProblem): LogisticFit | null {
  let ups = 0;
  let total = 0;
  labels.forEach((label, row) => {
    const weight = weights === undefined ? 1 : (weights[row] ?? 0);
    total += weight;
    ups += weight * label;
  });
  if (ups > 0 && ups < total) return null;
  return {
    intercept: Math.log((ups + 1) / (total - ups + 1)),
    coefficients: new Float64Array(columns.length),
    converged: true,
    steps: 0,
  };
}

function requireShapes({ columns, labels, weights, l2 }: LogisticProblem): void {
  if (!(l2 >= 0 && l2 < Infinity)) throw new RangeError(`l2 is a finite number from 0, got ${l2}`);
  const lengths = [...columns, ...(weights === undefined ? [] : [weights])].map((values) => values.length);
  const other = lengths.find((length) => length !== labels.length);
  if (other !== undefined) {
    throw new RangeError(`${labels.length} labels, but a column or the weights have ${other} rows`);
  }
  columns.forEach((column, place) => {
    for (let row = 0; row < column.length; row += 1) {
      if (Number.isFinite(column[row])) continue;
      throw new RangeError(`column ${place} is not finite in row ${row}: ${column[row]}`);
    }
  });
}
