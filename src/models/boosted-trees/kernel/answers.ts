import type { Tree } from '../tree.ts';
import type { Kernel } from './kernel.ts';
import { JOB, JOB_BYTES, STEP, STEP_BYTES, TREE, TREE_BYTES } from './layout.ts';
import { createWasmKernel } from './wasm-kernel.ts';

const PAGE_BYTES = 65_536;
/** 2 GiB: addresses are whole numbers of 32 bits with a sign. */
const MOST_PAGES = 32_768;
/** What packed trees take together before all are put in anew. */
const TREES_BYTES = 64 * 2 ** 20;
/** Values and log-odds of the rows of one call: few enough to stay in the nearer caches. */
const ROOM_BYTES = 64 * 1_024;
/** Beginning of the room: behind the job, at a whole cache line. */
const ROOM = JOB_BYTES;

/** Where trees answer: one memory for all models of this thread. */
interface Desk {
  memory: WebAssembly.Memory;
  kernel: Kernel;
  ints: Int32Array;
  floats: Float32Array;
  /** Where packed trees begin: behind the room for rows. */
  begin: number;
  /** Bytes that are taken. */
  used: number;
  /** Rises each time when the packed trees are thrown away. */
  epoch: number;
}

let desk: Desk | undefined;

/** Trees that add up what they say. */
export interface PackedTrees {
  /**
   * Adds to the log-odds of rows what each tree says, tree after tree in float32.
   * @param values - row-major, shape (margins.length, width)
   * @param margins - overwritten
   */
  addTo(values: Float32Array, margins: Float32Array): void;
}

/**
 * Prepares trees for answering: nodes of 16 bytes side by side, walked by the WebAssembly kernel. They are packed when
 * they are first asked, and again after they had to make room.
 */
export function packTrees(trees: readonly Tree[], width: number): PackedTrees {
  const nodes = trees.reduce((sum, tree) => sum + tree.columns.length, 0);
  const bytes = aligned(trees.length * TREE_BYTES) + nodes * STEP_BYTES;
  const rowBytes = 4 * width;
  let epoch = NaN;
  let address = 0;
  return {
    addTo(values, margins) {
      const room = Math.max(ROOM_BYTES, rowBytes + 4);
      if (desk === undefined || desk.epoch !== epoch) {
        const free = deskFor(bytes, room);
        ({ epoch, used: address } = free);
        free.used += aligned(bytes);
        write(trees, address, free);
      }
      const at = desk ?? deskFor(bytes, room);
      const rows = Math.max(1, Math.floor(ROOM_BYTES / (rowBytes + 4)) & -4);
      for (let first = 0; first < margins.length; first += rows) {
        const end = Math.min(margins.length, first + rows);
        const sums = (ROOM >> 2) + (end - first) * width;
        at.floats.set(values.subarray(first * width, end * width), ROOM >> 2);
        at.floats.set(margins.subarray(first, end), sums);
        at.ints[JOB.first >> 2] = 0;
        at.ints[JOB.end >> 2] = trees.length;
        at.ints[JOB.trees >> 2] = address;
        at.ints[JOB.values >> 2] = ROOM;
        at.ints[JOB.sums >> 2] = 4 * sums;
        at.ints[JOB.rowBytes >> 2] = rowBytes;
        at.ints[JOB.rows >> 2] = end - first;
        at.kernel.walk(0);
        margins.set(at.floats.subarray(sums, sums + end - first), first);
      }
    },
  };
}

function aligned(bytes: number): number {
  return Math.ceil(bytes / JOB_BYTES) * JOB_BYTES;
}

/** The desk with room for further trees. */
function deskFor(bytes: number, room: number): Desk {
  const begin = aligned(ROOM + room);
  if (desk === undefined) {
    const memory = new WebAssembly.Memory({ initial: 1, maximum: MOST_PAGES, shared: true });
    desk = { memory, kernel: createWasmKernel(memory), ...viewsOf(memory), begin, used: begin, epoch: 0 };
  }
  if (desk.begin < begin || desk.used + bytes > Math.max(desk.begin + bytes, TREES_BYTES)) {
    desk.begin = Math.max(desk.begin, begin);
    desk.used = desk.begin;
    desk.epoch += 1;
  }
  const pages = Math.ceil((desk.used + bytes) / PAGE_BYTES);
  if (pages > MOST_PAGES) throw new RangeError(`trees of ${bytes} bytes do not fit into 2 GiB`);
  const missing = pages - desk.memory.buffer.byteLength / PAGE_BYTES;
  if (missing > 0) {
    desk.memory.grow(missing);
    Object.assign(desk, viewsOf(desk.memory));
  }
  return desk;
}

function viewsOf({ buffer }: WebAssembly.Memory) {
  return { ints: new Int32Array(buffer), floats: new Float32Array(buffer) };
}

function write(trees: readonly Tree[], address: number, { ints, floats }: Desk): void {
  let root = address + aligned(trees.length * TREE_BYTES);
  trees.forEach((tree, place) => {
    const { columns, thresholds, lefts, defaultLefts } = tree;
    const depths = new Uint32Array(columns.length);
    let depth = 0;
    for (let node = 0; node < columns.length; node += 1) {
      const at = root + node * STEP_BYTES;
      const isLeaf = (columns[node] as number) < 0;
      const left = isLeaf ? node : (lefts[node] as number);
      ints[(at + STEP.left) >> 2] = (root + left * STEP_BYTES) | (isLeaf || defaultLefts[node] === 1 ? 0 : 1);
      ints[(at + STEP.column) >> 2] = isLeaf ? 0 : 4 * (columns[node] as number);
      floats[(at + STEP.threshold) >> 2] = isLeaf ? Infinity : (thresholds[node] as number);
      floats[(at + STEP.answer) >> 2] = isLeaf ? (thresholds[node] as number) : 0;
      if (isLeaf) continue;
      depth = Math.max(depth, (depths[node] as number) + 1);
      depths.fill((depths[node] as number) + 1, left, left + 2);
    }
    ints[(address + place * TREE_BYTES + TREE.root) >> 2] = root;
    ints[(address + place * TREE_BYTES + TREE.depth) >> 2] = depth;
    root += columns.length * STEP_BYTES;
  });
}
