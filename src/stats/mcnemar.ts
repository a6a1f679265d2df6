/** A term this much smaller than the sum changes no digit of it. */
const NEGLIGIBLE = 2 ** -60;

/**
 * McNemar's test of two classifiers on the same rows: two-sided p of as uneven a split of the rows on which exactly one
 * of them is right, if both were equally often right. Exact at every size: the binomial tail is summed from its largest
 * term, so no chi-square stands in for it and no correction for continuity is needed.
 * @param onlyFirst - rows on which only the first is right
 * @param onlySecond - rows on which only the second is right
 * @returns 0..1; 1 when they never differ. Assumes independent rows: copies of a row make it too small
 * @throws RangeError when a count is no whole number from 0
 * @see McNemar (1947), Psychometrika 12; Dietterich (1998), Neural Computation 10
 * @example mcnemar(10, 2) // 0.0386
 */
export function mcnemar(onlyFirst: number, onlySecond: number): number {
  for (const count of [onlyFirst, onlySecond]) {
    if (!Number.isSafeInteger(count) || count < 0) {
      throw new RangeError(`McNemar's test compares whole numbers of rows, got ${count}`);
    }
  }
  if (onlyFirst === onlySecond) return 1;
  const rows = onlyFirst + onlySecond;
  const fewer = Math.min(onlyFirst, onlySecond);
  let logTop = -rows * Math.LN2;
  for (let drawn = 1; drawn <= fewer; drawn += 1) logTop += Math.log((rows - fewer + drawn) / drawn);
  let term = 1;
  let sum = 1;
  for (let drawn = fewer; drawn > 0 && term > NEGLIGIBLE * sum; drawn -= 1) {
    term *= drawn / (rows - drawn + 1);
    sum += term;
  }
  return Math.min(1, 2 * Math.exp(logTop) * sum);
}
