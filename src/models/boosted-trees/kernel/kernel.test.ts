import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { boost } from '../boost.ts';
import { XGBOOST_DEFAULTS } from '../parameters.ts';
import { addTree } from '../tree.ts';
import { packTrees } from './answers.ts';
import { createArena } from './arena.ts';
import { assembleKernel } from './build-wasm.ts';
import { JOB, KIND, NODE, CANDIDATE, HEADER } from './layout.ts';
import { exponential } from './plain-kernel.ts';
import { createTeam } from './team.ts';

/** An arena of rows in one column, each with a bin of its own. */
function arenaOf(
  labels: readonly number[],
  more: { weights?: readonly number[]; scalePosWeight?: number } = {},
) {
  const count = labels.length;
  const bins = new Uint8Array(4 * count);
  labels.forEach((_, row) => (bins[4 * row] = row));
  const thresholds = [Float32Array.from({ length: count }, (_, cut) => cut + 1)];
  return createArena(
    {
      binned: { count, width: 1, bins, thresholds },
      labels: Uint8Array.from(labels),
      weights: more.weights && Float32Array.from(more.weights),
      startMargin: 0,
    },
    { parameters: { ...XGBOOST_DEFAULTS, scalePosWeight: more.scalePosWeight ?? 1 }, threads: 1 },
  );
}

describe('exponential', () => {
  it('is e to the power of x to 11 digits wherever a double can hold it', () => {
    expect(exponential(0)).toBe(1);
    expect(exponential(1)).toBeCloseTo(Math.E, 10);
    fc.assert(
      fc.property(fc.double({ min: -690, max: 690, noNaN: true }), (x) => {
        expect(Math.abs(exponential(x) / Math.exp(x) - 1)).toBeLessThan(1e-11);
      }),
    );
  });

  it('stays finite and above zero beyond', () => {
    expect(exponential(1e9)).toBeLessThan(Infinity);
    expect(exponential(-1e9)).toBeGreaterThan(0);
  });
});

describe('the kernel in WebAssembly', () => {
  it('is, byte by byte, what its text is assembled to (node src/models/boosted-trees/kernel/build-wasm.ts)', async () => {
    const committed = readFileSync(new URL('./kernel.wasm', import.meta.url));
    expect(Buffer.from(await assembleKernel()).equals(committed)).toBe(true);
  });
});

describe.each(['wasm', 'plain'] as const)('the kernel "%s"', (kernel) => {
  it('makes gradients and hessians that are whole multiples of a power of two', () => {
    const arena = arenaOf([1, 0, 1], { weights: [1, 2, 3], scalePosWeight: 2 });
    const team = createTeam(arena, { threads: 1, kernel });
    arena.margins.set([0, 0.5, -3]);
    const job = team.job(0);
    arena.ints[(job + JOB.kind) >> 2] = KIND.gradients;
    arena.ints[(job + JOB.first) >> 2] = 0;
    arena.ints[(job + JOB.end) >> 2] = 3;
    team.run(1);
    const first = arena.ints[HEADER.gradients >> 2]! >> 2;
    const found = [...arena.floats.subarray(first, first + 6)];
    const p = [0.5, 1 / (1 + Math.exp(-0.5)), 1 / (1 + Math.exp(3))];
    [
      -0.5 * 2,
      0.25 * 2,
      p[1]! * 2,
      p[1]! * (1 - p[1]!) * 2,
      (p[2]! - 1) * 6,
      p[2]! * (1 - p[2]!) * 6,
    ].forEach((expected, place) => expect(found[place]).toBeCloseTo(expected, 6));
    const inverse = arena.doubles[HEADER.inverse >> 3]!;
    for (const value of found) expect(Number.isInteger(value / inverse)).toBe(true);
  });

  it('finds the split of a histogram that halves the labels', () => {
    const arena = arenaOf([0, 0, 1, 1]);
    arena.choose([0]);
    const team = createTeam(arena, { threads: 1, kernel });
    const [histogram, node] = [arena.takeHistogram(), arena.takeNode()];
    // What an earlier fit left in the memory is not to be read.
    arena.doubles.set([0, 4], (node + NODE.gradient) >> 3);
    arena.doubles.fill(0, histogram >> 3, (histogram >> 3) + 10);
    // Gradients 1, 1, -1, -1 with hessians of 1: by hand, the best gain is 2 * 4 / (2 + lambda).
    for (let bin = 0; bin < 4; bin += 1) {
      arena.doubles.set([bin < 2 ? 1 : -1, 1], (histogram >> 3) + 2 * bin);
    }
    const job = team.job(0);
    arena.ints[(job + JOB.kind) >> 2] = KIND.scan;
    arena.ints[(job + JOB.group) >> 2] = 0;
    arena.ints[(job + JOB.histogram) >> 2] = histogram;
    arena.ints[(job + JOB.node) >> 2] = node;
    team.run(1);
    const candidate = node + NODE.candidates;
    expect(arena.doubles[(candidate + CANDIDATE.gain) >> 3]).toBeCloseTo(8 / 3, 6);
    expect(arena.ints[(candidate + CANDIDATE.bin) >> 2]).toBe(1);
    expect(arena.ints[(candidate + CANDIDATE.defaultLeft) >> 2]).toBe(0);
  });

  it('refuses a job that it does not know', () => {
    const arena = arenaOf([0, 1]);
    const team = createTeam(arena, { threads: 1, kernel });
    arena.ints[(team.job(0) + JOB.kind) >> 2] = 99;
    expect(() => team.run(1)).toThrow(/no job of kind 99/);
  });
});

describe('createArena', () => {
  it('takes weights of any size without a sum leaving what doubles add exactly', () => {
    for (const scale of [1e-20, 1, 1e20]) {
      const arena = arenaOf([0, 1, 1], { weights: [scale, 2 * scale, 3 * scale] });
      const inverse = arena.doubles[HEADER.inverse >> 3]!;
      expect((3 * 3 * scale) / inverse).toBeLessThan(2 ** 53);
      expect(scale / inverse).toBeGreaterThan(2 ** 20);
    }
  });

  it('gives histograms back and refuses more than it has', () => {
    const arena = arenaOf([0, 1]);
    const first = arena.takeHistogram();
    arena.releaseHistogram(first);
    expect(arena.takeHistogram()).toBe(first);
    expect(() => {
      for (;;) arena.takeNode();
    }).toThrow(/places for nodes are taken/);
  });
});

describe('packTrees', () => {
  const labels = Uint8Array.from({ length: 400 }, (_, row) => (row % 7 < 3 ? 1 : 0));
  const rowsOf = (width: number, count: number) => ({
    values: new Float32Array(width * count).map((_, place) =>
      place % 5 === 0 ? NaN : ((place * 37) % 101) / 10,
    ),
    width,
    count,
  });
  const treesOf = (width: number) =>
    boost({ ...rowsOf(width, 400), labels }, { parameters: { ...XGBOOST_DEFAULTS, rounds: 5 }, seed: 1 })
      .trees;

  it('adds, to the last bit, what each tree says by itself, for any number of rows', () => {
    const trees = treesOf(3);
    const packed = packTrees(trees, 3);
    for (const count of [0, 1, 2, 3, 4, 5, 399]) {
      const rows = rowsOf(3, count);
      const [ours, plain] = [new Float32Array(count).fill(0.3), new Float32Array(count).fill(0.3)];
      packed.addTo(rows.values, ours);
      for (const tree of trees) addTree(tree, { ...rows, margins: plain });
      expect(ours).toEqual(plain);
    }
  });

  it('keeps several forests apart, also when a wider one needs more room for its rows', () => {
    const [narrow, wide] = [packTrees(treesOf(2), 2), packTrees([], 20_000)];
    const before = new Float32Array(400);
    narrow.addTo(rowsOf(2, 400).values, before);
    const untouched = new Float32Array(3).fill(0.5);
    wide.addTo(rowsOf(20_000, 3).values, untouched);
    expect([...untouched]).toEqual([0.5, 0.5, 0.5]);
    const after = new Float32Array(400);
    narrow.addTo(rowsOf(2, 400).values, after);
    expect(after).toEqual(before);
  });
});
