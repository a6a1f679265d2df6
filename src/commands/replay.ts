import { createHash } from 'node:crypto';
import { closeSync, openSync, writeFileSync } from 'node:fs';
import { z } from 'zod';
import { createModels, openStorage, type Models, type Storage } from '../compose.ts';
import { withInstalledScorers } from '../compose-scorers.ts';
import {
  countWindows,
  createLog,
  DAY_MS,
  dropWorkspace,
  isAppError,
  isoUtc,
  MINUTE_MS,
  readFact,
  writeFact,
  type Config,
  type EpochMs,
  type Log,
} from '../core/index.ts';
import { readBarSpan } from '../lake/index.ts';
import { createFitPool } from '../models/index.ts';
import { measurePerformance } from '../monitoring/index.ts';
import {
  analyzeLedger,
  countPredictions,
  predictionLine,
  readPredictions,
  readScored,
} from '../prediction/index.ts';
import { countLearning } from '../registry/index.ts';
import { windowsBetween } from '../run-window.ts';
import { laneFacts, wantedLanes } from '../scorers.ts';
import { scorerName } from '../sentiment/index.ts';
import { openHistoryFolder, type HistoryFolder } from '../sources/index.ts';
import { openRun, WINDOW_JOB } from '../window-run.ts';
import { candlesMissing, rangeEmpty, rangeReversed } from './errors.ts';
import { tellHindsight } from './hindsight.ts';
import { requireHorizons } from './horizons.ts';
import { importOnce } from './import.ts';
import { learningSettings } from './learning-settings.ts';
import { peakRssMb, postgresRssMb } from './memory.ts';
import { requireOutFile, writeWhole } from './out-file.ts';
import type { CommandContext, ExitCode } from './program.ts';
import { describeReplay } from './replay-report.ts';
import { replayWindows } from './replay-windows.ts';
import type { Terminal } from './terminal.ts';
import { holdoutFacts, workspaceName } from './workspace-name.ts';

interface Options {
  history: string;
  from: EpochMs;
  to: EpochMs;
  bar?: number;
  seed: number;
  fresh?: boolean;
  out?: string;
  json?: boolean;
}

/** What a finished replay found out; kept in its workspace. */
const resultSchema = z.object({
  windows: z.number(),
  predictions: z.number(),
  predictionsHash: z.string(),
  retrains: z.number(),
  promotions: z.number(),
  rollbacks: z.number(),
  accuracy: z.array(
    z.object({
      arm: z.string(),
      horizonMinutes: z.number(),
      accuracy: z.number().nullable(),
      accuracyOneBarLater: z.number().nullable(),
      n: z.number(),
      baseline: z.number().nullable(),
      low: z.number().nullable(),
      high: z.number().nullable(),
      baselines: z.record(z.string(), z.number().nullable()),
      voids: z.number(),
      pending: z.number(),
    }),
  ),
});
export type ReplayResult = z.infer<typeof resultSchema>;

/** While models are fitted nothing else is done, so this thread fits beside one more: both cores of a small machine. */
const FITTING = { threads: 1, isBlocking: true };
/** Stands in a workspace whose replay is finished. */
export const RESULT_FACT = 'replay-result';
/** Predictions that are read back at once. */
const READ_BACK_MS = 28 * DAY_MS;
/** The baseline that a direction has to beat: hourly Bitcoin reverses, and this one knows it. */
const BASELINE_TO_BEAT = 'sign-table';

/** `replay`: the whole system over history on a virtual clock; resumed where it stopped, repeated from its result. */
export async function replay(options: Options, { config, terminal }: CommandContext): Promise<ExitCode> {
  const startedAt = performance.now();
  if (!(options.from < options.to)) throw rangeReversed(options);
  // Now rather than when hours of work are done.
  if (options.out !== undefined) await requireOutFile(options.out);
  const folder = await openHistoryFolder(options.history, { asset: config.asset, bar: options.bar });
  requireHorizons(folder.barMinutes);
  const log = createLog(config.logLevel);
  return withInstalledScorers(config, { log }, async ({ scorers }) => {
    const lanes = await scorers.lanes({ read: [], isWanted: wantedLanes(config) });
    const models = createModels(folder.barMinutes, lanes);
    return replayFolder({ options, config, folder, models, log, terminal, startedAt });
  });
}

async function replayFolder(
  parts: Omit<ReplayParts, 'storage'> & { log: Log; startedAt: number },
): Promise<ExitCode> {
  const { options, config, folder, models, log, terminal, startedAt } = parts;
  const name = await nameOf(folder, { options, config, models });
  const storage = await openStorage({
    config,
    workspaceName: name,
    isFresh: options.fresh,
    log,
    onProgress: (phrase) => {
      terminal.say(`  ${phrase}`);
    },
  });
  try {
    const result =
      (await storedResult(storage)) ??
      (await runReplay({ options, config, folder, models, storage, terminal }));
    if (options.out !== undefined) await writeOut(options.out, storage, { ...options, asset: config.asset });
    const process = {
      wallSeconds: Math.round((performance.now() - startedAt) / 10) / 100,
      peakRssMb: peakRssMb(),
      postgresRssMb: postgresRssMb(storage.postgres.pid),
    };
    terminal.result(describeReplay(result, { ...options, ...process, workspace: name }), {
      ...result,
      ...process,
      workspace: name,
    });
  } catch (error) {
    // Words that cannot be meant leave nothing behind: the workspace is named after them, so no other replay uses it.
    if (isAppError(error) && error.code === 'USAGE_INVALID') {
      await dropWorkspace(storage.postgres, { name, dataDir: config.dataDir, cache: storage.cache });
    }
    throw error;
  } finally {
    await storage.close();
  }
  return 0;
}

async function nameOf(
  folder: HistoryFolder,
  { options, config, models }: { options: Options; config: Config; models: Models },
): Promise<string> {
  return workspaceName('replay', {
    content: await folder.contentHash(),
    asset: config.asset,
    from: options.from,
    to: options.to,
    bar: folder.barMinutes,
    seed: options.seed,
    grace: config.graceSeconds,
    featureSet: models.featureSet.version,
    ...laneFacts(models.scorers.slice(1).map(scorerName)),
    ...learningSettings(config, models),
    ...holdoutFacts(config),
  });
}

async function storedResult({ workspace }: Storage): Promise<ReplayResult | null> {
  const stored = await readFact(workspace.pool, RESULT_FACT);
  return stored === undefined ? null : resultSchema.parse(stored);
}

interface ReplayParts {
  options: Options;
  config: Config;
  folder: HistoryFolder;
  models: Models;
  storage: Storage;
  terminal: Terminal;
}

async function runReplay(parts: ReplayParts): Promise<ReplayResult> {
  const { options, config, folder, models, storage, terminal } = parts;
  const { workspace, cache } = storage;
  const { asset, graceSeconds } = config;
  await importOnce({ workspace, source: folder.source, asset, terminal });
  const span = await readBarSpan(workspace.pool, { asset, barMinutes: folder.barMinutes });
  if (span === null) throw candlesMissing(folder.barMinutes);
  const upTo = Math.min(options.to, span.last);
  const beforeFirst = span.first - folder.barMinutes * MINUTE_MS;
  const asked = windowsBetween(Math.max(options.from, beforeFirst), upTo, folder.barMinutes);
  if (asked.length === 0) throw rangeEmpty(options, span);
  if (options.from < beforeFirst) {
    terminal.say(`  the history begins at ${isoUtc(beforeFirst)}, after --from`);
  }
  if (upTo < options.to) terminal.say(`  the history ends at ${isoUtc(upTo)}, before --to`);
  tellHindsight(terminal, { scorers: models.scorers, from: beforeFirst });
  const pool = createFitPool(FITTING);
  try {
    const run = await openRun({
      ...models,
      ...learningSettings(config, models),
      pool,
      workspace,
      cache,
      asset,
      graceSeconds,
      holdout: config.holdout,
      predictAfter: options.from,
      seed: options.seed,
    });
    await replayWindows(run, {
      beginning: beforeFirst,
      upTo,
      onProgress: ({ phrase, done, total }) => {
        terminal.progress(phrase, done, total);
      },
    });
  } finally {
    await pool.close();
  }
  await analyzeLedger(workspace.pool);
  const result = await summarise(storage, { ...options, to: upTo, asset, barMinutes: folder.barMinutes });
  await writeFact(workspace.pool, RESULT_FACT, result);
  return result;
}

async function summarise(
  { workspace }: Storage,
  range: { asset: string; from: EpochMs; to: EpochMs; barMinutes: number; seed: number },
): Promise<ReplayResult> {
  const { asset, from, to, barMinutes, seed } = range;
  const scored = await readScored(workspace.pool, { asset, after: from, upTo: to, barMinutes });
  const performances = measurePerformance(scored, { barMinutes, seed });
  const { predictions } = await countPredictions(workspace.pool, asset);
  const hash = createHash('sha256');
  let isFirst = true;
  for await (const line of predictionLines(workspace.pool, range)) {
    hash.update(isFirst ? line : `\n${line}`);
    isFirst = false;
  }
  return resultSchema.parse({
    windows: await countWindows(workspace.pool, { job: WINDOW_JOB, asset, after: from, upTo: to }),
    predictions,
    predictionsHash: hash.digest('hex'),
    ...(await countLearning(workspace.pool, asset)),
    accuracy: performances.map((performance) => ({
      arm: performance.arm,
      horizonMinutes: performance.horizonMinutes,
      accuracy: known(performance.accuracy),
      accuracyOneBarLater: known(performance.accuracyOneBarLater),
      n: performance.n,
      baseline: known(performance.baselines[BASELINE_TO_BEAT] ?? NaN),
      low: known(performance.low),
      high: known(performance.high),
      baselines: Object.fromEntries(
        Object.entries(performance.baselines).map(([name, accuracy]) => [name, known(accuracy)]),
      ),
      voids: performance.voids,
      pending: performance.pending,
    })),
  });
}

/** Every line of the prediction file, in its order, some weeks in memory at a time. */
async function* predictionLines(
  pool: Storage['workspace']['pool'],
  { asset, from, to }: { asset: string; from: EpochMs; to: EpochMs },
): AsyncGenerator<string> {
  for (let after = from; after < to; after += READ_BACK_MS) {
    const upTo = Math.min(to, after + READ_BACK_MS);
    const predictions = await readPredictions(pool, { asset, after, upTo, knownBy: Infinity });
    for (const prediction of predictions) yield predictionLine(prediction);
  }
}

async function writeOut(
  path: string,
  { workspace }: Storage,
  range: { asset: string; from: EpochMs; to: EpochMs },
): Promise<void> {
  await writeWhole(path, async (draft) => {
    const file = openSync(draft, 'w');
    try {
      for await (const line of predictionLines(workspace.pool, range)) writeFileSync(file, `${line}\n`);
    } finally {
      closeSync(file);
    }
  });
}

function known(value: number): number | null {
  return Number.isNaN(value) ? null : value;
}
