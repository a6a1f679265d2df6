import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { decodeOnnx, encodeOnnx, encodeOnnxPieces, readSafetensors } from '../../core/index.ts';
import { BERT_BASE, randomBert } from './bert-base-model.ts';
import { readBertShape, type BertShape } from './bert-shape.ts';
import { openPlain, rowsOf, TINY, tinyFile, tinyJson, tinyReference } from './fixtures/tiny-models.ts';
import { safetensorsToOnnx } from './safetensors-to-onnx.ts';

/** Absolute, on logits of a few units in single precision. */
const LOGIT_TOLERANCE = 1e-4;

const SMALL: BertShape = {
  ...BERT_BASE,
  vocabulary: 400,
  hidden: 32,
  layers: 2,
  heads: 4,
  intermediate: 48,
  positions: 40,
};

describe.each(TINY)('%s written as ONNX from its safetensors', (name) => {
  const config = tinyJson(name, 'config.json');
  const bytes = safetensorsToOnnx(tinyFile(name, 'model.safetensors'), config);
  const { cases } = tinyReference(name);

  it.each([
    ['our own graph', bytes],
    ['the export of the reference library', tinyFile(name, 'model.onnx')],
  ])('gives the logits of the reference for every text: %s', async (_what, modelBytes) => {
    const plain = await openPlain(name, modelBytes);
    for (const { ids, logits } of cases) {
      const [row] = rowsOf((await plain.run([ids])).logits!, 3);
      for (const [k, value] of row!.entries()) {
        expect(Math.abs(value - logits[k]!)).toBeLessThan(LOGIT_TOLERANCE);
      }
    }
    await plain.close();
  });

  it('gives the same logits in a padded batch', async () => {
    const plain = await openPlain(name, bytes);
    const rows = rowsOf((await plain.run(cases.map(({ ids }) => ids))).logits!, 3);
    for (const [place, row] of rows.entries()) {
      for (const [k, value] of row.entries()) {
        expect(Math.abs(value - cases[place]!.logits[k]!)).toBeLessThan(LOGIT_TOLERANCE);
      }
    }
    await plain.close();
  });

  it('has the vector before its head as a second output', async () => {
    const plain = await openPlain(name, bytes);
    expect(plain.outputs).toEqual(['logits', 'pooled']);
    const { pooled } = await plain.run(cases.slice(0, 2).map(({ ids }) => ids));
    expect(pooled).toHaveLength(2 * 64);
    expect(Math.max(...pooled!.map(Math.abs))).toBeLessThanOrEqual(1);
    await plain.close();
  });

  it.each([
    ['hidden_act', 'mish'],
    ['position_embedding_type', 'relative_key'],
    ['model_type', 'deberta-v2'],
    ['is_decoder', true],
    ['num_attention_heads', 7],
    ['embedding_size', 16],
    ['intermediate_size', 99],
    ['vocab_size', 'many'],
  ])('is refused with %s %s', (field, value) => {
    const changed = { ...config, [field]: value };
    const convert = () => safetensorsToOnnx(tinyFile(name, 'model.safetensors'), changed);
    expect(convert).toThrow(expect.objectContaining({ code: 'SENTIMENT_TRANSFORMER_UNSUPPORTED' }));
  });
});

describe('the writer', () => {
  it('refuses weights without a classifier by the name of what is missing', () => {
    const config = tinyJson('tiny-bert', 'config.json');
    const convert = () => safetensorsToOnnx(tinyFile('tiny-roberta', 'model.safetensors'), config);
    expect(convert).toThrow(/bert\.embeddings\.word_embeddings\.weight/);
  });

  it('reads the shape of both kinds, with the defaults of the library', () => {
    const fields = tinyJson('tiny-roberta', 'config.json');
    expect(readBertShape(fields)).toMatchObject({
      kind: 'roberta',
      padId: 1,
      labels: 3,
      types: 1,
      epsilon: 1e-5,
    });
    const bare = { ...fields, model_type: 'bert', pad_token_id: null, id2label: undefined };
    expect(readBertShape(bare)).toMatchObject({ kind: 'bert', padId: 0, labels: 2 });
  });

  it('finds the names that old checkpoints give to normalisations', () => {
    const renamed = renameInHeader(tinyFile('tiny-bert', 'model.safetensors'), [
      ['LayerNorm.weight', 'LayerNorm.gamma'],
      ['LayerNorm.bias', 'LayerNorm.beta'],
    ]);
    const config = tinyJson('tiny-bert', 'config.json');
    expect([...readSafetensors(renamed).keys()].some((key) => key.endsWith('gamma'))).toBe(true);
    const expected = safetensorsToOnnx(tinyFile('tiny-bert', 'model.safetensors'), config);
    expect(Buffer.compare(safetensorsToOnnx(renamed, config), expected)).toBe(0);
  });

  it.each(['gelu-tanh', 'relu'] as const)('writes the activation %s', async (activation) => {
    const plain = await openPlain(
      'tiny-bert',
      encodeOnnx(randomBert({ seed: 1, shape: { ...SMALL, activation } })),
    );
    const { logits } = await plain.run([[2, 9, 11, 3]]);
    expect(logits!.every(Number.isFinite)).toBe(true);
    await plain.close();
  });
});

describe('a random BERT', () => {
  it('has the sizes of BERT-base', () => {
    const { graph } = randomBert({ seed: 1 });
    const parameters = graph.initializers
      .filter(({ type }) => type === 1)
      .reduce((sum, { data }) => sum + data.byteLength / 4, 0);
    // 109,482,240 of bert-base-uncased (its published checkpoint), the classifier of three classes, and four scalars.
    expect(Math.abs(parameters - (109_482_240 + 3 * 769))).toBeLessThan(10);
  });

  it('is the same for the same seed, written whole or in pieces, and another for another seed', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 1e6 }), (seed) => {
        const bytes = encodeOnnx(randomBert({ seed, shape: SMALL }));
        const pieces = Buffer.concat([...encodeOnnxPieces(randomBert({ seed, shape: SMALL }))]);
        expect(pieces.equals(bytes)).toBe(true);
        expect(pieces.equals(encodeOnnx(randomBert({ seed: seed + 1, shape: SMALL })))).toBe(false);
        expect(decodeOnnx(bytes).graph.outputs.map(({ name }) => name)).toEqual(['logits', 'pooled']);
      }),
      { seed: 1, numRuns: 3 },
    );
  });
});

/** A safetensors file with other names in its header. */
function renameInHeader(bytes: Uint8Array, names: readonly (readonly [string, string])[]): Uint8Array {
  const length = Number(Buffer.from(bytes).readBigUInt64LE(0));
  let header = Buffer.from(bytes.subarray(8, 8 + length)).toString('utf8');
  for (const [old, now] of names) header = header.replaceAll(old, now);
  const head = Buffer.from(header);
  const size = Buffer.alloc(8);
  size.writeBigUInt64LE(BigInt(head.length));
  return Buffer.concat([size, head, bytes.subarray(8 + length)]);
}
