/** A smooth function to be made small. */
export interface Objective {
  /** Starting point; stays as it is. */
  start: Float64Array;
  /** Value at a point; writes the gradient there. */
  evaluate(point: Float64Array, gradient: Float64Array): number;
  mostSteps: number;
}

/** Pairs of steps and changes of the gradient from which the curvature is guessed. */
const MEMORY = 8;
/** Share of the promised descent that a step must bring (Armijo). */
const SUFFICIENT = 1e-4;
const MOST_HALVINGS = 30;
const SMALLEST_GAIN = 1e-7;

interface Pair {
  step: Float64Array;
  change: Float64Array;
  product: number;
}

/**
 * Minimises by L-BFGS with a backtracking line search: deterministic, never worse than the start.
 * @returns the best point found
 * @see Nocedal, Wright (2006), Numerical Optimization, algorithms 7.4 and 7.5
 */
export function minimise({ start, evaluate, mostSteps }: Objective): Float64Array {
  const size = start.length;
  let point: Float64Array = start.slice();
  let gradient: Float64Array = new Float64Array(size);
  let value = evaluate(point, gradient);
  const pairs: Pair[] = [];
  for (let round = 0; round < mostSteps; round += 1) {
    const direction = descentDirection(gradient, pairs);
    const slope = dot(direction, gradient);
    if (!(slope < 0)) break;
    let length = pairs.length === 0 ? 1 / Math.max(1, Math.sqrt(dot(gradient, gradient))) : 1;
    const nextGradient = new Float64Array(size);
    let next = along(point, direction, length);
    let nextValue = evaluate(next, nextGradient);
    for (let halving = 0; !(nextValue <= value + SUFFICIENT * length * slope); halving += 1) {
      if (halving === MOST_HALVINGS) return point;
      length /= 2;
      next = along(point, direction, length);
      nextValue = evaluate(next, nextGradient);
    }
    remember(pairs, difference(next, point), difference(nextGradient, gradient));
    const gain = value - nextValue;
    point = next;
    gradient = nextGradient;
    value = nextValue;
    if (gain < SMALLEST_GAIN * Math.max(1, Math.abs(value))) break;
  }
  return point;
}

/** Minus the gradient, turned by the guessed inverse curvature (the two-loop recursion). */
function descentDirection(gradient: Float64Array, pairs: readonly Pair[]): Float64Array {
  const direction = gradient.map((one) => -one);
  const shares: number[] = [];
  for (const { step, change, product } of pairs.toReversed()) {
    const share = dot(step, direction) / product;
    shares.push(share);
    add(direction, change, -share);
  }
  const newest = pairs.at(-1);
  if (newest !== undefined) {
    const scale = newest.product / dot(newest.change, newest.change);
    for (let at = 0; at < direction.length; at += 1) direction[at] = (direction[at] ?? 0) * scale;
  }
  for (const { step, change, product } of pairs) {
    add(direction, step, (shares.pop() ?? 0) - dot(change, direction) / product);
  }
  return direction;
}

/** Only what curves upwards keeps the guess positive definite. */
function remember(pairs: Pair[], step: Float64Array, change: Float64Array): void {
  const product = dot(step, change);
  if (!(product > 1e-12 * dot(change, change))) return;
  pairs.push({ step, change, product });
  if (pairs.length > MEMORY) pairs.shift();
}

function along(point: Float64Array, direction: Float64Array, length: number): Float64Array {
  const moved = point.slice();
  add(moved, direction, length);
  return moved;
}

function difference(one: Float64Array, other: Float64Array): Float64Array {
  return one.map((value, at) => value - (other[at] ?? 0));
}

function add(target: Float64Array, other: Float64Array, factor: number): void {
  for (let at = 0; at < target.length; at += 1)
    target[at] = (target[at] as number) + factor * (other[at] as number);
}

function dot(one: Float64Array, other: Float64Array): number {
  let sum = 0;
  for (let at = 0; at < one.length; at += 1) sum += (one[at] as number) * (other[at] as number);
  return sum;
}
