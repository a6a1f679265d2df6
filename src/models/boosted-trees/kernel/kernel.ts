/**
 * The innermost loops of growing trees. A kernel does one job at a time, whose fields and data stand in a memory that it
 * was made for (see layout.ts); jobs of one phase touch different places, so several threads may each run some.
 */
export interface Kernel {
  /** Gradients and hessians of the rows first..end-1 from their log-odds. */
  gradients(job: number): void;
  /** Sums over a run of the order, for one group of columns; taken away from the parent's where there is one. */
  sum(job: number): void;
  /** The best split of a node by one group of columns. */
  scan(job: number): void;
  /** `sum`, then `scan` of both children. */
  children(job: number): void;
  /** Parts a run of the order: those that go left to the one room, the others to the other, each in its order. */
  partition(job: number): void;
  /** Brings both sides of a parted run back into the order. */
  settle(job: number): void;
  /** Adds a leaf's answer to the log-odds of its rows. */
  leaf(job: number): void;
  /** Adds what the tree that was grown says to the log-odds of a run of the order that it did not see. */
  rest(job: number): void;
  /** Adds what trees first..end-1 of a table say to the log-odds of `count` rows. */
  walk(job: number): void;
}

/** Which implementation: they make the same models bit by bit. */
export type KernelName = 'wasm' | 'plain';

/** In the order of `KIND`. */
export const METHODS = [
  'gradients',
  'sum',
  'scan',
  'children',
  'partition',
  'settle',
  'leaf',
  'rest',
  'walk',
] as const satisfies (keyof Kernel)[];
