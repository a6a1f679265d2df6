import { createCurvature, dot, norm, type Place } from '../../stats/index.ts';

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
/** Only what curves upwards keeps the guess positive definite. */
const LEAST_CURVATURE = 1e-12;

/**
 * Minimises by L-BFGS with a backtracking line search: deterministic, never worse than the start.
 * @returns the best point found
 * @see Nocedal, Wright (2006), Numerical Optimization, algorithms 7.4 and 7.5
 */
export function minimise({ start, evaluate, mostSteps }: Objective): Float64Array {
  const size = start.length;
  let place: Place = { parameters: start.slice(), gradient: new Float64Array(size) };
  let value = evaluate(place.parameters, place.gradient);
  const curvature = createCurvature({ pairs: MEMORY, least: LEAST_CURVATURE });
  for (let round = 0; round < mostSteps; round += 1) {
    const direction = curvature.descent(place.gradient);
    const slope = dot(direction, place.gradient);
    if (!(slope < 0)) break;
    let length = curvature.isEmpty() ? 1 / Math.max(1, norm(place.gradient)) : 1;
    const gradient = new Float64Array(size);
    let parameters = along(place.parameters, direction, length);
    let nextValue = evaluate(parameters, gradient);
    for (let halving = 0; !(nextValue <= value + SUFFICIENT * length * slope); halving += 1) {
      if (halving === MOST_HALVINGS) return place.parameters;
      length /= 2;
      parameters = along(place.parameters, direction, length);
      nextValue = evaluate(parameters, gradient);
    }
    const next = { parameters, gradient };
    curvature.remember(place, next);
    const gain = value - nextValue;
    place = next;
    value = nextValue;
    if (gain < SMALLEST_GAIN * Math.max(1, Math.abs(value))) break;
  }
  return place.parameters;
}

function along(point: Float64Array, direction: Float64Array, length: number): Float64Array {
  return point.map((value, at) => value + length * (direction[at] as number));
}
