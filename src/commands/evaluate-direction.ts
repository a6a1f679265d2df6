import { describeHoldout, isoUtc, type EpochMs, type Holdout } from '../core/index.ts';
import type { LabelDefinition } from '../features/index.ts';
import {
  BASELINE_NAMES,
  MODEL_FAMILIES,
  type CalibrationName,
  type ModelFamily,
  type Refit,
  type Weighting,
} from '../models/index.ts';
import {
  compareStudy,
  foldForSearch,
  studyDirection,
  studyPaths,
  weighColumns,
  type DirectionStudy,
  type StudyComparison,
  type StudyImportances,
} from '../prediction/index.ts';
import { alignColumns } from './align-columns.ts';
import { amount, percent } from './amount.ts';
import {
  calibrationInWords,
  chosenFamily,
  confidenceOf,
  describeConfidence,
  type Confidence,
} from './confidence-lines.ts';
import { withDirectionHistory, type DirectionHistory } from './direction-history.ts';
import { familyUnknown, usageInvalid } from './errors.ts';
import { inWords, leftOut, questionOf } from './label-words.ts';
import type { CommandContext, ExitCode } from './program.ts';
import type { Terminal } from './terminal.ts';

const COLUMNS_SHOWN = 5;

interface Options {
  history: string;
  horizon: number;
  family: string;
  calibration?: CalibrationName;
  scorer: string;
  from?: EpochMs;
  to?: EpochMs;
  testFrom?: EpochMs;
  trainDays?: number;
  refitDays?: number;
  folds?: number;
  weights?: Weighting;
  label?: LabelDefinition;
  paths?: { groups: number; testGroups: number };
  bar?: number;
  seed: number;
  json?: boolean;
}

/** `evaluate direction`: how well the direction could have been predicted, out of sample. Reads the folder in memory. */
export async function evaluateDirectionCommand(
  options: Options,
  { config, terminal }: CommandContext,
): Promise<ExitCode> {
  if (!Object.hasOwn(MODEL_FAMILIES, options.family)) {
    throw familyUnknown(options.family, Object.keys(MODEL_FAMILIES));
  }
  if (options.from !== undefined && options.testFrom !== undefined) {
    throw usageInvalid(
      '--from and --test-from exclude each other: the first tests week by week, the second in one split.',
    );
  }
  const cadences = [options.testFrom, options.refitDays, options.folds].filter(
    (given) => given !== undefined,
  );
  if (cadences.length > 1) {
    throw usageInvalid(
      '--test-from, --refit-days and --folds exclude each other: each says when fits are made.',
    );
  }
  const family = chosenFamily(options);
  return withDirectionHistory(options, { config, terminal }, (history) =>
    evaluateOn(history, { ...options, model: family }, terminal),
  );
}

function evaluateOn(
  history: DirectionHistory,
  options: Options & { model: ModelFamily },
  terminal: Terminal,
): ExitCode {
  const { featureSet, inputs, graceSeconds, barMinutes, quarantined, from, to } = history;
  const { label = { kind: 'sign' } } = options;
  const away = leftOut(label);
  const baselines = BASELINE_NAMES.filter((name) => !away.names.includes(name));
  const study = studyDirection({
    featureSet,
    inputs,
    graceSeconds,
    horizonMinutes: options.horizon,
    family: options.model,
    usesSentiment: options.scorer !== 'none',
    label,
    baselines: Object.fromEntries(baselines.map((name) => [name, MODEL_FAMILIES[name]])),
    from,
    to,
    refit: refitOf(options),
    trainingDays: options.trainDays,
    weighting: options.weights,
    holdout: history.holdout,
    seed: options.seed,
    onProgress: (done, total) => {
      terminal.progress('walking forward', done, total);
    },
  });
  requireScored(study);
  terminal.say('  holding it against the baselines');
  const compared = compareStudy(study);
  const confidence = confidenceOf(study);
  terminal.say('  weighing the columns');
  const importances = weighColumns(study);
  const paths = options.paths ? walkPaths(history, { ...options, label, ...options.paths }, terminal) : null;
  const described = describe(
    { ...study, ...compared, ...confidence, importances },
    { ...options, label, barMinutes, quarantined, holdout: history.holdout },
  );
  terminal.result(paths === null ? described : `${described}\n${pathsInWords(paths)}`, {
    accuracy: study.accuracy,
    accuracyOneBarLater: study.accuracyOneBarLater,
    balancedAccuracy: study.balancedAccuracy,
    brier: study.brier,
    logLoss: study.logLoss,
    auc: study.auc,
    mcc: study.mcc,
    n: study.n,
    low: study.low,
    high: study.high,
    baselines: study.baselines,
    pValues: pValuesOf(compared),
    coverage: compared.coverage,
    comparisons: compared.comparisons,
    importances,
    ...confidence,
    family: options.family,
    calibration: options.calibration ?? 'none',
    scorer: options.scorer,
    horizonMinutes: options.horizon,
    barMinutes,
    from: isoUtc(study.from),
    to: isoUtc(study.to),
    fits: study.fits,
    embargoMinutes: options.horizon,
    trainingDays: options.trainDays ?? null,
    weights: options.weights ?? 'none',
    label,
    question: questionOf(label, options.horizon),
    baseRate: study.baseRate,
    voids: study.voids,
    baselinesLeftOut: away.names.length === 0 ? null : away,
    ...(paths && { paths }),
    quarantined,
    holdout: history.holdout === null ? null : describeHoldout(history.holdout),
  });
  return 0;
}

function pValuesOf({ comparisons }: StudyComparison) {
  const beside = Object.entries(comparisons);
  return {
    mcnemar: Object.fromEntries(beside.map(([name, { mcnemar }]) => [name, mcnemar])),
    dieboldMariano: Object.fromEntries(beside.map(([name, { dieboldMariano }]) => [name, dieboldMariano])),
  };
}

/** A combinatorial cross-validation: figures by path. */
interface Paths {
  groups: number;
  testGroups: number;
  accuracies: number[];
  logLosses: number[];
}

function walkPaths(
  { featureSet, inputs, graceSeconds, holdout }: DirectionHistory,
  options: Options & { model: ModelFamily; groups: number; testGroups: number },
  terminal: Terminal,
): Paths {
  const { horizon: horizonMinutes, scorer, label, groups, testGroups } = options;
  const usesSentiment = scorer !== 'none';
  const scores = studyPaths(
    foldForSearch({ featureSet, inputs, graceSeconds, holdout, horizonMinutes, usesSentiment, label }),
    {
      family: options.model,
      weighting: options.weights,
      seed: options.seed,
      groups,
      testGroups,
      onFit: (done, total) => {
        terminal.progress('cross-validating', done, total);
      },
    },
  );
  return {
    groups,
    testGroups,
    accuracies: scores.map(({ accuracy }) => accuracy),
    logLosses: scores.map(({ logLoss }) => logLoss),
  };
}

function pathsInWords({ groups, testGroups, accuracies, logLosses }: Paths): string {
  const among = (values: readonly number[], show: (value: number) => string) =>
    `${show(Math.min(...values))} to ${show(Math.max(...values))}`;
  return [
    `  combinatorial purged cross-validation, ${testGroups} of ${groups} groups tested together, ${amount(accuracies.length, 'path')} over the whole history:`,
    `    accuracy ${among(accuracies, percent)}, log loss ${among(logLosses, (loss) => loss.toFixed(5))}; its fits learn from what came after, too`,
  ].join('\n');
}

/** @throws AppError `USAGE_INVALID` where nothing can be judged */
function requireScored({ n, voids }: DirectionStudy): void {
  if (n > 0) return;
  throw usageInvalid(
    `None of the ${voids} tested windows has a truth: every one is void (the price never moved, or --label is too wide), unknown yet, or held out. Choose another range, label or hold-out.`,
  );
}

function refitOf({ testFrom, refitDays, folds }: Options): Refit {
  if (testFrom !== undefined) return 'once';
  if (folds !== undefined) return { folds };
  return refitDays === undefined ? 'weekly' : { everyDays: refitDays };
}

function describe(
  study: DirectionStudy & StudyComparison & Confidence & { importances: StudyImportances },
  facts: Options & {
    label: LabelDefinition;
    barMinutes: number;
    quarantined: number;
    holdout: Holdout | null;
  },
): string {
  const baselines = Object.entries(study.comparisons).map(([name, paired]) => [
    `    ${name}`,
    percent(study.baselines[name] ?? NaN),
    points(paired.accuracyDifference),
    between(points, paired),
    paired.mcnemar === null ? 'overlap' : chance(paired.mcnemar),
    chance(paired.dieboldMariano),
  ]);
  const away = leftOut(facts.label);
  const surest = study.coverage.map((point) => [
    `    ${percent(point.coverage)}`,
    percent(point.accuracy),
    between(percent, point),
    point.threshold.toFixed(4),
    String(point.n),
  ]);
  const interval = Number.isNaN(study.low)
    ? 'too few days for an interval'
    : `95 % interval ${percent(study.low)} to ${percent(study.high)} (block bootstrap)`;
  return [
    `${facts.family}+${facts.scorer}, ${facts.horizon} minutes ahead, bars of ${facts.barMinutes} minutes${calibrationInWords(facts)}`,
    `  tested    ${isoUtc(study.from)} to ${isoUtc(study.to)}, n = ${study.n}, ${amount(study.fits, 'fit')}, the last on ${amount(study.lastTrainingRows, 'row')}`,
    `  label     ${inWords(facts.label)}: ${questionOf(facts.label, facts.horizon)} Yes in ${percent(study.baseRate)}; void or not known: ${study.voids}`,
    ...(facts.holdout === null
      ? []
      : [`  held out  ${describeHoldout(facts.holdout)}: neither trains nor tests`]),
    `  accuracy  ${percent(study.accuracy)}, ${interval}`,
    `            ${percent(study.accuracyOneBarLater)} when entered one bar later`,
    `  log loss  ${study.logLoss.toFixed(5)} nats (a coin: 0.69315), Brier ${study.brier.toFixed(5)}, AUC ${study.auc.toFixed(4)}, MCC ${study.mcc.toFixed(4)}`,
    '  baselines on the same windows, and how many points of accuracy the model is ahead of them, paired',
    ...alignColumns([
      ['', 'accuracy', 'ahead', '95 % interval', 'McNemar p', 'Diebold-Mariano p'],
      ...baselines,
    ]),
    ...(away.names.length > 0 ? [`  left out: ${away.names.join(', ')}: ${away.reason}`] : []),
    `  where the model is surest (|P(${facts.label.kind === 'large-move' ? 'large' : 'up'}) - 0.5| from the threshold on; chosen on these windows)`,
    ...alignColumns([['    windows', 'accuracy', '95 % interval', 'threshold', 'n'], ...surest]),
    ...describeConfidence(study, facts.label),
    ...describeImportances(study.importances),
    `  ${verdictOn(study)}`,
    ...(facts.quarantined > 0 ? [`  records turned away at the door: ${facts.quarantined}`] : []),
  ].join('\n');
}

/** The columns that carry most, by what the log loss loses with them. */
function describeImportances({ splits, permutation }: StudyImportances): string[] {
  const leaning = permutation.columns.filter(({ rise, spread }) => rise !== 0 || spread !== 0);
  if (leaning.length === 0) return [];
  const total = splits?.reduce((sum, { totalGain }) => sum + totalGain, 0) ?? NaN;
  const rows = leaning.slice(0, COLUMNS_SHOWN).map(({ column, rise, spread }) => {
    const own = splits?.find((one) => one.column === column)?.totalGain ?? 0;
    return [
      `    ${column}`,
      `${rise < 0 ? '' : '+'}${rise.toFixed(5)}`,
      Number.isNaN(spread) ? '-' : spread.toFixed(5),
      Number.isNaN(total) ? '-' : percent(own / total),
    ];
  });
  return [
    '  what it leans on: nats of log loss that are lost when a column is exchanged between tested windows',
    ...alignColumns([['    column', 'lost', 'spread', 'share of gain, last fit'], ...rows]),
  ];
}

function verdictOn({ comparisons }: StudyComparison): string {
  const paired = Object.entries(comparisons);
  if (paired.some(([, { low }]) => Number.isNaN(low))) {
    return 'Nothing can be said against the baselines without an interval.';
  }
  const worse = paired.find(([, { high }]) => high < 0);
  if (worse !== undefined)
    return `Worse than ${worse[0]}: the whole interval of the difference lies below 0.`;
  const alike = paired.filter(([, { low }]) => low <= 0).map(([name]) => name);
  return alike.length === 0
    ? 'Better than every baseline: each interval of a difference lies above 0.'
    : `Not distinguishable from ${alike.join(', ')}.`;
}

/** A difference of shares in points of percent. */
function points(difference: number): string {
  return `${difference < 0 ? '' : '+'}${(100 * difference).toFixed(2)}`;
}

function between(show: (value: number) => string, { low, high }: { low: number; high: number }): string {
  return Number.isNaN(low) ? 'too few' : `${show(low)} to ${show(high)}`;
}

function chance(p: number): string {
  if (Number.isNaN(p)) return '-';
  return p < 0.0001 ? '< 0.0001' : p.toFixed(4);
}
