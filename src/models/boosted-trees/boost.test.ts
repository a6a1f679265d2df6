import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createRandom } from '../../core/index.ts';
import { areaUnderRoc } from '../../stats/index.ts';
import { boost, type Boosted, type BoostOptions, type LabelledRows } from './boost.ts';
import { predictForest } from './forest.ts';
import { requireParameters, XGBOOST_DEFAULTS, type BoostingParameters } from './parameters.ts';
import { writeXgboost } from './xgboost-write.ts';

/** One exact tree: at even odds gradients are halves and hessians quarters, so that every sum is exact. */
const ONE_TREE = { rounds: 1, eta: 1, maxDepth: 3, minChildWeight: 0, baseScore: 0.5 };

function fit(rows: LabelledRows, more: Partial<BoostingParameters> = {}, seed = 1): Boosted {
  return boost(rows, { parameters: { ...XGBOOST_DEFAULTS, ...more }, seed });
}

function predict({ baseScore, trees }: Boosted, rows: LabelledRows): number[] {
  const columns = Array.from({ length: rows.width }, (_, column) => `c${column}`);
  const matrix = { columns, values: Float64Array.from(rows.values), count: rows.count };
  return [...predictForest({ columns, baseScore, trees }, matrix)];
}

/** Rows of one column. */
function column(values: readonly number[], labels: readonly number[]): LabelledRows {
  return {
    values: Float32Array.from(values),
    width: 1,
    count: values.length,
    labels: Uint8Array.from(labels),
  };
}

/** Small whole numbers, some missing, with labels that follow them in part. */
function wholeRows(seed: number, count: number, width = 3): LabelledRows {
  const random = createRandom(seed);
  const values = new Float32Array(count * width);
  const labels = new Uint8Array(count);
  for (let row = 0; row < count; row += 1) {
    for (let place = 0; place < width; place += 1) {
      values[row * width + place] = random.uniform() < 0.15 ? NaN : random.integer(12) - 6;
    }
    const first = values[row * width]!;
    labels[row] = random.uniform() < (Number.isNaN(first) ? 0.8 : 0.5 + first / 20) ? 1 : 0;
  }
  return { values, width, count, labels };
}

/** The same rows in the order of their numbers. */
function arranged(rows: LabelledRows, order: readonly number[]): LabelledRows {
  const { values, width, labels, weights } = rows;
  return {
    values: Float32Array.from(order.flatMap((row) => [...values.subarray(row * width, (row + 1) * width)])),
    width,
    count: order.length,
    labels: Uint8Array.from(order, (row) => labels[row]!),
    ...(weights ? { weights: Float32Array.from(order, (row) => weights[row]!) } : {}),
  };
}

describe('boost', () => {
  it('makes the stump that the formulas give by hand', () => {
    // Gradients 1/2 (down) and -1/2 (up), hessians 1/4, lambda 1. {1, 2} against {3, 4, missing}: G 1 and -3/2,
    // H 1/2 and 3/4, so the leaves are -2/3 and 6/7 and the gain is 2/3 + 9/7 - (1/4)/(9/4).
    const rows = column([1, 2, 3, 4, NaN], [0, 0, 1, 1, 1]);
    const { baseScore, trees } = fit(rows, { ...ONE_TREE, maxDepth: 1 });
    const [stump] = trees;
    expect(baseScore).toBe(0.5);
    expect([...stump!.columns]).toEqual([0, -1, -1]);
    expect(stump!.thresholds[0]).toBe(3);
    expect(stump!.defaultLefts[0]).toBe(0);
    expect(stump!.gains[0]).toBeCloseTo(2 / 3 + 9 / 7 - 1 / 9, 6);
    expect([...stump!.thresholds.subarray(1)]).toEqual([Math.fround(-2 / 3), Math.fround(6 / 7)]);
    expect([...stump!.hessians]).toEqual([1.25, 0.5, 0.75]);
    const down = 1 / (1 + Math.exp(2 / 3));
    const up = 1 / (1 + Math.exp(-6 / 7));
    predict({ baseScore, trees }, rows).forEach((p, row) => {
      expect(p).toBeCloseTo([down, down, up, up, up][row]!, 6);
    });
  });

  it('shortens gradients by alpha and shrinks leaves by lambda and eta', () => {
    const rows = column([1, 2, 3, 4], [0, 0, 1, 1]);
    const penalties = { ...ONE_TREE, maxDepth: 1, alpha: 0.25, lambda: 2, eta: 0.5 };
    // -(1 - 1/4) / (1/2 + 2) / 2
    expect(fit(rows, penalties).trees[0]!.thresholds[1]).toBeCloseTo(-0.15, 7);
  });

  it.each([
    { name: 'the left', labels: [1, 1, 0, 0, 1, 1], left: 1 },
    { name: 'the right', labels: [0, 0, 1, 1, 1, 1], left: 0 },
  ])('sends missing values to $name where their like goes', ({ labels, left }) => {
    const { trees } = fit(column([1, 2, 3, 4, NaN, NaN], labels), { ...ONE_TREE, maxDepth: 1 });
    expect(trees[0]!.thresholds[0]).toBe(3);
    expect(trees[0]!.defaultLefts[0]).toBe(left);
  });

  it('parts the missing from all that is there, however large', () => {
    const rows = column([1, 1, 1, NaN, NaN], [0, 0, 0, 1, 1]);
    const forest = fit(rows, { ...ONE_TREE, maxDepth: 1 });
    const [low, high, missing] = predict(forest, column([1, 3.4e38, NaN], [0, 0, 0]));
    expect(low).toBeLessThan(0.5);
    expect(high).toBe(low);
    expect(missing).toBeGreaterThan(0.5);
  });

  it('splits nothing that gains too little or leaves a side too light', () => {
    const rows = column([1, 2, 3, 4], [0, 0, 1, 1]);
    const sizes = (more: Partial<BoostingParameters>) =>
      fit(rows, { ...ONE_TREE, ...more }).trees[0]!.columns.length;
    expect(sizes({})).toBe(3);
    // The gain is twice (1 / (1/2 + 1)).
    expect(sizes({ gamma: 1.33 })).toBe(3);
    expect(sizes({ gamma: 1.34 })).toBe(1);
    expect(sizes({ minChildWeight: 0.5 })).toBe(3);
    expect(sizes({ minChildWeight: 0.51 })).toBe(1);
  });

  it('starts from the mean label as weighted, from what is given, or from a half', () => {
    const rows = column([1, 2, 3, 4], [0, 0, 0, 1]);
    const start = (more: Partial<BoostingParameters>, of = rows) => fit(of, { rounds: 0, ...more }).baseScore;
    expect(start({})).toBe(0.25);
    expect(start({ scalePosWeight: 3 })).toBe(0.5);
    expect(start({}, { ...rows, weights: Float32Array.of(1, 0, 0, 1) })).toBe(0.5);
    expect(start({ baseScore: 0.125 })).toBe(0.125);
    expect(start({}, column([], []))).toBe(0.5);
    // Of one kind alone: no surer than Laplace's rule.
    expect(start({}, column([1, 2, 3], [1, 1, 1]))).toBeCloseTo(0.8, 6);
  });

  it('is the same tree under a monotone transform of a column', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 1e6 }), fc.integer({ min: 30, max: 200 }), (seed, count) => {
        const rows = wholeRows(seed, count);
        const cubed = { ...rows, values: rows.values.map((value) => value ** 3) };
        const [plain, bent] = [fit(rows, ONE_TREE).trees[0]!, fit(cubed, ONE_TREE).trees[0]!];
        expect(bent.columns).toEqual(plain.columns);
        expect(bent.gains).toEqual(plain.gains);
        expect(predict({ baseScore: 0.5, trees: [bent] }, cubed)).toEqual(
          predict({ baseScore: 0.5, trees: [plain] }, rows),
        );
      }),
      { numRuns: 30 },
    );
  });

  it('does not mind the order of the rows', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 1e6 }), (seed) => {
        const rows = wholeRows(seed, 120);
        const backwards = arranged(
          rows,
          Array.from({ length: 120 }, (_, row) => 119 - row),
        );
        expect(fit(backwards, ONE_TREE)).toEqual(fit(rows, ONE_TREE));
      }),
      { numRuns: 20 },
    );
  });

  it('takes a weight as a repetition, and scalePosWeight as a weight of the label 1', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 1e6 }), (seed) => {
        const rows = wholeRows(seed, 100);
        const times = Array.from({ length: 100 }, (_, row) => 1 + (row % 3));
        const repeated = arranged(
          rows,
          times.flatMap((count, row) => new Array<number>(count).fill(row)),
        );
        const weighted = { ...rows, weights: Float32Array.from(times) };
        expect(fit(weighted, { ...ONE_TREE, maxBin: 5 })).toEqual(fit(repeated, { ...ONE_TREE, maxBin: 5 }));
        const ups = { ...rows, weights: Float32Array.from(rows.labels, (label) => (label === 1 ? 2 : 1)) };
        expect(fit(ups, ONE_TREE).trees).toEqual(fit(rows, { ...ONE_TREE, scalePosWeight: 2 }).trees);
      }),
      { numRuns: 20 },
    );
  });

  it('gives the same for the same seed, and another sample for another one', () => {
    const rows = wholeRows(3, 400);
    const sampling = { rounds: 5, subsample: 0.5, colsampleByTree: 0.5 };
    expect(fit(rows, sampling, 7)).toEqual(fit(rows, sampling, 7));
    expect(fit(rows, sampling, 8)).not.toEqual(fit(rows, sampling, 7));
  });

  it('samples about the share of the rows and never more than the share of the columns', () => {
    const rows = wholeRows(4, 4_000, 6);
    const { trees } = fit(rows, {
      rounds: 20,
      subsample: 0.25,
      colsampleByTree: 0.34,
      baseScore: 0.5,
      eta: 0.001,
    });
    for (const tree of trees) {
      // Hessians are about a quarter each: 250 in expectation, standard deviation 7.
      expect(Math.abs(tree.hessians[0]! - 250)).toBeLessThan(35);
      expect(new Set(tree.columns.filter((place) => place >= 0)).size).toBeLessThanOrEqual(2);
    }
    expect(new Set(trees.flatMap((tree) => [...tree.columns])).size).toBe(7);
  });

  it('answers in training as in prediction: each further tree fits what the saved ones say', () => {
    const rows = wholeRows(5, 500);
    const all = fit(rows, { rounds: 8, subsample: 0.7, maxDepth: 3 }).trees;
    expect(fit(rows, { rounds: 3, subsample: 0.7, maxDepth: 3 }).trees).toEqual(all.slice(0, 3));
    // A perfectly fitted leaf has no gradient left, so the mean answer of many rounds is the mean label.
    const fitted = predict(fit(rows, { rounds: 60, lambda: 0 }), rows);
    const mean = (values: ArrayLike<number>) =>
      Array.from(values).reduce((sum, value) => sum + value, 0) / 500;
    expect(mean(fitted)).toBeCloseTo(mean(rows.labels), 3);
  });

  it('stops where later rows say so and keeps the trees up to the best round', () => {
    const [learnt, later, noise] = [wholeRows(6, 1_500), wholeRows(7, 500), wholeRows(8, 500)];
    const parameters = { ...XGBOOST_DEFAULTS, rounds: 200 };
    const judged = boost(learnt, { parameters, seed: 1, judge: { rows: later, patience: 10 } });
    expect(judged.trees.length).toBeGreaterThan(0);
    expect(judged.trees.length).toBeLessThan(60);
    expect(judged.trees).toEqual(fit(learnt, { rounds: judged.trees.length }).trees);
    const auc = areaUnderRoc(Float64Array.from(predict(judged, noise)), noise.labels);
    expect(auc).toBeGreaterThan(0.55);
    // Rows that say the opposite: the first tree is one too many.
    const turned = { ...later, labels: later.labels.map((label) => 1 - label) };
    expect(boost(learnt, { parameters, seed: 1, judge: { rows: turned, patience: 10 } }).trees).toEqual([]);
  });

  it.each([
    { name: 'all rows and columns', more: { maxDepth: 6 } },
    {
      name: 'samples, penalties and a depth at which nodes run out of rows',
      more: {
        subsample: 0.6,
        colsampleByTree: 0.5,
        maxDepth: 11,
        alpha: 0.2,
        gamma: 0.1,
        scalePosWeight: 1.7,
      },
    },
  ])('makes the same bytes with both kernels and any number of threads: $name', ({ more }) => {
    const rows = {
      ...wholeRows(9, 40_001, 7),
      weights: new Float32Array(40_001).map((_, row) => 0.3 + (row % 5)),
    };
    const options = { parameters: { ...XGBOOST_DEFAULTS, rounds: 3, ...more }, seed: 1 };
    const text = (others: Partial<BoostOptions>) => {
      const columns = Array.from({ length: 7 }, (_, place) => `c${place}`);
      return JSON.stringify(writeXgboost({ columns, ...boost(rows, { ...options, ...others }) }));
    };
    const expected = text({});
    expect(expected.length).toBeGreaterThan(5_000);
    expect(text({ kernel: 'plain' })).toBe(expected);
    expect(text({ threads: 2 })).toBe(expected);
    expect(text({ threads: 3, kernel: 'plain' })).toBe(expected);
  });

  it('says the mean label where there is no column, no row, or nothing but missing values', () => {
    const labels = Uint8Array.of(1, 0, 1, 1);
    const none = { values: new Float32Array(0), width: 0, count: 4, labels };
    const missing = { values: new Float32Array(8).fill(NaN), width: 2, count: 4, labels };
    for (const rows of [none, missing]) {
      const { baseScore, trees } = fit(rows, { ...ONE_TREE, rounds: 3, baseScore: null });
      expect(baseScore).toBe(0.75);
      for (const tree of trees) expect([...tree.thresholds]).toEqual([0]);
    }
    expect(
      fit({ values: new Float32Array(0), width: 2, count: 0, labels: new Uint8Array(0) }).baseScore,
    ).toBe(0.5);
  });

  it('takes weights of any size and trees of any depth', () => {
    const rows = wholeRows(11, 601);
    for (const scale of [1e-12, 1, 1e12]) {
      const weights = new Float32Array(601).map((_, row) => scale * (1 + (row % 3)));
      const more = { rounds: 2, maxDepth: 16, minChildWeight: 0 };
      const options = { parameters: { ...XGBOOST_DEFAULTS, ...more }, seed: 1 };
      const { trees } = boost({ ...rows, weights }, options);
      expect(boost({ ...rows, weights }, { ...options, kernel: 'plain' }).trees).toEqual(trees);
      for (const { thresholds } of trees) expect(thresholds.every(Number.isFinite)).toBe(true);
      // So light that no side of a split weighs anything: a root alone.
      expect(trees[0]!.columns.length > 100).toBe(scale >= 1);
    }
    const idle = fit({ ...rows, weights: new Float32Array(601) }, { rounds: 1 });
    expect([...idle.trees[0]!.thresholds]).toEqual([0]);
  });

  it('grows on more columns than one group and more nodes than one batch holds', () => {
    const rows = wholeRows(10, 3_000, 9);
    const { trees } = fit(rows, { rounds: 1, maxDepth: 9, minChildWeight: 0, lambda: 0 });
    expect(trees[0]!.columns.length).toBeGreaterThan(200);
    expect(new Set(trees[0]!.columns).size).toBe(10);
  });
});

describe('requireParameters', () => {
  it('accepts the defaults and names every value out of range', () => {
    expect(() => requireParameters(XGBOOST_DEFAULTS)).not.toThrow();
    const wrong = { ...XGBOOST_DEFAULTS, eta: 0, maxDepth: 17, maxBin: 256, lambda: NaN, baseScore: 1 };
    for (const name of ['eta', 'maxDepth', 'maxBin', 'lambda', 'baseScore']) {
      expect(() => requireParameters(wrong)).toThrow(name);
    }
    expect(() => requireParameters(wrong)).toThrow(RangeError);
  });
});
