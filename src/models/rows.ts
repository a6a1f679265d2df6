import { DAY_MS, MINUTE_MS, type EpochMs } from '../core/index.ts';
import type { FeatureMatrix, TrainingRows } from './model.ts';
import { averageUniqueness } from './uniqueness.ts';

/** A label that will never be 0 or 1 (equal closes, a target that never came) or is not known yet. */
export const VOID_LABEL = 255;

/** Features, truth and the moment at which the truth was known, one row a window. */
export interface DirectionRows extends FeatureMatrix {
  /** Ends of the windows, epoch ms, strictly ascending, shape (count). */
  readonly windowEnds: Float64Array;
  /** 1 = up, 0 = down, `VOID_LABEL` else, shape (count). */
  readonly labels: Uint8Array;
  /** When the label could first be known, epoch ms; NaN where never, shape (count). */
  readonly labelKnownAt: Float64Array;
  /** ln(close(T+h) / close(T)); NaN where not known, shape (count). */
  readonly futureReturns: Float64Array;
  /** What each row counts in a fit, not negative, shape (count); 1 each where left out. */
  readonly weights?: Float64Array;
}

/** How rows are weighted beside what they bring along: all alike, or by how much of each label is its own. */
export const WEIGHTINGS = ['none', 'uniqueness'] as const;

export type Weighting = (typeof WEIGHTINGS)[number];

/** Which rows a fit may learn from. */
export interface Maturity {
  /** The moment of the fit: nothing known later is used. */
  asOf: EpochMs;
  horizonMinutes: number;
  /** Extra distance between the end of a label and the fit. */
  embargoMinutes: number;
  /** Only windows that ended less than so many days before the fit; all of the past where left out. */
  trainingDays?: number;
  /** Default: `none`. */
  weighting?: Weighting;
}

/**
 * The rows that a fit at `asOf` may learn from: the label is up or down, was known by then (the purge), and its target
 * lies at least the embargo before. Used alike by the walk-forward and by the live weekly refit. Weighted by uniqueness,
 * rows count by `averageUniqueness` among the chosen ones alone, a label spanning from T to where it was decided, T+h at
 * the latest; the weights that rows bring along are multiplied by it.
 * @returns copies, in time order
 * @throws RangeError when the arrays differ in length, the windows do not ascend or the days are not above 0
 * @see López de Prado (2018), Advances in Financial Machine Learning, chapters 4 (weights) and 7 (purging, embargo)
 */
export function selectMatured(rows: DirectionRows, maturity: Maturity): TrainingRows {
  requireAligned(rows);
  return gatherRuns(rows, maturedRuns(rows, maturity), maturity);
}

/**
 * The rows as a fit at `asOf` could have seen them: windows whose target lies at least the embargo before, and of their
 * labels those that were known.
 */
export function rowsKnownAt(
  rows: DirectionRows,
  { asOf, horizonMinutes, embargoMinutes }: Pick<Maturity, 'asOf' | 'horizonMinutes' | 'embargoMinutes'>,
): DirectionRows {
  const lastEnd = asOf - (horizonMinutes + embargoMinutes) * MINUTE_MS;
  const count = rows.windowEnds.findLastIndex((windowEnd) => windowEnd <= lastEnd) + 1;
  const isKnown = (row: number) => (rows.labelKnownAt[row] ?? NaN) <= asOf;
  const ifKnown = (values: Float64Array) =>
    values.slice(0, count).map((value, row) => (isKnown(row) ? value : NaN));
  return {
    columns: rows.columns,
    count,
    values: rows.values.subarray(0, count * rows.columns.length),
    windowEnds: rows.windowEnds.subarray(0, count),
    labels: rows.labels.slice(0, count).map((label, row) => (isKnown(row) ? label : VOID_LABEL)),
    labelKnownAt: ifKnown(rows.labelKnownAt),
    futureReturns: ifKnown(rows.futureReturns),
    weights: rows.weights?.subarray(0, count),
  };
}

/**
 * Rows by their numbers, as a fit takes them. Whoever chooses them answers for what they give away.
 * @param chosen - row numbers, ascending; labels there are up or down
 * @param options - weighted as in `selectMatured`
 * @returns copies, in time order
 */
export function gatherRows(
  rows: DirectionRows,
  chosen: Uint32Array,
  options: Pick<Maturity, 'weighting' | 'horizonMinutes'>,
): TrainingRows {
  const runs: Run[] = [];
  for (const row of chosen) {
    const last = runs.at(-1);
    if (last?.[1] === row) last[1] = row + 1;
    else runs.push([row, row + 1]);
  }
  return gatherRuns(rows, runs, options);
}

/**
 * The same rows with some of their columns, in the given order.
 * @throws RangeError naming a column that is not there
 */
export function selectColumns<Rows extends FeatureMatrix>(rows: Rows, names: readonly string[]): Rows {
  const places = columnPlaces(rows, names);
  const values = new Float64Array(rows.count * names.length);
  for (let row = 0; row < rows.count; row += 1) {
    places.forEach((place, target) => {
      values[row * names.length + target] = rows.values[row * rows.columns.length + place] ?? NaN;
    });
  }
  return { ...rows, columns: [...names], values };
}

/**
 * Where named columns stand in the rows.
 * @throws RangeError naming the first column that is not there
 */
export function columnPlaces(rows: FeatureMatrix, names: readonly string[]): number[] {
  return names.map((name) => {
    const place = rows.columns.indexOf(name);
    if (place < 0) throw new RangeError(`column ${name} is missing; there are: ${rows.columns.join(', ')}`);
    return place;
  });
}

/** Neighbouring rows, the end not included. */
type Run = [first: number, end: number];

function gatherRuns(
  rows: DirectionRows,
  runs: readonly Run[],
  options: Pick<Maturity, 'weighting' | 'horizonMinutes'>,
): TrainingRows {
  const width = rows.columns.length;
  const count = runs.reduce((sum, [first, end]) => sum + end - first, 0);
  const values = new Float64Array(count * width);
  const labels = new Uint8Array(count);
  let filled = 0;
  for (const [first, end] of runs) {
    values.set(rows.values.subarray(first * width, end * width), filled * width);
    labels.set(rows.labels.subarray(first, end), filled);
    filled += end - first;
  }
  const futureReturns = gathered(rows.futureReturns, runs);
  const weights = weightsOf(rows, runs, options);
  return { columns: rows.columns, values, count, labels, futureReturns, ...(weights && { weights }) };
}

/** What the rows of some runs count, or null where each counts one. */
function weightsOf(
  rows: DirectionRows,
  runs: readonly Run[],
  { weighting = 'none', horizonMinutes }: Pick<Maturity, 'weighting' | 'horizonMinutes'>,
): Float64Array | null {
  const given = rows.weights && gathered(rows.weights, runs);
  if (weighting === 'none') return given ?? null;
  const starts = gathered(rows.windowEnds, runs);
  const knownAt = gathered(rows.labelKnownAt, runs);
  const ends = knownAt.map((known, row) => Math.min(known, (starts[row] ?? 0) + horizonMinutes * MINUTE_MS));
  const uniqueness = averageUniqueness(starts, ends);
  return given ? given.map((weight, row) => weight * (uniqueness[row] ?? 0)) : uniqueness;
}

function gathered(values: Float64Array, runs: readonly Run[]): Float64Array {
  const chosen = new Float64Array(runs.reduce((sum, [first, end]) => sum + end - first, 0));
  let filled = 0;
  for (const [first, end] of runs) {
    chosen.set(values.subarray(first, end), filled);
    filled += end - first;
  }
  return chosen;
}

function maturedRuns(rows: DirectionRows, maturity: Maturity): Run[] {
  const { asOf, horizonMinutes, embargoMinutes, trainingDays = Infinity } = maturity;
  if (!(trainingDays > 0)) throw new RangeError(`a training lasts more than 0 days, got ${trainingDays}`);
  const lastEnd = asOf - (horizonMinutes + embargoMinutes) * MINUTE_MS;
  // Without a bound all of the past teaches, also to a fit at the end of time.
  const before = trainingDays === Infinity ? -Infinity : asOf - trainingDays * DAY_MS;
  const runs: Run[] = [];
  let first = -1;
  let row = 0;
  for (; row < rows.count && (rows.windowEnds[row] ?? Infinity) <= lastEnd; row += 1) {
    const usable =
      (rows.labels[row] ?? VOID_LABEL) <= 1 &&
      (rows.labelKnownAt[row] ?? NaN) <= asOf &&
      (rows.windowEnds[row] ?? NaN) > before;
    if (usable && first < 0) first = row;
    if (!usable && first >= 0) {
      runs.push([first, row]);
      first = -1;
    }
  }
  if (first >= 0) runs.push([first, row]);
  return runs;
}

function requireAligned(rows: DirectionRows): void {
  const { windowEnds, labels, labelKnownAt, futureReturns, count } = rows;
  const weighed = rows.weights?.length ?? count;
  const lengths = [windowEnds.length, labels.length, labelKnownAt.length, futureReturns.length, weighed];
  if (lengths.some((length) => length !== count) || rows.values.length !== count * rows.columns.length) {
    throw new RangeError(
      `${count} rows of ${rows.columns.length} columns, but the arrays have ${lengths.join(', ')}`,
    );
  }
  const late = windowEnds.findIndex((end, row) => row > 0 && !(end > (windowEnds[row - 1] ?? NaN)));
  if (late >= 0) throw new RangeError(`windows must ascend: row ${late} ends at ${windowEnds[late]}`);
}
