import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createRandom } from '../../core/index.ts';
import oursSaved from '../fixtures/trees-model.json' with { type: 'json' };
import {
  largestGap,
  matrixOf,
  ourRows,
  REFERENCES,
  referenceRows,
  sliceRows,
} from '../fixtures/references.ts';
import type { FeatureMatrix } from '../model.ts';
import { marginOf } from './boost.ts';
import { predictForest, type Forest } from './forest.ts';
import { treeOf, type NodeDraft, type Tree } from './tree.ts';
import { createForestExplainer } from './tree-shap.ts';
import { trees } from './trees.ts';
import { readXgboost } from './xgboost-read.ts';

const explainForest = (forest: Forest, rows: FeatureMatrix) => createForestExplainer(forest)(rows);

/** The contributions of each row and then its bias, as XGBoost lays them out. */
function asXgboost(model: unknown, rows: FeatureMatrix): Float64Array {
  const { values, columns, bias } = explainForest(readXgboost(model), rows);
  const width = columns.length;
  return Float64Array.from({ length: rows.count * (width + 1) }, (_, place) => {
    const column = place % (width + 1);
    return column === width ? bias : values[Math.floor(place / (width + 1)) * width + column]!;
  });
}

describe.each(REFERENCES)('createForestExplainer beside xgboost $version', ({ reference }) => {
  it.each(Object.keys(reference.saved))('equals pred_contribs of the model "%s" that it saved', (name) => {
    const { model, contributions } = reference.saved[name]!;
    const rows = sliceRows(referenceRows({ seed: 11, count: 2_040, width: 5, binned: false }), 2_000, 2_020);
    expect(rows.values.some(Number.isNaN)).toBe(true);
    expect(contributions.length).toBe(20 * 6);
    expect(largestGap(asXgboost(model, matrixOf(rows)), contributions)).toBeLessThan(1e-6);
  });

  it('equals pred_contribs of a model that this project saved', () => {
    const rows = matrixOf(sliceRows(ourRows(), 3_000, 3_020));
    expect(largestGap(asXgboost(oursSaved, rows), reference.ours.contributions)).toBeLessThan(1e-6);
  });
});

const WIDTH = 4;
const COLUMNS = ['a', 'b', 'c', 'd'];

/** A tree of chance; columns come again on a way, and `d` is never asked. */
function randomTree(seed: number, depth: number): Tree {
  const random = createRandom(seed);
  const leaf = (cover: number): NodeDraft => {
    const weight = random.normal();
    return { column: -1, threshold: weight, left: -1, defaultLeft: false, gain: 0, hessian: cover, weight };
  };
  const nodes = [{ draft: leaf(100), level: 0 }];
  for (const { draft, level } of nodes) {
    if (level === depth || (level > 0 && random.uniform() < 0.2)) continue;
    const share = random.uniform() < 0.1 ? 0 : random.uniform();
    const split = { column: random.integer(WIDTH - 1), threshold: random.integer(5) - 2, gain: 1 };
    Object.assign(draft, split, { left: nodes.length, defaultLeft: random.uniform() < 0.5 });
    for (const cover of [share * draft.hessian, (1 - share) * draft.hessian]) {
      nodes.push({ draft: leaf(cover), level: level + 1 });
    }
  }
  return treeOf(nodes.map(({ draft }) => draft));
}

function randomForest(seed: number, { count = 3, depth = 4 } = {}): Forest {
  const seeds = Array.from({ length: count }, (_, place) => seed * 100 + place);
  return { columns: COLUMNS, baseScore: Math.fround(0.4), trees: seeds.map((own) => randomTree(own, depth)) };
}

function randomRows(seed: number, count: number): FeatureMatrix {
  const random = createRandom(seed);
  const one = () => [NaN, Infinity, -Infinity, random.integer(5) - 2, random.normal()][random.integer(5)]!;
  return { columns: COLUMNS, count, values: Float64Array.from({ length: count * WIDTH }, one) };
}

/** What a tree says of a row of which only some columns are known. */
function expected(tree: Tree, row: Float64Array, known: ReadonlySet<number>): number {
  const below = (node: number): number => {
    const column = tree.columns[node]!;
    if (column < 0) return tree.thresholds[node]!;
    const left = tree.lefts[node]!;
    if (known.has(column)) {
      const value = row[column]!;
      const goesLeft = Number.isNaN(value) ? tree.defaultLefts[node] === 1 : value < tree.thresholds[node]!;
      return below(goesLeft ? left : left + 1);
    }
    const cover = tree.hessians[node]!;
    const shareOf = (side: number) => (cover > 0 ? tree.hessians[side]! / cover : 0.5);
    return shareOf(left) * below(left) + shareOf(left + 1) * below(left + 1);
  };
  return below(0);
}

/** Shapley's own formula, over all subsets of the columns. */
function byEnumeration(forest: Forest, row: Float64Array): number[] {
  const factorial = (n: number): number => (n < 2 ? 1 : n * factorial(n - 1));
  const value = (known: ReadonlySet<number>) =>
    forest.trees.reduce((sum, tree) => sum + expected(tree, row, known), 0);
  return COLUMNS.map((_, column) => {
    let sum = 0;
    for (let subset = 0; subset < 2 ** WIDTH; subset += 1) {
      if (subset & (1 << column)) continue;
      const known = new Set(COLUMNS.flatMap((_name, place) => (subset & (1 << place) ? [place] : [])));
      const size = known.size;
      const weight = (factorial(size) * factorial(WIDTH - size - 1)) / factorial(WIDTH);
      sum += weight * (value(new Set([...known, column])) - value(known));
    }
    return sum;
  });
}

describe('createForestExplainer', () => {
  it('shares an interaction evenly, as worked out by hand', () => {
    // Ten only where both a and b are 1 or more; each half of the rows is. Shapley: 10 = 2.5 + 3.75 + 3.75.
    const node = (part: Partial<NodeDraft>): NodeDraft => ({
      ...{ column: -1, threshold: 0, left: -1, defaultLeft: false, gain: 0, hessian: 1, weight: 0 },
      ...part,
    });
    const both = [
      node({ column: 0, threshold: 1, left: 1, hessian: 4 }),
      node({ hessian: 2 }),
      node({ column: 1, threshold: 1, left: 3, hessian: 2 }),
      node({}),
      node({ threshold: 10 }),
    ];
    const forest = { columns: ['a', 'b'], baseScore: 0.5, trees: [treeOf(both)] };
    const rows = { columns: ['b', 'a'], values: Float64Array.of(1, 1), count: 1 };
    const { values, bias } = explainForest(forest, rows);
    expect([...values, bias]).toEqual([3.75, 3.75, 2.5].map((part) => expect.closeTo(part, 12)));
  });

  it("equals Shapley's formula over all subsets", () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 10_000 }), (seed) => {
        const forest = randomForest(seed);
        // Values that are whole or missing, so that 32 bits change nothing.
        const rows = { ...randomRows(seed, 3) };
        rows.values = rows.values.map((value) => Math.round(Math.max(-9, Math.min(9, value))));
        const { values } = explainForest(forest, rows);
        for (let row = 0; row < rows.count; row += 1) {
          const part = rows.values.subarray(row * WIDTH, (row + 1) * WIDTH);
          byEnumeration(forest, part).forEach((shapley, column) =>
            expect(values[row * WIDTH + column]).toBeCloseTo(shapley, 10),
          );
        }
      }),
      { seed: 1, numRuns: 200 },
    );
  });

  it('sums to the log-odds of every row, and gives a column that nothing asks exactly 0', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 10_000 }), (seed) => {
        const forest = randomForest(seed, { depth: 9 });
        const rows = randomRows(seed, 20);
        const { values, bias } = explainForest(forest, rows);
        const probabilities = predictForest(forest, rows);
        probabilities.forEach((probability, row) => {
          const own = values.subarray(row * WIDTH, (row + 1) * WIDTH);
          expect(own[3]).toBe(0);
          const sum = own.reduce((all, part) => all + part, bias);
          expect(1 / (1 + Math.exp(-sum))).toBeCloseTo(probability, 6);
        });
      }),
      { seed: 1, numRuns: 50 },
    );
  });

  it('says the base score where there are no trees, and nothing of no rows', () => {
    const forest = { columns: COLUMNS, baseScore: Math.fround(0.4), trees: [] };
    const { values, bias } = explainForest(forest, randomRows(1, 2));
    expect([values, bias]).toEqual([new Float64Array(2 * WIDTH), marginOf(Math.fround(0.4))]);
    expect(explainForest(randomForest(1), randomRows(1, 0)).values.length).toBe(0);
  });

  it('names the column that is missing', () => {
    const rows = { columns: ['a', 'b', 'c'], values: new Float64Array(3), count: 1 };
    expect(() => explainForest(randomForest(1), rows)).toThrow(RangeError);
    expect(() => trees.load(oursSaved).contributions?.(rows)).toThrow('column d');
  });
});
