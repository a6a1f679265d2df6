import { DAY_MS, SECOND_MS, type EpochMs } from '../core/index.ts';
import type { FeatureMatrix, Model, ModelFamily, TrainingRows } from './model.ts';
import { selectColumns, selectMatured, type DirectionRows } from './rows.ts';

/** Fits are made anew each Monday unless another cadence is asked for. */
const WEEK_DAYS = 7;
/** 1970-01-05, the first Monday of the epoch. */
const FIRST_MONDAY = 4 * DAY_MS;
/** A window is decided this long after its end, live and here. */
const GRACE_SECONDS = 60;

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
  /** `weekly`: a fit at `from` and one at each Monday 00:00 UTC; `once`: the fit at `from` answers for all. */
  refit: 'weekly' | 'once';
  seed: number;
  /** A fit sees what was known this long after its date; 60 where left out. */
  graceSeconds?: number;
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
 * Purged, embargoed walk-forward over an expanding past: each window is predicted by a model fitted on rows whose
 * labels were known at its fit, see `selectMatured`. Scaling and everything else is learned inside the fit.
 * @throws RangeError when the rows are not aligned, do not ascend, or lack a column that the family reads
 * @see López de Prado (2018), Advances in Financial Machine Learning, chapters 7 and 12
 */
export function walkForward(rows: DirectionRows, options: WalkForwardOptions): WalkForward {
  const { family, seed, horizonMinutes, embargoMinutes, graceSeconds = GRACE_SECONDS, onFit } = options;
  // A baseline reads one column or none: copying the others for each fit would be most of its work.
  const read = family.columns === null ? rows : selectColumns(rows, family.columns);
  const probabilities = new Float64Array(rows.count).fill(NaN);
  const fits: WalkForward['fits'] = [];
  const runs = testRuns(rows, options);
  for (const { fittedAt, first, end } of runs) {
    const asOf = fittedAt + graceSeconds * SECOND_MS;
    const training = selectMatured(read, { asOf, horizonMinutes, embargoMinutes });
    const model = family.fit(training, { seed });
    probabilities.set(model.predict(sliceRows(read, first, end)), first);
    fits.push({ fittedAt, trainingRows: training.count, testedRows: end - first });
    onFit?.(fits.length, runs.length, { model, first, end, training });
  }
  return { probabilities, fits };
}

interface TestRun {
  fittedAt: EpochMs;
  first: number;
  end: number;
}

/** Neighbouring tested rows that share a fit. */
function testRuns({ windowEnds }: DirectionRows, options: WalkForwardOptions): TestRun[] {
  const { from, to = Infinity, refit } = options;
  const runs: TestRun[] = [];
  windowEnds.forEach((windowEnd, row) => {
    if (!(windowEnd > from && windowEnd <= to)) return;
    const fittedAt = refit === 'once' ? from : refitTime(windowEnd, from);
    const last = runs.at(-1);
    if (last?.fittedAt === fittedAt) last.end = row + 1;
    else runs.push({ fittedAt, first: row, end: row + 1 });
  });
  return runs;
}

function sliceRows({ columns, values }: FeatureMatrix, first: number, end: number): FeatureMatrix {
  return {
    columns,
    values: values.subarray(first * columns.length, end * columns.length),
    count: end - first,
  };
}
