import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { availableParallelism, tmpdir } from 'node:os';
import { join } from 'node:path';
import { InferenceSession, Tensor } from 'onnxruntime-node';
import { messageOf } from '../src/core/index.ts';
import { boost, type Boosted } from '../src/models/boosted-trees/boost.ts';
import { predictForest, type Forest } from '../src/models/boosted-trees/forest.ts';
import { exportOnnx } from '../src/models/boosted-trees/onnx-export.ts';
import { XGBOOST_DEFAULTS } from '../src/models/boosted-trees/parameters.ts';
import { areaUnderRoc } from '../src/stats/index.ts';
import { median, round, type BenchContext, type BenchResult } from './bench.ts';
import { startPeer, type Peer } from './peers/peer.ts';
import { makeTreeRows, WIDTH, type TreeRows } from './tree-rows.ts';

/** What both sides are told. */
const LEARNING = { rounds: 300, eta: 0.1, maxDepth: 6, maxBin: 255 };
const SMALL = 50_000;
const LARGE = 500_000;
const TESTED = 20_000;
const PREDICTED = 10_000;
const LEVELS = 64;
const ROW_LIMIT_MICROSECONDS = 15;
const TRAIN_KEY = { small: 'xgboost-train-50k', large: 'xgboost-train-500k' };
const ROW_KEY = 'xgboost-predict-row';
const ONNX_KEY = 'onnxruntime-predict-10k';
const ROW_LIMIT_KEY = 'limit-15-us-predict-row';
const THREADS_KEY = 'one-thread-train-500k';
const MICROSECONDS = 1_000;

interface Sizes {
  small: number;
  large: number;
  tested: number;
  predicted: number;
  rounds: number;
  seeds: number;
  turns: number;
}

interface Stage extends BenchContext {
  sizes: Sizes;
  folder: string;
  peer: Peer | undefined;
  figures: Record<string, number | string>;
  ratios: Record<string, number>;
}

/**
 * Boosted trees against XGBoost's `hist` with the same parameters, one thread each, in processor time; against our own
 * single thread; and their answers against ONNX Runtime on the exported model, one thread each.
 */
export async function run(
  context: BenchContext,
  {
    small = SMALL,
    large = LARGE,
    tested = TESTED,
    predicted = PREDICTED,
    rounds = LEARNING.rounds,
    seeds = 5,
    turns = 3,
  }: Partial<Sizes> = {},
): Promise<BenchResult> {
  const folder = await mkdtemp(join(tmpdir(), 'bench-trees-'));
  const missing: string[] = [];
  const peer = await startPeer('python', new URL('./peers/trees_peer.py', import.meta.url), []).catch(
    (error: unknown) => {
      missing.push(TRAIN_KEY.small, TRAIN_KEY.large, ROW_KEY);
      context.progress(`xgboost is missing: ${messageOf(error)}`);
      return undefined;
    },
  );
  const sizes = { small, large, tested, predicted, rounds, seeds, turns };
  const stage: Stage = { ...context, sizes, folder, peer, figures: describe(sizes, peer), ratios: {} };
  try {
    const forest = await compareTraining(stage, TRAIN_KEY.small, small);
    await compareAnswers(stage, forest);
    await compareSkill(stage, 'binned', LEVELS);
    await compareSkill(stage, 'raw', undefined);
    await compareTraining(stage, TRAIN_KEY.large, large);
    if (availableParallelism() > 1) await compareThreads(stage);
    else missing.push(THREADS_KEY);
    return { figures: stage.figures, ratios: stage.ratios, missing };
  } finally {
    peer?.close();
    await rm(folder, { recursive: true, force: true });
  }
}

function describe(sizes: Sizes, peer: Peer | undefined): Record<string, number | string> {
  return {
    ...sizes,
    columns: WIDTH,
    depth: LEARNING.maxDepth,
    bins: LEARNING.maxBin,
    node: process.versions.node,
    ...(peer && { python: peer.facts['python'] ?? '', xgboost: peer.facts['package'] ?? '' }),
  };
}

/** Processor time from values in memory to a model, in turns. @returns our forest */
async function compareTraining(stage: Stage, key: string, count: number): Promise<Forest> {
  const { sizes, folder, peer, progress, figures } = stage;
  const rows = await makeTreeRows(folder, { count, seed: 1, name: key });
  const [ours, theirs]: [number[], number[]] = [[], []];
  let forest: Forest | undefined;
  // A turn for compilers and caches comes first, where it is short.
  for (let turn = count <= SMALL ? 0 : 1; turn <= sizes.turns; turn += 1) {
    const before = process.cpuUsage();
    forest = asForest(learn(rows, stage, 1));
    const { user, system } = process.cpuUsage(before);
    const seconds = (user + system) / 1e6;
    const peers = await peer?.order(trainingOf(rows, stage));
    progress(
      `${key} turn ${turn}: ours ${round(seconds, 2)} s, xgboost ${round(peers?.['cpuSeconds'] ?? NaN, 2)} s`,
    );
    if (turn === 0) continue;
    ours.push(seconds);
    if (peers !== undefined) theirs.push(peers['cpuSeconds'] ?? NaN);
  }
  figures[`${key}-ours-cpu-seconds`] = round(median(ours), 2);
  if (theirs.length > 0) {
    figures[`${key}-cpu-seconds`] = round(median(theirs), 2);
    stage.ratios[key] = round(median(theirs) / median(ours), 2);
  }
  return forest as Forest;
}

function learn(rows: TreeRows, { sizes }: Stage, threads: number): Boosted {
  const parameters = { ...XGBOOST_DEFAULTS, ...LEARNING, rounds: sizes.rounds };
  return boost(rows, { parameters, seed: 1, threads });
}

function asForest(boosted: Boosted): Forest {
  return { columns: Array.from({ length: WIDTH }, (_, column) => `c${column}`), ...boosted };
}

function trainingOf({ valuesFile, labelsFile }: TreeRows, { sizes }: Stage): object {
  const { eta, maxDepth: depth, maxBin: bins } = LEARNING;
  const files = { rows: valuesFile, labels: labelsFile, width: WIDTH };
  return { do: 'train', ...files, rounds: sizes.rounds, eta, depth, bins };
}

/** Wall time, since that is what threads are for. */
async function compareThreads(stage: Stage): Promise<void> {
  const { sizes, folder, stopwatch, progress, figures } = stage;
  const rows = await makeTreeRows(folder, { count: sizes.large, seed: 1, name: 'threads' });
  const seconds: Record<1 | 2, number[]> = { 1: [], 2: [] };
  for (let turn = 0; turn < sizes.turns; turn += 1) {
    for (const threads of [1, 2] as const) {
      const startedAt = stopwatch();
      learn(rows, stage, threads);
      seconds[threads].push((stopwatch() - startedAt) / 1_000);
    }
    progress(
      `threads turn ${turn + 1}: one ${round(seconds[1].at(-1) ?? NaN, 2)} s, two ${round(seconds[2].at(-1) ?? NaN, 2)} s`,
    );
  }
  figures['train-500k-wall-seconds-one-thread'] = round(median(seconds[1]), 2);
  figures['train-500k-wall-seconds-two-threads'] = round(median(seconds[2]), 2);
  stage.ratios[THREADS_KEY] = round(median(seconds[1]) / median(seconds[2]), 2);
}

/** Area under the curve on rows that nobody learnt from, over several seeds. */
async function compareSkill(stage: Stage, name: string, levels: number | undefined): Promise<void> {
  const { sizes, folder, peer, progress, figures } = stage;
  if (peer === undefined) return;
  const gaps: number[] = [];
  for (let seed = 1; seed <= sizes.seeds; seed += 1) {
    const options = { seed, ...(levels === undefined ? {} : { levels }) };
    const learnt = await makeTreeRows(folder, { ...options, count: sizes.small, name: 'learnt' });
    const tested = await makeTreeRows(folder, {
      ...options,
      seed: 1_000 + seed,
      count: sizes.tested,
      name: 'tested',
    });
    const ours = predictForest(asForest(learn(learnt, stage, 1)), matrixOf(tested, tested.count));
    await peer.order(trainingOf(learnt, stage));
    const to = join(folder, 'answers.f32');
    await peer.order({ do: 'predict', rows: tested.valuesFile, width: WIDTH, to });
    const bytes = await readFile(to);
    const theirs = Float64Array.from(new Float32Array(bytes.buffer, bytes.byteOffset, tested.count));
    const [own, peers] = [areaUnderRoc(ours, tested.labels), areaUnderRoc(theirs, tested.labels)];
    gaps.push(own - peers);
    progress(`${name} values, seed ${seed}: AUC ours ${own.toFixed(5)}, xgboost ${peers.toFixed(5)}`);
  }
  figures[`auc-ahead-${name}-mean`] = round(gaps.reduce((sum, gap) => sum + gap, 0) / gaps.length, 6);
  figures[`auc-ahead-${name}-worst`] = round(Math.min(...gaps), 6);
}

function matrixOf({ values }: TreeRows, count: number) {
  const columns = Array.from({ length: WIDTH }, (_, column) => `c${column}`);
  return { columns, values: Float64Array.from(values.subarray(0, count * WIDTH)), count };
}

/** Answers: one row at a time beside XGBoost, ten thousand at once beside ONNX Runtime on the exported model. */
async function compareAnswers(stage: Stage, forest: Forest): Promise<void> {
  const { sizes, folder, peer, stopwatch, figures, ratios } = stage;
  const rows = await makeTreeRows(folder, { count: sizes.predicted, seed: 2, name: 'answers' });
  const all = matrixOf(rows, rows.count);
  const spent: number[] = [];
  for (let row = 0; row < rows.count; row += 1) {
    const one = { ...all, values: all.values.subarray(row * WIDTH, (row + 1) * WIDTH), count: 1 };
    const startedAt = stopwatch();
    predictForest(forest, one);
    spent.push((stopwatch() - startedAt) * MICROSECONDS);
  }
  figures['predict-row-microseconds-p50'] = round(median(spent), 2);
  ratios[ROW_LIMIT_KEY] = round(ROW_LIMIT_MICROSECONDS / median(spent), 2);
  const theirs = await peer?.order({ do: 'row', rows: rows.valuesFile, width: WIDTH, times: 2_000 });
  if (theirs !== undefined) {
    figures[`${ROW_KEY}-microseconds-p50`] = round(theirs['medianMicroseconds'] ?? NaN, 2);
    ratios[ROW_KEY] = round((theirs['medianMicroseconds'] ?? NaN) / median(spent), 2);
  }
  const session = await InferenceSession.create(exportOnnx(forest), {
    intraOpNumThreads: 1,
    interOpNumThreads: 1,
  });
  const feeds = { features: new Tensor('float32', rows.values, [rows.count, WIDTH]) };
  const [own, onnx]: [number[], number[]] = [[], []];
  for (let turn = 0; turn <= 4 * sizes.turns; turn += 1) {
    const begun = stopwatch();
    predictForest(forest, all);
    const between = stopwatch();
    await session.run(feeds);
    if (turn === 0) continue;
    own.push(between - begun);
    onnx.push(stopwatch() - between);
  }
  await session.release();
  figures['predict-10k-ms'] = round(median(own), 2);
  figures[`${ONNX_KEY}-ms`] = round(median(onnx), 2);
  ratios[ONNX_KEY] = round(median(onnx) / median(own), 2);
}
