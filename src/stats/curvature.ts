/** A point with the gradient there. */
export interface Place {
  parameters: Float64Array;
  gradient: Float64Array;
}

/** What the last steps of a descent say of the curvature (L-BFGS). */
export interface Curvature {
  isEmpty(): boolean;
  /** Minus the gradient times what is known of the inverse Hessian (two loops); shape of the gradient. */
  descent(gradient: Float64Array): Float64Array;
  /** Keeps a step; one that does not curve upwards is passed over, so that the next direction still leads down. */
  remember(from: Place, to: Place): void;
}

/** One remembered step. */
interface Pair {
  step: Float64Array;
  change: Float64Array;
  inverse: number;
}

/**
 * An empty memory of the curvature.
 * @param options.pairs - steps that are remembered, the oldest is forgotten first
 * @param options.least - a step counts when step . change is above this share of change . change; default 0
 * @see Nocedal, Wright (2006), Numerical Optimization, algorithm 7.4
 */
export function createCurvature({ pairs, least = 0 }: { pairs: number; least?: number }): Curvature {
  const memory: Pair[] = [];
  return {
    isEmpty: () => memory.length === 0,
    descent: (gradient) => descentOf(gradient, memory),
    remember(from, to) {
      // The oldest pair's arrays serve again: they are the largest thing here.
      const spare = memory.length === pairs ? memory.shift() : undefined;
      const step = spare?.step ?? new Float64Array(to.parameters.length);
      const change = spare?.change ?? new Float64Array(to.parameters.length);
      for (let place = 0; place < step.length; place += 1) {
        step[place] = (to.parameters[place] ?? 0) - (from.parameters[place] ?? 0);
        change[place] = (to.gradient[place] ?? 0) - (from.gradient[place] ?? 0);
      }
      const together = dot(step, change);
      const bound = least === 0 ? 0 : least * dot(change, change);
      if (together > bound) memory.push({ step, change, inverse: 1 / together });
    },
  };
}

function descentOf(gradient: Float64Array, memory: readonly Pair[]): Float64Array {
  const direction = gradient.map((one) => -one);
  const shares: number[] = [];
  for (let place = memory.length - 1; place >= 0; place -= 1) {
    const pair = memory[place];
    if (pair === undefined) continue;
    const share = pair.inverse * dot(pair.step, direction);
    shares[place] = share;
    addScaled(direction, pair.change, -share);
  }
  const latest = memory.at(-1);
  if (latest !== undefined) {
    const size = 1 / (latest.inverse * dot(latest.change, latest.change));
    for (let place = 0; place < direction.length; place += 1)
      direction[place] = (direction[place] ?? 0) * size;
  }
  memory.forEach((pair, place) => {
    const again = pair.inverse * dot(pair.change, direction);
    addScaled(direction, pair.step, (shares[place] ?? 0) - again);
  });
  return direction;
}

/** Four partial sums, so that one addition need not wait for the last. */
export function dot(left: Float64Array, right: Float64Array): number {
  const even = left.length - (left.length % 4);
  let a = 0;
  let b = 0;
  let c = 0;
  let d = 0;
  for (let place = 0; place < even; place += 4) {
    a += (left[place] ?? 0) * (right[place] ?? 0);
    b += (left[place + 1] ?? 0) * (right[place + 1] ?? 0);
    c += (left[place + 2] ?? 0) * (right[place + 2] ?? 0);
    d += (left[place + 3] ?? 0) * (right[place + 3] ?? 0);
  }
  for (let place = even; place < left.length; place += 1) a += (left[place] ?? 0) * (right[place] ?? 0);
  return a + b + c + d;
}

/** Euclidean length. */
export function norm(vector: Float64Array): number {
  return Math.sqrt(dot(vector, vector));
}

function addScaled(target: Float64Array, vector: Float64Array, factor: number): void {
  for (let place = 0; place < target.length; place += 1) {
    target[place] = (target[place] ?? 0) + factor * (vector[place] ?? 0);
  }
}
