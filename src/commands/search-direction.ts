import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { describeHoldout, isoUtc, MINUTE_MS, type EpochMs } from '../core/index.ts';
import {
  SEARCH_SPACES,
  type DirectionScores,
  type SearchedFold,
  type SearchMethod,
  type Settings,
} from '../models/index.ts';
import {
  foldForSearch,
  studySearch,
  type DirectionSearchStudy,
  type SearchableHistory,
} from '../prediction/index.ts';
import { alignColumns } from './align-columns.ts';
import { amount, percent } from './amount.ts';
import { withDirectionHistory, type DirectionHistory } from './direction-history.ts';
import { usageInvalid } from './errors.ts';
import type { CommandContext, ExitCode } from './program.ts';
import { openTrialFile, type SearchName } from './trial-file.ts';
import { workspaceName } from './workspace-name.ts';

/** Trials a fold where neither they nor seconds are given. */
const TRIALS = 30;
/** Where seconds alone say when to stop. */
const MOST_TRIALS = 100_000;
/** Windows before the tested ones from which the first fold's trials can learn and by which they are judged. */
const FEWEST_WINDOWS = 100;

interface Options {
  history: string;
  horizon: number;
  family: string;
  scorer: string;
  method: SearchMethod;
  trials?: number;
  seconds?: number;
  folds: number;
  halving?: boolean;
  from?: EpochMs;
  to?: EpochMs;
  bar?: number;
  seed: number;
  out?: string;
  json?: boolean;
}

/** `search direction`: a family's parameters, searched inside a walk-forward over a history folder that is read in memory. */
export async function searchDirectionCommand(options: Options, context: CommandContext): Promise<ExitCode> {
  if (!Object.hasOwn(SEARCH_SPACES, options.family)) {
    throw usageInvalid(
      `The family "${options.family}" has nothing to search for. There are: ${Object.keys(SEARCH_SPACES).join(', ')}.`,
    );
  }
  return withDirectionHistory(options, context, (history) => searchOn(history, options, context));
}

function searchOn(
  history: DirectionHistory,
  options: Options,
  { config, terminal }: CommandContext,
): ExitCode {
  requirePast(history, options);
  const { featureSet, inputs, graceSeconds, holdout, from, to } = history;
  const usesSentiment = options.scorer !== 'none';
  terminal.say('  folding the history');
  const searchable = foldForSearch({
    featureSet,
    inputs,
    graceSeconds,
    holdout,
    horizonMinutes: options.horizon,
    usesSentiment,
  });
  requireTruth(searchable, from);
  const name = nameOf(searchable, options, { from, to });
  const path = options.out ?? join(config.dataDir, 'searches', `${name.search}.jsonl`);
  const file = openTrialFile(path, name);
  if (file.known.length > 0) terminal.say(`  ${amount(file.known.length, 'line')} of trials are in ${path}`);
  const study = studySearch(searchable, {
    space: SEARCH_SPACES[options.family as keyof typeof SEARCH_SPACES],
    method: options.method,
    halving: options.halving,
    trials: options.trials ?? (options.seconds === undefined ? TRIALS : MOST_TRIALS),
    time:
      options.seconds === undefined
        ? undefined
        : { seconds: options.seconds, stopwatch: () => performance.now() },
    folds: options.folds,
    from,
    to,
    seed: options.seed,
    known: file.known,
    onTrial: file.append,
    onProgress: (done, total) => {
      if (options.seconds === undefined || options.trials !== undefined)
        terminal.progress('searching', done, total);
      else
        terminal.count(
          'searching',
          `${amount(done % MOST_TRIALS, 'trial')} in fold ${Math.floor(done / MOST_TRIALS) + 1}`,
        );
    },
  });
  const facts = {
    ...{ ...options, barMinutes: history.barMinutes, from, to, path },
    holdout: holdout === null ? null : describeHoldout(holdout),
  };
  terminal.result(describe(study, facts), jsonOf(study, facts));
  return 0;
}

type Facts = Options & {
  barMinutes: number;
  from: EpochMs;
  to: EpochMs;
  path: string;
  holdout: string | null;
};

function jsonOf({ search, tuned, untuned, comparison }: DirectionSearchStudy, facts: Facts): object {
  return {
    ...figuresOf(tuned),
    untuned: figuresOf(untuned),
    comparison,
    folds: search.folds.map((fold) => ({ ...fold, fittedAt: isoUtc(fold.fittedAt) })),
    trials: trialsOf(search.folds),
    family: facts.family,
    scorer: facts.scorer,
    horizonMinutes: facts.horizon,
    barMinutes: facts.barMinutes,
    embargoMinutes: facts.horizon,
    method: facts.method,
    halving: facts.halving ?? false,
    seed: facts.seed,
    from: isoUtc(facts.from),
    to: isoUtc(facts.to),
    file: facts.path,
    holdout: facts.holdout,
  };
}

function figuresOf(scores: DirectionScores): Omit<DirectionScores, 'baselines'> {
  const { accuracy, accuracyOneBarLater, balancedAccuracy, brier, logLoss, auc, mcc, n, low, high } = scores;
  return { accuracy, accuracyOneBarLater, balancedAccuracy, brier, logLoss, auc, mcc, n, low, high };
}

function describe({ search, tuned, untuned, comparison }: DirectionSearchStudy, facts: Facts): string {
  const row = (name: string, scores: DirectionScores) => [
    `    ${name}`,
    percent(scores.accuracy),
    Number.isNaN(scores.low) ? 'too few' : `${percent(scores.low)} to ${percent(scores.high)}`,
    percent(scores.accuracyOneBarLater),
    scores.logLoss.toFixed(5),
    scores.auc.toFixed(4),
  ];
  const folds = search.folds.map((fold) => [
    `    ${isoUtc(fold.fittedAt).slice(0, 10)}`,
    String(fold.testedRows),
    `${fold.trials} (${fold.fullTrials})`,
    fold.best.logLoss.toFixed(5),
    fold.defaultLogLoss.toFixed(5),
    fold.best.trial === 0 ? 'untuned' : settingsInWords(fold.best.settings),
  ]);
  const { accuracyDifference, low, high, dieboldMariano } = comparison;
  const points = (share: number) => (100 * share).toFixed(2);
  const between = Number.isNaN(low)
    ? 'too few windows for an interval'
    : `95 % interval ${points(low)} to ${points(high)}`;
  return [
    `${facts.family}+${facts.scorer}, ${facts.horizon} minutes ahead, bars of ${facts.barMinutes} minutes, ${facts.method} search inside ${amount(search.folds.length, 'fold')}`,
    `  tested    ${isoUtc(facts.from)} to ${isoUtc(facts.to)}, n = ${tuned.n}, ${amount(trialsOf(search.folds), 'trial')} in all`,
    ...(facts.holdout === null ? [] : [`  held out  ${facts.holdout}: neither trains nor tests`]),
    ...alignColumns([
      ['', 'accuracy', '95 % interval', 'one bar later', 'log loss', 'AUC'],
      row('searched', tuned),
      row('untuned', untuned),
    ]),
    `  searched less untuned: ${points(accuracyDifference)} points of accuracy, ${between}; equal Brier scores: Diebold-Mariano p ${dieboldMariano.toFixed(4)}`,
    '  what each fold chose by the log loss of its inner walk-forward (trials: those judged in full in brackets)',
    ...alignColumns([['    fitted', 'windows', 'trials', 'inner log loss', 'untuned', 'settings'], ...folds]),
    `  every trial is a line of ${facts.path}; the same command goes on from there`,
  ].join('\n');
}

function settingsInWords(settings: Settings): string {
  return Object.entries(settings)
    .map(([name, value]) => `${name} ${typeof value === 'number' ? Number(value.toPrecision(3)) : value}`)
    .join(', ');
}

function trialsOf(folds: readonly SearchedFold[]): number {
  return folds.reduce((sum, { trials }) => sum + trials, 0);
}

/** A search is known by what it does, the rows that it reads and the code; its budget may grow. */
function nameOf(
  { rows }: SearchableHistory,
  { horizon, family, scorer, method, halving = false, folds, seed }: Options,
  { from, to }: { from: EpochMs; to: EpochMs },
): SearchName {
  const data = createHash('sha256');
  for (const values of [rows.values, rows.windowEnds, rows.labels, rows.labelKnownAt]) {
    data.update(new Uint8Array(values.buffer, values.byteOffset, values.byteLength));
  }
  const facts = {
    ...{ family, scorer, horizonMinutes: horizon, method, halving: Number(halving), folds, seed },
    ...{ from: isoUtc(from), to: isoUtc(to), columns: rows.columns.join(' '), data: data.digest('hex') },
  };
  return { search: workspaceName('search', facts), facts };
}

/** @throws AppError `USAGE_INVALID` where too few windows before the first fold have a truth */
export function requireTruth({ rows }: Pick<SearchableHistory, 'rows'>, from: EpochMs): void {
  const known = rows.labels.reduce(
    (sum, label, row) => sum + Number(label <= 1 && (rows.windowEnds[row] ?? NaN) < from),
    0,
  );
  if (known >= FEWEST_WINDOWS) return;
  throw usageInvalid(
    `Of the windows before ${isoUtc(from)} only ${known} have a truth (the others are void, unknown or held out), and trials need ${FEWEST_WINDOWS} to learn from and be judged by. Choose a later --from, a narrower --label or another hold-out.`,
  );
}

function requirePast({ first, from, barMinutes }: DirectionHistory, { horizon }: Options): void {
  const known = Math.floor((from - first) / MINUTE_MS / barMinutes) - (2 * horizon) / barMinutes;
  if (known >= FEWEST_WINDOWS) return;
  throw usageInvalid(
    `Before ${isoUtc(from)} the truth of ${Math.max(0, known)} windows is known, and the first fold's trials need ${FEWEST_WINDOWS} to learn from and be judged by. Choose a later --from.`,
  );
}
