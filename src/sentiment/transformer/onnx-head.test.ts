import { describe, expect, it } from 'vitest';
import {
  createGraphBuilder,
  decodeOnnx,
  encodeOnnx,
  tensorOf,
  valueOf,
  type OnnxModel,
} from '../../core/index.ts';
import { openPlain, TINY, tinyFile, tinyJson, tinyReference } from './fixtures/tiny-models.ts';
import { readHead, replaceHead, withPooledOutput } from './onnx-head.ts';
import { safetensorsToOnnx } from './safetensors-to-onnx.ts';

/** A model that is nothing but a layer: x of 2 numbers to 3 logits. */
function lone(kind: 'MatMul' | 'MatMul and Add' | 'Add and MatMul' | 'Relu'): OnnxModel {
  const graph = createGraphBuilder('lone');
  const x = graph.input(valueOf('x', 'float32', ['batch', 2]));
  const weights = graph.weights(tensorOf('w', [2, 3], Float32Array.of(1, 2, 3, 4, 5, 6)));
  const bias = graph.weights(tensorOf('b', [3], Float32Array.of(7, 8, 9)));
  if (kind === 'MatMul') graph.node('MatMul', [x, weights], { output: 'logits' });
  else if (kind === 'Relu') graph.node('Relu', [x], { output: 'logits' });
  else {
    const product = graph.node('MatMul', [x, weights]);
    const terms = kind === 'MatMul and Add' ? [product, bias] : [bias, product];
    graph.node('Add', terms, { output: 'logits' });
  }
  graph.output(valueOf('logits', 'float32', ['batch', 3]));
  return graph.finish(17);
}

describe('the head of an ONNX classifier', () => {
  it.each([
    ['MatMul', [0, 0, 0]],
    ['MatMul and Add', [7, 8, 9]],
    ['Add and MatMul', [7, 8, 9]],
  ] as const)('is found where it is written as %s', (kind, bias) => {
    const head = readHead(lone(kind));
    expect(head).toMatchObject({ classes: 3, width: 2 });
    expect([...head.matrix]).toEqual([1, 4, 2, 5, 3, 6]);
    expect([...head.bias]).toEqual(bias);
  });

  it.each(TINY)('is the same in our graph and in the export of %s, and what safetensors holds', (name) => {
    const own = safetensorsToOnnx(tinyFile(name, 'model.safetensors'), tinyJson(name, 'config.json'));
    const exported = readHead(decodeOnnx(tinyFile(name, 'model.onnx')));
    expect(readHead(decodeOnnx(own))).toEqual(exported);
    expect(exported).toMatchObject({ classes: 3, width: 64 });
  });

  it.each(TINY)('can be put back without a change of the logits: %s', async (name) => {
    const bytes = tinyFile(name, 'model.onnx');
    const model = decodeOnnx(bytes);
    const same = encodeOnnx(replaceHead(model, readHead(model)));
    const ids = tinyReference(name).cases.map((one) => one.ids);
    const [before, after] = [await openPlain(name, bytes), await openPlain(name, same)];
    expect((await after.run(ids)).logits).toEqual((await before.run(ids)).logits);
    // And again, since a retrained model is retrained too.
    const again = replaceHead(decodeOnnx(same), readHead(decodeOnnx(same)));
    expect(Buffer.compare(encodeOnnx(again), same)).toBe(0);
    await Promise.all([before.close(), after.close()]);
  });

  it('is given as an output by an export that lacks it, and as it is by one that has it', async () => {
    const shown = withPooledOutput(tinyFile('tiny-bert', 'model.onnx'));
    const plain = await openPlain('tiny-bert', shown);
    expect(plain.outputs).toEqual(['logits', 'pooled']);
    expect(withPooledOutput(shown)).toBe(shown);
    await plain.close();
  });

  it('is not exchanged for one of another shape', () => {
    const model = lone('MatMul');
    expect(() => replaceHead(model, { ...readHead(model), classes: 2 })).toThrow(RangeError);
  });

  it('is refused where the model ends in something else', () => {
    const refused = expect.objectContaining({ code: 'ONNX_UNSUPPORTED' });
    expect(() => readHead(lone('Relu'))).toThrow(refused);
    const empty = lone('MatMul');
    expect(() => readHead({ ...empty, graph: { ...empty.graph, nodes: [] } })).toThrow(/nowhere/);
    expect(() => readHead({ ...empty, graph: { ...empty.graph, initializers: [] } })).toThrow(refused);
  });
});
