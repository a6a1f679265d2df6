import { createRandom, type Random } from '../core/index.ts';
import { logLoss } from '../stats/index.ts';
import { scoredRows } from './evaluation.ts';
import type { FeatureMatrix, Model } from './model.ts';

const REPEATS = 5;

/** Rows in time order with their truth. */
export interface JudgedRows extends FeatureMatrix {
  /** 1 = up, 0 = down, anything else = void or not known, shape (count) */
  readonly labels: Uint8Array;
}

export interface PermutationOptions {
  /** The only randomness. */
  seed: number;
  /** Neighbouring rows that move together: as long as what a column says stays alike. */
  blockRows: number;
  /** 5 where left out. */
  repeats?: number;
}

/** What a model loses without the order of one column. */
export interface ColumnPermutation {
  column: string;
  /** By how much the log loss rises, nats, mean over the repeats; below 0 where the column did harm. */
  rise: number;
  /** Standard deviation of the rise over the repeats; NaN with one of them. */
  spread: number;
}

/** A model's log loss as it is, and without each column. */
export interface PermutationImportance {
  /** Nats; NaN without a row that has a label. */
  logLoss: number;
  /** Rows with a probability and a label that is up or down. */
  n: number;
  /** The largest rise first. */
  columns: ColumnPermutation[];
}

/**
 * How much worse a model is on rows when one column is exchanged between them. The column moves in whole blocks from a
 * begin of chance: within a block it keeps the autocorrelation that it has in time, which a permutation row by row would
 * destroy and so show the model rows as they never are. All columns are moved alike in one repeat.
 * @param model - any; its rows should not be among those that it was fitted on
 * @returns a column that the model does not read has exactly 0
 * @throws RangeError when there is not a label a row, or blocks or repeats are no integers from 1 on
 * @see Breiman (2001), Random forests, Machine Learning 45 (section 10)
 * @see Politis, Romano (1992), A circular block-resampling procedure for stationary data (blocks around a circle)
 */
export function permutationImportance(
  model: Pick<Model, 'predict'>,
  rows: JudgedRows,
  { seed, blockRows, repeats = REPEATS }: PermutationOptions,
): PermutationImportance {
  requireShape(rows, { blockRows, repeats });
  const dice = createRandom(seed).fork('permutation-importance');
  const orders = Array.from({ length: repeats }, (_, repeat) =>
    movedBlocks(rows.count, blockRows, dice.fork(`repeat ${repeat}`)),
  );
  const before = model.predict(rows);
  const scored = scoredRows(before, rows.labels);
  const labels = Uint8Array.from(scored, (row) => rows.labels[row] as number);
  const lossOf = (probabilities: Float64Array) =>
    logLoss(
      Float64Array.from(scored, (row) => probabilities[row] as number),
      labels,
    );
  const loss = lossOf(before);
  const columns = rows.columns.map((column, place) => {
    const rises = orders.map((order) => lossOf(model.predict(withMoved(rows, place, order))) - loss);
    return { column, ...momentsOf(rises) };
  });
  return {
    logLoss: loss,
    n: scored.length,
    columns: columns.sort((left, right) => right.rise - left.rise),
  };
}

/** For each row, the row whose value it is given: a circle, cut from somewhere on into blocks, the blocks shuffled. */
function movedBlocks(count: number, blockRows: number, dice: Random): Uint32Array {
  const begin = dice.integer(Math.max(1, count));
  const blocks = Array.from({ length: Math.ceil(count / blockRows) }, (_, block) => block);
  for (let last = blocks.length - 1; last > 0; last -= 1) {
    const other = dice.integer(last + 1);
    [blocks[last], blocks[other]] = [blocks[other] as number, blocks[last] as number];
  }
  const order = new Uint32Array(count);
  let row = 0;
  for (const block of blocks) {
    const end = Math.min(count, (block + 1) * blockRows);
    for (let from = block * blockRows; from < end; from += 1) {
      order[row] = (begin + from) % count;
      row += 1;
    }
  }
  return order;
}

function withMoved(rows: FeatureMatrix, place: number, order: Uint32Array): FeatureMatrix {
  const { columns, count } = rows;
  const values = rows.values.slice();
  for (let row = 0; row < count; row += 1) {
    const from = order[row] as number;
    values[row * columns.length + place] = rows.values[from * columns.length + place] as number;
  }
  return { columns, values, count };
}

function momentsOf(rises: readonly number[]): Pick<ColumnPermutation, 'rise' | 'spread'> {
  const rise = rises.reduce((sum, each) => sum + each, 0) / rises.length;
  const squares = rises.reduce((sum, each) => sum + (each - rise) ** 2, 0);
  return { rise, spread: Math.sqrt(squares / (rises.length - 1)) };
}

function requireShape(
  { count, labels }: JudgedRows,
  { blockRows, repeats }: Pick<Required<PermutationOptions>, 'blockRows' | 'repeats'>,
): void {
  if (labels.length !== count) throw new RangeError(`${count} rows, but ${labels.length} labels`);
  for (const [name, value] of Object.entries({ blockRows, repeats })) {
    if (!(Number.isInteger(value) && value >= 1)) {
      throw new RangeError(`${name} is an integer from 1 on, got ${value}`);
    }
  }
}
