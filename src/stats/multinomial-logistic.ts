import { createCurvature, dot, norm, type Curvature } from './curvature.ts';

/** Rows of few values among many columns: row r holds values[starts[r] .. starts[r + 1]]. */
export interface SparseRows {
  /** Shape (rows + 1), ascending from 0. */
  starts: Uint32Array;
  /** Column of each value, below `columnCount`. */
  columns: Uint32Array;
  /** Finite. */
  values: Float32Array;
  columnCount: number;
}

/** Data and penalty of a multinomial logistic regression. */
export interface MultinomialProblem {
  rows: SparseRows;
  /** 0 .. classes - 1, shape (rows). */
  labels: Uint8Array;
  /** At least 2. */
  classes: number;
  /** What each row counts, not negative, shape (rows); 1 where left out. */
  weights?: Float64Array;
  /** Strength of the penalty on the coefficients, above 0; the intercepts are free. */
  l2: number;
  /** Where to begin, such as the fit of a neighbouring penalty; zero where left out. */
  start?: MultinomialFit;
  /** Length of the gradient, as a share of its length at zero, at which to stop; 1e-6 where left out. */
  tolerance?: number;
}

/** A fitted multinomial logistic regression: log-odds of class k = intercept k + sum of coefficient * value. */
export interface MultinomialFit {
  /** Shape (classes), sum 0. */
  intercepts: Float64Array;
  /** Of class k and column c at k * columns + c, shape (classes * columns). */
  coefficients: Float64Array;
  /** False when the steps ran out first, or rounding left nothing to gain. */
  converged: boolean;
  /** Steps taken. */
  steps: number;
}

const MOST_STEPS = 1_000;
const TOLERANCE = 1e-6;
/** Pairs of steps and changes of the gradient that stand for the curvature. */
const MEMORY = 6;
/** Share of the promised descent that a step must bring (Armijo). */
const SUFFICIENT = 1e-4;
/** A shorter step than this changes nothing but rounding. */
const SHORTEST = 1e-10;

/** Everything about the objective at one point; of column c and class k at c * classes + k, the intercepts behind. */
interface Point {
  parameters: Float64Array;
  objective: number;
  gradient: Float64Array;
}

/**
 * Minimises sum(weight * log-loss) + l2 / 2 * sum(coefficient^2) by L-BFGS with a backtracking line search; the problem
 * is convex, so what it ends at is the optimum. In scikit-learn's terms l2 = 1 / C.
 * @throws RangeError when shapes differ, a label is no class, or l2 is not above 0
 * @see Nocedal, Wright (2006), Numerical Optimization, algorithms 3.1 and 7.4
 */
export function multinomialLogistic(problem: MultinomialProblem): MultinomialFit {
  const work = multinomialLogisticSteps(problem);
  for (;;) {
    const { done, value } = work.next();
    if (done === true) return value;
  }
}

/**
 * The same, one step at a time, for whoever must let others work in between.
 * @yields the length of the gradient as a share of its length at zero
 */
export function* multinomialLogisticSteps(
  problem: MultinomialProblem,
): Generator<number, MultinomialFit, undefined> {
  requireShapes(problem);
  const objective = createObjective(problem);
  const size = (problem.rows.columnCount + 1) * problem.classes;
  const zero = objective(new Float64Array(size));
  const scale = norm(zero.gradient);
  const tolerance = problem.tolerance ?? TOLERANCE;
  let point = problem.start === undefined ? zero : objective(parametersOf(problem.start, size));
  const curvature = createCurvature({ pairs: MEMORY });
  for (let steps = 0; steps < MOST_STEPS; steps += 1) {
    const length = norm(point.gradient);
    if (length <= tolerance * scale) return fitOf(problem, point, { steps, converged: true });
    yield length / scale;
    const next = descend(objective, point, curvature);
    if (next === null) return fitOf(problem, point, { steps, converged: false });
    curvature.remember(point, next);
    point = next;
  }
  return fitOf(problem, point, { steps: MOST_STEPS, converged: false });
}

/** The point a step further, the step halved until it pays; null where none does. */
function descend(
  objective: (parameters: Float64Array) => Point,
  point: Point,
  curvature: Curvature,
): Point | null {
  const direction = curvature.descent(point.gradient);
  const slope = dot(direction, point.gradient);
  const slack = 1e-14 * Math.abs(point.objective);
  // Nothing is known of the curvature yet: a step of length 1 at most.
  const first = curvature.isEmpty() ? Math.min(1, 1 / norm(point.gradient)) : 1;
  for (let length = first; length > SHORTEST * first; length /= 2) {
    const parameters = new Float64Array(direction.length);
    for (let place = 0; place < parameters.length; place += 1) {
      parameters[place] = (point.parameters[place] ?? 0) + length * (direction[place] ?? 0);
    }
    const next = objective(parameters);
    if (next.objective <= point.objective + SUFFICIENT * length * slope + slack) return next;
  }
  return null;
}

function createObjective(problem: MultinomialProblem): (parameters: Float64Array) => Point {
  const { rows, labels, classes, weights, l2 } = problem;
  const free = rows.columnCount * classes;
  const turned = transpose(rows);
  /** Log-odds, then residuals; of row r and class k at r * classes + k. */
  const odds = new Float64Array(labels.length * classes);
  return (parameters) => {
    const gradient = new Float64Array(parameters.length);
    multiply(rows, parameters, { into: odds, classes });
    for (let place = 0; place < odds.length; place += 1) {
      odds[place] = (odds[place] ?? 0) + (parameters[free + (place % classes)] ?? 0);
    }
    let objective = residualsOf(odds, { labels, classes, weights });
    multiply(turned, odds, { into: gradient, classes });
    for (let place = 0; place < odds.length; place += 1) {
      const at = free + (place % classes);
      gradient[at] = (gradient[at] ?? 0) + (odds[place] ?? 0);
    }
    let squares = 0;
    for (let place = 0; place < free; place += 1) {
      const value = parameters[place] ?? 0;
      squares += value * value;
      gradient[place] = (gradient[place] ?? 0) + l2 * value;
    }
    objective += (l2 / 2) * squares;
    return { parameters, objective, gradient };
  };
}

/**
 * Each row times a table of as many columns as there are classes. Three classes at a time: their sums stay in registers,
 * and the matrix, which is larger than any cache, is read once for all three.
 */
function multiply(
  { starts, columns, values }: SparseRows,
  table: Float64Array,
  { into, classes }: { into: Float64Array; classes: number },
): void {
  const rowCount = starts.length - 1;
  for (let first = 0; first < classes; first += 3) {
    // Where there are fewer, the last is computed again.
    const second = Math.min(first + 1, classes - 1);
    const third = Math.min(first + 2, classes - 1);
    for (let row = 0; row < rowCount; row += 1) {
      const to = starts[row + 1] ?? 0;
      let a = 0;
      let b = 0;
      let c = 0;
      for (let place = starts[row] ?? 0; place < to; place += 1) {
        const base = (columns[place] ?? 0) * classes;
        const value = values[place] ?? 0;
        a += value * (table[base + first] ?? 0);
        b += value * (table[base + second] ?? 0);
        c += value * (table[base + third] ?? 0);
      }
      into[row * classes + first] = a;
      into[row * classes + second] = b;
      into[row * classes + third] = c;
    }
  }
}

/** The same matrix by columns, so that the gradient is gathered and not scattered. */
function transpose({ starts, columns, values, columnCount }: SparseRows): SparseRows {
  const rowCount = starts.length - 1;
  const turned: SparseRows = {
    starts: new Uint32Array(columnCount + 1),
    columns: new Uint32Array(columns.length),
    values: new Float32Array(values.length),
    columnCount: rowCount,
  };
  for (const column of columns) turned.starts[column + 1] = (turned.starts[column + 1] ?? 0) + 1;
  for (let column = 0; column < columnCount; column += 1) {
    turned.starts[column + 1] = (turned.starts[column + 1] ?? 0) + (turned.starts[column] ?? 0);
  }
  const next = turned.starts.slice();
  for (let row = 0; row < rowCount; row += 1) {
    const to = starts[row + 1] ?? 0;
    for (let place = starts[row] ?? 0; place < to; place += 1) {
      const column = columns[place] ?? 0;
      const target = next[column] ?? 0;
      next[column] = target + 1;
      turned.columns[target] = row;
      turned.values[target] = values[place] ?? 0;
    }
  }
  return turned;
}

/** Turns log-odds into weight * (probability - truth), in place. @returns the weighted log-loss */
function residualsOf(
  odds: Float64Array,
  { labels, classes, weights }: Pick<MultinomialProblem, 'labels' | 'classes' | 'weights'>,
): number {
  let loss = 0;
  for (let row = 0; row < labels.length; row += 1) {
    const base = row * classes;
    const label = labels[row] ?? 0;
    const weight = weights === undefined ? 1 : (weights[row] ?? 0);
    let most = -Infinity;
    for (let k = 0; k < classes; k += 1) most = Math.max(most, odds[base + k] ?? 0);
    const truth = (odds[base + label] ?? 0) - most;
    let total = 0;
    for (let k = 0; k < classes; k += 1) {
      const share = Math.exp((odds[base + k] ?? 0) - most);
      odds[base + k] = share;
      total += share;
    }
    loss += weight * (Math.log(total) - truth);
    for (let k = 0; k < classes; k += 1) {
      const probability = (odds[base + k] ?? 0) / total;
      odds[base + k] = weight * (probability - (k === label ? 1 : 0));
    }
  }
  return loss;
}

/** A fit keeps class by class what the solver has column by column. */
function parametersOf({ coefficients, intercepts }: MultinomialFit, size: number): Float64Array {
  if (coefficients.length + intercepts.length !== size) {
    throw new RangeError('the start of a fit must have its columns and classes');
  }
  const parameters = new Float64Array(size);
  const classes = intercepts.length;
  const columns = coefficients.length / classes;
  coefficients.forEach((value, place) => {
    parameters[(place % columns) * classes + Math.floor(place / columns)] = value;
  });
  parameters.set(intercepts, coefficients.length);
  return parameters;
}

function fitOf(
  { rows, classes }: MultinomialProblem,
  { parameters }: Point,
  end: Pick<MultinomialFit, 'steps' | 'converged'>,
): MultinomialFit {
  const { columnCount } = rows;
  const free = columnCount * classes;
  const intercepts = parameters.slice(free);
  const mean = intercepts.reduce((sum, one) => sum + one, 0) / classes;
  return {
    // Only differences of intercepts mean anything.
    intercepts: intercepts.map((one) => one - mean),
    coefficients: new Float64Array(free).map(
      (_, place) => parameters[(place % columnCount) * classes + Math.floor(place / columnCount)] ?? 0,
    ),
    ...end,
  };
}

function requireShapes({ rows, labels, classes, weights, l2 }: MultinomialProblem): void {
  if (!(l2 > 0)) throw new RangeError(`l2 must be above 0, got ${l2}`);
  if (classes < 2) throw new RangeError(`there must be at least 2 classes, got ${classes}`);
  if (labels.length === 0) throw new RangeError('there are no rows');
  if (rows.starts.length !== labels.length + 1) {
    throw new RangeError(
      `${labels.length} labels need ${labels.length + 1} row starts, got ${rows.starts.length}`,
    );
  }
  if (weights !== undefined && weights.length !== labels.length) {
    throw new RangeError(`${labels.length} labels need as many weights, got ${weights.length}`);
  }
  if (labels.some((label) => label >= classes)) throw new RangeError(`a label is not below ${classes}`);
  if (rows.columns.some((column) => column >= rows.columnCount)) {
    throw new RangeError(`a column is not below ${rows.columnCount}`);
  }
}
