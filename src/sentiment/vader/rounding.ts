/** A power is slow to compute and rounding happens four times a text. */
const SCALES = [1, 10, 100, 1_000, 10_000, 100_000, 1_000_000];
/** How near a half a product may come before the exact decimal expansion has to decide. */
const NEAR_HALF = 1e-6;

/**
 * Python's `round(value, digits)`: to the nearest decimal by the exact binary value, and to the even digit
 * only where that value lies exactly in the middle.
 * @param value - at most 2 ** 30 in size, so that the scaled value keeps its fraction
 * @param digits - decimals to keep, 0..6
 */
export function roundHalfEven(value: number, digits: number): number {
  const scale = SCALES[digits] ?? 10 ** digits;
  const size = Math.abs(value);
  const scaled = size * scale;
  const below = Math.floor(scaled);
  const beyondHalf = scaled - below - 0.5;
  const sign = value < 0 ? -1 : 1;
  if (Math.abs(beyondHalf) > NEAR_HALF) return sign * ((beyondHalf > 0 ? below + 1 : below) / scale) + 0;
  // A binary fraction is the middle of two decimals exactly when this product is an odd integer.
  const halves = size * 2 ** (digits + 1);
  const isMiddle = Number.isInteger(halves) && halves % 2 === 1;
  if (isMiddle) return (sign * (below % 2 === 0 ? below : below + 1)) / scale + 0;
  return sign * Number(size.toFixed(digits)) + 0;
}
