import { mkdir, writeFile } from 'node:fs/promises';
import { dirname, join, relative } from 'node:path';
import { describeHoldout, messageOf, type EpochMs } from '../core/index.ts';
import { BASELINE_NAMES, MODEL_FAMILIES, SEARCH_SPACES } from '../models/index.ts';
import { reportDirection, type DirectionReport } from '../prediction/index.ts';
import { withDirectionHistory } from './direction-history.ts';
import { describeReports } from './direction-pages.ts';
import { outFileUnwritable } from './errors.ts';
import { isFileError, requireOutFile, writeWhole } from './out-file.ts';
import type { CommandContext, ExitCode } from './program.ts';
import { requireTruth } from './search-direction.ts';
import { renderHtml, renderMarkdown, type Block } from './report-blocks.ts';

interface Options {
  history: string;
  out: string;
  markdown?: string;
  pictures?: string;
  horizon: number[];
  family: keyof typeof SEARCH_SPACES;
  scorer: string;
  from?: EpochMs;
  to?: EpochMs;
  bar?: number;
  everyDays: number;
  trials: number;
  folds: number;
  seed: number;
  json?: boolean;
}

/**
 * `report direction`: everything that is known about how well the direction could have been foretold, as one page that
 * needs nothing else.
 * @throws AppError as `evaluate direction`, and `OUT_FILE_UNWRITABLE`
 */
export async function reportDirectionCommand(options: Options, context: CommandContext): Promise<ExitCode> {
  const { out, markdown, pictures } = options;
  for (const path of [out, markdown]) if (path !== undefined) await requireOutFile(path);
  if (pictures !== undefined) await requireFolder(pictures);
  const reports: DirectionReport[] = [];
  let barMinutes = options.bar;
  for (const horizon of options.horizon) {
    await withDirectionHistory({ ...options, horizon }, context, (history) => {
      barMinutes = history.barMinutes;
      reports.push(reportOn(history, { ...options, horizon: [horizon] }, context));
      return 0;
    });
  }
  const rival = rivalOf(options.family);
  const holdout = context.config.holdout === null ? null : describeHoldout(context.config.holdout);
  const blocks = describeReports(reports, {
    family: options.family,
    rival,
    scorer: options.scorer,
    folder: 'the history folder',
    refit: options.everyDays === 7 ? 'each Monday' : `every ${options.everyDays} days`,
    seed: options.seed,
    trialFolds: options.folds,
    holdout,
  });
  await writeWhole(out, (draft) =>
    writeFile(draft, renderHtml(`Direction, bars of ${barMinutes} minutes`, blocks)),
  );
  if (pictures !== undefined) await writePictures(pictures, blocks);
  if (markdown !== undefined) {
    const pathOf =
      pictures === undefined
        ? null
        : (name: string) => relative(dirname(markdown), join(pictures, `${name}.svg`));
    await writeWhole(markdown, (draft) => writeFile(draft, renderMarkdown(blocks, pathOf)));
  }
  context.terminal.result(summarise(blocks, out), { out, holdout, reports: reports.map(forMachines) });
  return 0;
}

/** @throws AppError `OUT_FILE_UNWRITABLE` where the pictures cannot be put */
async function requireFolder(path: string): Promise<void> {
  try {
    await mkdir(path, { recursive: true });
  } catch (error) {
    if (!isFileError(error)) throw error;
    throw outFileUnwritable(path, messageOf(error));
  }
}

type History = Parameters<Parameters<typeof withDirectionHistory>[2]>[0];

function reportOn(history: History, options: Options, { terminal }: CommandContext): DirectionReport {
  const { featureSet, inputs, graceSeconds, holdout, from, to } = history;
  const [horizonMinutes = 0] = options.horizon;
  return reportDirection({
    featureSet,
    inputs,
    graceSeconds,
    holdout,
    horizonMinutes,
    usesSentiment: options.scorer !== 'none',
    family: MODEL_FAMILIES[options.family],
    rival: MODEL_FAMILIES[rivalOf(options.family)],
    space: SEARCH_SPACES[options.family],
    baselines: Object.fromEntries(BASELINE_NAMES.map((name) => [name, MODEL_FAMILIES[name]])),
    trials: options.trials,
    trialFolds: options.folds,
    from,
    to,
    refit: { everyDays: options.everyDays },
    seed: options.seed,
    onFolded: (rows) => requireTruth({ rows }, from),
    onProgress: (phrase, done, total) => {
      terminal.progress(`${horizonMinutes} min, ${phrase}`, done, total);
    },
  });
}

const rivalOf = (family: Options['family']) => (family === 'trees' ? 'logistic' : 'trees');

async function writePictures(folder: string, blocks: readonly Block[]): Promise<void> {
  for (const block of blocks) {
    if (block.kind !== 'picture') continue;
    await writeWhole(join(folder, `${block.name}.svg`), (draft) => writeFile(draft, block.svg));
  }
}

/** The page's conclusions, for the terminal. */
function summarise(blocks: readonly Block[], out: string): string {
  const list = blocks.find((block) => block.kind === 'list');
  return [...(list?.lines ?? []), '', `The page stands in ${out}.`].join('\n');
}

/** Everything but the windows themselves and long curves. */
function forMachines(report: DirectionReport): object {
  const { trading, trials } = report;
  const { probability, slope, probabilityOfLoss } = trials.overfitting;
  return {
    ...without(report, 'judged'),
    trading: {
      turnoverPerYear: trading.turnoverPerYear,
      meanAbsoluteMove: trading.meanAbsoluteMove,
      costs: trading.costs.map((cost) => without(cost, 'equity')),
    },
    trials: { ...trials, overfitting: { probability, slope, probabilityOfLoss } },
  };
}

function without<Facts extends object>(facts: Facts, name: keyof Facts): Partial<Facts> {
  return Object.fromEntries(Object.entries(facts).filter(([key]) => key !== name)) as Partial<Facts>;
}
