import { execFile } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { promisify } from 'node:util';
import { messageOf } from '../src/core/index.ts';
import { createTransformer } from '../src/sentiment/transformer/transformer.ts';
import { linearFamily } from '../src/sentiment/linear/linear.ts';
import type { BertShape } from '../src/sentiment/transformer/bert-shape.ts';
import { median, round, takeTurns, type BenchContext, type BenchResult, type Contender } from './bench.ts';
import { readHeadlines } from './headlines.ts';
import { measureLoop } from './transformer-load.ts';
import { BARE_SETTINGS, feedsOf, makeModels, openBare, type BenchModel } from './transformer-stage.ts';

const OURS = 'ours';
const BARE = 'bare-session-run';
const SINGLE = 'bare-session-run-single';
/** Nobody opens a session so by himself; it says what is due to the settings. */
const TUNED = 'bare-session-run-with-our-settings';
const PIPELINE = 'transformers-js';
const LIMIT_MB = 512;
const LIMIT_LOOP_MS = 20;
/** The bare session is given the size that suits it best. */
const BATCH_SIZES = [1, 2, 4, 8, 16, 32];
const SECOND_MS = 1_000;
/** With as many threads as ours, and, as a figure, as its documentation calls it: with all that the machine has. */
const PIPELINES: readonly [string, object][] = [
  [PIPELINE, { session_options: { intraOpNumThreads: 1, interOpNumThreads: 1 } }],
  [`${PIPELINE}-all-threads`, {}],
];
/** An fp32 file as it is served, in int8, over what the pipeline makes of the same file. */
const SERVED = `served-over-${PIPELINE}`;
const PACKAGE = '@huggingface/transformers';
const here = dirname(fileURLToPath(import.meta.url));

export interface TransformerBenchSize {
  rounds?: number;
  /** Texts of a round. */
  texts?: number;
  /** Texts after which memory is read. */
  memoryTexts?: number;
  /** How long a hundred ask a small model at once. */
  loadMs?: number;
  shape?: BertShape;
}

/** A scorer on a network of BERT-base's form against the bare runtime, against transformers.js, and its memory. */
export async function run(
  context: BenchContext,
  { rounds = 5, texts: count = 200, memoryTexts = 10_000, loadMs = 10_000, shape }: TransformerBenchSize = {},
): Promise<BenchResult> {
  const { root, progress } = context;
  const folder = mkdtempSync(join(tmpdir(), 'bellwether-bench-'));
  try {
    const { origin, texts: all } = readHeadlines(root, Infinity);
    const texts = spread(all, count);
    progress(`${texts.length} texts a round, ${origin}; making the models`);
    const { models, tokenizer } = makeModels({ root, projectRoot: resolve(here, '..'), folder }, shape);
    const figures: BenchResult['figures'] = { texts: texts.length, headlines: origin, tokenizer, threads: 1 };
    const ratios: Record<string, number[]> = {};
    const missing = new Set<string>();
    for (const model of models) {
      const measured = await measure(context, { model, texts, rounds, missing });
      Object.assign(figures, measured.figures);
      for (const [key, ratio] of Object.entries(measured.ratios)) (ratios[key] ??= []).push(ratio);
    }
    const loop = await measureLoop({ projectRoot: resolve(here, '..'), folder, durationMs: loadMs });
    progress(`event loop: ${loop.p99Ms} ms at the 99th percentile, ${loop.failed} of ${loop.asked} failed`);
    if (loop.firstError !== null) progress(`the first that failed: ${loop.firstError}`);
    Object.assign(figures, {
      'event-loop-p99-ms': loop.p99Ms,
      'event-loop-asked': loop.asked,
      'event-loop-failed': loop.failed,
    });
    ratios['limit-20-ms-event-loop'] = [LIMIT_LOOP_MS / loop.p99Ms];
    const memory = await measureMemory(context, { folder, texts: spread(all, memoryTexts), all });
    Object.assign(figures, memory);
    ratios['limit-512-mb'] = [LIMIT_MB / Number(memory['memory-mb'])];
    const served =
      Number(figures[`int8-${OURS}-texts-per-second`]) / Number(figures[`fp32-${PIPELINE}-texts-per-second`]);
    if (Number.isFinite(served)) figures[SERVED] = round(served, 3);
    const worst = Object.entries(ratios).map(([key, found]) => [key, round(Math.min(...found), 3)]);
    return { figures, ratios: Object.fromEntries(worst) as Record<string, number>, missing: [...missing] };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

interface Case {
  model: BenchModel;
  texts: readonly string[];
  rounds: number;
  missing: Set<string>;
}

async function measure(
  { progress, stopwatch }: BenchContext,
  { model, texts, rounds, missing }: Case,
): Promise<{ figures: BenchResult['figures']; ratios: Record<string, number> }> {
  const { precision, folder, file, encode } = model;
  // What was scored before would be remembered.
  const options = { family: 'finbert', version: '1.0.0', precision: 'fp32', cacheEntries: 1 } as const;
  const scorer = await createTransformer({ ...options, modelDir: folder });
  const session = await openBare(file, BARE_SETTINGS.default);
  const tuned = await openBare(file, BARE_SETTINGS.ours);
  const rows = texts.map(encode).sort((left, right) => left.length - right.length);
  const timed = async (work: () => Promise<unknown>) => {
    const begun = stopwatch();
    await work();
    return (texts.length * SECOND_MS) / (stopwatch() - begun);
  };
  const inBatches = async (size: number, on = session) => {
    for (let from = 0; from < rows.length; from += size) {
      await on.run(feedsOf(rows.slice(from, from + size)));
    }
  };
  const sizes = await ratesBySize((size) => timed(() => inBatches(size)));
  const [best = NaN] = [...sizes].sort(([, one], [, other]) => other - one)[0] ?? [];
  progress(`${precision}: batches of ${best} suit the bare session best`);
  const contenders: Contender[] = [
    { key: OURS, round: () => timed(() => scorer.score(texts)) },
    { key: BARE, round: () => timed(() => inBatches(best)) },
    { key: TUNED, round: () => timed(() => inBatches(best, tuned)) },
  ];
  try {
    for (const [key, options] of PIPELINES) {
      const ask = await openPipeline(model, options);
      const oneByOne = async () => {
        for (const text of texts) await ask(text);
      };
      contenders.push({ key, round: () => timed(oneByOne) });
    }
  } catch (error) {
    missing.add(PIPELINE);
    progress(`${PIPELINE} is missing: ${messageOf(error)}`);
  }
  const rates = await takeTurns(contenders, { rounds, progress });
  const bare = (text: string) => session.run(feedsOf([encode(text)]));
  const single = await measureSingle({ texts, stopwatch, ours: (text) => scorer.score([text]), bare });
  await scorer.close();
  await session.release();
  await tuned.release();
  const named = [...rates].map(([key, rate]) => [`${precision}-${key}-texts-per-second`, round(rate, 1)]);
  const ours = rates.get(OURS) ?? NaN;
  return {
    figures: {
      ...(Object.fromEntries(named) as Record<string, number>),
      [`${precision}-bare-batch-size`]: best,
      ...Object.fromEntries(
        [...sizes].map(([size, rate]) => [
          `${precision}-bare-in-batches-of-${size}-texts-per-second`,
          round(rate, 1),
        ]),
      ),
      [`${precision}-single-p50-ms`]: round(single.ours, 2),
      [`${precision}-bare-single-p50-ms`]: round(single.bare, 2),
      'mean-tokens': round(rows.reduce((sum, row) => sum + row.length, 0) / rows.length, 1),
    },
    ratios: {
      [BARE]: ours / (rates.get(BARE) ?? NaN),
      [SINGLE]: single.bare / single.ours,
      ...(rates.has(PIPELINE) && { [PIPELINE]: ours / (rates.get(PIPELINE) ?? NaN) }),
    },
  };
}

/** The middle of three turns, so that one bad moment decides nothing. */
async function ratesBySize(rateOf: (size: number) => Promise<number>): Promise<Map<number, number>> {
  const contenders = BATCH_SIZES.map((size) => ({ key: String(size), round: () => rateOf(size) }));
  const rates = await takeTurns(contenders, { rounds: 3, progress: () => {} });
  return new Map([...rates].map(([size, rate]) => [Number(size), rate]));
}

/** One text after the other, ours and the bare one in turns; milliseconds in the middle of each. */
async function measureSingle({
  texts,
  stopwatch,
  ours,
  bare,
}: {
  texts: readonly string[];
  stopwatch: () => number;
  ours: (text: string) => Promise<unknown>;
  bare: (text: string) => Promise<unknown>;
}): Promise<{ ours: number; bare: number }> {
  const timesOf = { ours: [] as number[], bare: [] as number[] };
  for (const text of texts) {
    for (const [name, ask] of [
      ['ours', ours],
      ['bare', bare],
    ] as const) {
      const begun = stopwatch();
      await ask(text);
      timesOf[name].push(stopwatch() - begun);
    }
  }
  return { ours: median(timesOf.ours), bare: median(timesOf.bare) };
}

/**
 * The pipeline of transformers.js on the same file. The package is no dependency: it is taken from
 * the project (`npm install --no-save @huggingface/transformers`) or from a folder in NODE_PATH.
 */
async function openPipeline(
  { folder }: BenchModel,
  options: object,
): Promise<(text: string) => Promise<unknown>> {
  const { pipeline, env } = (await import(
    pathToFileURL(createRequire(import.meta.url).resolve(PACKAGE)).href
  )) as {
    pipeline(task: string, model: string, options: object): Promise<(text: string) => Promise<unknown>>;
    env: { localModelPath: string; allowRemoteModels: boolean; allowLocalModels: boolean };
  };
  env.allowLocalModels = true;
  env.allowRemoteModels = false;
  env.localModelPath = dirname(folder);
  return pipeline('text-classification', folder.slice(dirname(folder).length + 1), {
    dtype: 'fp32',
    device: 'cpu',
    ...options,
  });
}

async function measureMemory(
  { progress }: BenchContext,
  { folder, texts, all }: { folder: string; texts: readonly string[]; all: readonly string[] },
): Promise<Record<string, number>> {
  const linear = join(folder, 'linear');
  mkdirSync(linear);
  const labels = ['negative', 'neutral', 'positive'] as const;
  const rated = spread(all, 600).map((text, place) => ({ text, label: labels[place % 3] ?? 'neutral' }));
  const { files } = await linearFamily.train(rated, { seed: 1, base: null });
  for (const [name, content] of files) writeFileSync(join(linear, name), content);
  const textsFile = join(folder, 'texts.json');
  writeFileSync(textsFile, JSON.stringify(texts));
  progress(`memory: a process of its own scores ${texts.length} texts`);
  const program = ['--disable-warning=ExperimentalWarning', join(here, 'transformer-process.ts')];
  const args = [...program, join(folder, 'int8'), textsFile, linear];
  const { stdout } = await promisify(execFile)(process.execPath, args);
  const { rssMb, peakRssMb } = JSON.parse(stdout) as { rssMb: number; peakRssMb: number | null };
  return {
    'memory-texts': texts.length,
    'memory-mb': round(rssMb, 0),
    ...(peakRssMb !== null && { 'memory-peak-mb': round(peakRssMb, 0) }),
  };
}

/** So many of them, from all over the list. */
function spread(texts: readonly string[], count: number): string[] {
  const step = Math.max(1, texts.length / count);
  return Array.from(
    { length: Math.min(count, texts.length) },
    (_, place) => texts[Math.floor(place * step)] ?? '',
  );
}
