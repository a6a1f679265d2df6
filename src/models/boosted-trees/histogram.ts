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
  /** A histogram: sums of gradients and hessians a slot, interleaved, shape (slots, 2). */
  create(): Float64Array;
  /** Overwrites a histogram with the sums over a run of rows. */
  fill(histogram: Float64Array, first: number, end: number): void;
  /** Takes a part away: what stays is the histogram of the other child, at a fraction of the cost of adding it up. */
  subtract(histogram: Float64Array, part: Float64Array): void;
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
  return {
    gradients,
    order,
    create: () => new Float64Array(2 * (offsets[width] ?? 0)),
    fill(histogram, first, end) {
      histogram.fill(0);
      for (let place = first; place < end; place += 1) {
        const row = order[place] as number;
        const gradient = gradients[2 * row] as number;
        const hessian = gradients[2 * row + 1] as number;
        const last = (row + 1) * width;
        for (let cell = row * width; cell < last; cell += 1) {
          const slot = 2 * (slots[cell] as number);
          histogram[slot] = (histogram[slot] as number) + gradient;
          histogram[slot + 1] = (histogram[slot + 1] as number) + hessian;
        }
      }
    },
    subtract(histogram, part) {
      for (let slot = 0; slot < histogram.length; slot += 1) {
        histogram[slot] = (histogram[slot] as number) - (part[slot] as number);
      }
    },
  };
};
