import { createRandom, decodeOnnx, encodeOnnx } from '../../core/index.ts';
import { fitTemperature } from '../../stats/index.ts';
import { calibrationErrorOf } from '../agreement.ts';
import { trainingRefused } from '../errors.ts';
import type { RatedText } from '../rated-texts.ts';
import { SENTIMENTS, type SentimentLabel } from '../scorer.ts';
import { groupNames } from '../splits.ts';
import { createHeadFitter, headLogOdds, type HeadRows } from './head-fit.ts';
import { readHead, replaceHead, type Head } from './onnx-head.ts';
import { PROBE_TEXTS } from './probe-texts.ts';

/** Fewer labelled rows than this leave too few to choose and to judge on. */
const FEWEST_ROWS = 60;
/** Shares of the new rows: the rest trains. */
const TUNING_SHARE = 0.15;
const JUDGING_SHARE = 0.15;
/** Penalties that are tried, from nearly the old head to nearly free, until a weaker one is worse. */
const PENALTIES = [300, 30, 3, 0.3, 0.03];

/** What a head is trained with. */
export interface HeadTraining {
  /** For messages: `finbert`. */
  family: string;
  /** An ONNX classifier with an fp32 head; the rest of it may be int8. */
  modelBytes: Uint8Array;
  /** Its classes in its own order, which need not be ours. */
  labels: readonly SentimentLabel[];
  /** The output `pooled` of that model for texts, shape (texts, width), row by row. The same each time. */
  encode(texts: readonly string[]): Promise<Float32Array>;
  /** What to learn; rows without a label, or with one that is no class of the model, teach nothing and are left out. */
  rows: readonly RatedText[];
  /**
   * What not to forget. A row with a label of the model is learned again as it is; any other is answered by the old head,
   * and its probabilities are the truth (distillation). `PROBE_TEXTS` where none are given.
   */
  replay?: readonly RatedText[];
  seed: number;
  onProgress?: (phrase: string, share: number | null) => void;
}

/** A trained head within its model. */
export interface TrainedHead {
  /** Again a plain ONNX model, with the same inputs and outputs. */
  modelBytes: Uint8Array;
  parameters: {
    l2: number;
    temperature: number;
    trainedOn: number;
    leftOut: number;
    replayed: number;
    classes: SentimentLabel[];
  };
  /** On rows that neither the training nor the choice of the penalty has seen; null = no such row. */
  metrics: Record<string, number | null>;
}

/** Rows of one origin in three parts. */
interface Parts {
  training: HeadRows;
  tuning: HeadRows;
  judging: HeadRows;
}

/**
 * Trains the last layer of a classifier on what its encoder makes of texts, the encoder itself left as it is.
 *
 * The new log-odds are a free mixture of the old head's log-odds plus a correction that is penalised (L2), so that a
 * strong penalty ends at the old head, recalibrated, and a weak one at a head of its own. New and replayed rows weigh
 * the same in all. Penalty and temperature are chosen on rows kept out of the training (the newest where all rows have
 * times, else by a hash of the text, so that copies stay together); what is reported comes from a third part. The
 * temperature is folded into the weights.
 * @throws AppError `SENTIMENT_TRAINING_REFUSED` for too few rows or a single class, `ONNX_UNSUPPORTED` for a model
 * without an fp32 head
 */
export async function trainHead(training: HeadTraining): Promise<TrainedHead> {
  const model = decodeOnnx(training.modelBytes);
  const old = readHead(model);
  const rows = labelledRows(training, old);
  const replay = training.replay ?? PROBE_TEXTS.map((text) => ({ text }));
  training.onProgress?.('encoding texts', 0);
  const news = await partsOf(training, rows, old);
  const olds = await partsOf(training, replay, old);
  const best = await choosePenalty(training, old, { news, olds });
  training.onProgress?.('fitting the head', 0.8);
  const full = balanced(joined([news.training, news.tuning]), joined([olds.training, olds.tuning]));
  const head = await createHeadFitter(old, full)(best.l2);
  const calibrated = cooled(head, best.temperature);
  return {
    modelBytes: encodeOnnx(replaceHead(model, calibrated)),
    parameters: {
      l2: best.l2,
      temperature: best.temperature,
      trainedOn: news.training.weights.length + news.tuning.weights.length,
      leftOut: training.rows.length - rows.length,
      replayed: replay.length,
      classes: [...training.labels],
    },
    metrics: {
      ...figuresOf('new', news.judging, { old, head: calibrated }),
      ...figuresOf('old', olds.judging, { old, head: calibrated }),
    },
  };
}

function labelledRows({ family, rows, labels }: HeadTraining, old: Head): RatedText[] {
  const labelled = rows.filter(({ label }) => label !== undefined && labels.includes(label));
  if (labels.length !== old.classes) {
    throw trainingRefused(
      family,
      `the model has ${old.classes} classes and ${labels.length} names for them`,
      'Its config.json must name every class.',
    );
  }
  const classes = new Set(labelled.map(({ label }) => label));
  if (labelled.length < FEWEST_ROWS || classes.size < 2) {
    throw trainingRefused(
      family,
      `it was given ${labelled.length} labelled rows of ${classes.size} class(es) that it knows (${labels.join(', ')})`,
      `Give at least ${FEWEST_ROWS} rows with a label of these, of two classes or more.`,
    );
  }
  return labelled;
}

/** Encodes rows and splits them in time, or by a hash of their words. */
async function partsOf(training: HeadTraining, rows: readonly RatedText[], old: Head): Promise<Parts> {
  const ranks = ranksOf(rows, training.seed);
  const places = rows.map((_, place) => ({ place, rank: ranks[place] ?? 0 }));
  places.sort((a, b) => a.rank - b.rank || a.place - b.place);
  const pooled = await training.encode(rows.map(({ text }) => text));
  if (pooled.length !== rows.length * old.width) {
    throw new RangeError(
      `${rows.length} texts were encoded into ${pooled.length} numbers of ${old.width} each`,
    );
  }
  const pick = (from: number, to: number) => {
    const picked = places.slice(Math.round(from * rows.length), Math.round(to * rows.length));
    return headRows(
      picked.map(({ place }) => place),
      { pooled, rows, training, old },
    );
  };
  const tuneFrom = 1 - TUNING_SHARE - JUDGING_SHARE;
  return {
    training: pick(0, tuneFrom),
    tuning: pick(tuneFrom, 1 - JUDGING_SHARE),
    judging: pick(1 - JUDGING_SHARE, 1),
  };
}

/** Their times where all have one, else dice that fall alike for near-duplicates. */
function ranksOf(rows: readonly RatedText[], seed: number): number[] {
  const times = rows.flatMap(({ at }) => at ?? []);
  if (times.length === rows.length) return times;
  const dice = createRandom(seed);
  const names = groupNames(rows);
  return names.map((name) => dice.fork(name).uniform());
}

function headRows(
  places: readonly number[],
  from: { pooled: Float32Array; rows: readonly RatedText[]; training: HeadTraining; old: Head },
): HeadRows {
  const { width, classes } = from.old;
  const pooled = new Float32Array(places.length * width);
  const truths = new Float64Array(places.length * classes);
  for (const [row, place] of places.entries()) {
    const vector = from.pooled.subarray(place * width, (place + 1) * width);
    pooled.set(vector, row * width);
    const label = from.rows[place]?.label;
    const column = label === undefined ? -1 : from.training.labels.indexOf(label);
    if (column < 0) truths.set(softmax(headLogOdds(from.old, vector)), row * classes);
    else truths[row * classes + column] = 1;
  }
  return { pooled, truths, weights: new Float64Array(places.length).fill(1) };
}

async function choosePenalty(
  training: HeadTraining,
  old: Head,
  { news, olds }: { news: Parts; olds: Parts },
) {
  const rows = balanced(news.training, olds.training);
  const tuning = balanced(news.tuning, olds.tuning);
  const fit = createHeadFitter(old, rows);
  let best = { l2: NaN, temperature: 1, loss: Infinity };
  for (const [place, l2] of PENALTIES.entries()) {
    training.onProgress?.('choosing how far to leave the old head', 0.2 + (0.6 * place) / PENALTIES.length);
    const head = await fit(l2);
    const temperature = temperatureOf(head, news.tuning);
    const loss = lossOf(cooled(head, temperature), tuning);
    if (!(loss < best.loss)) break;
    best = { l2, temperature, loss };
  }
  return best;
}

/** Both kinds of rows weigh as much as the new rows are, whichever there are more of. */
function balanced(news: HeadRows, olds: HeadRows): HeadRows {
  const share = news.weights.length / Math.max(1, olds.weights.length);
  return joined([news, { ...olds, weights: olds.weights.map((weight) => weight * share) }]);
}

function joined(parts: readonly HeadRows[]): HeadRows {
  const lengthOf = (key: keyof HeadRows) => parts.reduce((sum, part) => sum + part[key].length, 0);
  const all: HeadRows = {
    pooled: new Float32Array(lengthOf('pooled')),
    truths: new Float64Array(lengthOf('truths')),
    weights: new Float64Array(lengthOf('weights')),
  };
  const at = { pooled: 0, truths: 0, weights: 0 };
  for (const part of parts) {
    for (const key of ['pooled', 'truths', 'weights'] as const) {
      all[key].set(part[key], at[key]);
      at[key] += part[key].length;
    }
  }
  return all;
}

function cooled(head: Head, temperature: number): Head {
  return {
    ...head,
    matrix: head.matrix.map((value) => value / temperature),
    bias: head.bias.map((value) => value / temperature),
  };
}

/** It only cools: rows that all turn out right, as of an easy task, would ask for certainty without end. */
function temperatureOf(head: Head, rows: HeadRows): number {
  const { classes } = head;
  const logOdds = new Float64Array(rows.truths.length);
  const labels = new Uint8Array(rows.weights.length);
  forEachRow(head, rows, (row, odds, truth) => {
    logOdds.set(odds, row * classes);
    labels[row] = largest(truth);
  });
  return labels.length === 0 ? 1 : Math.max(1, fitTemperature({ logOdds, labels, classes }));
}

/** Weighted mean cross-entropy, nats. */
function lossOf(head: Head, rows: HeadRows): number {
  let loss = 0;
  let total = 0;
  forEachRow(head, rows, (row, odds, truth) => {
    const weight = rows.weights[row] ?? 0;
    total += weight;
    for (const [k, probability] of softmax(odds).entries()) {
      loss -= weight * (truth[k] ?? 0) * Math.log(Math.max(probability, 1e-12));
    }
  });
  return loss / total;
}

function figuresOf(kind: string, rows: HeadRows, { old, head }: { old: Head; head: Head }) {
  const n = rows.weights.length;
  const name = (what: string) => `${kind}${what}`;
  if (n === 0) return { [name('Rows')]: 0, [name('Accuracy')]: null, [name('AccuracyBefore')]: null };
  return {
    [name('Rows')]: n,
    [name('Accuracy')]: accuracyOn(head, rows),
    [name('AccuracyBefore')]: accuracyOn(old, rows),
    [name('LogLoss')]: lossOf(head, rows),
    [name('LogLossBefore')]: lossOf(old, rows),
    [name('Ece')]: eceOn(head, rows),
  };
}

function accuracyOn(head: Head, rows: HeadRows): number {
  let right = 0;
  forEachRow(head, rows, (_row, odds, truth) => {
    if (largest(odds) === largest(truth)) right += 1;
  });
  return right / rows.weights.length;
}

function eceOn(head: Head, rows: HeadRows): number {
  const judgements: { said: SentimentLabel; truth: SentimentLabel; confidence: number }[] = [];
  forEachRow(head, rows, (_row, odds, truth) => {
    // Only whether both are the same counts here, not which name the class bears.
    const isRight = largest(odds) === largest(truth);
    const [said, other] = SENTIMENTS;
    judgements.push({ said, truth: isRight ? said : other, confidence: Math.max(...softmax(odds)) });
  });
  return calibrationErrorOf(judgements);
}

function forEachRow(
  head: Head,
  rows: HeadRows,
  visit: (row: number, odds: Float64Array, truth: Float64Array) => void,
): void {
  for (let row = 0; row < rows.weights.length; row += 1) {
    const vector = rows.pooled.subarray(row * head.width, (row + 1) * head.width);
    visit(row, headLogOdds(head, vector), rows.truths.subarray(row * head.classes, (row + 1) * head.classes));
  }
}

function softmax(odds: Float64Array): Float64Array {
  const most = Math.max(...odds);
  const shares = odds.map((one) => Math.exp(one - most));
  const total = shares.reduce((sum, one) => sum + one, 0);
  return shares.map((one) => one / total);
}

function largest(values: Float64Array): number {
  return values.indexOf(Math.max(...values));
}
