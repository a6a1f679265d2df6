/** Trials of one search, held against the benchmark that each of them wants to beat. */
export interface SuperiorProblem {
  /** One array a trial: loss of the benchmark minus loss of the trial, one place a period, finite, shape (n). */
  gains: readonly Float64Array[];
  /** Mean length in periods of the blocks that are drawn: longer than the reach of the dependence. */
  blockLength: number;
  /** How often the periods are drawn anew; 1,000 to 10,000. */
  resamples: number;
  /** Seeded dice, uniform in [0, 1). Each block takes two throws: where it begins, then how long it is. */
  uniform: () => number;
}

/**
 * p values for "no trial is better than the benchmark", each 0..1, from the least strict to the most. They are shares of
 * resamples: 0 stands for less than one in as many.
 */
export interface SuperiorPredictiveAbility {
  /** Largest mean gain in its own standard errors, never below 0. */
  statistic: number;
  /** Trials that are worse than the benchmark are taken to be as bad as they look. */
  lower: number;
  /** Trials that are worse by more than chance explains do not count: the p value to quote. */
  consistent: number;
  /** Every trial is taken to be as good as the benchmark (White's reality check, studentised). */
  upper: number;
}

/** One trial's gains, ready for resampling. */
interface Column {
  /** Sums of the first 0..n gains, each over the standard error of their mean; shape (n + 1). */
  prefix: Float64Array;
  /** Mean gain in its own standard errors. */
  score: number;
}

/** The iterated logarithm needs as many. */
const FEWEST_PERIODS = 3;

/**
 * Hansen's test of superior predictive ability: is the best of many trials better than the benchmark, given that it is
 * the best of many? The largest studentised mean gain is held against its distribution under the stationary bootstrap.
 * The variance of a mean is the one which that bootstrap has in the limit of many draws. A trial whose gain never varies
 * is left out. Where no trial has a gain above 0 every p is 1.
 * @throws RangeError when there is no trial, shapes differ, a gain is not finite, there are fewer than three periods, the
 *   block length is no number from 1, or the number of resamples is no positive integer
 * @see Hansen (2005), A Test for Superior Predictive Ability, Journal of Business & Economic Statistics 23; White (2000),
 *   A Reality Check for Data Snooping, Econometrica 68; Politis, Romano (1994), The Stationary Bootstrap, JASA 89
 */
export function superiorPredictiveAbility(problem: SuperiorProblem): SuperiorPredictiveAbility {
  requireValid(problem);
  const periods = problem.gains[0]?.length ?? 0;
  const columns = problem.gains
    .map((gains) => columnOf(gains, problem.blockLength))
    .filter((column) => column !== null);
  const statistic = columns.reduce((most, { score }) => Math.max(most, score), 0);
  if (statistic === 0) return { statistic, lower: 1, consistent: 1, upper: 1 };
  const chance = Math.sqrt(2 * Math.log(Math.log(periods)));
  const centres = columns.map(({ score }) => ({
    lower: Math.max(score, 0),
    consistent: score >= -chance ? score : 0,
    upper: score,
  }));
  const above = { lower: 0, consistent: 0, upper: 0 };
  for (let resample = 0; resample < problem.resamples; resample += 1) {
    const blocks = drawBlocks(problem, periods);
    const most = { lower: 0, consistent: 0, upper: 0 };
    columns.forEach(({ prefix }, trial) => {
      const drawn = meanOver(prefix, blocks);
      const centre = centres[trial];
      if (centre === undefined) return;
      most.lower = Math.max(most.lower, drawn - centre.lower);
      most.consistent = Math.max(most.consistent, drawn - centre.consistent);
      most.upper = Math.max(most.upper, drawn - centre.upper);
    });
    if (most.lower > statistic) above.lower += 1;
    if (most.consistent > statistic) above.consistent += 1;
    if (most.upper > statistic) above.upper += 1;
  }
  return {
    statistic,
    lower: above.lower / problem.resamples,
    consistent: above.consistent / problem.resamples,
    upper: above.upper / problem.resamples,
  };
}

/** Null for gains that never vary. */
function columnOf(gains: Float64Array, blockLength: number): Column | null {
  const periods = gains.length;
  if (gains.every((gain) => gain === gains[0])) return null;
  const mean = gains.reduce((sum, gain) => sum + gain, 0) / periods;
  const error = Math.sqrt(
    bootstrapVariance(
      gains.map((gain) => gain - mean),
      blockLength,
    ) / periods,
  );
  if (!(error > 0)) return null;
  const prefix = new Float64Array(periods + 1);
  for (let period = 0; period < periods; period += 1) {
    prefix[period + 1] = (prefix[period] ?? 0) + (gains[period] ?? 0) / error;
  }
  return { prefix, score: mean / error };
}

/**
 * Variance of sqrt(n) times the mean under the stationary bootstrap: circular autocovariances of lag i weigh
 * (1 - i / n) q^i, where q is the chance that a block goes on. As the weights are geometric, the sums of all lags
 * together are two running sums, so that it costs O(n) instead of O(n^2).
 * @param centred - sum 0, shape (n)
 */
function bootstrapVariance(centred: Float64Array, blockLength: number): number {
  const periods = centred.length;
  const onward = 1 - 1 / blockLength;
  const around = onward ** periods;
  // Of the period before the first: sum over i = 1 .. n - 1 of q^i x[-i], and of i q^i x[-i].
  let near = 0;
  let far = 0;
  for (let lag = 1, weight = onward; lag < periods; lag += 1, weight *= onward) {
    const value = centred[periods - lag] ?? 0;
    near += weight * value;
    far += lag * weight * value;
  }
  let squares = 0;
  let products = 0;
  for (let period = 0; period < periods; period += 1) {
    const value = centred[period] ?? 0;
    if (period > 0) {
      near = onward * (near + (centred[period - 1] ?? 0)) - around * value;
      far = onward * far - (periods - 1) * around * value + near;
    }
    squares += value * value;
    products += value * (near - far / periods);
  }
  return (squares + 2 * products) / periods;
}

/** Blocks that fill n periods, as pairs of first period and length; the last is cut. */
function drawBlocks({ blockLength, uniform }: SuperiorProblem, periods: number): number[] {
  const blocks: number[] = [];
  const scale = Math.log1p(-1 / blockLength);
  for (let filled = 0; filled < periods;) {
    const start = Math.floor(uniform() * periods);
    // The length is geometric; log1p(-1) = -Infinity makes every block one period long.
    const length = Math.min(1 + Math.floor(Math.log1p(-uniform()) / scale), periods - filled);
    blocks.push(start, length);
    filled += length;
  }
  return blocks;
}

/** Mean over blocks of a ring, from its prefix sums. */
function meanOver(prefix: Float64Array, blocks: readonly number[]): number {
  const periods = prefix.length - 1;
  const whole = prefix[periods] ?? 0;
  let sum = 0;
  for (let place = 0; place < blocks.length; place += 2) {
    const start = blocks[place] ?? 0;
    const end = start + (blocks[place + 1] ?? 0);
    sum -= prefix[start] ?? 0;
    sum += end <= periods ? (prefix[end] ?? 0) : whole + (prefix[end - periods] ?? 0);
  }
  return sum / periods;
}

function requireValid({ gains, blockLength, resamples }: SuperiorProblem): void {
  const periods = gains[0]?.length ?? 0;
  if (periods < FEWEST_PERIODS)
    throw new RangeError(`the test needs trials of three periods, got ${periods}`);
  gains.forEach((column, trial) => {
    if (column.length !== periods) {
      throw new RangeError(`trial 0 has ${periods} periods, but trial ${trial} has ${column.length}`);
    }
    const odd = column.findIndex((gain) => !Number.isFinite(gain));
    if (odd >= 0) throw new RangeError(`the gain of trial ${trial} in period ${odd} is ${column[odd]}`);
  });
  if (!(blockLength >= 1 && blockLength < Infinity)) {
    throw new RangeError(`a block has one period or more, got ${blockLength}`);
  }
  if (!Number.isInteger(resamples) || resamples < 1) {
    throw new RangeError(`a bootstrap needs a positive whole number of resamples, got ${resamples}`);
  }
}
