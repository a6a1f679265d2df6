import { beforeAll, describe, expect, it } from 'vitest';
import { createRandom, decodeOnnx, encodeOnnx, quantiseToInt8 } from '../../core/index.ts';
import type { RatedText } from '../rated-texts.ts';
import { SENTIMENTS, type SentimentLabel } from '../scorer.ts';
import {
  openPlain,
  rowsOf,
  TINY_LABELS,
  tinyFile,
  tinyJson,
  tinyReference,
  tinyTokens,
  type TinyName,
} from './fixtures/tiny-models.ts';
import { trainHead, type HeadTraining, type TrainedHead } from './head-training.ts';
import { headLogOdds } from './head-fit.ts';
import { readHead, withPooledOutput } from './onnx-head.ts';
import { PROBE_TEXTS } from './probe-texts.ts';
import { safetensorsToOnnx } from './safetensors-to-onnx.ts';

type Task = Record<SentimentLabel, string[]>;

function sentences(
  name: TinyName,
  words: Task,
  { count, seed }: { count: number; seed: number },
): RatedText[] {
  const { subjects, fillers } = tinyReference(name).task;
  const dice = createRandom(seed);
  const pick = (list: readonly string[]) => list[dice.integer(list.length)]!;
  const made = new Map<string, RatedText>();
  while (made.size < count) {
    const label = SENTIMENTS[dice.integer(3)]!;
    const text = `${pick(subjects)} ${pick(words[label])} ${pick(fillers)} and ${pick(fillers)}`;
    made.set(text, { text, label });
  }
  return [...made.values()];
}

async function labelsBy(name: TinyName, modelBytes: Uint8Array, texts: readonly string[]) {
  const plain = await openPlain(name, modelBytes);
  const { logits } = await plain.run(texts.map(tinyTokens(name)));
  await plain.close();
  return rowsOf(logits!, 3).map((row) => TINY_LABELS[name][row.indexOf(Math.max(...row))]!);
}

async function accuracyBy(
  name: TinyName,
  modelBytes: Uint8Array,
  rows: readonly RatedText[],
): Promise<number> {
  const said = await labelsBy(
    name,
    modelBytes,
    rows.map(({ text }) => text),
  );
  return said.filter((label, place) => label === rows[place]!.label).length / rows.length;
}

async function encoderOf(name: TinyName, modelBytes: Uint8Array): Promise<HeadTraining['encode']> {
  const plain = await openPlain(name, withPooledOutput(modelBytes));
  const tokens = tinyTokens(name);
  return async (texts) => (await plain.run(texts.map(tokens))).pooled!;
}

/** The new task and the old one, each with rows that no training sees. */
function tasks(name: TinyName): Record<'rows' | 'unseen' | 'replay' | 'old', RatedText[]> {
  const { slang, words } = tinyReference(name).task;
  const news = sentences(name, slang, { count: 400, seed: 1 });
  const olds = sentences(name, words, { count: 350, seed: 2 });
  return {
    rows: news.slice(0, 200),
    unseen: news.slice(200),
    replay: olds.slice(0, 150),
    old: olds.slice(150),
  };
}

async function trained(
  name: TinyName,
  modelBytes: Uint8Array,
  more: Partial<HeadTraining> = {},
): Promise<TrainedHead> {
  const { rows, replay } = tasks(name);
  const encode = await encoderOf(name, modelBytes);
  return trainHead({
    family: 'finbert',
    modelBytes,
    labels: TINY_LABELS[name],
    encode,
    rows,
    replay,
    seed: 7,
    ...more,
  });
}

describe.each([
  ['tiny-bert', 'an ordinary export', () => tinyFile('tiny-bert', 'model.onnx')],
  ['tiny-roberta', 'an ordinary export', () => tinyFile('tiny-roberta', 'model.onnx')],
  [
    'tiny-bert',
    'int8 of our own graph',
    () =>
      encodeOnnx(
        quantiseToInt8(
          decodeOnnx(
            safetensorsToOnnx(
              tinyFile('tiny-bert', 'model.safetensors'),
              tinyJson('tiny-bert', 'config.json'),
            ),
          ),
        ),
      ),
  ],
] as const)('a head trained on %s, %s', (name, _kind, read) => {
  const before = read();
  let after: TrainedHead;
  beforeAll(async () => {
    after = await trained(name, before);
  });

  it('learns a task that the model guessed at before', async () => {
    const { unseen } = tasks(name);
    const [was, is] = [
      await accuracyBy(name, before, unseen),
      await accuracyBy(name, after.modelBytes, unseen),
    ];
    expect(was).toBeLessThan(0.5);
    expect(is).toBeGreaterThan(0.9);
  });

  it('keeps what the model knew, to within two points', async () => {
    const { old } = tasks(name);
    const [was, is] = [await accuracyBy(name, before, old), await accuracyBy(name, after.modelBytes, old)];
    expect(was).toBeGreaterThan(0.9);
    expect(is).toBeGreaterThan(was - 0.02);
  });

  it('is written into a plain ONNX model whose logits are the head times the encoding', async () => {
    const texts = tasks(name)
      .unseen.slice(0, 50)
      .map(({ text }) => text);
    const plain = await openPlain(name, after.modelBytes);
    const { logits } = await plain.run(texts.map(tinyTokens(name)));
    const pooled = await (await encoderOf(name, before))(texts);
    const head = readHead(decodeOnnx(after.modelBytes));
    const expected = rowsOf(pooled, head.width).map((row) => [...headLogOdds(head, Float32Array.from(row))]);
    for (const [row, odds] of rowsOf(logits!, 3).entries()) {
      for (const [k, value] of odds.entries()) expect(value).toBeCloseTo(expected[row]![k]!, 4);
    }
    await plain.close();
  });
});

describe('training a head', () => {
  const name = 'tiny-bert';
  const model = tinyFile(name, 'model.onnx');

  it('gives the same bytes for the same rows and seed', async () => {
    const [one, other] = [await trained(name, model), await trained(name, model)];
    expect(Buffer.compare(one.modelBytes, other.modelBytes)).toBe(0);
    expect(one.metrics).toEqual(other.metrics);
  });

  it('reports figures on rows it kept out, before and after, and how it was done', async () => {
    const { metrics, parameters } = await trained(name, model);
    expect(metrics).toMatchObject({ newRows: 30, oldRows: 22 });
    expect(metrics.newAccuracy).toBeGreaterThan(metrics.newAccuracyBefore! + 0.3);
    expect(metrics.newLogLoss).toBeLessThan(metrics.newLogLossBefore!);
    expect(parameters).toMatchObject({ trainedOn: 170, replayed: 150, classes: TINY_LABELS[name] });
    expect(parameters.temperature).toBeGreaterThanOrEqual(1);
  });

  it('keeps what the old head says of texts that nobody labelled, given as many as these', async () => {
    const { words, slang } = tinyReference(name).task;
    const rows = sentences(name, slang, { count: 400, seed: 1 });
    const olds = sentences(name, words, { count: 700, seed: 2 });
    const replay = olds.slice(0, 300).map(({ text }) => ({ text }));
    const after = await trained(name, model, { rows, replay });
    const was = await accuracyBy(name, model, olds.slice(300));
    expect(await accuracyBy(name, after.modelBytes, olds.slice(300))).toBeGreaterThan(was - 0.02);
  });

  it('changes little where the new rows say nothing of the text', async () => {
    const { rows } = tasks(name);
    const dice = createRandom(3);
    const shuffled = rows.map(({ text }) => ({ text, label: SENTIMENTS[dice.integer(3)]! }));
    const after = await trained(name, model, { rows: shuffled });
    expect(after.metrics.newAccuracy).toBeLessThan(0.6);
    expect(after.metrics.oldAccuracy).toBeGreaterThan(0.9);
  });

  it('takes texts of its own to remember by where none are given', async () => {
    const after = await trained(name, model, { replay: undefined });
    expect(after.parameters.replayed).toBe(PROBE_TEXTS.length);
  });

  it('judges itself by the newest rows where all rows have times', async () => {
    const { rows } = tasks(name);
    const wrong = (label: SentimentLabel) => (label === 'positive' ? 'negative' : 'positive');
    const timed = rows.map((row, at) => ({ ...row, at, label: at < 170 ? row.label! : wrong(row.label!) }));
    const { metrics } = await trained(name, model, { rows: timed });
    expect(metrics.newAccuracy).toBeLessThan(0.1);
  });

  it('leaves out what is no class of the model, and never teaches it as another', async () => {
    const { rows } = tasks(name);
    const news = rows.map((row, place) => ({ ...row, label: place % 3 === 0 ? undefined : row.label }));
    const { parameters, metrics } = await trained(name, model, { rows: news as never });
    const { parameters: alone, metrics: same } = await trained(name, model, {
      rows: news.filter(({ label }) => label !== undefined) as never,
    });
    expect(parameters.leftOut).toBe(news.filter(({ label }) => label === undefined).length);
    expect(parameters.trainedOn).toBe(alone.trainedOn);
    expect(metrics).toEqual(same);
  });

  it("refuses too few rows, a single class, and labels that are not the model's", async () => {
    const { rows } = tasks(name);
    const refused = { code: 'SENTIMENT_TRAINING_REFUSED' };
    await expect(trained(name, model, { rows: rows.slice(0, 20) })).rejects.toMatchObject(refused);
    const single = rows.map(({ text }) => ({ text, label: 'neutral' as const }));
    await expect(trained(name, model, { rows: single })).rejects.toMatchObject(refused);
    await expect(trained(name, model, { labels: ['positive', 'negative'] })).rejects.toMatchObject(refused);
  });

  it('refuses encodings that do not fit the texts', async () => {
    const encode = () => Promise.resolve(new Float32Array(5));
    await expect(trained(name, model, { encode })).rejects.toThrow(RangeError);
  });
});
