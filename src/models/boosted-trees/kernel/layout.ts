/**
 * Where things stand in the memory that all kernels and threads share. Everything is addressed in bytes from its
 * beginning; the WebAssembly text is written with these very numbers.
 */

/** Addresses and constants at the very beginning. */
export const HEADER = {
  /** Rows by node, u32, shape (count): each node has a run of it. */
  order: 0,
  /** Room for the two sides of a partition, u32, shape (count) each. */
  left: 4,
  right: 8,
  /** Gradient and hessian of each row, f32, shape (count + 1, 2). */
  gradients: 12,
  /** Log-odds so far, f32, shape (count + 1). */
  margins: 16,
  /** Labels, f32, shape (count + 1). */
  targets: 20,
  /** What each row counts, f32, shape (count + 1). */
  weights: 24,
  /** Bins, u8, shape (groups, count, 4). */
  bins: 28,
  count: 32,
  /** Bytes of one column in a histogram. */
  columnBytes: 36,
  /** Bins a column has, the missing one not counted, i32, shape (groups * 4). */
  binCounts: 40,
  /** Per group of four columns how many a tree may split on, and which; i32, shape (groups, 8). */
  groups: 44,
  /** Gradients are whole multiples of `inverse`, the reciprocal of `scale`; f64. */
  scale: 64,
  inverse: 72,
  /** f64 */
  lambda: 80,
  alpha: 88,
  /** The least sum of hessians of a side, f64. */
  least: 96,
  /** What threads agree by, i32: see team.ts. */
  next: 104,
  limit: 108,
  done: 112,
  isOver: 116,
  hasFailed: 120,
} as const;
export const HEADER_BYTES = 128;

/** What a job may be. */
export const KIND = {
  gradients: 0,
  sum: 1,
  scan: 2,
  children: 3,
  partition: 4,
  settle: 5,
  leaf: 6,
  rest: 7,
  walk: 8,
} as const;

/** A piece of work that any thread may do, i32 each; not every kind has every field. */
export const JOB = {
  kind: 0,
  /** A run of rows or of the order: first .. end - 1. */
  first: 4,
  end: 8,
  /** sum, scan, children: the group of columns. */
  group: 12,
  /** sum, scan, children: the histogram that is written or read. */
  histogram: 16,
  /** sum, children: the histogram that the sums are taken away from; 0: none. */
  parent: 20,
  /** scan, children: the node of `histogram`. */
  node: 24,
  /** children: the node of what is left of `parent`. */
  otherNode: 28,
  /** partition: address of the column's first bin. */
  bins: 12,
  /** partition: the last bin that goes left, and a further one that does (beyond all bins: none). */
  lastLeft: 16,
  alsoLeft: 20,
  /** partition, written; settle, read: how many went left. */
  leftCount: 24,
  /** settle: places in the order that the two sides go to. */
  leftTo: 28,
  rightTo: 32,
  /** leaf: f32 */
  answer: 12,
  /** rest: address of the tree's root, and its depth. */
  root: 12,
  depth: 16,
  /** walk: addresses of the trees' table, of the first row's values and of its log-odds, bytes a row, and how many rows. */
  trees: 12,
  values: 16,
  sums: 20,
  rowBytes: 24,
  rows: 28,
} as const;
export const JOB_BYTES = 64;

/** A node: its sums, f64, then the best split of each group of columns. */
export const NODE = { gradient: 0, hessian: 8, candidates: 16 } as const;

/** A split that was found: its gain (-Infinity: none) and the sums of the left side as f64, then i32. */
export const CANDIDATE = { gain: 0, gradient: 8, hessian: 16, column: 24, bin: 28, defaultLeft: 32 } as const;
export const CANDIDATE_BYTES = 40;

/** Columns a group. */
export const GROUP_COLUMNS = 4;
/** i32 a group in the table of groups: how many are chosen, then which of the four. */
export const GROUP_FIELDS = 8;

/** A tree in the table of trees, i32: the address of its root, and its depth. */
export const TREE = { root: 0, depth: 4 } as const;
export const TREE_BYTES = 8;

/**
 * A node of a tree that answers. The right child stands behind the left one; a leaf is its own left child and sends all
 * rows there, so that every row may go as many steps as the tree is deep.
 */
export const STEP = {
  /** Address of the left child; its lowest bit is set where missing values go right. i32 */
  left: 0,
  /** Where the column's value stands in a row, in bytes. i32 */
  column: 4,
  /** A value below it goes left. f32 */
  threshold: 8,
  /** What a leaf adds. f32 */
  answer: 12,
} as const;
export const STEP_BYTES = 16;

/** A node of the tree that was just grown, which asks for bins; else like `STEP`. */
export const BIN_STEP = {
  left: 0,
  /** Address of the column's first bin. i32 */
  bins: 4,
  /** As in a job that parts rows. i32 */
  lastLeft: 8,
  alsoLeft: 12,
  answer: 16,
} as const;
export const BIN_STEP_BYTES = 32;

/** The last bin that a u8 holds stands for none when it is exceeded. */
export const NO_BIN = 256;

/** Bytes of a slot of a histogram: gradient and hessian, f64. */
export const SLOT_BYTES = 16;

/** Missing values are searched for a side only where they weigh this much; below it is what rounding leaves. */
export const LEAST_HESSIAN = 1e-6;

/** XGBoost's floor of a hessian: where a probability is 0 or 1 to the last digit. */
export const HESSIAN_FLOOR = 1e-16;

/**
 * The exponential function of both kernels. `Math.exp` is not the same in WebAssembly and may differ from machine to
 * machine; this one is made of sums and products alone, which IEEE 754 defines to the last bit.
 * exp(x) = 2^k exp(r) with k = round(x / ln 2) and |r| <= ln(2) / 2, exp(r) by its Taylor series to r^9 / 9!
 * (relative error below 1e-11; what is made of it is rounded to 6e-8).
 */
export const EXPONENTIAL = {
  limit: 700,
  log2e: Math.LOG2E,
  /** ln 2 in two parts: the first has zeros at its end, so that k times it is exact. */
  ln2High: 0.69314718036912381649,
  ln2Low: 1.90821492927058770002e-10,
  /** 1 / n! for n = 9 .. 0 */
  coefficients: Array.from({ length: 10 }, (_, place) => 1 / factorial(9 - place)),
} as const;

/** Adding and taking away 1.5 * 2^52 rounds a double to a whole number. */
export const ROUNDER = 6_755_399_441_055_744;

function factorial(n: number): number {
  let product = 1;
  for (let factor = 2; factor <= n; factor += 1) product *= factor;
  return product;
}
