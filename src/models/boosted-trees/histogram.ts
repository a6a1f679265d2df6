import type { BinnedRows } from './bins.ts';

/**
 * The innermost loops of growing trees, and the arrays they run over. They are kept behind this interface so that
 * another implementation, with the arrays in a memory of its own, can take their place.
 */
export interface HistogramKernel {
  /** Gradient and hessian of each row, interleaved, shape (count, 2); written by the caller before each tree. */
  readonly gradients: Float32Array;
  /** Rows by node: each node has a run [first, end) of it; shape (count). */
  readonly order: Uint32Array;
  /** Which columns are summed from now on; the slots of the others hold nothing of use. */
  choose(columns: readonly number[]): void;
  /** The sums over a run of rows in a new histogram: gradient and hessian a slot, interleaved, shape (slots, 2). */
  sum(first: number, end: number): Float64Array;
  /** Takes a part away: what stays is the histogram of the other child, at a fraction of the cost of adding it up. */
  subtract(histogram: Float64Array, part: Float64Array): void;
  /** Gives a histogram back to be used anew. */
  release(histogram: Float64Array): void;
}

export type KernelFactory = (binned: BinnedRows) => HistogramKernel;

/**
 * The kernel in plain TypeScript. It goes row by row over numbered-through slots: a row's gradient is loaded once for
 * all columns, and neighbouring additions go to different columns and so never wait for each other.
 * @see Ke et al. (2017), LightGBM: a highly efficient gradient boosting decision tree, NIPS (histograms, subtraction)
 */
export const createKernel: KernelFactory = ({ count, width, slots, offsets }) => {
  const gradients = new Float32Array(2 * count);
  const order = new Uint32Array(count);
  const free: Float64Array[] = [];
  let columns = Uint32Array.from({ length: width }, (_, column) => column);
  return {
    gradients,
    order,
    choose(chosen) {
      columns = Uint32Array.from(chosen);
    },
    sum(first, end) {
      const histogram = free.pop()?.fill(0) ?? new Float64Array(2 * (offsets[width] ?? 0));
      for (let place = first; place < end; place += 1) {
        const row = order[place] as number;
        const gradient = gradients[2 * row] as number;
        const hessian = gradients[2 * row + 1] as number;
        for (let chosen = 0; chosen < columns.length; chosen += 1) {
          const slot = 2 * (slots[row * width + (columns[chosen] as number)] as number);
          histogram[slot] = (histogram[slot] as number) + gradient;
          histogram[slot + 1] = (histogram[slot + 1] as number) + hessian;
        }
      }
      return histogram;
    },
    subtract(histogram, part) {
      for (let slot = 0; slot < histogram.length; slot += 1) {
        histogram[slot] = (histogram[slot] as number) - (part[slot] as number);
      }
    },
    release(histogram) {
      free.push(histogram);
    },
  };
};
