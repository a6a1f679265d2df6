import fc from 'fast-check';
import { InferenceSession, Tensor } from 'onnxruntime-node';
import { describe, expect, it } from 'vitest';
import { createRandom, decodeOnnx } from '../../core/index.ts';
import { matrixOf, ourRows, REFERENCES, referenceRows, sliceRows } from '../fixtures/references.ts';
import oursSaved from '../fixtures/trees-model.json' with { type: 'json' };
import { signalRows } from '../model.contract.ts';
import { selectColumns } from '../rows.ts';
import { predictForest, type Forest } from './forest.ts';
import { exportOnnx } from './onnx-export.ts';
import { treeOf, type NodeDraft } from './tree.ts';
import { createTrees, trees, type TreesParameters } from './trees.ts';
import { BEYOND_ALL, LARGEST_VALUE } from './values.ts';
import { readXgboost } from './xgboost-read.ts';

/** What ONNX Runtime answers for rows whose columns stand in the forest's order. */
async function answered(bytes: Uint8Array, values: Float64Array, width: number): Promise<Float32Array> {
  const session = await InferenceSession.create(bytes, { intraOpNumThreads: 1 });
  const features = new Tensor('float32', Float32Array.from(values), [values.length / width, width]);
  const { probability_up: answer } = await session.run({ features });
  await session.release();
  return answer!.data as Float32Array;
}

async function expectSame(forest: Forest, values: Float64Array): Promise<void> {
  const width = forest.columns.length;
  const rows = { columns: forest.columns, values, count: values.length / width };
  const ours = predictForest(forest, rows);
  const theirs = await answered(exportOnnx(forest), values, width);
  expect(theirs.length).toBe(rows.count);
  expect(Math.max(...ours.map((value, row) => Math.abs(value - theirs[row]!)))).toBeLessThan(1e-6);
}

/** A stump on the first of two columns that goes up by one on the right. */
function stump(threshold: number, defaultLeft: boolean): Forest {
  const leaf = (answer: number): NodeDraft => ({
    ...{ column: -1, threshold: answer, left: -1, defaultLeft: false, gain: 0, hessian: 1, weight: answer },
  });
  const root = { ...leaf(0), column: 0, threshold, left: 1, defaultLeft };
  return { columns: ['a', 'b'], baseScore: 0.5, trees: [treeOf([root, leaf(-1), leaf(1)])] };
}

const EDGES = [
  NaN,
  Infinity,
  -Infinity,
  0,
  -0,
  1e-45,
  0.1,
  BEYOND_ALL,
  -BEYOND_ALL,
  LARGEST_VALUE,
  -LARGEST_VALUE,
];

describe('exportOnnx', () => {
  it('answers as calibrated trees do where a sigmoid calibrates them; a curve has no such form', async () => {
    const rows = signalRows(1, 1_000);
    const learnt = { ...(trees.parameters as unknown as TreesParameters), minChildWeight: 2, lambda: 1 };
    const fit = (method: 'platt' | 'isotonic') =>
      createTrees({ ...learnt, calibration: { method, fewestRows: 20 } }).fit(rows, { seed: 1 });
    const model = fit('platt');
    const columns = ['absent', 'constant', 'hour_of_week', 'momentum', 'mood'];
    const { values, count } = selectColumns(signalRows(2, 40), columns);
    const theirs = await answered(model.toOnnx!(), values, columns.length);
    const ours = model.predict({ columns, values, count });
    expect(Math.max(...ours.map((value, row) => Math.abs(value - theirs[row]!)))).toBeLessThan(1e-6);
    expect(model.contributions!({ columns, values, count }).bias).not.toBe(0);
    expect(fit('isotonic').toOnnx).toBeUndefined();
  });

  it('answers in ONNX Runtime as here for a model of this project, missing values included', async () => {
    const rows = matrixOf(sliceRows(ourRows(), 3_000, 3_040));
    expect(rows.values.some(Number.isNaN)).toBe(true);
    await expectSame(readXgboost(oursSaved), rows.values);
  });

  it.each(REFERENCES)('answers as here for models that xgboost $version saved', async ({ reference }) => {
    const rows = matrixOf(
      sliceRows(referenceRows({ seed: 11, count: 2_040, width: 5, binned: false }), 2_000, 2_040),
    );
    for (const { model } of Object.values(reference.saved)) await expectSame(readXgboost(model), rows.values);
  });

  it.each([0, Math.fround(0.1), -2, 1e-45, BEYOND_ALL, -BEYOND_ALL, LARGEST_VALUE, -LARGEST_VALUE])(
    'goes the same way at the threshold %d: on it, beside it, at infinity and where nothing is',
    async (threshold) => {
      const values = [...EDGES, threshold, threshold * (1 + 2 ** -23), threshold * (1 - 2 ** -23)];
      const rows = Float64Array.from(values.flatMap((value) => [Math.fround(value), 0]));
      for (const defaultLeft of [true, false]) await expectSame(stump(threshold, defaultLeft), rows);
    },
  );

  it('answers as here for trees of any shape', async () => {
    const shape = fc.record({ seed: fc.nat(10_000), rounds: fc.integer({ min: 0, max: 4 }) });
    const sample = fc.sample(shape, { seed: 1, numRuns: 8 });
    for (const { seed, rounds } of sample) {
      const model = trees.fit(signalRows(seed, 12_000), { seed });
      const forest = readXgboost(JSON.parse(JSON.stringify(model.toJson())));
      const dice = createRandom(seed);
      const length = 50 * forest.columns.length;
      const values = Float64Array.from({ length }, () =>
        dice.uniform() < 0.2 ? EDGES[dice.integer(EDGES.length)]! : Math.fround(dice.normal()),
      );
      await expectSame({ ...forest, trees: forest.trees.slice(0, rounds) }, values);
    }
  });

  it('names its columns, its answer and what else it was told', () => {
    const { metadata, graph, opsets } = decodeOnnx(
      exportOnnx(stump(1, true), { model_version: 'trees@1.0.3' }),
    );
    expect([...metadata]).toEqual([
      ['model_version', 'trees@1.0.3'],
      ['columns', '["a","b"]'],
    ]);
    expect(graph.inputs).toMatchObject([{ name: 'features', shape: ['n', 2] }]);
    expect(graph.outputs).toMatchObject([{ name: 'probability_up', shape: ['n', 1] }]);
    expect(opsets).toContainEqual({ domain: 'ai.onnx.ml', version: 3 });
  });
});
