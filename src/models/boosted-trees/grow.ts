import type { BinnedRows } from './bins.ts';
import { CHUNK_ROWS, type Arena } from './kernel/arena.ts';
import {
  BIN_STEP,
  BIN_STEP_BYTES,
  CANDIDATE,
  CANDIDATE_BYTES,
  HEADER,
  JOB,
  KIND,
  NO_BIN,
  NODE,
} from './kernel/layout.ts';
import type { Team } from './kernel/team.ts';
import type { BoostingParameters } from './parameters.ts';
import { isWorthwhile, leafWeight, type Split, type Sums } from './split.ts';
import { treeOf, type NodeDraft, type Tree } from './tree.ts';

/** What trees are grown from. */
export interface Ground {
  /** Its gradients and the first `sampled` places of its order are set. */
  arena: Arena;
  team: Team;
  binned: BinnedRows;
  parameters: BoostingParameters;
  sampled: number;
  /** Columns that the tree may split on, ascending; the arena was told. */
  columns: readonly number[];
}

/** What was grown. The arena holds it too, by bins. */
export interface Grown {
  tree: Tree;
  leaves: Leaf[];
  /** Splits between root and leaf at most. */
  depth: number;
}

/** A leaf and its rows: a run of the order. */
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
  /** Both null in a leaf. */
  split: Split | null;
  children: [Node, Node] | null;
}

/** A node that may be split, with the addresses of its histogram and of what was found in it. */
interface OpenNode {
  node: Node;
  histogram: number;
  record: number;
}

/** An open node with the split that it is to have. */
interface Parting extends OpenNode {
  split: Split;
}

/**
 * Grows one tree, splitting each node that gains enough, as XGBoost's `hist` does level by level. Several nodes are
 * split at once; the order of rows is rearranged, so that those of each leaf lie together.
 * @see Chen, Guestrin (2016), XGBoost: a scalable tree boosting system, KDD
 * @see Ke et al. (2017), LightGBM: a highly efficient gradient boosting decision tree, NIPS (histograms, subtraction)
 */
export function growTree(ground: Ground): Grown {
  const root = openRoot(ground);
  const batches: OpenNode[][] = [[root]];
  for (let batch = batches.pop(); batch !== undefined; batch = batches.pop()) {
    const partings = batch.flatMap((open) => {
      const split = bestSplit(open, ground);
      if (split !== null) return [{ ...open, split }];
      close(open, ground);
      return [];
    });
    part(partings, ground);
    const opened = openChildren(partings, ground);
    const { together } = ground.arena;
    for (let first = 0; first < opened.length; first += together) {
      batches.push(opened.slice(first, first + together));
    }
  }
  const nodes = numbered(root.node);
  if (ground.sampled < ground.arena.count) writeSteps(nodes, ground);
  return {
    depth: Math.max(...nodes.map(({ depth }) => depth)),
    tree: treeOf(nodes.map(({ draft }) => draft)),
    leaves: nodes
      .filter(({ children }) => children === null)
      .map(({ draft, first, end }) => ({ answer: draft.threshold, first, end })),
  };
}

/** Node by node and level by level, each right child right behind its left one. */
function numbered(root: Node): Node[] {
  const nodes = [root];
  for (const { draft, children } of nodes) {
    if (children === null) continue;
    draft.left = nodes.length;
    nodes.push(...children);
  }
  return nodes;
}

/** The tree by bins, for rows that it has not seen. */
function writeSteps(nodes: readonly Node[], { arena, binned }: Ground): void {
  const { ints, floats } = arena;
  nodes.forEach(({ split, draft }, place) => {
    const step = arena.tree + place * BIN_STEP_BYTES;
    const left = split === null ? place : draft.left;
    ints[(step + BIN_STEP.left) >> 2] = arena.tree + left * BIN_STEP_BYTES;
    ints[(step + BIN_STEP.bins) >> 2] = arena.binsOf(split?.column ?? 0);
    // No bin is above this: all rows of a leaf stay in it.
    ints[(step + BIN_STEP.lastLeft) >> 2] = split?.bin ?? NO_BIN;
    ints[(step + BIN_STEP.alsoLeft) >> 2] = alsoLeft(split, binned);
    floats[(step + BIN_STEP.answer) >> 2] = draft.threshold;
  });
}

/** The bin of missing values where they go left. */
function alsoLeft(split: Split | null, { thresholds }: BinnedRows): number {
  return split?.defaultLeft === true ? (thresholds[split.column]?.length ?? NO_BIN) : NO_BIN;
}

function openRoot(ground: Ground): OpenNode {
  const { arena, team, columns, sampled } = ground;
  const histogram = arena.takeHistogram();
  const record = arena.takeNode();
  const groups = chosenGroups(columns);
  groups.forEach((group, place) => {
    const job = team.job(place);
    arena.ints[(job + JOB.kind) >> 2] = KIND.sum;
    arena.ints[(job + JOB.first) >> 2] = 0;
    arena.ints[(job + JOB.end) >> 2] = sampled;
    arena.ints[(job + JOB.group) >> 2] = group;
    arena.ints[(job + JOB.histogram) >> 2] = histogram;
    arena.ints[(job + JOB.parent) >> 2] = 0;
  });
  team.run(groups.length);
  const sums = columns.length > 0 ? sumOfColumn(ground, histogram) : sumOfRows(ground);
  const node = nodeOf(sums, { depth: 0, first: 0, end: sampled }, ground);
  writeSums(arena, record, sums);
  groups.forEach((group, place) => {
    const job = team.job(place);
    arena.ints[(job + JOB.kind) >> 2] = KIND.scan;
    arena.ints[(job + JOB.group) >> 2] = group;
    arena.ints[(job + JOB.histogram) >> 2] = histogram;
    arena.ints[(job + JOB.node) >> 2] = record;
  });
  team.run(groups.length);
  return { node, histogram, record };
}

/** Each row that the tree sees is in one slot of any column. */
function sumOfColumn({ arena, binned, columns }: Ground, histogram: number): Sums {
  const [column = 0] = columns;
  const sums = { gradient: 0, hessian: 0 };
  const slots = (binned.thresholds[column]?.length ?? 0) + 1;
  const first = arena.columnOf(histogram, column) >> 3;
  for (let slot = 0; slot < slots; slot += 1) {
    sums.gradient += arena.doubles[first + 2 * slot] as number;
    sums.hessian += arena.doubles[first + 2 * slot + 1] as number;
  }
  return sums;
}

/** Where there is no column. */
function sumOfRows({ arena, sampled }: Ground): Sums {
  const { order, ints, floats } = arena;
  const gradients = (ints[HEADER.gradients >> 2] as number) >> 2;
  const sums = { gradient: 0, hessian: 0 };
  for (let place = 0; place < sampled; place += 1) {
    const both = gradients + 2 * (order[place] as number);
    sums.gradient += floats[both] as number;
    sums.hessian += floats[both + 1] as number;
  }
  return sums;
}

function chosenGroups(columns: readonly number[]): number[] {
  return [...new Set(columns.map((column) => column >> 2))];
}

function writeSums(arena: Arena, record: number, { gradient, hessian }: Sums): void {
  arena.doubles[(record + NODE.gradient) >> 3] = gradient;
  arena.doubles[(record + NODE.hessian) >> 3] = hessian;
}

/** The first of the best splits in the order of the columns, or null where none gains enough. */
function bestSplit({ record }: OpenNode, { arena, columns, parameters }: Ground): Split | null {
  const { ints, doubles } = arena;
  let best = -1;
  let gain = -Infinity;
  for (const group of chosenGroups(columns)) {
    const candidate = record + NODE.candidates + group * CANDIDATE_BYTES;
    const found = doubles[(candidate + CANDIDATE.gain) >> 3] as number;
    if (!(found > gain)) continue;
    gain = found;
    best = candidate;
  }
  if (best < 0 || !isWorthwhile(gain, parameters.gamma)) return null;
  return {
    gain,
    column: ints[(best + CANDIDATE.column) >> 2] as number,
    bin: ints[(best + CANDIDATE.bin) >> 2] as number,
    defaultLeft: ints[(best + CANDIDATE.defaultLeft) >> 2] === 1,
    left: {
      gradient: doubles[(best + CANDIDATE.gradient) >> 3] as number,
      hessian: doubles[(best + CANDIDATE.hessian) >> 3] as number,
    },
  };
}

function close({ histogram, record }: OpenNode, { arena }: Ground): void {
  arena.releaseHistogram(histogram);
  arena.releaseNode(record);
}

function nodeOf(sums: Sums, place: Pick<Node, 'depth' | 'first' | 'end'>, { parameters }: Ground): Node {
  const weight = Math.fround(Math.fround(leafWeight(sums, parameters)) * Math.fround(parameters.eta)) + 0;
  const { hessian } = sums;
  const draft = { column: -1, threshold: weight, left: -1, defaultLeft: false, gain: 0, hessian, weight };
  return { ...sums, ...place, draft, split: null, children: null };
}

interface Chunk {
  parting: Parting;
  from: number;
  to: number;
}

/** Parts the rows of several nodes and gives each its two children. */
function part(partings: readonly Parting[], ground: Ground): void {
  const { arena, team, binned } = ground;
  const { ints } = arena;
  const chunks = partings.flatMap((parting) =>
    chunksOf(parting.node).map(([from, to]): Chunk => ({ parting, from, to })),
  );
  chunks.forEach(({ parting: { split }, from, to }, place) => {
    const job = team.job(place);
    ints[(job + JOB.kind) >> 2] = KIND.partition;
    ints[(job + JOB.first) >> 2] = from;
    ints[(job + JOB.end) >> 2] = to;
    ints[(job + JOB.bins) >> 2] = arena.binsOf(split.column);
    ints[(job + JOB.lastLeft) >> 2] = split.bin;
    ints[(job + JOB.alsoLeft) >> 2] = alsoLeft(split, binned);
  });
  const jobs = chunks.map((_, place) => team.job(place));
  team.run(chunks.length);
  const lefts = jobs.map((job) => ints[(job + JOB.leftCount) >> 2] as number);
  const middles = new Map(partings.map(({ node }) => [node, node.first]));
  chunks.forEach(({ parting: { node } }, place) => {
    middles.set(node, (middles.get(node) ?? 0) + (lefts[place] ?? 0));
  });
  for (const { node, split } of partings) divide(node, split, { middle: middles.get(node) ?? 0, ground });
  settle(chunks, lefts, ground);
}

/** Brings the parted chunks together: of each node first what goes left, then what goes right. */
function settle(chunks: readonly Chunk[], lefts: readonly number[], { arena, team }: Ground): void {
  const { ints } = arena;
  const filled = new Map<Node, { left: number; right: number }>();
  chunks.forEach(({ parting: { node }, from, to }, place) => {
    const target = filled.get(node) ?? { left: node.first, right: node.children?.[1].first ?? 0 };
    const left = lefts[place] ?? 0;
    const job = team.job(place);
    ints[(job + JOB.kind) >> 2] = KIND.settle;
    ints[(job + JOB.first) >> 2] = from;
    ints[(job + JOB.end) >> 2] = to;
    ints[(job + JOB.leftCount) >> 2] = left;
    ints[(job + JOB.leftTo) >> 2] = target.left;
    ints[(job + JOB.rightTo) >> 2] = target.right;
    filled.set(node, { left: target.left + left, right: target.right + to - from - left });
  });
  team.run(chunks.length);
}

function chunksOf({ first, end }: { first: number; end: number }): [number, number][] {
  const chunks: [number, number][] = [];
  for (let from = first; from < end; from += CHUNK_ROWS)
    chunks.push([from, Math.min(end, from + CHUNK_ROWS)]);
  return chunks;
}

function divide(node: Node, split: Split, { middle, ground }: { middle: number; ground: Ground }): void {
  const { column, bin, defaultLeft, gain, left } = split;
  const threshold = ground.binned.thresholds[column]?.[bin] ?? NaN;
  Object.assign(node.draft, { column, threshold, defaultLeft, gain });
  node.split = split;
  const depth = node.depth + 1;
  const rest = { gradient: node.gradient - left.gradient, hessian: node.hessian - left.hessian };
  node.children = [
    nodeOf(left, { depth, first: node.first, end: middle }, ground),
    nodeOf(rest, { depth, first: middle, end: node.end }, ground),
  ];
}

/**
 * Sums up and searches the children of nodes that were parted. The histogram of the smaller child is added up, the other
 * one is what that leaves of the parent's. @returns those that may be split further
 */
function openChildren(partings: readonly Parting[], ground: Ground): OpenNode[] {
  const { arena, team, columns, parameters } = ground;
  const { ints } = arena;
  const groups = chosenGroups(columns);
  const opened: OpenNode[] = [];
  let jobs = 0;
  for (const parting of partings) {
    const { node, histogram: parent } = parting;
    arena.releaseNode(parting.record);
    if (node.children === null || node.depth + 1 >= parameters.maxDepth) {
      arena.releaseHistogram(parent);
      continue;
    }
    const [left, right] = node.children;
    const [small, large] = left.end - left.first < right.end - right.first ? [left, right] : [right, left];
    const part = { node: small, histogram: arena.takeHistogram(), record: arena.takeNode() };
    const rest = { node: large, histogram: parent, record: arena.takeNode() };
    writeSums(arena, part.record, small);
    writeSums(arena, rest.record, large);
    for (const group of groups) {
      const job = team.job(jobs);
      jobs += 1;
      ints[(job + JOB.kind) >> 2] = KIND.children;
      ints[(job + JOB.first) >> 2] = small.first;
      ints[(job + JOB.end) >> 2] = small.end;
      ints[(job + JOB.group) >> 2] = group;
      ints[(job + JOB.histogram) >> 2] = part.histogram;
      ints[(job + JOB.parent) >> 2] = parent;
      ints[(job + JOB.node) >> 2] = part.record;
      ints[(job + JOB.otherNode) >> 2] = rest.record;
    }
    opened.push(part, rest);
  }
  team.run(jobs);
  return opened;
}
