import { normalCdf } from './normal.ts';
import { studentQuantile } from './student.ts';

/** Euler and Mascheroni's constant. */
const EULER_GAMMA = 0.5772156649015329;

/** What the distribution of a Sharpe ratio depends on. */
export interface SharpeMoments {
  /** Per period, not annualised: mean over standard deviation (n - 1). */
  sharpe: number;
  /** Third standardised moment; 0 for a normal. */
  skewness: number;
  /** Fourth standardised moment, not in excess; 3 for a normal. */
  kurtosis: number;
  /** Periods. */
  n: number;
}

/** The trials among which the best was chosen. */
export interface SharpeTrials {
  /** How many independent ones, from 1. */
  trials: number;
  /** Variance of their Sharpe ratios, in the same periods as those of the chosen one. */
  variance: number;
}

/**
 * Sharpe ratio of returns with the moments that say how sure it is.
 * @param returns - per period and in excess of what costs nothing, shape (n), no NaN
 * @returns the ratio is NaN below two periods; all are NaN where returns never vary
 * @see Sharpe (1994), The Sharpe Ratio, Journal of Portfolio Management 21
 */
export function sharpeMoments(returns: Float64Array): SharpeMoments {
  const n = returns.length;
  const mean = returns.reduce((sum, value) => sum + value, 0) / n;
  let second = 0;
  let third = 0;
  let fourth = 0;
  for (const value of returns) {
    const square = (value - mean) ** 2;
    second += square;
    third += square * (value - mean);
    fourth += square * square;
  }
  if (!returns.some((value) => value !== returns[0])) {
    return { sharpe: NaN, skewness: NaN, kurtosis: NaN, n };
  }
  return {
    sharpe: mean / Math.sqrt(second / (n - 1)),
    skewness: third / n / (second / n) ** 1.5,
    kurtosis: (n * fourth) / second ** 2,
    n,
  };
}

/**
 * Chance that the true Sharpe ratio is above a benchmark, given the one that was seen over n independent periods of
 * returns that may be skewed and have fat tails.
 * @param benchmark - a Sharpe ratio per period
 * @returns 0..1; NaN where a moment is NaN or n is below 2
 * @see Bailey, López de Prado (2012), The Sharpe Ratio Efficient Frontier, Journal of Risk 15(2)
 */
export function probabilisticSharpe({ sharpe, skewness, kurtosis, n }: SharpeMoments, benchmark = 0): number {
  const spread = 1 - skewness * sharpe + ((kurtosis - 1) / 4) * sharpe * sharpe;
  return n < 2 ? NaN : normalCdf(((sharpe - benchmark) * Math.sqrt(n - 1)) / Math.sqrt(spread));
}

/**
 * The largest Sharpe ratio that so many trials without any skill are expected to show.
 * @returns per period, as the variance; 0 for a single trial
 * @throws RangeError when the trials are no number from 1 or the variance is negative
 * @see Bailey, López de Prado (2014), The Deflated Sharpe Ratio, Journal of Portfolio Management 40(5)
 */
export function expectedMaximumSharpe({ trials, variance }: SharpeTrials): number {
  if (!(trials >= 1 && trials < Infinity)) throw new RangeError(`trials are counted from 1, got ${trials}`);
  if (!(variance >= 0)) throw new RangeError(`a variance is not negative, got ${variance}`);
  if (trials === 1) return 0;
  const quantile = (tail: number) => -studentQuantile(tail, Infinity);
  return (
    Math.sqrt(variance) *
    ((1 - EULER_GAMMA) * quantile(1 / trials) + EULER_GAMMA * quantile(1 / (trials * Math.E)))
  );
}

/**
 * Chance that the true Sharpe ratio of the best of many trials is above what the best of as many without skill is
 * expected to show.
 * @returns 0..1
 * @throws RangeError as `expectedMaximumSharpe`
 * @see Bailey, López de Prado (2014), The Deflated Sharpe Ratio, Journal of Portfolio Management 40(5)
 */
export function deflatedSharpe(moments: SharpeMoments, trials: SharpeTrials): number {
  return probabilisticSharpe(moments, expectedMaximumSharpe(trials));
}
