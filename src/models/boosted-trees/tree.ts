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
 * @param margins - log-odds, shape (count); overwritten
 */
export function addTree(tree: Tree, margins: Float32Array, { values, width, count }: FloatRows): void {
  for (let row = 0; row < count; row += 1) {
    margins[row] = (margins[row] as number) + answerOf(tree, values, row * width);
  }
}

/** What the leaf says in which a row ends. `start` is where the row's values begin. */
function answerOf({ columns, thresholds, lefts, defaultLefts }: Tree, values: Float32Array, start: number) {
  let node = 0;
  for (let column = columns[0] as number; column >= 0; column = columns[node] as number) {
    const value = values[start + column] as number;
    const left = Number.isNaN(value) ? defaultLefts[node] === 1 : value < (thresholds[node] as number);
    node = (lefts[node] as number) + (left ? 0 : 1);
  }
  return thresholds[node] as number;
}
