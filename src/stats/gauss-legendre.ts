/** Where to look at a function in 0..1, and what each look counts. */
export interface Quadrature {
  /** Ascending, strictly between 0 and 1, shape (count). */
  nodes: Float64Array;
  /** Sum to 1, shape (count). */
  weights: Float64Array;
}

const MOST_STEPS = 100;

/**
 * The Gauss-Legendre rule on 0..1: sum(weights * f(nodes)) is the integral, exactly for polynomials of a degree below
 * twice the count.
 * @param count - of nodes, from 1 on
 * @throws RangeError when the count is no integer from 1 on
 * @see Golub, Welsch (1969), Calculation of Gauss quadrature rules, Mathematics of Computation 23
 * @example gaussLegendre(1) // nodes [0.5], weights [1]
 */
export function gaussLegendre(count: number): Quadrature {
  if (!(Number.isInteger(count) && count >= 1))
    throw new RangeError(`a rule has 1 node or more, got ${count}`);
  const nodes = new Float64Array(count);
  const weights = new Float64Array(count);
  for (let place = 0; place < count; place += 1) {
    // The largest root comes first; this start lies within reach of Newton's steps for every count.
    let root = Math.cos((Math.PI * (place + 0.75)) / (count + 0.5));
    let { value, slope } = legendre(count, root);
    for (let step = 0; step < MOST_STEPS && Math.abs(value / slope) > Number.EPSILON; step += 1) {
      root -= value / slope;
      ({ value, slope } = legendre(count, root));
    }
    nodes[count - 1 - place] = (1 + root) / 2;
    weights[count - 1 - place] = 1 / ((1 - root ** 2) * slope ** 2);
  }
  return { nodes, weights };
}

/** Legendre's polynomial of a degree, and its slope, at a place strictly between -1 and 1. */
function legendre(degree: number, at: number): { value: number; slope: number } {
  let before = 1;
  let value = at;
  for (let next = 2; next <= degree; next += 1) {
    [before, value] = [value, ((2 * next - 1) * at * value - (next - 1) * before) / next];
  }
  return { value, slope: (degree * (at * value - before)) / (at ** 2 - 1) };
}
