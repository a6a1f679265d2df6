/** Points through which a curve that never falls is laid. */
export interface IsotonicProblem {
  /** Any order, equal values allowed, finite, shape (n). */
  x: Float64Array;
  /** Such as labels 0 and 1, finite, shape (n). */
  y: ArrayLike<number>;
  /** What each point counts, not negative, shape (n); 1 where left out. A point of weight 0 is not there. */
  weights?: Float64Array;
}

/** The curve: straight lines between knots, flat outside of them. */
export interface IsotonicFit {
  /** Ascending, shape (knots). */
  x: Float64Array;
  /** Never falling, shape (knots). */
  y: Float64Array;
}

/**
 * The curve that never falls and is nearest to the points in weighted least squares, by pooling neighbours that fall.
 * Points of equal x share one value. It calibrates scores without taking any shape for granted, but needs some
 * thousand rows.
 * @throws RangeError when shapes differ, a value is not finite, a weight is negative, or no point has weight
 * @see Ayer, Brunk, Ewing, Reid, Silverman (1955), Annals of Mathematical Statistics 26; Zadrozny, Elkan (2002),
 *   Transforming classifier scores into accurate multiclass probability estimates, KDD
 */
export function isotonicRegression(problem: IsotonicProblem): IsotonicFit {
  requireValid(problem);
  const points = meansByX(problem);
  if (points.x.length === 0) throw new RangeError('an isotonic regression needs a point with weight');
  const values = pooled(points.y, points.weights);
  const last = values.length - 1;
  const knots: number[] = [];
  values.forEach((value, place) => {
    const isInner = place > 0 && place < last;
    if (!(isInner && value === values[place - 1] && value === values[place + 1])) knots.push(place);
  });
  return {
    x: Float64Array.from(knots, (place) => points.x[place] ?? NaN),
    y: Float64Array.from(knots, (place) => values[place] ?? NaN),
  };
}

/**
 * Value of the curve: between two knots on the line that joins them, outside of the knots that of the nearest.
 * @returns NaN for NaN
 */
export function isotonicValue({ x, y }: IsotonicFit, at: number): number {
  if (Number.isNaN(at)) return NaN;
  let low = 0;
  let high = x.length - 1;
  if (at <= (x[low] ?? NaN)) return y[low] ?? NaN;
  if (at >= (x[high] ?? NaN)) return y[high] ?? NaN;
  while (high - low > 1) {
    const middle = (low + high) >> 1;
    if ((x[middle] ?? NaN) <= at) low = middle;
    else high = middle;
  }
  const [left, right] = [x[low] ?? NaN, x[high] ?? NaN];
  const [from, to] = [y[low] ?? NaN, y[high] ?? NaN];
  return from + ((to - from) * (at - left)) / (right - left);
}

/** One point for each x, ascending: weighted mean of y, and the weights together. */
function meansByX({ x, y, weights }: IsotonicProblem) {
  const order = Uint32Array.from(x.keys()).sort((left, right) => (x[left] ?? 0) - (x[right] ?? 0));
  const points = { x: [] as number[], y: [] as number[], weights: [] as number[] };
  let sum = 0;
  let total = 0;
  order.forEach((row, place) => {
    const weight = weights === undefined ? 1 : (weights[row] ?? NaN);
    sum += weight * (y[row] ?? NaN);
    total += weight;
    if (x[order[place + 1] ?? -1] === x[row]) return;
    if (total > 0) {
      points.x.push(x[row] ?? NaN);
      points.y.push(sum / total);
      points.weights.push(total);
    }
    sum = 0;
    total = 0;
  });
  return points;
}

/** Pools each value with its neighbours below until nothing falls; shape of the values. */
function pooled(values: readonly number[], weights: readonly number[]): Float64Array {
  /** Weighted sum, weight and number of values of each pool so far. */
  const pools: { sum: number; weight: number; size: number }[] = [];
  values.forEach((value, place) => {
    const weight = weights[place] ?? NaN;
    let pool = { sum: weight * value, weight, size: 1 };
    for (let below = pools.at(-1); below !== undefined; below = pools.at(-1)) {
      if (below.sum / below.weight < pool.sum / pool.weight) break;
      pools.pop();
      pool = {
        sum: pool.sum + below.sum,
        weight: pool.weight + below.weight,
        size: pool.size + below.size,
      };
    }
    pools.push(pool);
  });
  const answer = new Float64Array(values.length);
  let filled = 0;
  for (const { sum, weight, size } of pools) {
    answer.fill(sum / weight, filled, filled + size);
    filled += size;
  }
  return answer;
}

function requireValid({ x, y, weights }: IsotonicProblem): void {
  for (const other of [y, ...(weights === undefined ? [] : [weights])]) {
    if (other.length !== x.length) {
      throw new RangeError(`${x.length} values of x, but y or the weights have ${other.length} rows`);
    }
  }
  x.forEach((value, row) => {
    const weight = weights === undefined ? 1 : (weights[row] ?? NaN);
    if (!Number.isFinite(value) || !Number.isFinite(y[row]) || !(weight >= 0 && weight < Infinity)) {
      throw new RangeError(`row ${row} cannot be fitted: x ${value}, y ${y[row]}, weight ${weight}`);
    }
  });
}
