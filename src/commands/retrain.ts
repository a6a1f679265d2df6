import { createModels, openStorage, type Models, type Storage } from '../compose.ts';
import { createWorkspaceModels, withInstalledScorers } from '../compose-scorers.ts';
import {
  createLog,
  isoUtc,
  latestWindow,
  LIVE_WORKSPACE,
  MINUTE_MS,
  SECOND_MS,
  type Config,
  type EpochMs,
  type Log,
} from '../core/index.ts';
import { readFeatureState } from '../features/index.ts';
import { readBarSpan, readFurthestBar } from '../lake/index.ts';
import { openLearning } from '../learning.ts';
import { createFitPool } from '../models/index.ts';
import { countPredictions, type WindowMemory } from '../prediction/index.ts';
import type { GateDecision, ManifestModel } from '../registry/index.ts';
import type { Retraining } from '../retraining/index.ts';
import type { OpenScorers } from '../scorers.ts';
import { SCORER_FAMILIES, scorerName } from '../sentiment/index.ts';
import { commitRetraining, openMemory, openRun, WINDOW_JOB } from '../window-run.ts';
import { alignColumns } from './align-columns.ts';
import { percent } from './amount.ts';
import { readRunningStart } from './data-folder.ts';
import { candlesMissing, familyUnknown, retrainingFailed, usageInvalid, workspaceEmpty } from './errors.ts';
import { requireHorizons } from './horizons.ts';
import { learningSettings, priceFamilies } from './learning-settings.ts';
import type { CommandContext, ExitCode } from './program.ts';
import { replayWindows } from './replay-windows.ts';
import { retrainScorer } from './retrain-scorer.ts';
import type { Terminal } from './terminal.ts';

interface Options {
  family: string;
  data?: readonly string[];
  base?: string;
  workspace?: string;
  seed: number;
  json?: boolean;
}

interface Parts {
  options: Options;
  config: Config;
  storage: Storage;
  models: Models;
  terminal: Terminal;
}

const FITTING = { threads: 1, isBlocking: true };

/**
 * `retrain`: a new version as a candidate. Of a price family in the workspace's registry, with the gate's evidence beside
 * it; of a family of scorers in the installation's store.
 */
export async function retrainCommand(options: Options, context: CommandContext): Promise<ExitCode> {
  const { config, terminal } = context;
  if (SCORER_FAMILIES.some((family) => family === options.family)) return retrainScorer(options, context);
  const known = priceFamilies(config);
  if (!known.includes(options.family)) throw familyUnknown(options.family, [...known, ...SCORER_FAMILIES]);
  if (options.data !== undefined)
    throw usageInvalid(`--data is for families of scorers; ${options.family} learns from the workspace.`);
  const workspaceName = options.workspace ?? LIVE_WORKSPACE;
  const log = createLog(config.logLevel);
  return withInstalledScorers(config, { log }, ({ scorers }) =>
    retrainFamily({ ...options, workspace: workspaceName }, { scorers, log, config, terminal }),
  );
}

async function retrainFamily(
  options: Options & { workspace: string },
  parts: { scorers: OpenScorers; log: Log } & CommandContext,
): Promise<ExitCode> {
  const { scorers, log, config, terminal } = parts;
  const { workspace: workspaceName } = options;
  const storage = await openStorage({
    config,
    workspaceName,
    log,
    onProgress: (phrase) => {
      terminal.say(`  ${phrase}`);
    },
  });
  try {
    const barMinutes = await readFurthestBar(storage.workspace.pool, config.asset);
    if (barMinutes === null) throw workspaceEmpty(workspaceName);
    requireHorizons(barMinutes);
    const models = await presentLanes(
      await createWorkspaceModels(storage.workspace, { scorers, config, barMinutes }),
      { config, storage },
    );
    const { retraining, at } = await trainCandidate({ options, config, storage, models, terminal });
    tell(retraining, { at, workspaceName, family: options.family, terminal });
  } finally {
    await storage.close();
  }
  return 0;
}

/**
 * Where windows were predicted already nothing is folded here, so only lanes that stand where the first one stands can
 * teach; the `start` of the workspace brings the others there.
 */
async function presentLanes(
  models: Models,
  { config, storage }: { config: Config; storage: Storage },
): Promise<Models> {
  const { pool } = storage.workspace;
  const { asset } = config;
  const [first, ...further] = models.featureSets;
  if (first === undefined) return models;
  const followed = await readFeatureState(pool, { asset, featureSet: first });
  const { predictions } = await countPredictions(pool, asset);
  if (followed === null || predictions === 0) return models;
  const standing: string[] = [];
  for (const featureSet of further) {
    const state = await readFeatureState(pool, { asset, featureSet });
    if (state?.windowEnd === followed.windowEnd) standing.push(featureSet.scorer);
  }
  const names = [first.scorer, ...standing];
  const trained = models.arms.flatMap(({ scorer }) =>
    scorer !== null && names.includes(scorer) ? [scorer] : [],
  );
  return createModels(first.barMinutes, {
    further: models.scorers.filter((scorer) => standing.includes(scorerName(scorer))),
    trained: [...new Set(trained)],
  });
}

async function trainCandidate(parts: Parts): Promise<{ retraining: Retraining; at: EpochMs }> {
  const { options, config, storage, models, terminal } = parts;
  const { asset, graceSeconds } = config;
  const pool = createFitPool(FITTING);
  try {
    const { memory, windowEnd } = await rowsUpToNow(parts);
    const learning = await openLearning({
      ...models,
      ...learningSettings(config, models),
      workspace: storage.workspace,
      asset,
      firstFitAt: windowEnd,
      graceMs: graceSeconds * SECOND_MS,
      seed: options.seed,
      pool,
      // A candidate is what mends a live model that cannot be used.
      refusedAt: windowEnd + graceSeconds * SECOND_MS,
    });
    terminal.say(`Training ${options.family} on what was known at ${isoUtc(windowEnd)}`);
    const retraining = await learning.trainByHand(options.family, { windowEnd, history: memory.history });
    const failed = retraining.runs.find(({ status }) => status !== 'done');
    await commitRetraining({ workspace: storage.workspace, asset }, retraining, retraining.recordedAt);
    if (failed !== undefined) throw retrainingFailed(options.family, failed.reason ?? failed.status);
    return { retraining, at: windowEnd };
  } finally {
    await pool.close();
  }
}

/**
 * The workspace's rows up to its newest decided window. Where windows were only imported, and none predicted yet, they
 * are folded first; where a `start` works, or has worked, its own windows are the present.
 */
async function rowsUpToNow(parts: Parts): Promise<{ memory: WindowMemory; windowEnd: EpochMs }> {
  const { options, config, storage, models, terminal } = parts;
  const { workspace, cache } = storage;
  const { asset, graceSeconds } = config;
  const { barMinutes } = models.featureSet;
  const span = await readBarSpan(workspace.pool, { asset, barMinutes });
  if (span === null) throw candlesMissing(barMinutes);
  const { predictions } = await countPredictions(workspace.pool, asset);
  const isRunning = readRunningStart(config.dataDir)?.workspace === workspace.name;
  if (predictions > 0 || isRunning) {
    const windowEnd = await latestWindow(workspace.pool, { job: WINDOW_JOB, asset });
    if (windowEnd === null) throw workspaceEmpty(workspace.name);
    const memory = await openMemory({
      workspace,
      asset,
      graceSeconds,
      holdout: config.holdout,
      featureSets: models.featureSets,
    });
    return { memory, windowEnd };
  }
  const pool = createFitPool({ threads: 0 });
  const run = await openRun({
    ...models,
    ...learningSettings(config, models),
    pool,
    workspace,
    cache,
    asset,
    graceSeconds,
    holdout: config.holdout,
    // All of it is warm-up: nothing is predicted after the fact.
    predictAfter: Infinity,
    seed: options.seed,
    refusedAt: span.last + graceSeconds * SECOND_MS,
    onProgress: ({ scorer, done, total }) => {
      terminal.progress(`${scorer} reads the past`, done, total);
    },
  });
  await replayWindows(run, {
    beginning: span.first - barMinutes * MINUTE_MS,
    upTo: span.last,
    onProgress: ({ phrase, done, total }) => {
      terminal.progress(phrase, done, total);
    },
  });
  return { memory: run.memory, windowEnd: run.lastWindow ?? span.last };
}

function tell(
  { runs: [run], drafts: [draft], decisions }: Retraining,
  facts: { at: EpochMs; workspaceName: string; family: string; terminal: Terminal },
): void {
  const { at, workspaceName, family, terminal } = facts;
  const version = run?.version ?? null;
  const place = workspaceName === LIVE_WORKSPACE ? '' : ` --workspace ${workspaceName}`;
  const deploy = `deploy --family ${family} --version ${version ?? ''}${place}`;
  terminal.result(
    [
      `${family}@${version ?? ''} is a candidate in the registry of ${workspaceName}, trained on what was known at ${isoUtc(at)}`,
      '',
      ...describeModels(draft?.manifest.models ?? [], decisions),
      ...new Set(decisions.filter(({ kind }) => kind !== 'champion').map(({ reason }) => `  ${reason}`)),
      '',
      `Nothing changed for those who ask. To make it live: npm run bellwether -- ${deploy}`,
    ].join('\n'),
    {
      family,
      version,
      status: 'candidate',
      workspace: workspaceName,
      trainedAt: isoUtc(at),
      metrics: run?.metrics ?? {},
      models: draft?.manifest.models ?? [],
      gate: decisions.map((decision) => ({ ...decision, at: isoUtc(decision.at) })),
    },
  );
}

/** Each model with what its gate fit did in the eight weeks that it had not seen, and what the gate says. */
function describeModels(models: readonly ManifestModel[], decisions: readonly GateDecision[]): string[] {
  const rows = models.map(({ arm, horizonMinutes, rows: learnt, metrics }) => {
    const decision = decisions.find((each) => each.arm === arm && each.horizonMinutes === horizonMinutes);
    const { accuracy = null, accuracyLow = null, accuracyHigh = null, bestBaseline = null } = metrics;
    const { n = null, logLoss = null } = metrics;
    return [
      arm,
      String(horizonMinutes),
      String(learnt),
      percent(accuracy),
      accuracyLow === null ? '-' : `${percent(accuracyLow)} .. ${percent(accuracyHigh)}`,
      percent(bestBaseline),
      String(n ?? 0),
      nats(logLoss),
      decision === undefined || Number.isNaN(decision.gain)
        ? '-'
        : `${nats(decision.gain)} (${nats(decision.low)} .. ${nats(decision.high)})`,
      decision?.verdict === 'promoted' ? 'would pass' : 'would not pass',
    ];
  });
  const head = [
    'arm',
    'minutes',
    'rows',
    'accuracy',
    '95 % interval',
    'best baseline',
    'n',
    'log loss',
    'gain in nats (90 %)',
    'gate',
  ];
  return alignColumns([head, ...rows]);
}

function nats(value: number | null): string {
  return value === null || Number.isNaN(value) ? '-' : value.toFixed(5);
}
