import type { BinnedRows } from './bins.ts';
import type { HistogramKernel } from './histogram.ts';
import type { BoostingParameters } from './parameters.ts';
import { findSplit, leafWeight, type Split, type Sums } from './split.ts';
import { treeOf, type NodeDraft, type Tree } from './tree.ts';

/** What trees are grown from. */
export interface Ground {
  /** Its gradients and the first `sampled` places of its order are set. */
  kernel: HistogramKernel;
  binned: BinnedRows;
  parameters: BoostingParameters;
  /** Room for the rows of a node, shape (count). */
  spare: Uint32Array;
  sampled: number;
  /** Columns that the tree may split on, ascending; the kernel was told. */
  columns: readonly number[];
}

/** A leaf and its rows: a run of the kernel's order. */
export interface Leaf {
  answer: number;
  first: number;
  end: number;
}

interface Node extends Sums {
  draft: NodeDraft;
  depth: number;
  first: number;
  end: number;
  /** Null where there is nothing to search: at the last depth, and after the node was split. */
  histogram: Float64Array | null;
}

/**
 * Grows one tree level by level, splitting each node that gains enough, as XGBoost's `hist` does. The kernel's order is
 * rearranged, so that the rows of each leaf lie together.
 */
export function growTree(ground: Ground): { tree: Tree; leaves: Leaf[] } {
  const { binned, columns, parameters } = ground;
  const nodes: Node[] = [rootOf(ground)];
  // The list grows while it is walked: children come behind all nodes of their parent's level.
  for (const node of nodes) {
    if (node.histogram === null) continue;
    const split = findSplit(node.histogram, node, { binned, columns, parameters });
    if (split === null) {
      ground.kernel.release(node.histogram);
      continue;
    }
    const { column, bin, defaultLeft, gain } = split;
    const threshold = binned.thresholds[column]?.[bin] ?? NaN;
    Object.assign(node.draft, { column, threshold, defaultLeft, gain, left: nodes.length });
    nodes.push(...childrenOf(node, split, ground));
  }
  const leaves = nodes.filter(({ draft }) => draft.column < 0);
  return {
    tree: treeOf(nodes.map(({ draft }) => draft)),
    leaves: leaves.map(({ draft, first, end }) => ({ answer: draft.threshold, first, end })),
  };
}

function rootOf(ground: Ground): Node {
  const { kernel, sampled, binned, columns } = ground;
  const histogram = kernel.sum(0, sampled);
  const sums = { gradient: 0, hessian: 0 };
  // Each row is in one slot of any column.
  const [column = 0] = columns;
  for (let slot = binned.offsets[column] ?? 0; slot < (binned.offsets[column + 1] ?? 0); slot += 1) {
    sums.gradient += histogram[2 * slot] as number;
    sums.hessian += histogram[2 * slot + 1] as number;
  }
  return { ...nodeOf(sums, { depth: 0, first: 0, end: sampled }, ground), histogram };
}

function nodeOf(sums: Sums, place: Pick<Node, 'depth' | 'first' | 'end'>, { parameters }: Ground): Node {
  const weight = Math.fround(Math.fround(leafWeight(sums, parameters)) * Math.fround(parameters.eta)) + 0;
  const { hessian } = sums;
  const draft = { column: -1, threshold: weight, left: -1, defaultLeft: false, gain: 0, hessian, weight };
  return { ...sums, ...place, draft, histogram: null };
}

/** Left and right. The histogram of the smaller one is added up, the other one is what that leaves of the parent's. */
function childrenOf(node: Node, split: Split, ground: Ground): [Node, Node] {
  const depth = node.depth + 1;
  const middle = partition(node, split, ground);
  const rest = {
    gradient: node.gradient - split.left.gradient,
    hessian: node.hessian - split.left.hessian,
  };
  const left = nodeOf(split.left, { depth, first: node.first, end: middle }, ground);
  const right = nodeOf(rest, { depth, first: middle, end: node.end }, ground);
  if (depth < ground.parameters.maxDepth && node.histogram !== null) {
    const { kernel } = ground;
    const [small, large] = middle - node.first < node.end - middle ? [left, right] : [right, left];
    small.histogram = kernel.sum(small.first, small.end);
    kernel.subtract(node.histogram, small.histogram);
    large.histogram = node.histogram;
  } else if (node.histogram !== null) {
    ground.kernel.release(node.histogram);
  }
  node.histogram = null;
  return [left, right];
}

/** Brings the rows that go left before the others, each side in its order. @returns where the right side begins */
function partition(
  node: Node,
  { column, bin, defaultLeft }: Split,
  { kernel, binned, spare }: Ground,
): number {
  const { order } = kernel;
  const { slots, width, offsets } = binned;
  const lastLeft = (offsets[column] ?? 0) + bin;
  const missing = (offsets[column + 1] ?? 0) - 1;
  let leftCount = 0;
  let rightCount = 0;
  for (let place = node.first; place < node.end; place += 1) {
    const row = order[place] as number;
    const slot = slots[row * width + column] as number;
    if (slot <= lastLeft || (defaultLeft && slot === missing)) {
      order[node.first + leftCount] = row;
      leftCount += 1;
    } else {
      spare[rightCount] = row;
      rightCount += 1;
    }
  }
  order.set(spare.subarray(0, rightCount), node.first + leftCount);
  return node.first + leftCount;
}
