import { GROUP_COLUMNS } from './kernel/layout.ts';
import { orderedKey, sortKeyed, type KeyedRows } from './sort.ts';
import { BEYOND_ALL, type FloatRows } from './values.ts';

/** Values as small integers: what trees are grown on. */
export interface BinnedRows {
  readonly count: number;
  readonly width: number;
  /**
   * The bin of each value, in rising order; missing ones have the bin behind the last. Four neighbouring columns stand
   * together, row by row, shape (ceil(width / 4), count, 4): one word holds the four bins of a row.
   */
  readonly bins: Uint8Array;
  /** Per column what ends its bins: a value of bin b is below threshold b; shape (bins), the last one `BEYOND_ALL`. */
  readonly thresholds: readonly Float32Array[];
}

/** How values become bins. */
export interface BinOptions {
  maxBin: number;
  /** Weight of each row, shape (count). */
  weights?: Float32Array | undefined;
}

/**
 * Cuts each column into at most `maxBin` bins of about the same weight; where it has no more distinct values than that,
 * each is a bin. A cut is a value of the data, as in XGBoost, so a monotone transform of a column moves the cuts along.
 * @see Chen, Guestrin (2016), XGBoost: a scalable tree boosting system, KDD, section 3.2
 */
export function binRows(rows: FloatRows, options: BinOptions): BinnedRows {
  const { count, width } = rows;
  const keyed = { keys: new Uint32Array(count), rows: new Uint32Array(count) };
  const bins = new Uint8Array(Math.ceil(width / GROUP_COLUMNS) * count * GROUP_COLUMNS);
  const thresholds: Float32Array[] = [];
  for (let column = 0; column < width; column += 1) {
    const present = sortColumn({ rows, column, keyed });
    const sorted = { rows, column, order: keyed.rows.subarray(0, present) };
    const cuts = cutColumn(sorted, options);
    placeColumn(sorted, cuts, bins);
    thresholds.push(cuts);
  }
  return { count, width, bins, thresholds };
}

/** Brings the rows of a column into rising order of its values. @returns how many are not missing */
function sortColumn({ rows, column, keyed }: { rows: FloatRows; column: number; keyed: KeyedRows }): number {
  const bits = new Int32Array(rows.values.buffer, rows.values.byteOffset, rows.values.length);
  let present = 0;
  for (let row = 0; row < rows.count; row += 1) {
    const place = row * rows.width + column;
    if (Number.isNaN(rows.values[place])) continue;
    keyed.keys[present] = orderedKey(bits[place] as number);
    keyed.rows[present] = row;
    present += 1;
  }
  sortKeyed(keyed, present);
  return present;
}

interface SortedColumn {
  rows: FloatRows;
  column: number;
  /** Its present rows by rising value. */
  order: Uint32Array;
}

/** The thresholds of a column, the last one above all. */
function cutColumn(column: SortedColumn, { maxBin, weights }: BinOptions): Float32Array {
  const { distinct, shares } = distinctOf(column, weights);
  if (distinct.length === 0) return new Float32Array(0);
  const cuts = distinct.length <= maxBin ? distinct.subarray(1) : evenCuts(distinct, shares, maxBin);
  return Float32Array.from([...cuts, BEYOND_ALL]);
}

/** Its distinct values, rising, and the weight of the rows that have them. */
function distinctOf({ rows, column, order }: SortedColumn, weights: Float32Array | undefined) {
  const distinct = new Float32Array(order.length);
  const shares = new Float64Array(order.length);
  let last = -1;
  for (let place = 0; place < order.length; place += 1) {
    const row = order[place] as number;
    const value = rows.values[row * rows.width + column] as number;
    if (last < 0 || value !== distinct[last]) {
      last += 1;
      distinct[last] = value;
    }
    shares[last] = (shares[last] as number) + (weights === undefined ? 1 : (weights[row] as number));
  }
  return { distinct: distinct.subarray(0, last + 1), shares: shares.subarray(0, last + 1) };
}

/**
 * A bin is closed as soon as it holds its share of what is left. So a value that alone outweighs several bins does not
 * take the bins of the others away.
 */
function evenCuts(distinct: Float32Array, shares: Float64Array, maxBin: number): number[] {
  const cuts: number[] = [];
  let left = shares.reduce((sum, share) => sum + share, 0);
  let held = 0;
  for (let place = 0; place < distinct.length - 1 && cuts.length < maxBin - 1; place += 1) {
    held += shares[place] as number;
    if (held * (maxBin - cuts.length) < left) continue;
    cuts.push(distinct[place + 1] as number);
    left -= held;
    held = 0;
  }
  return cuts;
}

/** Where the bin of a value stands in `bins`. */
export function placeOfBin({ row, column, count }: { row: number; column: number; count: number }): number {
  return (Math.floor(column / GROUP_COLUMNS) * count + row) * GROUP_COLUMNS + (column % GROUP_COLUMNS);
}

/** Writes the bin of each value; missing ones get the place behind the last bin. */
function placeColumn({ rows, column, order }: SortedColumn, cuts: Float32Array, bins: Uint8Array): void {
  const { values, width, count } = rows;
  const first = placeOfBin({ row: 0, column, count });
  for (let row = 0; row < count; row += 1) bins[first + row * GROUP_COLUMNS] = cuts.length;
  let bin = 0;
  for (let sorted = 0; sorted < order.length; sorted += 1) {
    const row = order[sorted] as number;
    while ((values[row * width + column] as number) >= (cuts[bin] as number)) bin += 1;
    bins[first + row * GROUP_COLUMNS] = bin;
  }
}
