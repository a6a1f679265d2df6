import type { AnsweringFit, DirectionRows } from '../models/index.ts';

/** Rows whose answers are taken apart at most. */
const MOST_ROWS = 2_000;

/** How much a column moves answers. */
export interface MeanContribution {
  column: string;
  /** Mean |contribution| to the log-odds, nats. */
  size: number;
}

/**
 * How much each column moves what the fits answered, over tested rows evenly spread, each taken apart by the fit that
 * answered it.
 * @returns the largest first; null where the family cannot tell
 * @see Lundberg et al. (2020), From local explanations to global understanding with explainable AI for trees
 */
export function meanContributions({
  rows,
  fits,
}: {
  rows: DirectionRows;
  fits: readonly AnsweringFit[];
}): MeanContribution[] | null {
  const tested = fits.reduce((sum, { first, end }) => sum + end - first, 0);
  const step = Math.max(1, Math.ceil(tested / MOST_ROWS));
  const width = rows.columns.length;
  const sizes = new Map<string, number>();
  let taken = 0;
  for (const { model, first, end } of fits) {
    const places = [];
    for (let row = first + ((step - (first % step)) % step); row < end; row += step) places.push(row);
    if (model.contributions === undefined) return null;
    if (places.length === 0) continue;
    const values = new Float64Array(places.length * width);
    places.forEach((row, place) => {
      values.set(rows.values.subarray(row * width, (row + 1) * width), place * width);
    });
    const told = model.contributions({ columns: rows.columns, values, count: places.length });
    told.columns.forEach((column, place) => {
      let sum = sizes.get(column) ?? 0;
      for (let row = 0; row < places.length; row += 1) {
        sum += Math.abs(told.values[row * told.columns.length + place] ?? 0);
      }
      sizes.set(column, sum);
    });
    taken += places.length;
  }
  return [...sizes]
    .map(([column, sum]) => ({ column, size: sum / taken }))
    .sort((one, other) => other.size - one.size);
}
