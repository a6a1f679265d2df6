import {
  copyFileSync,
  existsSync,
  mkdirSync,
  openSync,
  closeSync,
  readFileSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { join } from 'node:path';
import { Tokenizer } from '@huggingface/tokenizers';
import { InferenceSession, Tensor } from 'onnxruntime-node';
import { encodeOnnxPieces, quantiseToInt8, type OnnxModel } from '../src/core/index.ts';
import { BERT_BASE, randomBert } from '../src/sentiment/transformer/bert-base-model.ts';
import type { BertShape } from '../src/sentiment/transformer/bert-shape.ts';
import { SESSION_SETTINGS } from '../src/sentiment/transformer/session.ts';
import { sharedData } from './bench.ts';

export type Precision = 'fp32' | 'int8';

/** A folder with a model that has the form of BERT-base and knows nothing. */
export interface BenchModel {
  precision: Precision;
  folder: string;
  file: string;
  /** Ids of a text with the model's own tokenizer, truncated. */
  encode(text: string): number[];
}

const TINY = 'src/sentiment/transformer/fixtures/tiny-bert';
const FULL_TOKENIZER = 'tokenizer/bert-base-uncased.tokenizer.json';

/** Makes the model in both precisions; the tokenizer is BERT's own where the shared data are, else that of the tests. */
export function makeModels(
  { root, projectRoot, folder }: { root: string; projectRoot: string; folder: string },
  shape: BertShape = BERT_BASE,
): { models: BenchModel[]; tokenizer: string } {
  const shared = sharedData(root, FULL_TOKENIZER);
  const isFull = existsSync(shared) && shape.vocabulary === BERT_BASE.vocabulary;
  const tokenizerFile = isFull ? shared : join(projectRoot, TINY, 'tokenizer.json');
  const makers: Record<Precision, () => OnnxModel> = {
    fp32: () => randomBert({ seed: 1, shape }),
    int8: () => quantiseToInt8(randomBert({ seed: 1, shape })),
  };
  const models = (['fp32', 'int8'] as const).map((precision) => {
    const place = join(folder, precision);
    mkdirSync(join(place, 'onnx'), { recursive: true });
    copyFileSync(tokenizerFile, join(place, 'tokenizer.json'));
    writeFileSync(join(place, 'config.json'), JSON.stringify(configOf(shape)));
    writeFileSync(
      join(place, 'tokenizer_config.json'),
      JSON.stringify({ model_max_length: shape.positions, tokenizer_class: 'BertTokenizer' }),
    );
    const file = join(place, 'onnx', 'model.onnx');
    write(file, encodeOnnxPieces(makers[precision]()));
    return { precision, folder: place, file, encode: encoderOf(tokenizerFile, shape.positions) };
  });
  return { models, tokenizer: isFull ? 'bert-base-uncased' : 'tiny, 600 words' };
}

/** What is read about a plain session: its own defaults, and ours, which keep less memory and avoid a slow kernel. */
export const BARE_SETTINGS = { default: {}, ours: SESSION_SETTINGS } as const;

/** A plain session in this thread, which has it for itself. */
export async function openBare(
  file: string,
  settings: InferenceSession.SessionOptions,
): Promise<InferenceSession> {
  return InferenceSession.create(file, { ...settings, intraOpNumThreads: 1, interOpNumThreads: 1 });
}

/** Feeds of texts of about the same length, padded to the longest. */
export function feedsOf(rows: readonly (readonly number[])[]): Record<string, Tensor> {
  const length = Math.max(...rows.map((row) => row.length));
  const dims = [rows.length, length];
  const ids = new BigInt64Array(rows.length * length);
  const mask = new BigInt64Array(rows.length * length);
  rows.forEach((row, place) =>
    row.forEach((id, column) => {
      ids[place * length + column] = BigInt(id);
      mask[place * length + column] = 1n;
    }),
  );
  return {
    input_ids: new Tensor('int64', ids, dims),
    attention_mask: new Tensor('int64', mask, dims),
    token_type_ids: new Tensor('int64', new BigInt64Array(ids.length), dims),
  };
}

function encoderOf(file: string, most: number): (text: string) => number[] {
  const tokenizer = new Tokenizer(JSON.parse(readFileSync(file, 'utf8')) as object, {});
  return (text) => {
    const { ids } = tokenizer.encode(text);
    return ids.length <= most ? ids : [...ids.slice(0, most - 1), ...ids.slice(-1)];
  };
}

function configOf(shape: BertShape): object {
  return {
    model_type: 'bert',
    architectures: ['BertForSequenceClassification'],
    id2label: { 0: 'positive', 1: 'negative', 2: 'neutral' },
    label2id: { positive: 0, negative: 1, neutral: 2 },
    max_position_embeddings: shape.positions,
    hidden_size: shape.hidden,
    num_hidden_layers: shape.layers,
    num_attention_heads: shape.heads,
    vocab_size: shape.vocabulary,
    pad_token_id: 0,
  };
}

function write(path: string, pieces: Iterable<Uint8Array>): void {
  const file = openSync(path, 'w');
  for (const piece of pieces) for (let done = 0; done < piece.length;) done += writeSync(file, piece, done);
  closeSync(file);
}
