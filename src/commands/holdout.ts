import {
  createHoldoutLedger,
  holdoutLearnt,
  judgeHeldOut,
  type HoldoutOpening,
  type HoldoutResult,
} from '../audit/index.ts';
import type { Models } from '../compose.ts';
import { createWorkspaceModels, withInstalledScorers } from '../compose-scorers.ts';
import {
  createLog,
  createRealClock,
  describeHoldout,
  isHeldOut,
  isoUtc,
  MINUTE_MS,
  parseUtc,
  type Config,
  type EpochMs,
  type Holdout,
  type Workspace,
} from '../core/index.ts';
import { observeInMemory } from '../lake/index.ts';
import { loadOne } from '../live-models.ts';
import type { DirectionRows } from '../models/index.ts';
import { createWindowMemory, foldAll, HORIZONS_MINUTES, scoreSideBySide } from '../prediction/index.ts';
import {
  createArtifactStore,
  findVersion,
  modelNotFound,
  parseModelVersion,
  type Manifest,
} from '../registry/index.ts';
import { openHistoryFolder } from '../sources/index.ts';
import { openMemory } from '../window-run.ts';
import { alignColumns } from './align-columns.ts';
import { percent } from './amount.ts';
import { usageInvalid } from './errors.ts';
import { openPresentWorkspace } from './present-workspace.ts';
import type { CommandContext, ExitCode } from './program.ts';

interface Options {
  version: string;
  history?: string;
  workspace?: string;
  seed: number;
  json?: boolean;
}

/** `holdout open`: one registered version on the range that was kept back, once. */
export async function openHoldoutCommand(options: Options, context: CommandContext): Promise<ExitCode> {
  const { config } = context;
  const { holdout } = config;
  if (holdout === null) {
    throw usageInvalid(
      'Nothing is held out: set BELLWETHER_HOLDOUT=FROM/TO, such as 2024-01-01/2024-07-01, and train with it.',
    );
  }
  const name = parseModelVersion(options.version);
  if (name === null) {
    throw usageInvalid(`--version ${options.version} is no version of a family, such as trees@1.0.3.`);
  }
  const present = await openPresentWorkspace(options.workspace, context);
  try {
    const { workspace } = present;
    const recorded = await findVersion(workspace.pool, name);
    if (recorded === null) throw modelNotFound(options.version, []);
    const { manifestHash } = recorded;
    const store = createArtifactStore(workspace.registryDir);
    const { manifest } = await store.verify(name.family, name.version, { manifestHash });
    const plan = { modelVersion: options.version, manifestHash, holdout };
    requireUnlearnt(manifest, plan);
    const ledger = createHoldoutLedger(config.dataDir);
    await ledger.requireUnopened(plan);
    const results = await judgeVersion({ ...plan, manifest, workspace, options }, context);
    if (results.every(({ n }) => n === 0)) {
      throw usageInvalid(
        `No window of ${describeHoldout(holdout)} has a truth here, so nothing was opened. Name a folder that covers it with --history.`,
      );
    }
    // Written before it is told, so that nobody has seen what the ledger does not know of.
    const at = createRealClock().now();
    await ledger.append(plan, { at, asset: config.asset, workspace: workspace.name, results });
    tellOpening({ ...plan, at, results, manifest }, context);
  } finally {
    await present.close();
  }
  return 0;
}

/** `holdout list`: every opening of this installation. */
export async function listHoldoutCommand(
  _: { json?: boolean },
  { config, terminal }: CommandContext,
): Promise<ExitCode> {
  const openings = await createHoldoutLedger(config.dataDir).list();
  const range = config.holdout === null ? null : describeHoldout(config.holdout);
  const lines = openings.flatMap((opening) => [
    `  ${opening.at}  ${opening.modelVersion} of workspace ${opening.workspace} on ${rangeOf(opening)}`,
    ...tableOf(opening.results).map((line) => `    ${line}`),
  ]);
  const head = range === null ? 'Nothing is held out now.' : `Held out: ${range}.`;
  terminal.result(
    [`${head} ${openings.length === 0 ? 'Nothing was opened yet.' : 'Opened so far:'}`, ...lines].join('\n'),
    { holdout: range, openings },
  );
  return 0;
}

/** What is opened, and where it lies. */
interface Opened {
  modelVersion: string;
  holdout: Holdout;
  manifest: Manifest;
}

/** @throws AppError `HOLDOUT_LEARNT` when the newest window that a model learnt from has a label that touches the range */
function requireUnlearnt(manifest: Manifest, { modelVersion, holdout }: Omit<Opened, 'manifest'>): void {
  const spoilt = manifest.models.find(({ to, horizonMinutes }) => {
    const windowEnd = to === null ? NaN : parseUtc(to);
    return isHeldOut(holdout, { windowEnd, end: windowEnd + horizonMinutes * MINUTE_MS });
  });
  if (spoilt === undefined) return;
  const { arm, to } = spoilt;
  throw holdoutLearnt(modelVersion, { arm, to: to ?? '', range: describeHoldout(holdout) });
}

async function judgeVersion(
  {
    modelVersion,
    holdout,
    manifest,
    workspace,
    options,
  }: Opened & { workspace: Workspace; options: Options },
  { config, terminal }: CommandContext,
): Promise<HoldoutResult[]> {
  const { barMinutes } = manifest;
  const log = createLog(config.logLevel);
  return withInstalledScorers(config, { log }, async ({ scorers }) => {
    const models = await createWorkspaceModels(workspace, { scorers, config, barMinutes });
    const rowsAt =
      options.history === undefined
        ? await rowsOfWorkspace(workspace, models, config)
        : await rowsOfFolder(options.history, models, { config, barMinutes });
    const results: HoldoutResult[] = [];
    for (const [done, { arm, horizonMinutes }] of manifest.models.entries()) {
      terminal.progress('asking', done, manifest.models.length);
      const live = { arm, horizonMinutes, modelVersion };
      const { model } = await loadOne({ workspace, featureSets: models.featureSets }, live);
      const asked = { arm, horizonMinutes, model, rows: rowsAt(horizonMinutes) };
      results.push(judgeHeldOut({ ...asked, holdout, barMinutes, seed: options.seed }));
    }
    return results;
  });
}

type RowsAt = (horizonMinutes: number) => DirectionRows;

/** The windows that the workspace has decided, with the truth that the range keeps from all others. */
async function rowsOfWorkspace(
  workspace: Workspace,
  { featureSets }: Models,
  { asset, graceSeconds }: Config,
): Promise<RowsAt> {
  const memory = await openMemory({ workspace, asset, graceSeconds, featureSets, holdout: null });
  return (horizonMinutes) => memory.history.rowsAt(horizonMinutes);
}

async function rowsOfFolder(
  dir: string,
  { featureSets, scorers }: Models,
  { config, barMinutes }: { config: Config; barMinutes: number },
): Promise<RowsAt> {
  const { asset, graceSeconds } = config;
  const folder = await openHistoryFolder(dir, { asset, bar: barMinutes });
  const { observations } = await observeInMemory(folder.source, {
    now: createRealClock().now(),
    asset,
    indexNames: ['fear_greed'],
  });
  const lanes = scorers.map((scorer) => ({ scorer, known: new Map<string, number>() }));
  const { inputs } = await scoreSideBySide(observations, lanes);
  const memory = createWindowMemory({ featureSets, horizonsMinutes: HORIZONS_MINUTES, graceSeconds });
  const last = foldAll(memory, inputs, barMinutes).at(-1) ?? 0;
  memory.settle(last + memory.graceMs);
  return (horizonMinutes) => memory.history.rowsAt(horizonMinutes);
}

function tellOpening(
  {
    modelVersion,
    holdout,
    manifest,
    at,
    results,
  }: Opened & { at: EpochMs; results: readonly HoldoutResult[] },
  { terminal }: CommandContext,
): void {
  const isLater = manifest.models.some(({ to }) => to !== null && parseUtc(to) >= holdout.to);
  const remark =
    'It has learnt from windows after the range too; that it left the range out holds only if BELLWETHER_HOLDOUT was set when it was trained.';
  terminal.result(
    [
      `${modelVersion} on ${describeHoldout(holdout)}, which was kept back; opened ${isoUtc(at)}, once`,
      ...tableOf(results).map((line) => `  ${line}`),
      ...(isLater ? [`  ${remark}`] : []),
    ].join('\n'),
    {
      modelVersion,
      holdout: describeHoldout(holdout),
      openedAt: isoUtc(at),
      learntAfterTheRange: isLater,
      results,
    },
  );
}

function tableOf(results: readonly HoldoutResult[]): string[] {
  const head = [
    'arm',
    'minutes',
    'n',
    'accuracy',
    '95 % interval',
    'one bar later',
    'best baseline',
    'log loss',
  ];
  const rows = results.map((result) => {
    const { low, high, logLoss } = result;
    const best = Object.entries(result.baselines).reduce<[string, number] | null>(
      (found, [name, share]) => (share !== null && share > (found?.[1] ?? 0) ? [name, share] : found),
      null,
    );
    return [
      result.arm,
      String(result.horizonMinutes),
      String(result.n),
      percent(result.accuracy),
      low === null ? 'too few' : `${percent(low)} to ${percent(high)}`,
      percent(result.accuracyOneBarLater),
      best === null ? '-' : `${percent(best[1])} ${best[0]}`,
      logLoss === null ? '-' : logLoss.toFixed(5),
    ];
  });
  return alignColumns([head, ...rows]);
}

function rangeOf({ from, to }: HoldoutOpening): string {
  return `${from}/${to}`;
}
