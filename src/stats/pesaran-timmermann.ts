import { matthewsCorrelation } from './classification.ts';
import { normalCdf } from './normal.ts';

/**
 * Test of whether directions were foretold better than by someone who says `up` as often, but at any time. The share of
 * hits less the share that independence would give, over its standard error; with two classes that is the Matthews
 * correlation times n / sqrt(n - 1), because the variances in the paper differ by 4 Px (1 - Px) Py (1 - Py) (n - 1) / n^2.
 * Rows must be independent: labels that overlap make p too small, so give it one row a horizon.
 * @param predicted - 0 or 1, shape (n)
 * @param actual - 0 or 1, shape (n)
 * @returns statistic (standard normal without skill) and p, one-sided: small where the directions have skill; both NaN
 *   where one side never changes or n is below 2
 * @throws RangeError when the shapes differ
 * @see Pesaran, Timmermann (1992), A Simple Nonparametric Test of Predictive Performance, Journal of Business & Economic
 *   Statistics 10
 */
export function pesaranTimmermann(
  predicted: Uint8Array,
  actual: Uint8Array,
): { statistic: number; p: number } {
  const n = actual.length;
  const correlation = matthewsCorrelation(predicted, actual);
  const varies = (bits: Uint8Array) => bits.some((bit) => bit !== bits[0]);
  if (!(varies(predicted) && varies(actual))) return { statistic: NaN, p: NaN };
  const statistic = (correlation * n) / Math.sqrt(n - 1);
  return { statistic, p: normalCdf(-statistic) };
}
