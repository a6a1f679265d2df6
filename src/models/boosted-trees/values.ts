import { columnPlaces } from '../rows.ts';
import type { FeatureMatrix } from '../model.ts';

/** The largest finite float32: a threshold that every value lies below, since no value is larger than `LARGEST_VALUE`. */
export const BEYOND_ALL = 3.4028234663852886e38;

/** The float32 before it; infinite and larger values count as this, so that a finite threshold can stand above them. */
export const LARGEST_VALUE = 3.4028232635611926e38;

/** Feature values as trees compare them. */
export interface FloatRows {
  /** float32, row-major, shape (count, width); missing is NaN, nothing is infinite, zero has no sign */
  readonly values: Float32Array;
  readonly width: number;
  readonly count: number;
}

/**
 * The named columns as float32, in the order of the names: XGBoost compares in float32, and a threshold that was rounded
 * by itself could send a training row to the other side.
 * @throws RangeError naming a column that is not there
 */
export function floatRows(rows: FeatureMatrix, names: readonly string[]): FloatRows {
  const places = Uint32Array.from(columnPlaces(rows, names));
  const width = names.length;
  const step = rows.columns.length;
  const values = new Float32Array(rows.count * width);
  for (let row = 0; row < rows.count; row += 1) {
    for (let column = 0; column < width; column += 1) {
      values[row * width + column] = comparable(rows.values[row * step + (places[column] ?? 0)] ?? NaN);
    }
  }
  return { values, width, count: rows.count };
}

function comparable(value: number): number {
  if (value > LARGEST_VALUE) return LARGEST_VALUE;
  if (value < -LARGEST_VALUE) return -LARGEST_VALUE;
  // A tiny negative value rounds to -0; adding 0 takes the sign away.
  return Math.fround(value) + 0;
}
