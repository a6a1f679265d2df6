import { withInstalledScorers } from '../compose-scorers.ts';
import { createLog, createRealClock, MINUTE_MS, type EpochMs, type Holdout } from '../core/index.ts';
import { createFeatureSet, type FeatureInput, type FeatureSet } from '../features/index.ts';
import { observeInMemory, type Observation } from '../lake/index.ts';
import { scoreObservations, WARM_UP_SHARE } from '../prediction/index.ts';
import { createVader, SCORER_FAMILIES, scorerName, type Scorer } from '../sentiment/index.ts';
import { openHistoryFolder } from '../sources/index.ts';
import { candlesMissing, rangeReversed, scorerUnknown, usageInvalid, windowsMissing } from './errors.ts';
import { complaints } from './import.ts';
import type { CommandContext, ExitCode } from './program.ts';

/** What says which past is read and which part of it is tested. */
interface Options {
  history: string;
  horizon: number;
  scorer: string;
  from?: EpochMs;
  to?: EpochMs;
  testFrom?: EpochMs;
  folds?: number;
  bar?: number;
}

/** A history folder in memory, scored, with the part of it that is tested: from < T <= to. */
export interface DirectionHistory {
  featureSet: FeatureSet;
  /** In the order in which state is folded. */
  inputs: readonly FeatureInput[];
  graceSeconds: number;
  barMinutes: number;
  /** Close of the first bar. */
  first: EpochMs;
  from: EpochMs;
  to: EpochMs;
  /** Neither trains nor tests. */
  holdout: Holdout | null;
  /** Records turned away at the door. */
  quarantined: number;
}

/**
 * Reads a history folder in memory and hands it to a command, with the scorer open as long as that works.
 * @throws AppError `USAGE_INVALID` for a scorer that is not there and a range or horizon that leaves nothing to test
 */
export async function withDirectionHistory(
  options: Options,
  context: CommandContext,
  work: (history: DirectionHistory) => ExitCode,
): Promise<ExitCode> {
  const { from: begin = -Infinity, to: end = Infinity } = options;
  if (!(begin < end)) throw rangeReversed({ from: begin, to: end });
  const families = [...SCORER_FAMILIES, 'none'];
  if (!families.includes(options.scorer.split('@', 1)[0] ?? ''))
    throw scorerUnknown(options.scorer, families);
  const log = createLog(context.config.logLevel);
  return withInstalledScorers(context.config, { log, isLazy: true }, async ({ scorers }) => {
    const scorer = options.scorer === 'none' ? createVader() : await scorers.find(options.scorer);
    return work(await readHistory(scorer, options, context));
  });
}

async function readHistory(
  scorer: Scorer,
  options: Options,
  { config, terminal }: CommandContext,
): Promise<DirectionHistory> {
  terminal.say(`Reading ${options.history}`);
  const { source, barMinutes } = await openHistoryFolder(options.history, {
    asset: config.asset,
    bar: options.bar,
  });
  const { observations, report } = await observeInMemory(source, {
    now: createRealClock().now(),
    asset: config.asset,
    range: { after: -Infinity, upTo: Infinity },
    indexNames: ['fear_greed'],
  });
  for (const line of complaints(report)) terminal.say(line);
  const { inputs } = await scoreObservations(observations, scorer);
  const span = barSpan(observations);
  if (span.last === -Infinity) throw candlesMissing(barMinutes);
  return {
    featureSet: createFeatureSet({ barMinutes, scorer: scorerName(scorer) }),
    inputs,
    graceSeconds: config.graceSeconds,
    holdout: config.holdout,
    barMinutes,
    first: span.first,
    ...testedRange(options, { ...span, barMinutes }),
    quarantined: Object.values(report.quarantined).reduce((sum, count) => sum + count, 0),
  };
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
  const windows = Math.floor(to / bar) - Math.floor(Math.max(from, span.first - bar) / bar);
  if (options.folds !== undefined && options.folds > windows) {
    throw usageInvalid(`--folds ${options.folds}: there are ${windows} windows to test. Choose fewer folds.`);
  }
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
