import { createRandom, type Random } from '../../core/index.ts';
import { binRows } from './bins.ts';
import { growTree, type Ground, type Grown, type Leaf } from './grow.ts';
import { CHUNK_ROWS, createArena, type Arena } from './kernel/arena.ts';
import type { KernelName } from './kernel/kernel.ts';
import { JOB, KIND } from './kernel/layout.ts';
import { createTeam, type Team } from './kernel/team.ts';
import type { BoostingParameters } from './parameters.ts';
import { addTree, type Tree } from './tree.ts';
import type { FloatRows } from './values.ts';

/** Numbers that a row's luck may be. */
const LUCKS = 2 ** 31;

/** Rows with their truth. */
export interface LabelledRows extends FloatRows {
  /** 0 or 1, shape (count) */
  readonly labels: Uint8Array;
  /** What each row counts, shape (count); 1 each where left out. */
  readonly weights?: Float32Array;
}

export interface BoostOptions {
  parameters: BoostingParameters;
  seed: number;
  /** Later rows that say when to stop: the trees up to the best round on them are kept. */
  judge?: { rows: LabelledRows; patience: number };
  /** Threads that grow trees, this one included; the model does not depend on it. 1 where left out. */
  threads?: number;
  /** The model does not depend on it either; `wasm` where left out. */
  kernel?: KernelName;
}

/** What boosting makes. */
export interface Boosted {
  baseScore: number;
  trees: Tree[];
}

/**
 * Gradient boosting of a binary label with logistic loss: each tree is fitted to gradient and hessian of the loss at
 * what the trees before it say.
 * @see Chen, Guestrin (2016), XGBoost: a scalable tree boosting system, KDD
 * @see Friedman (2002), Stochastic gradient boosting, Computational Statistics and Data Analysis 38 (subsample)
 */
export function boost(rows: LabelledRows, options: BoostOptions): Boosted {
  const { parameters, judge, threads = 1, kernel = 'wasm' } = options;
  const baseScore = Math.fround(parameters.baseScore ?? meanLabel(rows, parameters.scalePosWeight));
  const { labels, weights } = rows;
  const binned = binRows(rows, { maxBin: parameters.maxBin, weights });
  const arena = createArena(
    { binned, labels, weights, startMargin: marginOf(baseScore) },
    { parameters, threads },
  );
  const team = createTeam(arena, { threads, kernel });
  const dice = createRandom(options.seed);
  const [rowDice, columnDice] = [dice.fork('rows'), dice.fork('columns')];
  const stopping = judge && createStopping(judge, baseScore);
  const trees: Tree[] = [];
  try {
    while (trees.length < parameters.rounds && stopping?.isOver !== true) {
      const sampled = sampleRows(arena.order, parameters.subsample, rowDice);
      setGradients(arena, team);
      const columns = sampleColumns(rows.width, parameters.colsampleByTree, columnDice);
      arena.choose(columns);
      const tree = growOn({ arena, team, binned, parameters, sampled, columns });
      trees.push(tree);
      stopping?.look(tree);
    }
  } finally {
    team.close();
  }
  return { baseScore, trees: trees.slice(0, stopping?.bestRound) };
}

/** Log-odds of a probability, as float32. */
export function marginOf(probability: number): number {
  return Math.fround(-Math.log(1 / probability - 1));
}

/** Weighted share of the label 1; never surer than Laplace's rule of succession, and a half without rows. */
function meanLabel({ labels, weights, count }: LabelledRows, scalePosWeight: number): number {
  let ups = 0;
  let all = 0;
  for (let row = 0; row < count; row += 1) {
    const weight = (weights?.[row] ?? 1) * (labels[row] === 1 ? scalePosWeight : 1);
    all += weight;
    if (labels[row] === 1) ups += weight;
  }
  const surest = 1 / (count + 2);
  return all > 0 ? Math.min(1 - surest, Math.max(surest, ups / all)) : 0.5;
}

/** Of all rows, also of those that the tree will not see: going through them in order is what makes it fast. */
function setGradients({ ints, count }: Arena, team: Team): void {
  let jobs = 0;
  for (let first = 0; first < count; first += CHUNK_ROWS, jobs += 1) {
    const job = team.job(jobs);
    ints[(job + JOB.kind) >> 2] = KIND.gradients;
    ints[(job + JOB.first) >> 2] = first;
    ints[(job + JOB.end) >> 2] = Math.min(count, first + CHUNK_ROWS);
  }
  team.run(jobs);
}

/**
 * Brings the rows that a tree sees to the front of the order, ascending, and the others behind. The dice are thrown once
 * a tree; a row's own luck is a hash of that throw and its number, which is several times faster.
 * @returns how many rows it sees
 */
function sampleRows(order: Uint32Array, share: number, dice: Random): number {
  if (share === 1) {
    for (let row = 0; row < order.length; row += 1) order[row] = row;
    return order.length;
  }
  const limit = Math.floor(share * LUCKS);
  const salt = dice.integer(2 ** 32) | 0;
  let sampled = 0;
  for (let row = 0; row < order.length; row += 1) {
    // Written to both sides, without a branch that luck decides: what is in the wrong place is overwritten by the next.
    order[sampled] = row;
    order[order.length - 1 - row + sampled] = row;
    sampled += (luckOf(row, salt) - limit) >>> 31;
  }
  return sampled;
}

/** A number in 0..2^31-1 that looks like chance (the finaliser of splitmix32). */
function luckOf(row: number, salt: number): number {
  let mixed = (Math.imul(row + 1, 0x9e3779b9) + salt) | 0;
  mixed = Math.imul(mixed ^ (mixed >>> 16), 0x21f0aaad);
  mixed = Math.imul(mixed ^ (mixed >>> 15), 0x735a2d97);
  return (mixed ^ (mixed >>> 15)) >>> 1;
}

/** The columns that a tree may split on: the share, rounded down, but one at least; ascending. */
function sampleColumns(width: number, share: number, dice: Random): number[] {
  const columns = Array.from({ length: width }, (_, column) => column);
  if (share === 1) return columns;
  const wanted = Math.min(width, Math.max(1, Math.floor(share * width)));
  while (columns.length > wanted) columns.splice(dice.integer(columns.length), 1);
  return columns;
}

/** Grows a tree and adds what it says to the margins of all rows, those that it did not see included. */
function growOn(ground: Ground): Tree {
  const grown = growTree(ground);
  addRest(grown, ground);
  addLeaves(grown.leaves, ground);
  return grown.tree;
}

function addRest({ depth }: Grown, { arena, team, sampled }: Ground): void {
  const { ints, count, tree } = arena;
  let jobs = 0;
  for (let first = sampled; first < count; first += CHUNK_ROWS, jobs += 1) {
    const job = team.job(jobs);
    ints[(job + JOB.kind) >> 2] = KIND.rest;
    ints[(job + JOB.first) >> 2] = first;
    ints[(job + JOB.end) >> 2] = Math.min(count, first + CHUNK_ROWS);
    ints[(job + JOB.root) >> 2] = tree;
    ints[(job + JOB.depth) >> 2] = depth;
  }
  team.run(jobs);
}

function addLeaves(leaves: readonly Leaf[], { arena, team }: Ground): void {
  const { ints, floats, jobCapacity } = arena;
  for (let begin = 0; begin < leaves.length; begin += jobCapacity) {
    const some = leaves.slice(begin, begin + jobCapacity);
    some.forEach(({ answer, first, end }, place) => {
      const job = team.job(place);
      ints[(job + JOB.kind) >> 2] = KIND.leaf;
      ints[(job + JOB.first) >> 2] = first;
      ints[(job + JOB.end) >> 2] = end;
      floats[(job + JOB.answer) >> 2] = answer;
    });
    team.run(some.length);
  }
}

function createStopping({ rows, patience }: NonNullable<BoostOptions['judge']>, baseScore: number) {
  const margins = new Float32Array(rows.count).fill(marginOf(baseScore));
  let round = 0;
  let least = meanLoss(margins, rows);
  const stopping = {
    bestRound: 0,
    isOver: false,
    look(tree: Tree): void {
      round += 1;
      addTree(tree, { ...rows, margins });
      const loss = meanLoss(margins, rows);
      if (loss < least) {
        least = loss;
        stopping.bestRound = round;
      }
      stopping.isOver = round - stopping.bestRound >= patience;
    },
  };
  return stopping;
}

/** Weighted log loss of log-odds, nats. */
function meanLoss(margins: Float32Array, { labels, weights, count }: LabelledRows): number {
  let loss = 0;
  let all = 0;
  for (let row = 0; row < count; row += 1) {
    const margin = margins[row] as number;
    const weight = weights === undefined ? 1 : (weights[row] as number);
    const signed = labels[row] === 1 ? -margin : margin;
    loss += weight * (Math.max(signed, 0) + Math.log1p(Math.exp(-Math.abs(signed))));
    all += weight;
  }
  return loss / all;
}
