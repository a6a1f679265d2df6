import { DAY_MS, SECOND_MS, type EpochMs } from '../core/index.ts';
import type { FeatureMatrix, Model, ModelFamily, TrainingRows } from './model.ts';
import { selectColumns, selectMatured, type DirectionRows, type Weighting } from './rows.ts';

/** Fits are made anew each Monday unless another cadence is asked for. */
const WEEK_DAYS = 7;
/** 1970-01-05, the first Monday of the epoch. */
const FIRST_MONDAY = 4 * DAY_MS;
/** A window is decided this long after its end, live and here. */
export const GRACE_SECONDS = 60;

/**
 * When fits are made: `weekly`, at `from` and at each Monday 00:00 UTC; `once`, at `from` for all; every so many days, at
 * `from` and on the grid of `refitTime`; or so many folds, runs of tested windows that are equally many (or one more,
 * where they do not divide), each answered by a fit at the end of the window before it.
 */
export type Refit = 'weekly' | 'once' | { everyDays: number } | { folds: number };

/** How a family is tried on the past. */
export interface WalkForwardOptions {
  family: ModelFamily;
  horizonMinutes: number;
  /** Distance between the last training label and the fit; 0 is what the live refit does. */
  embargoMinutes: number;
  /** Windows with from < windowEnd <= to are tested; the first fit stands at `from`. */
  from: EpochMs;
  /** The last window's end where left out. */
  to?: EpochMs;
  refit: Refit;
  /** A rolling training: only windows of so many days before the fit teach; all of the past where left out. */
  trainingDays?: number;
  /** Default: `none`. */
  weighting?: Weighting;
  seed: number;
  /** A fit sees what was known this long after its date; 60 where left out. */
  graceSeconds?: number;
  /** Chooses the rows that a fit learns from; `selectMatured` where left out. The audit hands in one to attack. */
  select?: typeof selectMatured;
  /** Told after each fit how many of them are done, and what was fitted. */
  onFit?: (done: number, total: number, fit: AnsweringFit & { training: TrainingRows }) => void;
}

/** A model and the rows that it answered for: first <= row < end. */
export interface AnsweringFit {
  model: Model;
  first: number;
  end: number;
}

/** What a walk-forward gives. */
export interface WalkForward {
  /** P(up), shape (rows.count); NaN in rows that were not tested. */
  probabilities: Float64Array;
  /** Its fits in time order. */
  fits: { fittedAt: EpochMs; trainingRows: number; testedRows: number }[];
}

/**
 * The date of the fit that answers for a window: the last Monday 00:00 UTC at or before its end, but not before `start`.
 * The walk-forward, the replay and the live refit share this schedule.
 * @param windowEnd - epoch ms
 * @param start - the first fit's date, epoch ms
 * @param cadenceDays - days between two dates of the grid, which stands on the Monday 1970-01-05; 7 = each Monday
 * @throws RangeError when the cadence is not above 0
 */
export function refitTime(windowEnd: EpochMs, start: EpochMs, cadenceDays = WEEK_DAYS): EpochMs {
  if (!(cadenceDays > 0)) throw new RangeError(`a cadence is a number of days above 0, got ${cadenceDays}`);
  const cadence = cadenceDays * DAY_MS;
  return Math.max(start, FIRST_MONDAY + Math.floor((windowEnd - FIRST_MONDAY) / cadence) * cadence);
}

/**
 * Purged, embargoed walk-forward over an expanding or a rolling past: each window is predicted by a model fitted on rows
 * whose labels were known at its fit, see `selectMatured`. Scaling and everything else is learned inside the fit. Rows
 * that teach lie before those that are tested, so that an embargo on that one side is all that there can be.
 * @throws RangeError when the rows are not aligned, do not ascend, or lack a column that the family reads, when there are
 *   fewer tested windows than folds, and when folds or days are not above 0
 * @see López de Prado (2018), Advances in Financial Machine Learning, chapters 7 and 12
 */
export function walkForward(rows: DirectionRows, options: WalkForwardOptions): WalkForward {
  const { family, seed, horizonMinutes, embargoMinutes, trainingDays, weighting, onFit } = options;
  const { graceSeconds = GRACE_SECONDS, select = selectMatured } = options;
  // A baseline reads one column or none: copying the others for each fit would be most of its work.
  const read = family.columns === null ? rows : selectColumns(rows, family.columns);
  const probabilities = new Float64Array(rows.count).fill(NaN);
  const fits: WalkForward['fits'] = [];
  const runs = testRuns(rows, options);
  for (const { fittedAt, first, end } of runs) {
    const asOf = fittedAt + graceSeconds * SECOND_MS;
    const training = select(read, { asOf, horizonMinutes, embargoMinutes, trainingDays, weighting });
    const model = family.fit(training, { seed });
    probabilities.set(model.predict(sliceRows(read, first, end)), first);
    fits.push({ fittedAt, trainingRows: training.count, testedRows: end - first });
    onFit?.(fits.length, runs.length, { model, first, end, training });
  }
  return { probabilities, fits };
}

/** Neighbouring tested rows that share a fit. */
export interface TestRun {
  fittedAt: EpochMs;
  first: number;
  end: number;
}

/**
 * Which rows a walk-forward tests by which fit, in time order.
 * @throws RangeError as `walkForward` for folds and days
 */
export function testRuns(
  { windowEnds }: Pick<DirectionRows, 'windowEnds'>,
  { from, to = Infinity, refit }: Pick<WalkForwardOptions, 'from' | 'to' | 'refit'>,
): TestRun[] {
  const first = windowEnds.findIndex((windowEnd) => windowEnd > from);
  const end = windowEnds.findLastIndex((windowEnd) => windowEnd <= to) + 1;
  const tested = first < 0 ? windowEnds.subarray(0, 0) : windowEnds.subarray(first, Math.max(first, end));
  if (typeof refit === 'object' && 'folds' in refit) {
    return equalRuns(tested, { from, folds: refit.folds }).map((run) => shifted(run, first));
  }
  const dateOf = fitDates(refit, from);
  const runs: TestRun[] = [];
  tested.forEach((windowEnd, row) => {
    const fittedAt = dateOf(windowEnd);
    const last = runs.at(-1);
    if (last?.fittedAt === fittedAt) last.end = row + 1;
    else runs.push({ fittedAt, first: row, end: row + 1 });
  });
  return runs.map((run) => shifted(run, first));
}

function fitDates(refit: Exclude<Refit, { folds: number }>, from: EpochMs): (windowEnd: EpochMs) => EpochMs {
  if (refit === 'once') return () => from;
  const cadenceDays = refit === 'weekly' ? WEEK_DAYS : refit.everyDays;
  return (windowEnd) => refitTime(windowEnd, from, cadenceDays);
}

function equalRuns(tested: Float64Array, { from, folds }: { from: EpochMs; folds: number }): TestRun[] {
  if (!(Number.isInteger(folds) && folds >= 1 && folds <= Math.max(1, tested.length))) {
    throw new RangeError(
      `folds are a whole number from 1 to the ${tested.length} tested windows, got ${folds}`,
    );
  }
  const firstOf = (fold: number) => Math.ceil((fold * tested.length) / folds);
  return Array.from({ length: tested.length === 0 ? 0 : folds }, (_, fold) => ({
    fittedAt: fold === 0 ? from : (tested[firstOf(fold) - 1] ?? NaN),
    first: firstOf(fold),
    end: firstOf(fold + 1),
  }));
}

function shifted({ fittedAt, first, end }: TestRun, rows: number): TestRun {
  return { fittedAt, first: first + rows, end: end + rows };
}

function sliceRows({ columns, values }: FeatureMatrix, first: number, end: number): FeatureMatrix {
  return {
    columns,
    values: values.subarray(first * columns.length, end * columns.length),
    count: end - first,
  };
}
