/** Trials of one search over the same periods. */
export interface OverfittingProblem {
  /** One array a trial: its performance in each period (more is better, 0 is no gain), finite, shape (n). */
  performance: readonly Float64Array[];
  /** Parts of equal length that the periods are cut into: even, 2 to 20; 16 gives 12,870 halves. */
  partitions: number;
  /** What the best trial is chosen by: mean performance, or mean over standard deviation. */
  criterion: 'mean' | 'sharpe';
}

/** What choosing the best of the trials is worth. */
export interface BacktestOverfitting {
  /** Share of halves whose best trial is no better than the median trial in the other half, 0..1. */
  probability: number;
  /** One a half: log-odds of the relative rank which its best trial has in the other half; 0 is the median. */
  logits: Float64Array;
  /** Performance in the other half = intercept + slope * performance in the half that chose; NaN where all halves agree. */
  slope: number;
  intercept: number;
  /** Share of halves whose best trial loses (is below 0) in the other half, 0..1. */
  probabilityOfLoss: number;
}

const MOST_PARTITIONS = 20;
/** A variance below this share of the mean square is what rounding leaves of values that never vary. */
const ROUNDING = 1e-24;

/** Sums of one trial over each partition. */
interface Sums {
  /** Of the values less their mean over all periods, which keeps the digits of the squares; shape (partitions). */
  values: Float64Array;
  squares: Float64Array;
  /** The mean that was taken off. */
  shift: number;
}

/**
 * Probability of backtest overfitting by combinatorially symmetric cross-validation: every half of the partitions
 * chooses its best trial (the first of equals), and the other half says where that trial ranks there. Ranks of equals
 * are shared. Halves are judged from sums by partition, so the number of periods costs nothing. Where the periods cannot
 * be divided evenly, partitions differ by one period. A Sharpe ratio is 0 where nothing varies.
 * @throws RangeError when there are fewer than two trials, shapes differ, a value is not finite, the partitions are no
 *   even number in 2..20, or a partition has fewer than two periods
 * @see Bailey, Borwein, López de Prado, Zhu (2017), The probability of backtest overfitting, Journal of Computational
 *   Finance 20(4)
 */
export function backtestOverfitting(problem: OverfittingProblem): BacktestOverfitting {
  requireValid(problem);
  const { performance, partitions, criterion } = problem;
  const periods = performance[0]?.length ?? 0;
  const bounds = Array.from({ length: partitions + 1 }, (_, part) =>
    Math.floor((part * periods) / partitions),
  );
  const sums = performance.map((values) => sumsOf(values, bounds));
  const halves = halvesOf(partitions);
  const chosen = new Float64Array(halves.length);
  const kept = new Float64Array(halves.length);
  const logits = new Float64Array(halves.length);
  halves.forEach((half, place) => {
    const inside = sums.map((trial) => judge(trial, { half, bounds, criterion }));
    const others = ~half & (2 ** partitions - 1);
    const outside = sums.map((trial) => judge(trial, { half: others, bounds, criterion }));
    const best = inside.reduce((top, value, trial) => (value > (inside[top] ?? NaN) ? trial : top), 0);
    chosen[place] = inside[best] ?? NaN;
    kept[place] = outside[best] ?? NaN;
    const rank = midRank(outside, best);
    logits[place] = Math.log(rank / (sums.length + 1 - rank));
  });
  return {
    probability: shareOf(logits, (logit) => logit <= 0),
    logits,
    ...lineThrough(chosen, kept),
    probabilityOfLoss: shareOf(kept, (value) => value < 0),
  };
}

/** Every choice of half of the partitions, as bits. */
function halvesOf(partitions: number): number[] {
  const halves: number[] = [];
  for (let bits = 0; bits < 2 ** partitions; bits += 1) {
    if (bitCount(bits) === partitions / 2) halves.push(bits);
  }
  return halves;
}

function bitCount(bits: number): number {
  let count = 0;
  for (let rest = bits; rest !== 0; rest &= rest - 1) count += 1;
  return count;
}

function sumsOf(values: Float64Array, bounds: readonly number[]): Sums {
  const shift = values.reduce((sum, value) => sum + value, 0) / values.length;
  const parts = bounds.length - 1;
  const sums = { values: new Float64Array(parts), squares: new Float64Array(parts), shift };
  for (let part = 0; part < parts; part += 1) {
    let sum = 0;
    let squares = 0;
    for (let period = bounds[part] ?? 0; period < (bounds[part + 1] ?? 0); period += 1) {
      const value = (values[period] ?? NaN) - shift;
      sum += value;
      squares += value * value;
    }
    sums.values[part] = sum;
    sums.squares[part] = squares;
  }
  return sums;
}

/** Performance of a trial over the partitions of a half. */
function judge(
  { values, squares, shift }: Sums,
  {
    half,
    bounds,
    criterion,
  }: { half: number; bounds: readonly number[]; criterion: OverfittingProblem['criterion'] },
): number {
  let count = 0;
  let sum = 0;
  let square = 0;
  for (let part = 0; part < values.length; part += 1) {
    if (((half >> part) & 1) === 0) continue;
    count += (bounds[part + 1] ?? 0) - (bounds[part] ?? 0);
    sum += values[part] ?? 0;
    square += squares[part] ?? 0;
  }
  const offset = sum / count;
  const mean = shift + offset;
  if (criterion === 'mean') return mean;
  const variance = (square - sum * offset) / (count - 1);
  return variance > ROUNDING * (shift * shift + square / count) ? mean / Math.sqrt(variance) : 0;
}

/** 1 for the worst, equals share the mean of their ranks. */
function midRank(values: readonly number[], trial: number): number {
  const own = values[trial] ?? NaN;
  let below = 0;
  let equal = 0;
  for (const value of values) {
    if (value < own) below += 1;
    else if (value === own) equal += 1;
  }
  return below + (equal + 1) / 2;
}

/** Least squares of y on x. */
function lineThrough(x: Float64Array, y: Float64Array): { slope: number; intercept: number } {
  const meanX = x.reduce((sum, value) => sum + value, 0) / x.length;
  const meanY = y.reduce((sum, value) => sum + value, 0) / y.length;
  let together = 0;
  let spread = 0;
  x.forEach((value, place) => {
    together += (value - meanX) * ((y[place] ?? NaN) - meanY);
    spread += (value - meanX) ** 2;
  });
  const slope = spread > 0 ? together / spread : NaN;
  return { slope, intercept: meanY - slope * meanX };
}

function shareOf(values: Float64Array, holds: (value: number) => boolean): number {
  return values.reduce((count, value) => count + (holds(value) ? 1 : 0), 0) / values.length;
}

function requireValid({ performance, partitions }: OverfittingProblem): void {
  if (performance.length < 2) throw new RangeError(`overfitting needs two trials, got ${performance.length}`);
  if (!(Number.isInteger(partitions / 2) && partitions >= 2 && partitions <= MOST_PARTITIONS)) {
    throw new RangeError(`partitions are an even number in 2..${MOST_PARTITIONS}, got ${partitions}`);
  }
  const periods = performance[0]?.length ?? 0;
  performance.forEach((values, trial) => {
    if (values.length !== periods) {
      throw new RangeError(`trial 0 has ${periods} periods, but trial ${trial} has ${values.length}`);
    }
    const odd = values.findIndex((value) => !Number.isFinite(value));
    if (odd >= 0) throw new RangeError(`trial ${trial} is not finite in period ${odd}: ${values[odd]}`);
  });
  if (periods < 2 * partitions) {
    throw new RangeError(`${partitions} partitions need ${2 * partitions} periods, got ${periods}`);
  }
}
