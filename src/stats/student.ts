import { normalCdf } from './normal.ts';

/** Halvings of the bracket: more than a double has digits. */
const HALVINGS = 80;

/**
 * Quantile of Student's t distribution, by halving a bracket on its distribution function, which is a finite sum for
 * whole degrees of freedom.
 * @param probability - in (0, 1)
 * @param degrees - degrees of freedom, a positive integer, or Infinity for the standard normal
 * @returns x with P(t <= x) = probability, absolute error below 1e-9 for probabilities in 0.0001..0.9999
 * @throws RangeError for other arguments
 * @see Abramowitz, Stegun (1964), Handbook of Mathematical Functions, 26.7.3 and 26.7.4
 * @example studentQuantile(0.95, 55) // 1.6730
 */
export function studentQuantile(probability: number, degrees: number): number {
  if (!(probability > 0 && probability < 1)) {
    throw new RangeError(`a quantile's probability lies between 0 and 1, got ${probability}`);
  }
  if (degrees !== Infinity && !(Number.isInteger(degrees) && degrees >= 1)) {
    throw new RangeError(`degrees of freedom are a positive integer or Infinity, got ${degrees}`);
  }
  if (probability < 0.5) return -studentQuantile(1 - probability, degrees);
  const below = degrees === Infinity ? normalCdf : (x: number) => studentCdf(x, degrees);
  let low = 0;
  let high = 1;
  while (below(high) < probability) high *= 2;
  for (let halving = 0; halving < HALVINGS; halving += 1) {
    const middle = (low + high) / 2;
    if (below(middle) < probability) low = middle;
    else high = middle;
  }
  return (low + high) / 2;
}

/**
 * Upper tail of Student's t distribution.
 * @param x - at least 0
 * @param degrees - degrees of freedom, a positive integer
 * @returns P(t > x), absolute error below 1e-12
 * @throws RangeError for other arguments
 * @example studentTail(2.0, 10) // 0.0367
 */
export function studentTail(x: number, degrees: number): number {
  if (!(x >= 0)) throw new RangeError(`the upper tail begins at 0 or above, got ${x}`);
  if (!(Number.isInteger(degrees) && degrees >= 1)) {
    throw new RangeError(`degrees of freedom are a positive integer, got ${degrees}`);
  }
  return Math.max(0, 1 - studentCdf(x, degrees));
}

/** P(t <= x) for x >= 0 and whole degrees of freedom. */
function studentCdf(x: number, degrees: number): number {
  const angle = Math.atan(x / Math.sqrt(degrees));
  const cosine = Math.cos(angle);
  const isOdd = degrees % 2 === 1;
  // The terms climb from cos (odd) or 1 (even) by cos^2 and a ratio of neighbouring integers.
  let term = isOdd ? cosine : 1;
  let sum = degrees === 1 ? 0 : term;
  for (let power = isOdd ? 3 : 2; power <= degrees - 2; power += 2) {
    term *= (cosine * cosine * (power - 1)) / power;
    sum += term;
  }
  const sine = Math.sin(angle);
  const within = isOdd ? (2 / Math.PI) * (angle + sine * sum) : sine * sum;
  return 0.5 + within / 2;
}
