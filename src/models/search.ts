import { createRandom, SECOND_MS, type EpochMs } from '../core/index.ts';
import { logLoss, logLossOf } from '../stats/index.ts';
import { scoredRows } from './evaluation.ts';
import { searchBrackets, type Trial } from './halving.ts';
import { rowsKnownAt, type DirectionRows } from './rows.ts';
import { SAMPLERS, type SearchMethod } from './samplers.ts';
import { requireDimensions, type Recipe, type SearchSpace, type Settings } from './search-space.ts';
import { GRACE_SECONDS, testRuns, walkForward, type TestRun } from './walk-forward.ts';

/** Newest share of a fold's rows on which its trials are judged. */
const JUDGED_SHARE = 0.5;
/** Fits by which they are judged, each on everything before its part of them. */
const INNER_FOLDS = 3;
const MOST_TRIALS = 100_000;

/** What a trial came to on one rung; plain JSON. */
export interface TrialRecord {
  /** Outer fold, from 0. */
  fold: number;
  /** 0 is the family untuned; in every fold numbered anew. */
  trial: number;
  rung: number;
  /** Of the resource that grows from rung to rung. */
  share: number;
  settings: Settings;
  /** Of the inner walk-forward, nats. */
  logLoss: number;
}

/** What is searched on which past. */
export interface SearchOptions {
  space: SearchSpace;
  method: SearchMethod;
  horizonMinutes: number;
  /** Distance between the last training label and each fit, the inner ones too. */
  embargoMinutes: number;
  graceSeconds?: number;
  /** Windows with from < windowEnd <= to are tested. */
  from: EpochMs;
  to?: EpochMs;
  /** Outer folds; each is searched for by itself. */
  folds: number;
  /** Trials a fold at most, the untuned one among them. */
  trials: number;
  /** No trial begins after so many seconds, shared evenly by the folds; the first of each fold always does. */
  time?: { seconds: number; /** Monotonic, ms. */ stopwatch: () => number };
  /** Successive halving, see `searchBrackets`; default: every trial is judged on all of the resource. */
  halving?: boolean;
  seed: number;
  /** What an earlier search with the same options came to: it is not done again. */
  known?: readonly TrialRecord[];
  /** Given each record that is not among the known ones, as soon as it is there. */
  onTrial?(record: TrialRecord): void;
  /** Told after each trial how many are done, of at most how many. */
  onProgress?(done: number, total: number): void;
}

/** What the search of one outer fold chose. */
export interface SearchedFold {
  fittedAt: EpochMs;
  testedRows: number;
  /** How many trials there were, and how many of them were judged on all of the resource. */
  trials: number;
  fullTrials: number;
  /** The one with the least inner log loss among those. */
  best: { trial: number; settings: Settings; logLoss: number };
  /** Inner log loss of the family untuned. */
  defaultLogLoss: number;
}

/** A search with what came of it out of sample. */
export interface DirectionSearch {
  /** P(up) by what each fold's search chose, shape (rows.count); NaN in rows that were not tested. */
  probabilities: Float64Array;
  /** P(up) of the family untuned, by the same folds. */
  defaultProbabilities: Float64Array;
  folds: SearchedFold[];
  /** Every trial of every fold, the known ones among them. */
  records: TrialRecord[];
  /** Numbers of the tested rows, ascending. */
  testedRows: Uint32Array;
  /**
   * By the number of the trial, its log loss on each tested row, nats; NaN where the label is void and in folds where it
   * was not judged on all of the resource. Only trials that were in one fold at least are there.
   */
  trialLosses: Map<number, Float64Array>;
}

/**
 * Searches a family's parameters inside a walk-forward. For each outer fold the search sees only what was known at its
 * fit (`rowsKnownAt`); its trials are judged there by a purged, embargoed walk-forward of their own over the newest half,
 * on log loss; the best one is fitted on everything known, and answers the fold's windows. Trials that drew at random have
 * the same settings in every fold.
 *
 * The same options and seed give the same search, and with the records of a broken-off one given back it goes on as if it
 * had not been broken off.
 * @throws RangeError when the budget or the folds are out of range, a fold has nothing to judge trials by, or a known
 *   record has other settings than this search would have tried
 * @see Cawley, Talbot (2010), On over-fitting in model selection and subsequent selection bias, JMLR 11 (nested)
 */
export function searchDirection(rows: DirectionRows, options: SearchOptions): DirectionSearch {
  requireOptions(options);
  const runs = testRuns(rows, { ...options, refit: { folds: options.folds } });
  const journal = createJournal(options);
  const begun = options.time?.stopwatch() ?? 0;
  const testedRows = Uint32Array.from(runs.flatMap(({ first, end }) => range(first, end)));
  const search: DirectionSearch = {
    probabilities: new Float64Array(rows.count).fill(NaN),
    defaultProbabilities: new Float64Array(rows.count).fill(NaN),
    folds: [],
    records: journal.records,
    testedRows,
    trialLosses: new Map(),
  };
  runs.forEach((run, fold) => {
    const deadline = begun + ((options.time?.seconds ?? Infinity) * 1_000 * (fold + 1)) / runs.length;
    const trials = searchFold(rows, { run, fold, options, journal, deadline });
    testTrials(rows, { run, trials, options, search });
    options.onProgress?.((fold + 1) * options.trials, runs.length * options.trials);
  });
  return search;
}

interface Journal {
  records: TrialRecord[];
  /** The loss of a trial, from what is known or by judging it. */
  lossOf(trial: Omit<TrialRecord, 'logLoss'>, judge: () => number): number;
}

function createJournal({ known = [], onTrial }: SearchOptions): Journal {
  const keyOf = ({ fold, trial, rung }: Omit<TrialRecord, 'logLoss'>) => `${fold}/${trial}/${rung}`;
  const byKey = new Map(known.map((record) => [keyOf(record), record]));
  const records: TrialRecord[] = [];
  return {
    records,
    lossOf(trial, judge) {
      const given = byKey.get(keyOf(trial));
      if (given !== undefined && !isSame(given.settings, trial.settings)) {
        throw new RangeError(
          `trial ${trial.trial} of fold ${trial.fold} has other settings than this search tries: its records are another search's`,
        );
      }
      const record = given ?? { ...trial, logLoss: judge() };
      if (given === undefined) onTrial?.(record);
      records.push(record);
      return record.logLoss;
    },
  };
}

interface FoldSearch {
  run: TestRun;
  fold: number;
  options: SearchOptions;
  journal: Journal;
  deadline: number;
}

function searchFold(rows: DirectionRows, { run, fold, options, journal, deadline }: FoldSearch): Trial[] {
  const { space, horizonMinutes, embargoMinutes, graceSeconds = GRACE_SECONDS, time, seed } = options;
  const asOf = run.fittedAt + graceSeconds * SECOND_MS;
  const known = rowsKnownAt(rows, { asOf, horizonMinutes, embargoMinutes });
  requireJudging(known, fold);
  return searchBrackets({
    space,
    method: options.method,
    halving: options.halving ?? false,
    trials: options.trials,
    // Not by the fold: what is drawn at random is then one strategy over all folds.
    dice: createRandom(seed).fork('search'),
    isOver: () => time !== undefined && time.stopwatch() >= deadline,
    judge({ number, rung, share, settings }) {
      if (rung === 0) options.onProgress?.(fold * options.trials + number, options.folds * options.trials);
      return journal.lossOf({ fold, trial: number, rung, share, settings }, () =>
        innerLoss(known, space.recipe(settings, share), options),
      );
    },
  });
}

/** Log loss of a recipe on the newest half of what is known, each part answered by a fit on everything before it. */
function innerLoss(known: DirectionRows, recipe: Recipe, options: SearchOptions): number {
  const { probabilities } = walkForward(known, {
    ...walkOf(recipe, options),
    from: judgedFrom(known),
    refit: { folds: INNER_FOLDS },
  });
  const scored = scoredRows(probabilities, known.labels);
  return logLoss(
    Float64Array.from(scored, (row) => probabilities[row] ?? NaN),
    Uint8Array.from(scored, (row) => known.labels[row] ?? NaN),
  );
}

/** Fits every full trial on all that was known and notes what it says of the fold's windows. */
function testTrials(
  rows: DirectionRows,
  {
    run,
    trials,
    options,
    search,
  }: { run: TestRun; trials: readonly Trial[]; options: SearchOptions; search: DirectionSearch },
): void {
  const full = trials.filter(({ isFull }) => isFull);
  const lossOf = ({ losses }: Trial) => losses.at(-1) ?? NaN;
  const best = full.reduce((least, trial) => (lossOf(trial) < lossOf(least) ? trial : least));
  for (const trial of full) {
    const { probabilities } = walkForward(rows, {
      ...walkOf(options.space.recipe(trial.settings), options),
      from: run.fittedAt,
      to: rows.windowEnds[run.end - 1],
      refit: 'once',
    });
    const answers = probabilities.subarray(run.first, run.end);
    if (trial === best) search.probabilities.set(answers, run.first);
    if (trial.number === 0) search.defaultProbabilities.set(answers, run.first);
    noteLosses(search, { trial: trial.number, answers, labels: rows.labels, first: run.first });
  }
  search.folds.push({
    fittedAt: run.fittedAt,
    testedRows: run.end - run.first,
    trials: trials.length,
    fullTrials: full.length,
    best: { trial: best.number, settings: best.settings, logLoss: lossOf(best) },
    defaultLogLoss: full[0] ? lossOf(full[0]) : NaN,
  });
}

function noteLosses(
  { trialLosses, testedRows }: DirectionSearch,
  {
    trial,
    answers,
    labels,
    first,
  }: { trial: number; answers: Float64Array; labels: Uint8Array; first: number },
): void {
  const losses = trialLosses.get(trial) ?? new Float64Array(testedRows.length).fill(NaN);
  trialLosses.set(trial, losses);
  const before = first - (testedRows[0] ?? 0);
  answers.forEach((probability, place) => {
    const label = labels[first + place] ?? NaN;
    if (!(label <= 1)) return;
    losses[before + place] = logLossOf(probability, label);
  });
}

function walkOf({ family, trainingDays }: Recipe, options: SearchOptions) {
  const { horizonMinutes, embargoMinutes, graceSeconds, seed } = options;
  return { family, trainingDays, horizonMinutes, embargoMinutes, graceSeconds, seed };
}

function judgedFrom({ windowEnds, count }: DirectionRows): EpochMs {
  return windowEnds[Math.floor(count * (1 - JUDGED_SHARE))] ?? NaN;
}

function requireJudging(known: DirectionRows, fold: number): void {
  const from = judgedFrom(known);
  const judged = known.labels.reduce(
    (sum, label, row) => sum + Number(label <= 1 && (known.windowEnds[row] ?? NaN) > from),
    0,
  );
  if (judged < INNER_FOLDS) {
    throw new RangeError(
      `fold ${fold} begins after ${known.count} windows that are known, too few to judge trials by`,
    );
  }
}

function requireOptions({ space, method, trials, folds, time }: SearchOptions): void {
  requireDimensions(space.dimensions);
  if (!Object.hasOwn(SAMPLERS, method)) {
    throw new RangeError(
      `no way to search is named ${method}; there are: ${Object.keys(SAMPLERS).join(', ')}`,
    );
  }
  if (!(Number.isInteger(trials) && trials >= 1 && trials <= MOST_TRIALS)) {
    throw new RangeError(`trials are a whole number from 1 to ${MOST_TRIALS}, got ${trials}`);
  }
  if (!(Number.isInteger(folds) && folds >= 1)) {
    throw new RangeError(`folds are a whole number from 1 on, got ${folds}`);
  }
  if (time !== undefined && !(time.seconds > 0)) {
    throw new RangeError(`a search lasts more than 0 seconds, got ${time.seconds}`);
  }
}

function isSame(left: Settings, right: Settings): boolean {
  const names = Object.keys(left);
  return names.length === Object.keys(right).length && names.every((name) => left[name] === right[name]);
}

function range(first: number, end: number): number[] {
  return Array.from({ length: end - first }, (_, place) => first + place);
}
