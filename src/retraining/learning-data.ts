import { createHash } from 'node:crypto';
import { DAY_MS, MINUTE_MS, type EpochMs } from '../core/index.ts';
import {
  selectColumns,
  selectMatured,
  VOID_LABEL,
  type DirectionRows,
  type FeatureMatrix,
  type TrainingRows,
} from '../models/index.ts';

/** The newest windows, which judge a candidate and teach its gate fit nothing. */
export const JUDGED_MS = 56 * DAY_MS;
/** Fewer rows than this make no gate fit: it would judge how little data do, not the recipe. */
export const FEWEST_GATE_ROWS = 500;

/** Bits of the one NaN that counts; machines know many. */
const NAN_BITS = 0x7ff8000000000000n;

/** What the fits of one horizon learn from and are judged by, shared by all arms. */
export interface HorizonData {
  horizonMinutes: number;
  /** Every window up to the training, as it was handed over. */
  all: DirectionRows;
  /** Matured by the training: what ships learns from these. */
  shipRows: Training;
  /** Matured eight weeks before; null where they are too few for a gate fit. */
  gateRows: Training | null;
  judged: JudgedWindows;
  /** Windows of the first and last row that ships learn from; null without rows. */
  from: EpochMs | null;
  to: EpochMs | null;
  /** SHA-256 over columns, values and labels of `shipRows`. */
  dataHash: string;
}

/** Training rows as each arm sees them; those of fewer columns are copied only when somebody asks. */
export interface Training {
  count: number;
  /** Every column. */
  rows: TrainingRows;
  rowsFor(arm: { hiddenColumns: readonly string[] }): TrainingRows;
}

/** The windows of the last eight weeks. */
export interface JudgedWindows {
  /** All columns, one row a window. */
  rows: FeatureMatrix;
  /** Shape (rows.count). */
  windowEnds: Float64Array;
  /** 1 = up, 0 = down where that was known at the training, else `VOID_LABEL`; shape (rows.count). */
  labels: Uint8Array;
  /** Puts values of the rows on the grid of bars, NaN where a bar has no window. */
  onGrid(values: Float64Array): Float64Array;
  /** The labels on the same grid. */
  gridLabels: Uint8Array;
}

/** Where a training stands. */
export interface DataOptions {
  /** Nothing known later is used. */
  at: EpochMs;
  horizonMinutes: number;
  barMinutes: number;
}

/**
 * Selects what the fits of a horizon need, once for all arms.
 * @throws RangeError when the rows are not aligned or do not stand on the grid of bars
 */
export function prepareHorizon(all: DirectionRows, options: DataOptions): HorizonData {
  const { at, horizonMinutes } = options;
  const matured = selectMatured(all, { asOf: at, horizonMinutes, embargoMinutes: 0 });
  const early = selectMatured(all, { asOf: at - JUDGED_MS, horizonMinutes, embargoMinutes: 0 });
  const { windowEnds } = all;
  const isLearnt = (_: number, row: number) => isKnown(all, row, at) && isUpOrDown(all.labels[row]);
  return {
    horizonMinutes,
    all,
    shipRows: trainingOf(matured),
    gateRows: early.count < FEWEST_GATE_ROWS ? null : trainingOf(early),
    judged: judgedWindows(all, options),
    from: windowEnds.find(isLearnt) ?? null,
    to: windowEnds.findLast(isLearnt) ?? null,
    dataHash: hashRows(matured),
  };
}

/** True where a label, void ones included, had been settled by then. */
export function isKnown({ labelKnownAt }: DirectionRows, row: number, at: EpochMs): boolean {
  return (labelKnownAt[row] ?? NaN) <= at;
}

function isUpOrDown(label: number | undefined): boolean {
  return label === 0 || label === 1;
}

function trainingOf(rows: TrainingRows): Training {
  const narrowed = new Map<string, TrainingRows>();
  return {
    count: rows.count,
    rows,
    rowsFor({ hiddenColumns }) {
      const names = rows.columns.filter((name) => !hiddenColumns.includes(name));
      if (names.length === rows.columns.length) return rows;
      const key = names.join(' ');
      const known = narrowed.get(key) ?? selectColumns(rows, names);
      narrowed.set(key, known);
      return known;
    },
  };
}

function judgedWindows(all: DirectionRows, { at, barMinutes }: DataOptions): JudgedWindows {
  const since = at - JUDGED_MS;
  const found = all.windowEnds.findIndex((windowEnd) => windowEnd > since);
  const first = found < 0 ? all.count : found;
  const windowEnds = all.windowEnds.subarray(first, all.windowEnds.findLastIndex((end) => end <= at) + 1);
  const width = all.columns.length;
  const labels = Uint8Array.from(windowEnds, (_, row) =>
    isKnown(all, first + row, at) ? (all.labels[first + row] ?? VOID_LABEL) : VOID_LABEL,
  );
  const places = placesOnGrid(windowEnds, barMinutes);
  const size = (places.at(-1) ?? -1) + 1;
  const gridLabels = new Uint8Array(size).fill(VOID_LABEL);
  labels.forEach((label, row) => {
    gridLabels[places[row] ?? NaN] = label;
  });
  return {
    rows: {
      columns: all.columns,
      values: all.values.subarray(first * width, (first + windowEnds.length) * width),
      count: windowEnds.length,
    },
    windowEnds,
    labels,
    gridLabels,
    onGrid(values) {
      const grid = new Float64Array(size).fill(NaN);
      values.forEach((value, row) => {
        grid[places[row] ?? NaN] = value;
      });
      return grid;
    },
  };
}

function placesOnGrid(windowEnds: Float64Array, barMinutes: number): Int32Array {
  const [start = 0] = windowEnds;
  return Int32Array.from(windowEnds, (windowEnd, row) => {
    const place = (windowEnd - start) / (barMinutes * MINUTE_MS);
    if (Number.isInteger(place)) return place;
    throw new RangeError(
      `window ${row} at ${windowEnd} does not lie whole bars of ${barMinutes} minutes after ${start}`,
    );
  });
}

/** SHA-256 over what a fit learns from. Every NaN counts as the same, and -0 as 0, whatever bits a machine gave them. */
function hashRows({ columns, values, labels }: TrainingRows): string {
  const plain = values.map((value) => value + 0);
  const bits = new BigUint64Array(plain.buffer);
  plain.forEach((value, place) => {
    if (Number.isNaN(value)) bits[place] = NAN_BITS;
  });
  return createHash('sha256').update(JSON.stringify(columns)).update(plain).update(labels).digest('hex');
}
