import { withInstalledScorers } from '../compose-scorers.ts';
import { createLog, createRealClock, isoUtc, MINUTE_MS, type EpochMs } from '../core/index.ts';
import { createFeatureSet } from '../features/index.ts';
import { observeInMemory, type Observation } from '../lake/index.ts';
import {
  BASELINE_NAMES,
  calibratedFamily,
  CALIBRATION_NAMES,
  MODEL_FAMILIES,
  type CalibrationName,
  type FamilyName,
  type ModelFamily,
} from '../models/index.ts';
import {
  compareStudy,
  scoreObservations,
  studyDirection,
  weighColumns,
  WARM_UP_SHARE,
  type DirectionStudy,
  type StudyComparison,
  type StudyImportances,
} from '../prediction/index.ts';
import { createVader, SCORER_FAMILIES, scorerName, type Scorer } from '../sentiment/index.ts';
import { openHistoryFolder } from '../sources/index.ts';
import {
  candlesMissing,
  familyUnknown,
  rangeReversed,
  scorerUnknown,
  usageInvalid,
  windowsMissing,
} from './errors.ts';
import { alignColumns } from './align-columns.ts';
import { amount, percent } from './amount.ts';
import { confidenceOf, describeConfidence, type Confidence } from './confidence-lines.ts';
import { complaints } from './import.ts';
import type { CommandContext, ExitCode } from './program.ts';

const COLUMNS_SHOWN = 5;

interface Options {
  history: string;
  horizon: number;
  family: string;
  calibration?: string;
  scorer: string;
  from?: EpochMs;
  to?: EpochMs;
  testFrom?: EpochMs;
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
  const { from: begin = -Infinity, to: end = Infinity } = options;
  if (!(begin < end)) throw rangeReversed({ from: begin, to: end });
  const families = [...SCORER_FAMILIES, 'none'];
  if (!families.includes(options.scorer.split('@', 1)[0] ?? ''))
    throw scorerUnknown(options.scorer, families);
  const family = familyOf(options);
  const log = createLog(config.logLevel);
  return withInstalledScorers(config, { log, isLazy: true }, async ({ scorers }) => {
    const scorer = options.scorer === 'none' ? createVader() : await scorers.find(options.scorer);
    return evaluateWith({ scorer, family }, options, { config, terminal });
  });
}

/** @throws AppError `USAGE_INVALID` when there is no such calibration, or the family takes none */
function familyOf({ family, calibration = 'none' }: Options): ModelFamily {
  if (!(CALIBRATION_NAMES as readonly string[]).includes(calibration)) {
    throw usageInvalid(
      `There is no calibration "${calibration}". There are: ${CALIBRATION_NAMES.join(', ')}.`,
    );
  }
  try {
    return calibratedFamily(family as FamilyName, calibration as CalibrationName);
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    throw usageInvalid(`--calibration ${calibration}: ${error.message}.`);
  }
}

async function evaluateWith(
  { scorer, family }: { scorer: Scorer; family: ModelFamily },
  options: Options,
  { config, terminal }: CommandContext,
): Promise<ExitCode> {
  terminal.say(`Reading ${options.history}`);
  const folder = await openHistoryFolder(options.history, { asset: config.asset, bar: options.bar });
  const { observations, report } = await observeInMemory(folder.source, {
    now: createRealClock().now(),
    asset: config.asset,
    range: { after: -Infinity, upTo: Infinity },
    indexNames: ['fear_greed'],
  });
  for (const line of complaints(report)) terminal.say(line);
  const { inputs } = await scoreObservations(observations, scorer);
  const span = barSpan(observations);
  if (span.last === -Infinity) throw candlesMissing(folder.barMinutes);
  const { from, to } = testedRange(options, { ...span, barMinutes: folder.barMinutes });
  const study = studyDirection({
    featureSet: createFeatureSet({ barMinutes: folder.barMinutes, scorer: scorerName(scorer) }),
    inputs,
    graceSeconds: config.graceSeconds,
    horizonMinutes: options.horizon,
    family,
    usesSentiment: options.scorer !== 'none',
    baselines: Object.fromEntries(BASELINE_NAMES.map((name) => [name, MODEL_FAMILIES[name]])),
    from,
    to,
    refit: options.testFrom === undefined ? 'weekly' : 'once',
    seed: options.seed,
    onProgress: (done, total) => {
      terminal.progress('walking forward', done, total);
    },
  });
  terminal.say('  holding it against the baselines');
  const compared = compareStudy(study);
  const confidence = confidenceOf(study);
  terminal.say('  weighing the columns');
  const importances = weighColumns(study);
  const beside = Object.entries(compared.comparisons);
  const quarantined = Object.values(report.quarantined).reduce((sum, count) => sum + count, 0);
  terminal.result(
    describe(
      { ...study, ...compared, ...confidence, importances },
      { ...options, barMinutes: folder.barMinutes, quarantined },
    ),
    {
      accuracy: study.accuracy,
      accuracyOneBarLater: study.accuracyOneBarLater,
      brier: study.brier,
      logLoss: study.logLoss,
      auc: study.auc,
      mcc: study.mcc,
      n: study.n,
      low: study.low,
      high: study.high,
      baselines: study.baselines,
      pValues: {
        mcnemar: Object.fromEntries(beside.map(([name, { mcnemar }]) => [name, mcnemar])),
        dieboldMariano: Object.fromEntries(
          beside.map(([name, { dieboldMariano }]) => [name, dieboldMariano]),
        ),
      },
      coverage: compared.coverage,
      comparisons: compared.comparisons,
      importances,
      ...confidence,
      family: options.family,
      calibration: options.calibration ?? 'none',
      scorer: options.scorer,
      horizonMinutes: options.horizon,
      barMinutes: folder.barMinutes,
      from: isoUtc(study.from),
      to: isoUtc(study.to),
      fits: study.fits,
      embargoMinutes: options.horizon,
      quarantined,
    },
  );
  return 0;
}

/** Tested windows: from < T <= to. @throws AppError `USAGE_INVALID` when that leaves none */
function testedRange(
  options: Options,
  span: { first: EpochMs; last: EpochMs; barMinutes: number },
): { from: EpochMs; to: EpochMs } {
  const bar = span.barMinutes * MINUTE_MS;
  if (options.horizon % span.barMinutes !== 0) {
    throw usageInvalid(
      `--horizon ${options.horizon} is no multiple of the bar of ${span.barMinutes} minutes, so no close stands at its end. Choose a multiple, or another --bar.`,
    );
  }
  const warmUp = Math.floor(((span.last - span.first) / bar + 1) * WARM_UP_SHARE) * bar;
  const from = options.testFrom ?? options.from ?? span.first + warmUp;
  const to = options.to ?? span.last;
  if (!(from < span.last)) throw windowsMissing(from, span);
  if (!(to > Math.max(from, span.first))) throw windowsMissing(to, span);
  return { from, to };
}

/** Close times of the first and the last bar. */
function barSpan(observations: readonly Observation[]): { first: EpochMs; last: EpochMs } {
  const span = { first: Infinity, last: -Infinity };
  for (const observation of observations) {
    if (observation.kind !== 'candle') continue;
    span.first = Math.min(span.first, observation.eventTime);
    span.last = Math.max(span.last, observation.eventTime);
  }
  return span;
}

function describe(
  study: DirectionStudy & StudyComparison & Confidence & { importances: StudyImportances },
  facts: Options & { barMinutes: number; quarantined: number },
): string {
  const baselines = Object.entries(study.comparisons).map(([name, paired]) => [
    `    ${name}`,
    percent(study.baselines[name] ?? NaN),
    points(paired.accuracyDifference),
    between(points, paired),
    paired.mcnemar === null ? 'overlap' : chance(paired.mcnemar),
    chance(paired.dieboldMariano),
  ]);
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
    `${facts.family}+${facts.scorer}, ${facts.horizon} minutes ahead, bars of ${facts.barMinutes} minutes${facts.calibration === undefined || facts.calibration === 'none' ? '' : `, calibrated by ${facts.calibration}`}`,
    `  tested    ${isoUtc(study.from)} to ${isoUtc(study.to)}, n = ${study.n}, ${amount(study.fits, 'fit')}, the last on ${amount(study.lastTrainingRows, 'row')}`,
    `  accuracy  ${percent(study.accuracy)}, ${interval}`,
    `            ${percent(study.accuracyOneBarLater)} when entered one bar later`,
    `  log loss  ${study.logLoss.toFixed(5)} nats (a coin: 0.69315), Brier ${study.brier.toFixed(5)}, AUC ${study.auc.toFixed(4)}, MCC ${study.mcc.toFixed(4)}`,
    '  baselines on the same windows, and how many points of accuracy the model is ahead of them, paired',
    ...alignColumns([
      ['', 'accuracy', 'ahead', '95 % interval', 'McNemar p', 'Diebold-Mariano p'],
      ...baselines,
    ]),
    '  where the model is surest (|P(up) - 0.5| from the threshold on; chosen on these windows)',
    ...alignColumns([['    windows', 'accuracy', '95 % interval', 'threshold', 'n'], ...surest]),
    ...describeConfidence(study),
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
