import fc from 'fast-check';
import { InferenceSession, Tensor } from 'onnxruntime-node';
import { describe, expect, it } from 'vitest';
import { createRandom } from '../random.ts';
import { decodeOnnx } from './decode.ts';
import { encodeOnnx } from './encode.ts';
import { createGraphBuilder, nodeOf, valueOf } from './graph-builder.ts';
import { ELEMENT, floatsOf, tensorOf, type OnnxModel } from './model.ts';
import { quantiseToInt8 } from './quantise.ts';

const ROWS = 300;
const WIDTH = 32;

/** Lookup, product with a matrix, sum with a bias, and a last layer of its own. */
function network({ seed, gemm }: { seed: number; gemm: boolean }): OnnxModel {
  const { normal } = createRandom(seed);
  const random = (name: string, dims: number[]) =>
    tensorOf(
      name,
      dims,
      Float32Array.from({ length: dims.reduce((a, b) => a * b, 1) }, () => normal()),
    );
  const graph = createGraphBuilder('network');
  const ids = graph.input(valueOf('ids', 'int64', ['n']));
  const found = graph.node('Gather', [graph.weights(random('table', [ROWS, WIDTH])), ids]);
  const bias = graph.weights(random('bias', [WIDTH]));
  const matrix = graph.weights(random('matrix', [WIDTH, WIDTH]));
  const hidden = gemm
    ? graph.node('Gemm', [found, matrix, bias], { attributes: { transB: 1 } })
    : graph.node('Add', [graph.node('MatMul', [found, matrix]), bias]);
  const bent = graph.node('Tanh', [graph.node('Mul', [hidden, graph.scalar(0.05)])]);
  const last = graph.weights(random('last', [WIDTH, 3]));
  graph.node('MatMul', [bent, last], { output: 'y' });
  graph.output(valueOf('y', 'float32', ['n', 3]));
  return graph.finish(17);
}

async function run(model: OnnxModel, ids: number[]): Promise<number[]> {
  const session = await InferenceSession.create(encodeOnnx(model), { intraOpNumThreads: 1 });
  const feed = new Tensor('int64', BigInt64Array.from(ids.map(BigInt)), [ids.length]);
  const { y } = await session.run({ ids: feed });
  await session.release();
  return [...(y!.data as Float32Array)];
}

function bytesOf(model: OnnxModel, name: string): Int8Array {
  const found = model.graph.initializers.find((tensor) => tensor.name === name)!;
  expect(found.type).toBe(ELEMENT.int8);
  return Int8Array.from(found.data.read(), (byte) => (byte << 24) >> 24);
}

function scalesOf(model: OnnxModel, name: string): Float32Array {
  return floatsOf(model.graph.initializers.find((tensor) => tensor.name === name)!);
}

describe('int8 quantisation', () => {
  it.each([false, true])('answers nearly as the exact model does (Gemm: %s)', async (gemm) => {
    const exact = network({ seed: 3, gemm });
    const ids = Array.from({ length: 40 }, (_, place) => (place * 37) % ROWS);
    const [want, got] = [await run(exact, ids), await run(quantiseToInt8(exact), ids)];
    const error = Math.hypot(...want.map((value, place) => value - got[place]!));
    expect(error / Math.hypot(...want)).toBeLessThan(0.02);
    expect(error).toBeGreaterThan(0);
  });

  it('gives a column the steps -64..64 and a row of a table -127..127, by its largest weight', () => {
    const graph = createGraphBuilder('known');
    const ids = graph.input(valueOf('ids', 'int64', ['n']));
    const table = Float32Array.from({ length: 2 * 256 }, (_, place) =>
      place === 0 ? 127 : place === 1 ? -1 : 0,
    );
    const found = graph.node('Gather', [graph.weights(tensorOf('table', [256, 2], table)), ids]);
    const matrix = graph.weights(tensorOf('matrix', [2, 2], Float32Array.of(64, 0, -1, 0.25)));
    const product = graph.node('MatMul', [found, matrix]);
    graph.node('Relu', [product], { output: 'y' });
    graph.output(valueOf('y', 'float32', ['n', 2]));
    const model = quantiseToInt8(graph.finish(17));
    expect([...bytesOf(model, 'matrix_int8')]).toEqual([64, 0, -1, 64]);
    expect([...scalesOf(model, 'matrix_scale')]).toEqual([1, 0.25 / 64]);
    expect([...bytesOf(model, 'table_int8').subarray(0, 4)]).toEqual([127, -1, 0, 0]);
    expect([...scalesOf(model, 'table_scale').subarray(0, 2)]).toEqual([1, 1]);
    expect(model.graph.initializers.map(({ name }) => name)).not.toContain('matrix');
  });

  it('is off by half a step at most in every weight', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 1000 }), (seed) => {
        const exact = network({ seed, gemm: false });
        const int8 = quantiseToInt8(exact);
        const bytes = bytesOf(int8, 'matrix_int8');
        const scales = scalesOf(int8, 'matrix_scale');
        const weights = scalesOf(exact, 'matrix');
        for (const [place, weight] of weights.entries()) {
          const scale = scales[place % WIDTH]!;
          expect(Math.abs(weight - scale * bytes[place]!)).toBeLessThan(0.5001 * scale);
        }
      }),
      { seed: 1, numRuns: 5 },
    );
  });

  it('leaves the last layer before an output, small tables and computed lookups exact', () => {
    const names = quantiseToInt8(network({ seed: 1, gemm: false })).graph.initializers.map(
      ({ name }) => name,
    );
    expect(names).toContain('last');
    expect(names).toContain('bias');
    const graph = createGraphBuilder('lookups');
    const ids = graph.input(valueOf('ids', 'int64', ['n']));
    const few = graph.node('Gather', [graph.weights(tensorOf('few', [2, 2], new Float32Array(4))), ids]);
    const computed = graph.node('Add', [ids, graph.integers([1])]);
    const far = graph.weights(tensorOf('far', [256, 2], new Float32Array(512)));
    graph.node('Add', [few, graph.node('Gather', [far, computed])], { output: 'y' });
    graph.output(valueOf('y', 'float32', ['n', 2]));
    const refused = () => quantiseToInt8(graph.finish(17));
    expect(refused).toThrow(expect.objectContaining({ code: 'ONNX_UNSUPPORTED' }));
  });

  it('quantises an activation and a matrix once, however often they are used', () => {
    const model = network({ seed: 2, gemm: false });
    const twice = model.graph.nodes.flatMap((node) =>
      node.op === 'MatMul' && node.outputs[0] !== 'y'
        ? [node, nodeOf('MatMul', { inputs: [...node.inputs], outputs: ['again'] })]
        : [node],
    );
    const { graph } = quantiseToInt8({ ...model, graph: { ...model.graph, nodes: twice } });
    expect(graph.nodes.filter(({ op }) => op === 'DynamicQuantizeLinear')).toHaveLength(1);
    expect(graph.nodes.filter(({ op }) => op === 'MatMulInteger')).toHaveLength(2);
    expect(graph.initializers.filter(({ name }) => name === 'matrix_int8')).toHaveLength(1);
  });

  it('leaves a Gemm with factors as it is, and reads as the same model again', () => {
    const model = network({ seed: 2, gemm: true });
    const scaled = model.graph.nodes.map((node) =>
      node.op === 'Gemm'
        ? { ...node, attributes: new Map([['alpha', { kind: 'float', value: 0.5 } as const]]) }
        : node,
    );
    const int8 = quantiseToInt8({ ...model, graph: { ...model.graph, nodes: scaled } });
    expect(int8.graph.nodes.some(({ op }) => op === 'Gemm')).toBe(true);
    const again = decodeOnnx(encodeOnnx(int8));
    expect(encodeOnnx(again)).toEqual(encodeOnnx(int8));
  });
});
