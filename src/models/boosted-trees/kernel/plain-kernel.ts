import type { Kernel } from './kernel.ts';
import {
  BIN_STEP,
  BIN_STEP_BYTES,
  CANDIDATE,
  CANDIDATE_BYTES,
  EXPONENTIAL,
  GROUP_COLUMNS,
  GROUP_FIELDS,
  HEADER,
  HESSIAN_FLOOR,
  JOB,
  LEAST_HESSIAN,
  NODE,
  ROUNDER,
  SLOT_BYTES,
  STEP,
  STEP_BYTES,
  TREE,
  TREE_BYTES,
} from './layout.ts';

/** Powers of two from 2^-1022 to 2^1023. */
const LEAST_POWER = -1_022;
const POWERS = Float64Array.from({ length: 2_046 }, (_, place) => 2 ** (LEAST_POWER + place));

/** The memory, looked at in every way, and what stands in its header. */
interface Views {
  ints: Int32Array;
  floats: Float32Array;
  doubles: Float64Array;
  bytes: Uint8Array;
  int(address: number): number;
}

/**
 * The kernel in plain TypeScript: what the one in WebAssembly is checked against. Same operations in the same order, so
 * the same bits.
 */
export function createPlainKernel({ buffer }: WebAssembly.Memory): Kernel {
  const ints = new Int32Array(buffer);
  const views: Views = {
    ints,
    floats: new Float32Array(buffer),
    doubles: new Float64Array(buffer),
    bytes: new Uint8Array(buffer),
    int: (address) => ints[address >> 2] as number,
  };
  const { int } = views;
  const scan = (job: number) => {
    scanGroup(views, {
      node: int(job + JOB.node),
      histogram: int(job + JOB.histogram),
      group: int(job + JOB.group),
    });
  };
  return {
    gradients: (job) => setGradients(views, job),
    sum: (job) => sum(views, job),
    scan,
    children(job) {
      sum(views, job);
      scan(job);
      const [node, histogram] = [int(job + JOB.otherNode), int(job + JOB.parent)];
      scanGroup(views, { node, histogram, group: int(job + JOB.group) });
    },
    partition: (job) => partition(views, job),
    settle: (job) => settle(views, job),
    leaf(job) {
      const answer = views.floats[(job + JOB.answer) >> 2] as number;
      addToRun(views, job, () => answer);
    },
    rest: (job) => addRest(views, job),
    walk: (job) => walk(views, job),
  };
}

/** exp(x) by `EXPONENTIAL`. */
export function exponential(x: number): number {
  const { limit, log2e, ln2High, ln2Low, coefficients } = EXPONENTIAL;
  const bounded = Math.max(-limit, Math.min(limit, x));
  const k = rounded(bounded * log2e);
  const r = bounded - k * ln2High - k * ln2Low;
  let series = coefficients[0] as number;
  for (let place = 1; place < coefficients.length; place += 1) {
    series = series * r + (coefficients[place] as number);
  }
  return series * (POWERS[k - LEAST_POWER] as number);
}

/** To the nearest whole number, halves to the even one. */
function rounded(value: number): number {
  return value + ROUNDER - ROUNDER;
}

function setGradients({ floats, doubles, int }: Views, job: number): void {
  const [scale, inverse] = [doubles[HEADER.scale >> 3] as number, doubles[HEADER.inverse >> 3] as number];
  const [margins, targets] = [int(HEADER.margins) >> 2, int(HEADER.targets) >> 2];
  const [weights, to] = [int(HEADER.weights) >> 2, int(HEADER.gradients) >> 2];
  const quantised = (value: number) => rounded(Math.fround(value) * scale) * inverse;
  for (let row = int(job + JOB.first); row < int(job + JOB.end); row += 1) {
    const p = Math.fround(1 / (1 + exponential(-(floats[margins + row] as number))));
    const weight = floats[weights + row] as number;
    floats[to + 2 * row] = quantised((p - (floats[targets + row] as number)) * weight);
    floats[to + 2 * row + 1] = quantised(Math.max(HESSIAN_FLOOR, p * (1 - p)) * weight);
  }
}

function sum({ ints, floats, doubles, bytes, int }: Views, job: number): void {
  const group = int(job + JOB.group);
  const columnBytes = int(HEADER.columnBytes);
  const groupBytes = columnBytes * GROUP_COLUMNS;
  const base = int(job + JOB.histogram) + group * groupBytes;
  const table = (int(HEADER.groups) >> 2) + group * GROUP_FIELDS;
  const lanes = ints.subarray(table + 1, table + 1 + (ints[table] as number));
  const bins = int(HEADER.bins) + group * int(HEADER.count) * GROUP_COLUMNS;
  const [order, gradients] = [int(HEADER.order) >> 2, int(HEADER.gradients) >> 2];
  doubles.fill(0, base >> 3, (base + groupBytes) >> 3);
  for (let at = order + int(job + JOB.first); at < order + int(job + JOB.end); at += 1) {
    const row = ints[at] as number;
    for (const lane of lanes) {
      const bin = bytes[bins + row * GROUP_COLUMNS + lane] as number;
      const slot = (base + lane * columnBytes + bin * SLOT_BYTES) >> 3;
      doubles[slot] = (doubles[slot] as number) + (floats[gradients + 2 * row] as number);
      doubles[slot + 1] = (doubles[slot + 1] as number) + (floats[gradients + 2 * row + 1] as number);
    }
  }
  const parent = int(job + JOB.parent);
  if (parent === 0) return;
  const from = (parent + group * groupBytes) >> 3;
  for (let place = 0; place < groupBytes >> 3; place += 1) {
    doubles[from + place] = (doubles[from + place] as number) - (doubles[(base >> 3) + place] as number);
  }
}

function scanGroup(
  views: Views,
  { node, histogram, group }: { node: number; histogram: number; group: number },
): void {
  const { ints, doubles, int } = views;
  const candidate = node + NODE.candidates + group * CANDIDATE_BYTES;
  doubles[(candidate + CANDIDATE.gain) >> 3] = -Infinity;
  const table = (int(HEADER.groups) >> 2) + group * GROUP_FIELDS;
  for (let place = 0; place < (ints[table] as number); place += 1) {
    const column = group * GROUP_COLUMNS + (ints[table + 1 + place] as number);
    const first = (histogram + column * int(HEADER.columnBytes)) >> 3;
    const binCount = int(int(HEADER.binCounts) + 4 * column);
    const scanned = { node, candidate, column, first };
    scanColumn(views, { ...scanned, from: 0, to: binCount, isLeft: true });
    const missing = doubles[first + 2 * binCount + 1] as number;
    if (binCount > 0 && missing >= LEAST_HESSIAN) {
      scanColumn(views, { ...scanned, from: binCount - 1, to: 0, isLeft: false });
    }
  }
}

interface Scan {
  node: number;
  candidate: number;
  column: number;
  /** Of its histogram, in doubles. */
  first: number;
  /** Bins that are added up, the last one not included; rising where they are the left side. */
  from: number;
  to: number;
  isLeft: boolean;
}

function scanColumn(
  { ints, doubles }: Views,
  { node, candidate, column, first, from, to, isLeft }: Scan,
): void {
  const constant = (field: number) => doubles[field >> 3] as number;
  const [lambda, alpha, least] = [constant(HEADER.lambda), constant(HEADER.alpha), constant(HEADER.least)];
  const score = (gradient: number, hessian: number) => {
    const pull = Math.max(0, Math.abs(gradient) - alpha);
    return Math.fround((pull * pull) / (hessian + lambda));
  };
  const [nodeGradient, nodeHessian] = [constant(node), constant(node + NODE.hessian)];
  const whole = score(nodeGradient, nodeHessian);
  const record = candidate >> 3;
  let [gradient, hessian] = [0, 0];
  for (let bin = from; bin !== to; bin += isLeft ? 1 : -1) {
    gradient += doubles[first + 2 * bin] as number;
    hessian += doubles[first + 2 * bin + 1] as number;
    const [restGradient, restHessian] = [nodeGradient - gradient, nodeHessian - hessian];
    if (!(hessian >= least)) continue;
    if (restHessian < least) break;
    const parts = Math.fround(score(gradient, hessian) + score(restGradient, restHessian));
    const gain = Math.fround(parts - whole);
    if (!(gain > (doubles[record] as number))) continue;
    doubles[record] = gain;
    doubles[record + 1] = isLeft ? gradient : restGradient;
    doubles[record + 2] = isLeft ? hessian : restHessian;
    ints[(candidate + CANDIDATE.column) >> 2] = column;
    ints[(candidate + CANDIDATE.bin) >> 2] = isLeft ? bin : bin - 1;
    ints[(candidate + CANDIDATE.defaultLeft) >> 2] = isLeft ? 0 : 1;
  }
}

function partition({ ints, bytes, int }: Views, job: number): void {
  const [first, end] = [int(job + JOB.first), int(job + JOB.end)];
  const [bins, last, also] = [int(job + JOB.bins), int(job + JOB.lastLeft), int(job + JOB.alsoLeft)];
  const order = int(HEADER.order) >> 2;
  const begin = (int(HEADER.left) >> 2) + first;
  let left = begin;
  let right = (int(HEADER.right) >> 2) + first;
  for (let at = order + first; at < order + end; at += 1) {
    const row = ints[at] as number;
    const bin = bytes[bins + row * GROUP_COLUMNS] as number;
    if (bin <= last || bin === also) ints[left++] = row;
    else ints[right++] = row;
  }
  ints[(job + JOB.leftCount) >> 2] = left - begin;
}

function settle({ ints, int }: Views, job: number): void {
  const [first, end, lefts] = [int(job + JOB.first), int(job + JOB.end), int(job + JOB.leftCount)];
  const order = int(HEADER.order) >> 2;
  const [left, right] = [(int(HEADER.left) >> 2) + first, (int(HEADER.right) >> 2) + first];
  ints.copyWithin(order + int(job + JOB.leftTo), left, left + lefts);
  ints.copyWithin(order + int(job + JOB.rightTo), right, right + end - first - lefts);
}

function addToRun({ ints, floats, int }: Views, job: number, answerTo: (row: number) => number): void {
  const [order, margins] = [int(HEADER.order) >> 2, int(HEADER.margins) >> 2];
  for (let at = order + int(job + JOB.first); at < order + int(job + JOB.end); at += 1) {
    const row = ints[at] as number;
    floats[margins + row] = (floats[margins + row] as number) + answerTo(row);
  }
}

function addRest(views: Views, job: number): void {
  const { floats, bytes, int } = views;
  const [root, depth] = [int(job + JOB.root), int(job + JOB.depth)];
  addToRun(views, job, (row) => {
    let node = root;
    for (let step = 0; step < depth; step += 1) {
      const bin = bytes[int(node + BIN_STEP.bins) + row * GROUP_COLUMNS] as number;
      const goesLeft = bin <= int(node + BIN_STEP.lastLeft) || bin === int(node + BIN_STEP.alsoLeft);
      node = int(node + BIN_STEP.left) + (goesLeft ? 0 : BIN_STEP_BYTES);
    }
    return floats[(node + BIN_STEP.answer) >> 2] as number;
  });
}

function walk({ floats, int }: Views, job: number): void {
  const [values, sums, rowBytes] = [int(job + JOB.values), int(job + JOB.sums), int(job + JOB.rowBytes)];
  for (let place = int(job + JOB.first); place < int(job + JOB.end); place += 1) {
    const tree = int(job + JOB.trees) + place * TREE_BYTES;
    const [root, depth] = [int(tree + TREE.root), int(tree + TREE.depth)];
    for (let row = 0; row < int(job + JOB.rows); row += 1) {
      let node = root;
      for (let step = 0; step < depth; step += 1) {
        const value = floats[(values + row * rowBytes + int(node + STEP.column)) >> 2] as number;
        const threshold = floats[(node + STEP.threshold) >> 2] as number;
        const left = int(node + STEP.left);
        const goesRight = value >= threshold || (!(value < threshold) && (left & 1) === 1);
        node = (left & -STEP_BYTES) + (goesRight ? STEP_BYTES : 0);
      }
      const at = (sums >> 2) + row;
      floats[at] = (floats[at] as number) + (floats[(node + STEP.answer) >> 2] as number);
    }
  }
}
