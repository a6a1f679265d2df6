import { studentTail } from './student.ts';

/** Two forecasts of the same series. */
export interface DieboldMarianoProblem {
  /** Loss of the first minus loss of the second, one place a period; NaN where there is none, shape (n). */
  differences: Float64Array;
  /** Periods that a forecast looks ahead: neighbours that far apart share a part of what they foretell. */
  horizon: number;
}

/** What the test says. */
export interface DieboldMariano {
  /** Mean difference of loss: below 0 the first is better. */
  mean: number;
  /** With the small-sample correction; NaN where nothing can be said. */
  statistic: number;
  /** Two-sided, 0..1; NaN where nothing can be said. */
  p: number;
  n: number;
}

/** Fewer periods than this many horizons say nothing about the variance of a mean. */
const FEWEST_HORIZONS = 8;

/**
 * Test of equal predictive accuracy: the mean difference of loss over its standard error, which counts the
 * autocovariances up to horizon - 1 (rectangular kernel) and, where their sum is not above 0, weighs them down (Bartlett).
 * Corrected for small samples and held against Student's t with n - 1 degrees of freedom. Autocovariances run over the
 * periods of which both are there, so that a gap keeps its length.
 * @throws RangeError when the horizon is no positive whole number
 * @see Diebold, Mariano (1995), Comparing Predictive Accuracy; Harvey, Leybourne, Newbold (1997), Testing the equality of
 * prediction mean squared errors; Newey, West (1987) for the weights
 */
export function dieboldMariano({ differences, horizon }: DieboldMarianoProblem): DieboldMariano {
  if (!Number.isInteger(horizon) || horizon < 1) {
    throw new RangeError(`a horizon is a positive whole number of periods, got ${horizon}`);
  }
  let n = 0;
  let sum = 0;
  for (const difference of differences) {
    if (Number.isNaN(difference)) continue;
    n += 1;
    sum += difference;
  }
  const mean = sum / n;
  const silent = { mean, statistic: NaN, p: NaN, n };
  if (n < FEWEST_HORIZONS * horizon) return silent;
  const variance = longRunVariance(differences, { mean, n, horizon });
  if (!(variance > 0)) return silent;
  const correction = Math.sqrt((n + 1 - 2 * horizon + (horizon * (horizon - 1)) / n) / n);
  const statistic = (correction * mean) / Math.sqrt(variance / n);
  return { mean, statistic, p: 2 * studentTail(Math.abs(statistic), n - 1), n };
}

function longRunVariance(
  differences: Float64Array,
  { mean, n, horizon }: { mean: number; n: number; horizon: number },
): number {
  const covariances = Array.from({ length: horizon }, (_, lag) => {
    let sum = 0;
    for (let row = lag; row < differences.length; row += 1) {
      const product = ((differences[row] ?? NaN) - mean) * ((differences[row - lag] ?? NaN) - mean);
      if (!Number.isNaN(product)) sum += product;
    }
    return sum / n;
  });
  const weighed = (weightOf: (lag: number) => number) =>
    covariances.reduce((sum, covariance, lag) => sum + (lag === 0 ? 1 : 2 * weightOf(lag)) * covariance, 0);
  const rectangular = weighed(() => 1);
  return rectangular > 0 ? rectangular : weighed((lag) => 1 - lag / horizon);
}
