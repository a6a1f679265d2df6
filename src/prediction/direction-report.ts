import type { EpochMs } from '../core/index.ts';
import type { FeatureGroup } from '../features/index.ts';
import {
  compareDirections,
  coverageCurve,
  coverageOutOfSample,
  directionIntervals,
  evaluateDirection,
  PAST_RETURN,
  selectColumns,
  walkForward,
  type AnsweringFit,
  type ComparisonRows,
  type CoveragePoint,
  type DirectionMetric,
  type DirectionRows,
  type DirectionScores,
  type ModelFamily,
  reliabilityOf,
  type PairedComparison,
  type PastCoveragePoint,
  type PermutationImportance,
  type Reliability,
  type Refit,
  type SearchSpace,
} from '../models/index.ts';
import { weighColumns } from './column-importances.ts';
import { foldHistory, truthOf, type DirectionStudyOptions } from './direction-study.ts';
import { judgeRegimes, type Regime } from './regimes.ts';
import { judgeTrials, type TrialJudgement } from './trial-judgement.ts';
import { judgeTrading, nextReturns, type TradingJudgement } from './trading-judgement.ts';
import { judgeTiming, type Timing } from './timing.ts';
import { meanContributions, type MeanContribution } from './mean-contributions.ts';

/** What a report is made of. */
export interface DirectionReportOptions extends Pick<
  DirectionStudyOptions,
  'featureSet' | 'inputs' | 'graceSeconds' | 'horizonMinutes' | 'usesSentiment' | 'baselines' | 'holdout'
> {
  /** The family that is judged, and another one that it is held against. */
  family: ModelFamily;
  rival: ModelFamily;
  /** What the family's parameters are searched in, for the cost of having looked. */
  space: SearchSpace;
  /** Trials that are drawn at random, the untuned one among them, and folds in which each is judged. */
  trials: number;
  trialFolds: number;
  /** Windows with from < T <= to are tested. */
  from: EpochMs;
  to: EpochMs;
  refit: Refit;
  seed: number;
  /** Told what is at work, and how far it is. */
  onProgress?: (phrase: string, done: number, total: number) => void;
  /** Given the folded history before anything is fitted: may refuse it by throwing. */
  onFolded?: (rows: DirectionRows) => void;
}

/** An arm on the tested windows. */
export interface ReportedArm {
  name: string;
  scores: DirectionScores;
  intervals: Record<DirectionMetric, { low: number; high: number }>;
}

/** The first arm beside another one, or columns beside the price alone. */
export interface ReportedPair {
  name: string;
  against: string;
  paired: PairedComparison;
}

/** Everything that is known about how well a direction could have been foretold. */
export interface DirectionReport {
  horizonMinutes: number;
  barMinutes: number;
  from: EpochMs;
  to: EpochMs;
  windows: number;
  /** Share of scored windows that went up. */
  baseRate: number;
  fits: number;
  trainingRows: { first: number; last: number };
  arms: ReportedArm[];
  pairs: ReportedPair[];
  /** Groups of columns that have values. */
  groups: readonly FeatureGroup[];
  /** Empty where no scorer is read, or it had nothing to read. */
  ablation: ReportedPair[];
  timing: Timing;
  trials: TrialJudgement;
  trading: TradingJudgement;
  coverage: CoveragePoint[];
  /** By thresholds of the past alone. */
  pastCoverage: readonly PastCoveragePoint[];
  calibration: Reliability;
  /** Of the judged arm, in the order of `judged`. */
  judged: ComparisonRows;
  regimes: Regime[];
  contributions: MeanContribution[] | null;
  permutation: PermutationImportance;
}

const GROUPS: readonly { name: string; groups: readonly FeatureGroup[] }[] = [
  { name: 'price', groups: ['price'] },
  { name: 'price + sentiment', groups: ['price', 'sentiment'] },
  { name: 'price + social', groups: ['price', 'social'] },
];
const ALL = 'all columns';

/**
 * Judges a price family on a past that is held in memory, by one purged, embargoed walk-forward an arm: itself on all
 * columns, on groups of them, another family, and the baselines, all on the same windows.
 * @throws RangeError when there is no window to test, or the trials have nothing to be judged by
 */
export function reportDirection(options: DirectionReportOptions): DirectionReport {
  const { featureSet, family, rival, horizonMinutes, seed, onProgress } = options;
  onProgress?.('folding the history', 0, 1);
  const { rows, labelsOneBarLater } = foldHistory(options);
  options.onFolded?.(rows);
  const arms = createArms(rows, options);
  const own = arms.walk(family, { name: `${family.name}, ${ALL}`, columns: arms.seen });
  const byGroups = arms.walkGroups(family);
  const other = arms.walk(rival, { name: `${rival.name}, ${ALL}`, columns: arms.seen });
  const baselines = Object.entries(options.baselines).map(([name, baseline]) =>
    arms.walk(baseline, { name, columns: [] }),
  );
  const [price] = byGroups;
  const shared = {
    labels: rows.labels,
    windowEnds: rows.windowEnds,
    barMinutes: featureSet.barMinutes,
    horizonMinutes,
    seed,
  };
  const judged: ComparisonRows = { ...shared, probabilities: own.probabilities };
  const pairOf = (arm: Walked, against: Walked): ReportedPair => ({
    name: arm.name,
    against: against.name,
    paired: compareDirections({ ...shared, probabilities: arm.probabilities }, against.probabilities),
  });
  onProgress?.('drawing intervals', 0, 1);
  const described = [own, ...byGroups, other, ...baselines].map(({ name, probabilities }): ReportedArm => {
    const scores = evaluateDirection({
      ...shared,
      probabilities,
      labelsOneBarLater,
      baselineProbabilities: {},
    });
    return { name, scores, intervals: directionIntervals({ ...shared, probabilities }) };
  });
  const answering = { rows: own.rows, fits: own.fits };
  const bar = { rows, barMinutes: featureSet.barMinutes, horizonMinutes };
  const benchmark = baselines.find(({ name }) => name === 'sign-table') ?? baselines[0];
  return {
    horizonMinutes,
    barMinutes: featureSet.barMinutes,
    from: options.from,
    to: options.to,
    windows: described[0]?.scores.n ?? 0,
    baseRate: truthOf(judged).baseRate,
    fits: own.fits.length,
    trainingRows: { first: own.trainingRows[0] ?? 0, last: own.trainingRows.at(-1) ?? 0 },
    arms: described,
    pairs: [price, other, ...baselines].flatMap((against) =>
      against === undefined ? [] : [pairOf(own, against)],
    ),
    groups: arms.groups,
    ablation:
      price === undefined || byGroups.length === 1
        ? []
        : [...byGroups.slice(1), own].map((arm) => pairOf(arm, price)),
    timing: judgeTiming(judged),
    trials: judgeTrials({
      ...options,
      rows: own.rows,
      barReturns: nextReturns(rows),
      barMinutes: featureSet.barMinutes,
      benchmark: {
        name: benchmark?.name ?? '',
        probabilities: benchmark?.probabilities ?? new Float64Array(0),
      },
    }),
    trading: judgeTrading({ ...bar, probabilities: own.probabilities }),
    coverage: coverageCurve(judged),
    pastCoverage: coverageOutOfSample(judged),
    calibration: reliabilityOf(judged),
    judged,
    regimes: judgeRegimes(rows, judged, benchmark?.probabilities ?? own.probabilities),
    contributions: meanContributions(answering),
    permutation: weighColumns({ answering, judged }).permutation,
  };
}

interface Walked {
  name: string;
  rows: DirectionRows;
  probabilities: Float64Array;
  fits: AnsweringFit[];
  trainingRows: number[];
}

function createArms(rows: DirectionRows, options: DirectionReportOptions) {
  const { featureSet, usesSentiment, horizonMinutes, graceSeconds, from, to, refit, seed, onProgress } =
    options;
  /** A group of which the history has no value says nothing, and would only throw the dice of a fit anew. */
  const isThere = (group: FeatureGroup) =>
    featureSet.groups[group].some((column) => {
      const place = rows.columns.indexOf(column);
      for (let row = 0; row < rows.count; row += 1) {
        if (!Number.isNaN(rows.values[row * rows.columns.length + place])) return true;
      }
      return false;
    });
  const there = (['price', 'sentiment', 'social'] as const).filter(
    (group) => group === 'price' || (usesSentiment && isThere(group)),
  );
  const arms = {
    groups: there,
    seen: featureSet.names.filter((name) => there.some((group) => featureSet.groups[group].includes(name))),
    /** By group of columns; without a scorer there is nothing but the price to be parted. */
    walkGroups: (family: ModelFamily): Walked[] =>
      GROUPS.filter(({ groups }) => usesSentiment && groups.every((group) => there.includes(group))).map(
        ({ name, groups }) => {
          const isSeen = (column: string) =>
            groups.some((group) => featureSet.groups[group].includes(column));
          return arms.walk(family, {
            name: `${family.name}, ${name}`,
            columns: featureSet.names.filter(isSeen),
          });
        },
      ),
    walk(family: ModelFamily, { name, columns }: { name: string; columns: readonly string[] }): Walked {
      const read = selectColumns(rows, [...columns, PAST_RETURN]);
      const fits: AnsweringFit[] = [];
      const walked = walkForward(read, {
        family,
        horizonMinutes,
        embargoMinutes: horizonMinutes,
        graceSeconds,
        from,
        to,
        refit,
        seed,
        onFit: (done, total, fit) => {
          fits.push(fit);
          onProgress?.(name, done, total);
        },
      });
      const trainingRows = walked.fits.map((fit) => fit.trainingRows);
      return { name, rows: read, probabilities: walked.probabilities, fits, trainingRows };
    },
  };
  return arms;
}
