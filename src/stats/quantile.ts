/**
 * Quantile by linear interpolation between order statistics (type 7, the default of NumPy and R).
 * @param values - shape (n), any order, not changed
 * @param probability - 0..1
 * @returns the quantile, or NaN when there are no values
 * @throws RangeError when the probability lies outside 0..1 or a value is NaN
 * @see Hyndman, Fan (1996), Sample quantiles in statistical packages, The American Statistician 50
 * @example quantile([1, 2, 3, 4], 0.5) // 2.5
 */
export function quantile(values: ArrayLike<number>, probability: number): number {
  if (!(probability >= 0 && probability <= 1)) {
    throw new RangeError(`a quantile's probability lies in 0..1, got ${probability}`);
  }
  if (values.length === 0) return NaN;
  const sorted = Float64Array.from(values).sort();
  // A typed array sorts NaN to its end.
  if (Number.isNaN(sorted.at(-1))) throw new RangeError('a quantile of values with NaN is not defined');
  const place = (sorted.length - 1) * probability;
  const below = Math.floor(place);
  const low = sorted[below] ?? NaN;
  const high = sorted[Math.min(below + 1, sorted.length - 1)] ?? NaN;
  return low === high ? low : low + (high - low) * (place - below);
}
