import { z } from 'zod';
import { createRandom } from '../core/index.ts';
import { quantile } from '../stats/index.ts';
import { modelInvalid } from './errors.ts';
import type { FeatureMatrix, Model, TrainingRows } from './model.ts';
import { columnPlaces } from './rows.ts';

/** With fewer training rows nothing is said of what is unlike them. */
const FEWEST_ROWS = 100;
/** Training rows that stand for all, and those whose distances set the limit: both drawn by seeded dice. */
const MOST_POINTS = 300;
const MOST_JUDGES = 1_300;
/** Stretches of time; a row is measured by points of others alone, since its neighbours in time are nearly itself. */
const BLOCKS = 10;
/** Squared distance between a value and a missing one: what two independent rows have on average. */
const MISSING_SQUARED = 2;
/** Standard deviations are kept as so many parts, so that a file stays small, and end here. */
const PARTS = 1_000;
const FURTHEST = 1e6;

const SAVED = z.strictObject({
  format: z.literal(1),
  columns: z.array(
    z.strictObject({
      name: z.string().min(1),
      centre: z.number(),
      spread: z.number().positive(),
      weight: z.number().positive(),
    }),
  ),
  /** Rows of thousandths of standard deviations; null is missing. */
  points: z.array(z.array(z.number().int().nullable())).min(1),
  meanDistance: z.number().positive(),
  limit: z.number().min(0),
});
type Saved = z.infer<typeof SAVED>;

/** Says how far rows are from what a model has learnt from. */
export interface Dissimilarity {
  /** Above it a row is unlike the training data: the model was never tried on its kind. */
  readonly limit: number;
  /**
   * Distance to the nearest training row over the mean distance of training rows.
   * @returns shape (rows.count), never negative
   * @throws RangeError naming a column that is missing
   */
  of(rows: FeatureMatrix): Float64Array;
  /** Plain JSON from which `loadDissimilarity` makes the same. */
  toJson(): unknown;
}

/**
 * The dissimilarity index of a model: columns are standardised by the training rows and weighed by what the model gives
 * for them, a seeded sample of the rows stands for all. A missing (or infinite) value is as far from a known one as two
 * random rows are, and beside another missing one not at all. The limit is the largest distance of training rows to those
 * of other stretches of time, without outliers (above Q3 + 1.5 IQR).
 * @param rows - what the model was fitted on, in time order
 * @returns null where the model weighs no column, or there are too few rows or distances
 * @see Meyer, Pebesma (2021), Predicting into unknown space? Estimating the area of applicability of spatial prediction
 *   models, Methods in Ecology and Evolution 12
 */
export function fitDissimilarity(
  model: Model,
  rows: TrainingRows,
  { seed }: { seed: number },
): Dissimilarity | null {
  const columns = weighedColumns(model, rows);
  if (rows.count < FEWEST_ROWS || columns.length === 0) return null;
  const judges = drawRows(rows.count, seed);
  const scaled = scaledRows({ columns }, rows, judges);
  const width = columns.length;
  const count = Math.min(MOST_POINTS, judges.length);
  const points = Array.from({ length: count }, (_, point) =>
    Array.from(scaled.subarray(point * width, (point + 1) * width), (value) =>
      Number.isNaN(value) ? null : Math.round(value * PARTS),
    ),
  );
  const saved: Saved = { format: 1, columns, points, meanDistance: 1, limit: 0 };
  const { near, meanOfPairs } = measure(saved);
  const meanDistance = meanOfPairs();
  if (!(meanDistance > 0)) return null;
  const blockOf = (place: number) => Math.floor(((judges[place] ?? 0) * BLOCKS) / rows.count);
  const distances = Float64Array.from(judges, (_, place) => {
    const own = blockOf(place);
    const row = scaled.subarray(place * width, (place + 1) * width);
    return near(row, (point) => blockOf(point) !== own) / meanDistance;
  }).filter(Number.isFinite);
  if (distances.length === 0) return null;
  return dissimilarityFrom({ ...saved, meanDistance, limit: outlierRemovedMaximum(distances) });
}

/** @throws AppError `MODEL_INVALID` when the JSON is none that `toJson` gave */
export function loadDissimilarity(json: unknown): Dissimilarity {
  const { success, data, error } = SAVED.safeParse(json);
  const problems = success
    ? data.points.some((point) => point.length !== data.columns.length)
      ? ['points: not as wide as there are columns']
      : []
    : error.issues.map(({ path, message }) => `${path.join('.') || 'the whole'}: ${message}`);
  if (!success || problems.length > 0) throw modelInvalid('dissimilarity', problems);
  return dissimilarityFrom(data);
}

function dissimilarityFrom(saved: Saved): Dissimilarity {
  const { near } = measure(saved);
  const width = saved.columns.length;
  return {
    limit: saved.limit,
    of(rows) {
      const scaled = scaledRows(saved, rows, null);
      return Float64Array.from({ length: rows.count }, (_, row) => {
        return near(scaled.subarray(row * width, (row + 1) * width)) / saved.meanDistance;
      });
    },
    toJson: () => structuredClone(saved),
  };
}

/** Columns that vary and that the model weighs, the heaviest first: they tell soonest that a row is far away. */
function weighedColumns(model: Model, rows: TrainingRows): Saved['columns'] {
  const weights = [...(model.columnWeights?.() ?? [])].filter(([, weight]) => weight > 0);
  const total = weights.reduce((sum, [, weight]) => sum + weight, 0);
  return weights
    .toSorted(([left, own], [right, other]) => other - own || (left < right ? -1 : 1))
    .map(([name, weight]) => ({ name, ...momentsOf(rows, name), weight: weight / total }))
    .filter(({ spread }) => spread > 0 && spread < Infinity);
}

/** Mean and standard deviation of the values that are there. */
function momentsOf(rows: FeatureMatrix, name: string): { centre: number; spread: number } {
  const [place = 0] = columnPlaces(rows, [name]);
  const { values, count, columns } = rows;
  let known = 0;
  let sum = 0;
  for (let row = 0, at = place; row < count; row += 1, at += columns.length) {
    const value = values[at] as number;
    if (!Number.isFinite(value)) continue;
    known += 1;
    sum += value;
  }
  const centre = sum / known;
  let squares = 0;
  for (let row = 0, at = place; row < count; row += 1, at += columns.length) {
    const value = values[at] as number;
    if (Number.isFinite(value)) squares += (value - centre) ** 2;
  }
  return { centre, spread: Math.sqrt(squares / known) };
}

/** Rows in an order of luck, at most as many as judge; the first of them are the points. */
function drawRows(count: number, seed: number): Uint32Array {
  const dice = createRandom(seed).fork('dissimilarity');
  const order = new Uint32Array(count);
  for (let row = 0; row < count; row += 1) order[row] = row;
  const wanted = Math.min(count, MOST_JUDGES);
  for (let place = 0; place < wanted; place += 1) {
    const other = place + dice.integer(count - place);
    const row = order[place] ?? 0;
    order[place] = order[other] ?? 0;
    order[other] = row;
  }
  return order.slice(0, wanted);
}

/** Standardised values, NaN where missing, shape (chosen, columns); all rows where none are chosen. */
function scaledRows(
  { columns }: Pick<Saved, 'columns'>,
  rows: FeatureMatrix,
  chosen: Uint32Array | null,
): Float64Array {
  const places = columnPlaces(
    rows,
    columns.map(({ name }) => name),
  );
  const count = chosen?.length ?? rows.count;
  const scaled = new Float64Array(count * columns.length);
  for (let at = 0; at < count; at += 1) {
    const first = (chosen?.[at] ?? at) * rows.columns.length;
    columns.forEach(({ centre, spread }, column) => {
      const value = rows.values[first + (places[column] ?? 0)] ?? NaN;
      scaled[at * columns.length + column] = Number.isFinite(value)
        ? Math.min(FURTHEST, Math.max(-FURTHEST, (value - centre) / spread))
        : NaN;
    });
  }
  return scaled;
}

interface Measure {
  /** Distance of a standardised row to the nearest point that counts; Infinity where none does. */
  near(row: Float64Array, counts?: (point: number) => boolean): number;
  /** Mean distance of two points. */
  meanOfPairs(): number;
}

function measure({ columns, points }: Saved): Measure {
  const width = columns.length;
  const weights = Float64Array.from(columns, ({ weight }) => weight ** 2);
  const flat = Float64Array.from(points.flat(), (value) => (value === null ? NaN : value / PARTS));

  /** The squared distance, or something above `enough`. */
  function squaredTo(row: Float64Array, point: number, enough: number): number {
    let squared = 0;
    for (let column = 0, at = point * width; column < width && squared < enough; column += 1, at += 1) {
      const own = row[column] as number;
      const other = flat[at] as number;
      const gap = (own - other) ** 2;
      // NaN is neither: one of them is missing, or both.
      if (gap >= 0) squared += (weights[column] as number) * gap;
      else if (!(Number.isNaN(own) && Number.isNaN(other)))
        squared += (weights[column] as number) * MISSING_SQUARED;
    }
    return squared;
  }

  return {
    near(row, counts) {
      let least = Infinity;
      for (let point = 0; point < points.length; point += 1) {
        if (counts !== undefined && !counts(point)) continue;
        const squared = squaredTo(row, point, least);
        if (squared < least) least = squared;
      }
      return Math.sqrt(least);
    },
    meanOfPairs() {
      let sum = 0;
      for (let point = 0; point < points.length; point += 1) {
        const row = flat.subarray(point * width, (point + 1) * width);
        for (let other = 0; other < point; other += 1) sum += Math.sqrt(squaredTo(row, other, Infinity));
      }
      return sum / ((points.length * (points.length - 1)) / 2);
    },
  };
}

function outlierRemovedMaximum(values: Float64Array): number {
  const [low, high] = [quantile(values, 0.25), quantile(values, 0.75)];
  const whisker = high + 1.5 * (high - low);
  return values.reduce((largest, value) => (value <= whisker ? Math.max(largest, value) : largest), 0);
}
