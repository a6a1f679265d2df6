const LOWEST = 1 / 50;
const HIGHEST = 50;
/** Halvings of the interval: far below what any data can tell. */
const HALVINGS = 60;

/** What a classifier said of rows, and what was true. */
export interface RatedLogOdds {
  /** Of row r and class k at r * classes + k, finite. */
  logOdds: Float64Array;
  /** 0 .. classes - 1, shape (rows). */
  labels: Uint8Array;
  /** At least 2. */
  classes: number;
}

/**
 * The temperature by which log-odds must be divided for their softmax to fit the labels best (least log-loss). It leaves
 * every order as it is, so no label changes. Fit it on rows that the classifier has not learnt from.
 * @returns 1/50 .. 50; above 1: the classifier was too sure of itself
 * @throws RangeError when shapes differ or there are no rows
 * @see Guo et al. (2017), On Calibration of Modern Neural Networks
 */
export function fitTemperature(rated: RatedLogOdds): number {
  requireShapes(rated);
  // The loss is convex in the inverse of the temperature, so its slope has one zero.
  let low = Math.log(LOWEST);
  let high = Math.log(HIGHEST);
  for (let halving = 0; halving < HALVINGS; halving += 1) {
    const middle = (low + high) / 2;
    if (slopeAt(rated, Math.exp(middle)) > 0) high = middle;
    else low = middle;
  }
  return 1 / Math.exp((low + high) / 2);
}

/**
 * Mean log-loss of the softmax of log-odds divided by a temperature, in nats.
 * @throws RangeError when shapes differ or there are no rows
 */
export function softmaxLogLoss(rated: RatedLogOdds, temperature = 1): number {
  requireShapes(rated);
  const { logOdds, labels, classes } = rated;
  let loss = 0;
  for (let row = 0; row < labels.length; row += 1) {
    const base = row * classes;
    const truth = logOdds[base + (labels[row] ?? 0)] ?? 0;
    let total = 0;
    for (let k = 0; k < classes; k += 1) total += Math.exp(((logOdds[base + k] ?? 0) - truth) / temperature);
    // Where the truth is so unlikely that the quotient overflows, the largest alone decides.
    loss += Number.isFinite(total)
      ? Math.log(total)
      : (most(logOdds.subarray(base, base + classes)) - truth) / temperature;
  }
  return loss / labels.length;
}

/** Slope of the log-loss by the inverse temperature: expected minus actual log-odds. */
function slopeAt({ logOdds, labels, classes }: RatedLogOdds, inverse: number): number {
  let slope = 0;
  for (let row = 0; row < labels.length; row += 1) {
    const odds = logOdds.subarray(row * classes, (row + 1) * classes);
    const largest = most(odds);
    let total = 0;
    let expected = 0;
    for (const one of odds) {
      const share = Math.exp(inverse * (one - largest));
      total += share;
      expected += share * one;
    }
    slope += expected / total - (odds[labels[row] ?? 0] ?? 0);
  }
  return slope;
}

function most(values: Float64Array): number {
  let largest = -Infinity;
  for (const value of values) largest = Math.max(largest, value);
  return largest;
}

function requireShapes({ logOdds, labels, classes }: RatedLogOdds): void {
  if (labels.length === 0) throw new RangeError('there are no rows');
  if (logOdds.length !== labels.length * classes) {
    throw new RangeError(
      `${labels.length} rows of ${classes} classes need ${labels.length * classes} log-odds, got ${logOdds.length}`,
    );
  }
  if (labels.some((label) => label >= classes)) throw new RangeError(`a label is not below ${classes}`);
}
