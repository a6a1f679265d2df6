import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { decodeOnnx } from './decode.ts';
import { encodeOnnx, encodeOnnxPieces } from './encode.ts';
import { createGraphBuilder, nodeOf, valueOf } from './graph-builder.ts';
import { ELEMENT, floatsOf, lazyFloats, tensorOf, type OnnxModel, type OnnxTensor } from './model.ts';
import {
  floatField,
  integerField,
  messageField,
  messageOf,
  packedIntegers,
  partField,
  textField,
  type Message,
} from './wire.ts';

const EXPORT = readFileSync(
  join(import.meta.dirname, '../../sentiment/transformer/fixtures/tiny-bert/model.onnx'),
);
const INVALID = expect.objectContaining({ code: 'ONNX_INVALID' });

function written(message: Message): Uint8Array {
  return Buffer.concat(message.parts.map((part) => (part instanceof Uint8Array ? part : part.read())));
}

/** A model that holds nothing but one tensor, in whatever form. */
function modelWith(tensor: Message): Uint8Array {
  return written(messageOf([integerField(1, 8), messageField(7, messageField(5, tensor))]));
}

function tensorIn(bytes: Uint8Array): OnnxTensor {
  return decodeOnnx(bytes).graph.initializers[0]!;
}

function small(): OnnxModel {
  const graph = createGraphBuilder('small');
  const x = graph.input(valueOf('x', 'float32', ['batch', 2]));
  const w = graph.weights(tensorOf('w', [2, 2], Float32Array.of(1, 2, 3, 4)));
  const product = graph.node('MatMul', [x, w]);
  const normal = graph.node('Softmax', [product], { attributes: { axis: -1 } });
  graph.node('Clip', [normal, graph.scalar(0)], { output: 'y' });
  graph.output(valueOf('y', 'float32', ['batch', 2]));
  return graph.finish(17);
}

describe('the codec of ONNX files', () => {
  it('reads what the reference library wrote', () => {
    const model = decodeOnnx(EXPORT);
    // As onnx.load of the Python package shows it.
    expect(model).toMatchObject({ irVersion: 7, producer: 'pytorch', opsets: [{ domain: '', version: 14 }] });
    expect(model.graph.inputs).toMatchObject([
      { name: 'input_ids', type: ELEMENT.int64, shape: ['batch_size', 'sequence_length'] },
      { name: 'attention_mask' },
      { name: 'token_type_ids' },
    ]);
    expect(model.graph.outputs).toMatchObject([{ name: 'logits', shape: ['batch_size', 3] }]);
    const words = model.graph.initializers[0]!;
    expect(words).toMatchObject({ name: 'bert.embeddings.word_embeddings.weight', dims: [600, 64], type: 1 });
    expect(words.data.read().buffer).toBe(EXPORT.buffer);
    expect(model.graph.nodes.filter(({ op }) => op === 'Softmax')).toHaveLength(2);
    const last = model.graph.nodes.at(-1)!;
    expect(last.op).toBe('Gemm');
    expect(last.attributes.get('transB')).toEqual({ kind: 'integer', value: 1 });
    expect(last.attributes.get('alpha')).toEqual({ kind: 'float', value: 1 });
  });

  it('writes what it read so that it reads the same again', () => {
    const once = encodeOnnx(decodeOnnx(EXPORT));
    expect(Buffer.compare(encodeOnnx(decodeOnnx(once)), once)).toBe(0);
    expect(Buffer.concat([...encodeOnnxPieces(decodeOnnx(EXPORT))]).equals(once)).toBe(true);
    expect(Math.abs(once.length - EXPORT.length)).toBeLessThan(2_000);
  });

  it('keeps the fields that it does not know', () => {
    const unknown = textField(99, 'from the future');
    const bytes = written(messageOf([{ byteLength: EXPORT.length, parts: [EXPORT] }, unknown]));
    const again = encodeOnnx(decodeOnnx(bytes));
    expect(Buffer.from(again).includes('from the future')).toBe(true);
  });

  it('keeps attributes of kinds that it does not look into', () => {
    const types = messageOf([textField(1, 'types'), textField(15, 'a'), integerField(20, 14)]);
    const node = messageOf([textField(4, 'Odd'), messageField(5, types), textField(7, 'some.domain')]);
    const bytes = written(messageOf([messageField(7, messageField(1, node))]));
    const [read] = decodeOnnx(bytes).graph.nodes;
    expect(read).toMatchObject({ op: 'Odd', domain: 'some.domain' });
    expect(read!.attributes.get('types')).toMatchObject({ kind: 'other' });
    expect(Buffer.from(encodeOnnx(decodeOnnx(bytes))).includes(Buffer.from(written(types)))).toBe(true);
  });

  it('writes every kind of attribute and reads it again', () => {
    const node = nodeOf('Any', {
      inputs: [],
      outputs: ['y'],
      attributes: {
        whole: -3,
        real: { float: 0.5 },
        text: 'tanh',
        list: [1, -2, 3],
        real3: Float32Array.of(0.5, NaN, -Infinity),
        texts: ['a', ''],
      },
    });
    const attributes = new Map(node.attributes);
    attributes.set('value', { kind: 'tensor', value: tensorOf('', [2], BigInt64Array.of(1n, -1n)) });
    const model = small();
    const bytes = encodeOnnx({ ...model, graph: { ...model.graph, nodes: [{ ...node, attributes }] } });
    const read = decodeOnnx(bytes).graph.nodes[0]!.attributes;
    expect(read.get('whole')).toEqual({ kind: 'integer', value: -3 });
    expect(read.get('real')).toEqual({ kind: 'float', value: 0.5 });
    expect(read.get('text')).toEqual({ kind: 'text', value: 'tanh' });
    expect(read.get('list')).toEqual({ kind: 'integers', value: [1, -2, 3] });
    expect(read.get('real3')).toEqual({ kind: 'floats', value: Float32Array.of(0.5, NaN, -Infinity) });
    expect(read.get('texts')).toEqual({ kind: 'texts', value: ['a', ''] });
    const tensor = read.get('value');
    expect(tensor?.kind === 'tensor' && tensor.value.dims).toEqual([2]);
  });

  it('keeps what a model says of itself, and the versions of all sets of operators', () => {
    const graph = createGraphBuilder('ml');
    graph.node('Scaler', [graph.input(valueOf('x', 'float32', [1]))], { domain: 'ai.onnx.ml' });
    const more = { domains: { 'ai.onnx.ml': 3 }, metadata: { columns: '["a","ä"]', empty: '' } };
    const read = decodeOnnx(encodeOnnx(graph.finish(17, more)));
    expect([...read.metadata]).toEqual(Object.entries(more.metadata));
    expect(read.opsets).toEqual([
      { domain: '', version: 17 },
      { domain: 'ai.onnx.ml', version: 3 },
    ]);
    expect(read.graph.nodes[0]).toMatchObject({ op: 'Scaler', domain: 'ai.onnx.ml' });
  });

  it('reads floats of an attribute one by one as well, and refuses half a one', () => {
    const attribute = (parts: Message[]) => messageOf([textField(1, 'f'), ...parts, integerField(20, 6)]);
    const read = (message: Message) =>
      decodeOnnx(written(messageOf([messageField(7, messageField(1, messageField(5, message)))]))).graph
        .nodes[0]!.attributes;
    const single = attribute([floatField(7, 1), floatField(7, 2)]);
    expect(read(single).get('f')).toEqual({ kind: 'floats', value: Float32Array.of(1, 2) });
    expect(() => read(attribute([partField(7, new Uint8Array(6))]))).toThrow(INVALID);
  });

  it('makes lazy tensors when they are written, and only then', () => {
    let made = 0;
    const model = small();
    const lazy = lazyFloats('lazy', [3], () => {
      made += 1;
      return Float32Array.of(1, 2, 3);
    });
    const pieces = encodeOnnxPieces({ ...model, graph: { ...model.graph, initializers: [lazy] } });
    expect(made).toBe(0);
    const bytes = Buffer.concat([...pieces]);
    expect(made).toBe(1);
    expect([...floatsOf(tensorIn(bytes))]).toEqual([1, 2, 3]);
  });

  it.each([
    [
      'int64',
      [textField(8, 't'), packedIntegers(1, [2]), integerField(2, 7), packedIntegers(7, [5, -6])],
      16,
    ],
    ['int8', [packedIntegers(1, [2]), integerField(2, 3), packedIntegers(5, [5, -6])], 2],
    ['int32', [packedIntegers(1, [2]), integerField(2, 6), integerField(5, 5), integerField(5, -6)], 8],
    ['int16', [packedIntegers(1, [2]), integerField(2, 5), packedIntegers(5, [5, -6])], 4],
    ['float32', [packedIntegers(1, [2]), integerField(2, 1), floatField(4, 5), floatField(4, -6)], 8],
    ['uint64', [packedIntegers(1, [2]), integerField(2, 13), packedIntegers(11, [5, 6])], 16],
    ['uint32', [packedIntegers(1, [2]), integerField(2, 12), packedIntegers(11, [5, 6])], 8],
    ['float64', [packedIntegers(1, [1]), integerField(2, 11), partField(10, new Uint8Array(8))], 8],
  ] as const)('reads %s from the field that the format has for it', (_type, fields, size) => {
    const tensor = tensorIn(modelWith(messageOf(fields)));
    expect(tensor.data.byteLength).toBe(size);
    expect(encodeOnnx(decodeOnnx(modelWith(messageOf(fields)))).length).toBeGreaterThan(0);
  });

  it('keeps tensors of text as they are', () => {
    const bytes = modelWith(messageOf([packedIntegers(1, [1]), integerField(2, 8), textField(6, 'words')]));
    expect(Buffer.from(encodeOnnx(decodeOnnx(bytes))).includes('words')).toBe(true);
  });

  it('refuses weights in another file by name, with what to do', () => {
    const pair = messageOf([textField(1, 'location'), textField(2, 'model.onnx_data')]);
    const bytes = modelWith(
      messageOf([integerField(2, 1), textField(8, 'big'), messageField(13, pair), integerField(14, 1)]),
    );
    expect(() => decodeOnnx(bytes)).toThrow(
      expect.objectContaining({
        code: 'ONNX_EXTERNAL_DATA',
        details: { tensor: 'big', location: 'model.onnx_data' },
      }),
    );
  });

  it('refuses tensors whose bytes do not fit their dimensions', () => {
    const short = messageOf([
      packedIntegers(1, [2, 2]),
      integerField(2, 1),
      partField(9, new Uint8Array(12)),
    ]);
    expect(() => decodeOnnx(modelWith(short))).toThrow(INVALID);
    const negative = messageOf([packedIntegers(1, [-1]), integerField(2, 1)]);
    expect(() => decodeOnnx(modelWith(negative))).toThrow(INVALID);
  });

  it('refuses a file cut off anywhere, and never hangs', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: EXPORT.length - 1 }), (length) => {
        expect(() => decodeOnnx(EXPORT.subarray(0, length))).toThrow(INVALID);
      }),
      { seed: 1, numRuns: 60 },
    );
  });

  it('answers damaged bytes with an error of its own or a model, never otherwise', () => {
    const bytes = encodeOnnx(small());
    fc.assert(
      fc.property(
        fc.integer({ min: 0, max: bytes.length - 1 }),
        fc.integer({ min: 0, max: 255 }),
        (at, byte) => {
          const damaged = Uint8Array.from(bytes);
          damaged[at] = byte;
          try {
            encodeOnnx(decodeOnnx(damaged));
          } catch (error) {
            expect(['ONNX_INVALID', 'ONNX_EXTERNAL_DATA']).toContain((error as { code?: string }).code);
          }
        },
      ),
      { seed: 1, numRuns: 500 },
    );
  });

  it('refuses numbers that do not fill a tensor, floats of another type, and files beyond 2 GiB', () => {
    expect(() => tensorOf('w', [2, 2], new Float32Array(3))).toThrow(RangeError);
    expect(() => floatsOf(tensorOf('i', [1], Int8Array.of(1)))).toThrow(RangeError);
    const huge = lazyFloats('huge', [1_000_000_000], () => new Float32Array());
    const model = small();
    expect(() => encodeOnnx({ ...model, graph: { ...model.graph, initializers: [huge] } })).toThrow(/2 GiB/);
  });
});
