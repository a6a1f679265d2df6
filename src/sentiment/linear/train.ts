import { setImmediate as yieldToOthers } from 'node:timers/promises';
import {
  fitTemperature,
  multinomialLogisticSteps,
  softmaxLogLoss,
  type MultinomialFit,
  type MultinomialProblem,
  type SparseRows,
} from '../../stats/index.ts';
import { accuracyOf, calibrationErrorOf, macroF1Of, type Judgement } from '../agreement.ts';
import { trainingRefused } from '../errors.ts';
import { labelsOf, SCORE_BORDER, type RatedText } from '../rated-texts.ts';
import type { ScorerTraining } from '../scorer-family.ts';
import { splitRows, type Split } from '../splits.ts';
import { SENTIMENTS } from '../scorer.ts';
import { readCorpus, scaleRows, weighBuckets, type BucketScales, type Corpus } from './corpus.ts';
import type { LinearWeights } from './model.ts';

/** Fewer rows, or a second label with fewer rows than this, teach nothing that carries over. */
const FEWEST_ROWS = 30;
const FEWEST_OF_LABEL = 5;
/** Tried from the strongest on, each beginning where the last ended, until held-out rows are told worse. */
const PENALTIES = [0.8, 0.4, 0.2, 0.1, 0.05];
/** A label's rows count (mean rows of a label / its rows) to this power: between "as they come" (0) and "balanced" (1). */
const BALANCE = 0.8;
const FOLDS = 5;
/** From so many rows on three folds say the same, in three fifths of the time. */
const MANY_ROWS = 3_000;
const FEWER_FOLDS = 3;
/** Gradient at which a fit is done, as a share of that at zero; a fit that only chooses need not be as exact. */
const CHOOSING = 1e-2;
const FINAL = 1e-3;
/** Log-odds of a sentiment that a fold never saw, against the likeliest. */
const UNSEEN = -12;

/** A trained model with what decided it. */
export interface LinearTraining {
  weights: LinearWeights;
  parameters: Record<string, unknown>;
  metrics: Record<string, number | null>;
}

/** Rows as numbers; labels in the order of `SENTIMENTS`. */
interface Lesson {
  corpus: Corpus;
  labels: Uint8Array;
}

/** What the fits of one split said of its held-out rows: log-odds (rows * 3) by penalty, as far as they went. */
interface SplitAnswer {
  held: Uint32Array;
  logOdds: Float64Array[];
}

/**
 * Chooses the penalty and the temperature on held-out rows, then learns from all.
 * @throws AppError `SENTIMENT_TRAINING_REFUSED`
 */
export async function trainLinear(
  rows: readonly RatedText[],
  { seed, onProgress = () => {} }: Pick<ScorerTraining, 'seed' | 'onProgress'>,
): Promise<LinearTraining> {
  const labels = Uint8Array.from(labelsOf('linear', rows), (label) => SENTIMENTS.indexOf(label));
  requireTeachable(labels);
  onProgress('reading the texts', 0);
  const lesson = { corpus: await readCorpus(rows.map(({ text }) => text)), labels };
  const splits = splitRows(rows, { folds: rows.length > MANY_ROWS ? FEWER_FOLDS : FOLDS, seed });
  const answers: SplitAnswer[] = [];
  for (const [place, split] of splits.entries()) {
    onProgress(`held-out part ${place + 1} of ${splits.length}`, (place + 0.5) / (splits.length + 1));
    answers.push(await answerSplit(lesson, split));
  }
  const choice = choose(answers, labels);
  onProgress('learning from all rows', splits.length / (splits.length + 1));
  const all = Uint32Array.from(labels, (_, row) => row);
  const fit = await fitRows(lesson, all, {
    penalties: PENALTIES.slice(0, choice.place + 1),
    tolerance: FINAL,
  });
  return {
    weights: weightsOf(fit, choice.temperature),
    parameters: {
      l2: PENALTIES[choice.place],
      temperature: choice.temperature,
      balance: BALANCE,
      rows: rows.length,
      heldOut: rows.every(({ at }) => at !== undefined) ? 'newest' : 'folds',
      splits: splits.length,
      scoreBorder: SCORE_BORDER,
      seed,
    },
    metrics: choice.metrics,
  };
}

function requireTeachable(labels: Uint8Array): void {
  const counts = SENTIMENTS.map((_, k) => labels.filter((label) => label === k).length);
  const many = `Give at least ${FEWEST_ROWS} rows, at least ${FEWEST_OF_LABEL} of each of two labels.`;
  if (labels.length < FEWEST_ROWS) {
    throw trainingRefused('linear', `${labels.length} rated texts are too few`, many);
  }
  if (counts.filter((count) => count >= FEWEST_OF_LABEL).length < 2) {
    const seen = SENTIMENTS.map((label, k) => `${counts[k]} ${label}`).join(', ');
    throw trainingRefused('linear', `there is only one label to learn (${seen})`, many);
  }
}

/** Fits along the penalties until the held-out rows are told worse than by the one before. */
async function answerSplit(lesson: Lesson, { train, held }: Split): Promise<SplitAnswer> {
  const logOdds: Float64Array[] = [];
  const labels = held.map((row) => lesson.labels[row] ?? 0);
  let least = Infinity;
  for await (const fit of fitsAlong(lesson, train, { penalties: PENALTIES, tolerance: CHOOSING })) {
    const said = oddsOf(fit, lesson.corpus, held);
    logOdds.push(said);
    const rated = { logOdds: said, labels: Uint8Array.from(labels), classes: SENTIMENTS.length };
    const loss = softmaxLogLoss(rated, fitTemperature(rated));
    if (loss > least) break;
    least = loss;
  }
  return { held, logOdds };
}

/** The penalty with the least calibrated loss among those that every split got to. */
function choose(answers: readonly SplitAnswer[], labels: Uint8Array) {
  const reached = Math.min(...answers.map(({ logOdds }) => logOdds.length));
  const tried = Array.from({ length: reached }, (_, place) => {
    const rated = joinAnswers(answers, { place, labels });
    const temperature = fitTemperature(rated);
    return { place, temperature, loss: softmaxLogLoss(rated, temperature) };
  });
  const [first, ...others] = tried;
  if (first === undefined) throw new RangeError('there is no held-out part');
  const best = others.reduce((least, one) => (one.loss < least.loss ? one : least), first);
  return { ...best, metrics: judgeChoice(answers, { place: best.place, labels }) };
}

/**
 * How the held-out rows were told, each part at the temperature that the others ask for. The penalty, one of five, was
 * chosen on all of them.
 */
function judgeChoice(
  answers: readonly SplitAnswer[],
  { place, labels }: { place: number; labels: Uint8Array },
): LinearTraining['metrics'] {
  const judgements: Judgement[] = [];
  let loss = 0;
  for (const answer of answers) {
    const others = answers.filter((other) => other !== answer);
    const rated = joinAnswers([answer], { place, labels });
    const temperature = others.length === 0 ? 1 : fitTemperature(joinAnswers(others, { place, labels }));
    judgements.push(...judge(rated.logOdds, { truth: rated.labels, temperature }));
    loss += rated.labels.length * softmaxLogLoss(rated, temperature);
  }
  return {
    accuracy: accuracyOf(judgements),
    macroF1: macroF1Of(judgements),
    ece: calibrationErrorOf(judgements),
    logLoss: loss / judgements.length,
    n: judgements.length,
  };
}

function joinAnswers(
  answers: readonly SplitAnswer[],
  { place, labels }: { place: number; labels: Uint8Array },
): { logOdds: Float64Array; labels: Uint8Array; classes: number } {
  const held = answers.flatMap((answer) => [...answer.held]);
  return {
    logOdds: Float64Array.from(answers.flatMap((answer) => [...(answer.logOdds[place] ?? [])])),
    labels: Uint8Array.from(held, (row) => labels[row] ?? 0),
    classes: SENTIMENTS.length,
  };
}

function judge(
  logOdds: Float64Array,
  { truth, temperature }: { truth: Uint8Array; temperature: number },
): Judgement[] {
  return Array.from(truth, (label, row) => {
    const odds = [...logOdds.subarray(row * SENTIMENTS.length, (row + 1) * SENTIMENTS.length)];
    const most = Math.max(...odds);
    const total = odds.reduce((sum, one) => sum + Math.exp((one - most) / temperature), 0);
    return {
      said: SENTIMENTS[odds.indexOf(most)] ?? 'neutral',
      truth: SENTIMENTS[label] ?? 'neutral',
      confidence: 1 / total,
    };
  });
}

/** A fit with what it takes to apply it: `seen` are the sentiments of its classes. */
interface RowsFit {
  fit: MultinomialFit;
  seen: readonly number[];
  scales: BucketScales;
}

async function fitRows(
  lesson: Lesson,
  rows: Uint32Array,
  path: { penalties: readonly number[]; tolerance: number },
): Promise<RowsFit> {
  let last: RowsFit | null = null;
  for await (const fit of fitsAlong(lesson, rows, path)) last = fit;
  if (last === null) throw new RangeError('there is no penalty to fit with');
  return last;
}

async function* fitsAlong(
  { corpus, labels }: Lesson,
  rows: Uint32Array,
  { penalties, tolerance }: { penalties: readonly number[]; tolerance: number },
): AsyncGenerator<RowsFit, void, undefined> {
  const seen = SENTIMENTS.map((_, k) => k).filter((k) => rows.some((row) => labels[row] === k));
  const classOfRow = labels.map((label) => Math.max(0, seen.indexOf(label)));
  const scales = weighBuckets(corpus, rows, { labels: classOfRow, classes: seen.length });
  await yieldToOthers();
  const scaled = scaleRows(corpus, rows, scales);
  const ofRows = Uint8Array.from(rows, (row) => classOfRow[row] ?? 0);
  const counts = seen.map((_, k) => ofRows.filter((one) => one === k).length);
  const weights = Float64Array.from(ofRows, (k) => (rows.length / seen.length / (counts[k] ?? 1)) ** BALANCE);
  let start: MultinomialFit | undefined;
  for (const [place, l2] of penalties.entries()) {
    const fit = await solvePatiently({
      rows: scaled,
      labels: ofRows,
      classes: Math.max(2, seen.length),
      weights,
      l2,
      // Fits on the way only lead to the last one.
      tolerance: place === penalties.length - 1 ? tolerance : Math.max(tolerance, CHOOSING),
      ...(start === undefined ? {} : { start }),
    });
    start = fit;
    yield { fit, seen, scales };
  }
}

/** Lets others work after every step. */
async function solvePatiently(problem: MultinomialProblem): Promise<MultinomialFit> {
  const steps = multinomialLogisticSteps(problem);
  for (;;) {
    const { done, value } = steps.next();
    if (done === true) return value;
    await yieldToOthers();
  }
}

/** Log-odds of the three sentiments by row. */
function oddsOf({ fit, seen, scales }: RowsFit, corpus: Corpus, rows: Uint32Array): Float64Array {
  const scaled = scaleRows(corpus, rows, scales);
  const odds = new Float64Array(rows.length * SENTIMENTS.length);
  for (let row = 0; row < rows.length; row += 1) {
    const said = seen.map(
      (_, k) =>
        (fit.intercepts[k] ?? 0) +
        rowTimes(
          scaled,
          row,
          fit.coefficients.subarray(k * scaled.columnCount, (k + 1) * scaled.columnCount),
        ),
    );
    const most = Math.max(...said);
    for (let k = 0; k < SENTIMENTS.length; k += 1) {
      odds[row * SENTIMENTS.length + k] = said[seen.indexOf(k)] ?? most + UNSEEN;
    }
  }
  return odds;
}

function rowTimes({ starts, columns, values }: SparseRows, row: number, vector: Float64Array): number {
  const to = starts[row + 1] ?? 0;
  let sum = 0;
  for (let place = starts[row] ?? 0; place < to; place += 1) {
    sum += (values[place] ?? 0) * (vector[columns[place] ?? 0] ?? 0);
  }
  return sum;
}

function weightsOf({ fit, seen, scales }: RowsFit, temperature: number): LinearWeights {
  const { bucketOfColumn } = scales;
  const size = bucketOfColumn.length;
  const weights = new Float64Array(size * SENTIMENTS.length);
  const intercepts = new Float64Array(SENTIMENTS.length).fill(-Infinity);
  seen.forEach((sentiment, k) => {
    intercepts[sentiment] = fit.intercepts[k] ?? 0;
    for (let column = 0; column < size; column += 1) {
      weights[column * SENTIMENTS.length + sentiment] = fit.coefficients[k * size + column] ?? 0;
    }
  });
  return {
    buckets: bucketOfColumn,
    scales: Float64Array.from(bucketOfColumn, (bucket) => scales.scales[bucket] ?? 0),
    weights,
    intercepts,
    temperature,
  };
}
