import type { FloatRows } from './values.ts';

/** One tree, node by node in flat arrays; the root is node 0, and the right child stands right behind the left one. */
export interface Tree {
  /** Column that decides; -1 in a leaf. */
  readonly columns: Int32Array;
  /** A value below it goes left; in a leaf, what the leaf adds to the log-odds. */
  readonly thresholds: Float32Array;
  /** The left child; -1 in a leaf. */
  readonly lefts: Int32Array;
  /** 1 where a missing value goes left. */
  readonly defaultLefts: Uint8Array;
  /** What the split gained; 0 in a leaf. */
  readonly gains: Float32Array;
  /** Sum of hessians. */
  readonly hessians: Float32Array;
  /** What the node would add if it were a leaf. */
  readonly weights: Float32Array;
}

/** A node while its tree is being made. */
export interface NodeDraft {
  column: number;
  threshold: number;
  left: number;
  defaultLeft: boolean;
  gain: number;
  hessian: number;
  weight: number;
}

/** @param nodes - root first, each right child right behind its left one */
export function treeOf(nodes: readonly NodeDraft[]): Tree {
  return {
    columns: Int32Array.from(nodes, ({ column }) => column),
    thresholds: Float32Array.from(nodes, ({ threshold }) => threshold),
    lefts: Int32Array.from(nodes, ({ left }) => left),
    defaultLefts: Uint8Array.from(nodes, ({ defaultLeft }) => (defaultLeft ? 1 : 0)),
    gains: Float32Array.from(nodes, ({ gain }) => gain),
    hessians: Float32Array.from(nodes, ({ hessian }) => hessian),
    weights: Float32Array.from(nodes, ({ weight }) => weight),
  };
}

/**
 * Adds the tree's answer to each row's log-odds. The sums are float32, as XGBoost's are: a row gets the same figure
 * while it is learnt from, when it is predicted, and there.
 * @param rows - `margins` are their log-odds, shape (count); overwritten
 */
export function addTree(tree: Tree, { values, width, margins }: FloatRows & { margins: Float32Array }): void {
  const { columns, thresholds, lefts, defaultLefts } = tree;
  for (let row = 0; row < margins.length; row += 1) {
    let node = 0;
    for (let column = columns[0] as number; column >= 0; column = columns[node] as number) {
      const value = values[row * width + column] as number;
      const threshold = thresholds[node] as number;
      const left = lefts[node] as number;
      // Neither below nor not below: missing.
      if (value < threshold) node = left;
      else node = value >= threshold || defaultLefts[node] === 0 ? left + 1 : left;
    }
    margins[row] = (margins[row] as number) + (thresholds[node] as number);
  }
}
