import type { BinnedRows } from '../bins.ts';
import type { BoostingParameters } from '../parameters.ts';
import {
  BIN_STEP_BYTES,
  CANDIDATE_BYTES,
  GROUP_COLUMNS,
  GROUP_FIELDS,
  HEADER,
  HEADER_BYTES,
  JOB_BYTES,
  LEAST_HESSIAN,
  NODE,
  SLOT_BYTES,
} from './layout.ts';

const PAGE_BYTES = 65_536;
/** 2 GiB: addresses are whole numbers of 32 bits with a sign. */
const MOST_PAGES = 32_768;
/** Cache lines: what one thread writes shall not lie beside what another one does. */
const ALIGNMENT = 64;
const WHOLE_BITS = 53;
/** Fractional bits of a gradient with weight 1: two more than a float32 just below 1 has five binary places further down. */
const FRACTION_BITS = 30;
/** Nodes whose children are grown together: enough work for several threads, and not a histogram for every node of a level. */
const MOST_TOGETHER = 32;
/** Histograms take no more than this; only what is used becomes memory. */
const HISTOGRAM_BYTES = 2 ** 30;

/** What an arena is made for. */
export interface ArenaRows {
  binned: BinnedRows;
  labels: Uint8Array;
  weights: Float32Array | undefined;
  startMargin: number;
}

/** The memory in which trees are grown, with views of what the growing itself reads and writes. */
export interface Arena {
  readonly memory: WebAssembly.Memory;
  readonly count: number;
  readonly groups: number;
  /** Rows by node, shape (count). */
  readonly order: Uint32Array;
  /** Log-odds so far, shape (count). */
  readonly margins: Float32Array;
  readonly ints: Int32Array;
  readonly floats: Float32Array;
  readonly doubles: Float64Array;
  /** Address of the first job, and how many there is room for. */
  readonly jobs: number;
  readonly jobCapacity: number;
  /** Address of the tree that was grown, for the rows that it did not see. */
  readonly tree: number;
  /** Nodes whose children may be grown at once. */
  readonly together: number;
  /** Says which columns are summed and searched from now on; ascending. */
  choose(columns: readonly number[]): void;
  /** Address of the bins of a column. */
  binsOf(column: number): number;
  /** Address of a column's sums in a histogram. */
  columnOf(histogram: number, column: number): number;
  takeHistogram(): number;
  releaseHistogram(histogram: number): void;
  takeNode(): number;
  releaseNode(node: number): void;
}

/**
 * Lays everything out in one shared memory: addresses first, then rows, then histograms, nodes and jobs.
 *
 * Gradients are rounded to whole multiples of a power of two so small that 32-bit floats hardly have finer digits, and
 * so large that no sum of them leaves the 53 bits of a double. So every sum is exact, in whatever order and by however
 * many threads it is made.
 */
export function createArena(
  rows: ArenaRows,
  { parameters, threads }: { parameters: BoostingParameters; threads: number },
): Arena {
  const { binned, labels, weights } = rows;
  const { count, width, thresholds } = binned;
  const groups = Math.ceil(width / GROUP_COLUMNS);
  const columnBytes = (Math.max(0, ...thresholds.map((cuts) => cuts.length)) + 1) * SLOT_BYTES;
  const histogramBytes = groups * GROUP_COLUMNS * columnBytes;
  const nodeBytes = NODE.candidates + groups * CANDIDATE_BYTES;
  const { together, held } = batching(parameters.maxDepth, histogramBytes);
  const jobCapacity = jobsAtMost({ count, groups, together });
  const plan = planMemory({
    count,
    groups,
    jobCapacity,
    nodes: Math.min(2 ** (parameters.maxDepth + 1), 2 * count + 1),
  });
  const { places, jobs, tree } = plan;
  const nodes = pool(plan.reserve, nodeBytes, held);
  const histograms = pool(plan.reserve, histogramBytes, held);
  const memory = memoryOf(plan.end(), threads);
  const ints = new Int32Array(memory.buffer);
  const floats = new Float32Array(memory.buffer);
  const doubles = new Float64Array(memory.buffer);
  for (const [name, address] of Object.entries(places))
    ints[HEADER[name as keyof typeof places] >> 2] = address;
  ints[HEADER.count >> 2] = count;
  ints[HEADER.columnBytes >> 2] = columnBytes;
  thresholds.forEach((cuts, column) => (ints[(places.binCounts >> 2) + column] = cuts.length));
  new Uint8Array(memory.buffer).set(binned.bins, places.bins);
  const view = (address: number) => floats.subarray(address >> 2, (address >> 2) + count);
  view(places.margins).fill(rows.startMargin);
  view(places.targets).set(labels);
  const most = weigh(view(places.weights), { labels, weights, scalePosWeight: parameters.scalePosWeight });
  const inverse = 2 ** -Math.min(FRACTION_BITS, WHOLE_BITS - Math.ceil(Math.log2(count + 1))) * most;
  doubles[HEADER.inverse >> 3] = inverse;
  doubles[HEADER.scale >> 3] = 1 / inverse;
  doubles[HEADER.lambda >> 3] = parameters.lambda;
  doubles[HEADER.alpha >> 3] = parameters.alpha;
  doubles[HEADER.least >> 3] = Math.max(parameters.minChildWeight, LEAST_HESSIAN);
  return {
    memory,
    count,
    groups,
    order: new Uint32Array(memory.buffer, places.order, count),
    margins: view(places.margins),
    ints,
    floats,
    doubles,
    jobs,
    jobCapacity,
    tree,
    together,
    choose(columns) {
      const table = ints.subarray(places.groups >> 2, (places.groups >> 2) + groups * GROUP_FIELDS).fill(0);
      for (const column of columns) {
        const group = Math.floor(column / GROUP_COLUMNS) * GROUP_FIELDS;
        const chosen = (table[group] as number) + 1;
        table[group] = chosen;
        table[group + chosen] = column % GROUP_COLUMNS;
      }
    },
    binsOf: (column) =>
      places.bins + Math.floor(column / GROUP_COLUMNS) * count * GROUP_COLUMNS + (column % GROUP_COLUMNS),
    columnOf: (histogram, column) => histogram + column * columnBytes,
    takeHistogram: histograms.take,
    releaseHistogram: histograms.release,
    takeNode: nodes.take,
    releaseNode: nodes.release,
  };
}

/** Gives everything but the pools its address. */
function planMemory({
  count,
  groups,
  jobCapacity,
  nodes,
}: {
  count: number;
  groups: number;
  jobCapacity: number;
  nodes: number;
}) {
  let end = 0;
  const reserve = (bytes: number) => {
    const address = Math.ceil(end / ALIGNMENT) * ALIGNMENT;
    end = address + bytes;
    return address;
  };
  reserve(HEADER_BYTES);
  const places = {
    binCounts: reserve(4 * groups * GROUP_COLUMNS),
    groups: reserve(4 * groups * GROUP_FIELDS),
    order: reserve(4 * count + 4),
    left: reserve(4 * count + 4),
    right: reserve(4 * count + 4),
    gradients: reserve(8 * (count + 1)),
    margins: reserve(4 * (count + 1)),
    targets: reserve(4 * (count + 1)),
    weights: reserve(4 * (count + 1)),
    bins: reserve(groups * count * GROUP_COLUMNS),
  };
  const jobs = reserve(jobCapacity * JOB_BYTES);
  const tree = reserve(BIN_STEP_BYTES * nodes);
  return { places, jobs, tree, reserve, end: () => end };
}

/**
 * How many nodes are grown together and how many histograms that needs. Nodes are taken from a stack, so each level
 * holds the children of one batch at most.
 */
function batching(maxDepth: number, histogramBytes: number): { together: number; held: number } {
  const fitting = Math.floor(HISTOGRAM_BYTES / (2 * maxDepth * histogramBytes));
  const together = Math.max(1, Math.min(MOST_TOGETHER, 2 ** (maxDepth - 1), fitting));
  return { together, held: 2 * maxDepth * together + 1 };
}

/** Rows of a job that goes through rows one by one; even, because gradients are made two at a time. */
export const CHUNK_ROWS = 32_768;

function jobsAtMost({
  count,
  groups,
  together,
}: {
  count: number;
  groups: number;
  together: number;
}): number {
  const chunks = Math.ceil(count / CHUNK_ROWS);
  // A phase of leaves may have a job for each row.
  return Math.max(groups * together, chunks + together, groups + 1, 1_024);
}

function pool(reserve: (bytes: number) => number, bytes: number, length: number) {
  const step = Math.ceil(bytes / ALIGNMENT) * ALIGNMENT;
  const first = reserve(step * length);
  const free: number[] = [];
  let used = 0;
  return {
    take(): number {
      const back = free.pop();
      if (back !== undefined) return back;
      if (used === length) throw new RangeError(`all ${length} places for nodes are taken`);
      used += 1;
      return first + (used - 1) * step;
    },
    release(address: number): void {
      free.push(address);
    },
  };
}

/** Kept from fit to fit: pages that were touched once need not be asked for again. */
let kept: WebAssembly.Memory | undefined;

function memoryOf(bytes: number, threads: number): WebAssembly.Memory {
  const pages = Math.ceil(bytes / PAGE_BYTES);
  if (pages > MOST_PAGES) {
    throw new RangeError(
      `growing trees on these rows takes ${bytes} bytes, and there may be 2 GiB: take fewer rows, columns or bins`,
    );
  }
  // A thread may outlive its fit by a moment, and must not meet the next one.
  if (threads > 1) return new WebAssembly.Memory({ initial: pages, maximum: pages, shared: true });
  const had = kept === undefined ? 0 : kept.buffer.byteLength / PAGE_BYTES;
  if (kept === undefined)
    kept = new WebAssembly.Memory({ initial: pages, maximum: MOST_PAGES, shared: true });
  else if (had < pages) kept.grow(pages - had);
  return kept;
}

/** Writes what each row counts. @returns the power of two that no weight exceeds */
function weigh(
  to: Float32Array,
  {
    labels,
    weights,
    scalePosWeight,
  }: { labels: Uint8Array; weights: Float32Array | undefined; scalePosWeight: number },
): number {
  let most = 0;
  for (let row = 0; row < to.length; row += 1) {
    const weight =
      (weights === undefined ? 1 : (weights[row] as number)) * (labels[row] === 1 ? scalePosWeight : 1);
    to[row] = weight;
    if (weight > most) most = weight;
  }
  return most > 0 ? 2 ** Math.ceil(Math.log2(most)) : 1;
}
