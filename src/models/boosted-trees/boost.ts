import { createRandom, type Random } from '../../core/index.ts';
import { binRows } from './bins.ts';
import { growTree, type Ground } from './grow.ts';
import { createKernel, type HistogramKernel, type KernelFactory } from './histogram.ts';
import type { BoostingParameters } from './parameters.ts';
import { addTree, type Tree } from './tree.ts';
import type { FloatRows } from './values.ts';

/** XGBoost's floor of a hessian: where a probability is 0 or 1 to the last digit. */
const LEAST_HESSIAN = 1e-16;

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
  kernel?: KernelFactory;
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
  const { parameters, judge, kernel: makeKernel = createKernel } = options;
  const baseScore = Math.fround(parameters.baseScore ?? meanLabel(rows, parameters.scalePosWeight));
  const binned = binRows(rows, { maxBin: parameters.maxBin, weights: rows.weights });
  const kernel = makeKernel(binned);
  const spare = new Uint32Array(rows.count);
  const dice = createRandom(options.seed);
  const [rowDice, columnDice] = [dice.fork('rows'), dice.fork('columns')];
  const margins = new Float32Array(rows.count).fill(marginOf(baseScore));
  const stopping = judge && createStopping(judge, baseScore);
  const trees: Tree[] = [];
  while (trees.length < parameters.rounds && stopping?.isOver !== true) {
    const sampled = sampleRows(kernel.order, parameters.subsample, rowDice);
    setGradients(kernel, margins, { rows, sampled, scalePosWeight: parameters.scalePosWeight });
    const columns = sampleColumns(rows.width, parameters.colsampleByTree, columnDice);
    kernel.choose(columns);
    const ground = { kernel, binned, parameters, spare, sampled, columns };
    const tree = growOn(ground, margins, rows);
    trees.push(tree);
    stopping?.look(tree);
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

function setGradients(
  { gradients, order }: HistogramKernel,
  margins: Float32Array,
  { rows, sampled, scalePosWeight }: { rows: LabelledRows; sampled: number; scalePosWeight: number },
): void {
  const { labels, weights } = rows;
  for (let place = 0; place < sampled; place += 1) {
    const row = order[place] as number;
    const label = labels[row] as number;
    const probability = Math.fround(1 / (1 + Math.exp(-(margins[row] as number))));
    const weight =
      (weights === undefined ? 1 : (weights[row] as number)) * (label === 1 ? scalePosWeight : 1);
    gradients[2 * row] = (probability - label) * weight;
    gradients[2 * row + 1] = Math.max(probability * (1 - probability), LEAST_HESSIAN) * weight;
  }
}

/**
 * Brings the rows that a tree sees to the front of the order, ascending, and the others behind. The dice are thrown once
 * a tree; a row's own luck is a hash of that throw and its number, which is several times faster.
 * @returns how many rows it sees
 */
function sampleRows(order: Uint32Array, share: number, dice: Random): number {
  const limit = share * 2 ** 32;
  const salt = dice.integer(2 ** 32) | 0;
  let sampled = 0;
  for (let row = 0; row < order.length; row += 1) {
    const isSampled = luckOf(row, salt) < limit;
    order[isSampled ? sampled : order.length - 1 - row + sampled] = row;
    if (isSampled) sampled += 1;
  }
  return sampled;
}

/** A number in 0..2^32-1 that looks like chance (the finaliser of splitmix32). */
function luckOf(row: number, salt: number): number {
  let mixed = (Math.imul(row + 1, 0x9e3779b9) + salt) | 0;
  mixed = Math.imul(mixed ^ (mixed >>> 16), 0x21f0aaad);
  mixed = Math.imul(mixed ^ (mixed >>> 15), 0x735a2d97);
  return (mixed ^ (mixed >>> 15)) >>> 0;
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
function growOn(ground: Ground, margins: Float32Array, rows: LabelledRows): Tree {
  const { tree, leaves } = growTree(ground);
  const { order } = ground.kernel;
  addTree(tree, { ...rows, margins }, order.subarray(ground.sampled));
  for (const { answer, first, end } of leaves) {
    for (let place = first; place < end; place += 1) {
      const row = order[place] as number;
      margins[row] = (margins[row] as number) + answer;
    }
  }
  return tree;
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
