import { equalWidthBin, reliabilityBins } from '../stats/index.ts';
import { RELIABILITY_BINS } from './agreement.ts';
import { SENTIMENTS, type Score, type SentimentLabel } from './scorer.ts';
import type { RatedText } from './rated-texts.ts';

const CLASSES = SENTIMENTS.length;
const NEUTRAL = SENTIMENTS.indexOf('neutral');
/** Of rows without a label, which no figure of labels counts. */
const UNLABELLED = CLASSES ** 3;
const CELLS = UNLABELLED + 1;
/** A spread below this share of the squares is what rounding leaves of a side that never varies. */
const ROUNDING = 1e-12;

/**
 * What people and a scorer said of n texts, in columns, so that a bootstrap counts it in one pass.
 * Every column has shape (n).
 */
export interface Agreement {
  readonly n: number;
  readonly labelled: number;
  readonly scored: number;
  /** The truth, what was said, and which of the two sides was said, as one number; `UNLABELLED` without a label. */
  readonly cells: Uint8Array;
  /** Bin of the confidence; meaningless without a label. */
  readonly bins: Uint8Array;
  /** Right (1) or wrong (0) minus the confidence; 0 without a label. */
  readonly gaps: Float64Array;
  /** People's score and the scorer's sentiment, both minus their means, where there is a score; else 0. */
  readonly scores: Float64Array;
  readonly sentiments: Float64Array;
  /** 1 where there is a score, else 0. */
  readonly isScored: Uint8Array;
  readonly confidences: Float64Array;
}

/** What a scorer said, counted: columns of `SENTIMENTS`, rows the truth, shape (3, 3) row by row. */
export type Confusion = Float64Array;

/**
 * Lays a scorer's answers beside people's.
 * @param rows - shape (n)
 * @param scores - shape (n)
 * @throws RangeError when the shapes differ
 */
export function agreementOf(rows: readonly RatedText[], scores: readonly Score[]): Agreement {
  const n = rows.length;
  if (scores.length !== n) throw new RangeError(`there are ${n} rows and ${scores.length} scores`);
  const columns = {
    cells: new Uint8Array(n).fill(UNLABELLED),
    bins: new Uint8Array(n),
    gaps: new Float64Array(n),
    scores: new Float64Array(n),
    sentiments: new Float64Array(n),
    isScored: new Uint8Array(n),
    confidences: new Float64Array(n),
  };
  for (const [row, { label: truth, score: rating }] of rows.entries()) {
    const score = scores[row];
    if (score === undefined) continue;
    columns.confidences[row] = score.confidence;
    columns.bins[row] = equalWidthBin(score.confidence, RELIABILITY_BINS);
    if (truth !== undefined) {
      columns.cells[row] = cellOf(truth, score.label, sideOf(score));
      columns.gaps[row] = (score.label === truth ? 1 : 0) - score.confidence;
    }
    if (rating !== undefined) {
      columns.isScored[row] = 1;
      columns.scores[row] = rating;
      columns.sentiments[row] = score.sentiment;
    }
  }
  centre(columns.scores, columns.isScored);
  centre(columns.sentiments, columns.isScored);
  const labelled = columns.cells.reduce((count, cell) => count + (cell === UNLABELLED ? 0 : 1), 0);
  return { n, labelled, scored: sum(columns.isScored), ...columns };
}

/** Counts of all that the labels say, in one pass. @param weights - how often each row counts, shape (n) */
export function countCells(
  { cells }: Agreement,
  weights: Uint32Array,
  counts = new Float64Array(CELLS),
): Float64Array {
  counts.fill(0);
  for (let row = 0; row < cells.length; row += 1) {
    const cell = cells[row] ?? UNLABELLED;
    counts[cell] = (counts[cell] ?? 0) + (weights[row] ?? 0);
  }
  return counts;
}

/** The three labels as the scorer gave them. */
export function confusionOf(counts: Float64Array): Confusion {
  return fold(counts, (truth, said) => truth * CLASSES + said);
}

/**
 * The reading of a file that knows good and bad alone: rows labelled neutral do not count, and a scorer has said the
 * larger of P(positive) and P(negative); where both are equal it said neutral, which is wrong.
 */
export function twoClassConfusionOf(counts: Float64Array): Confusion {
  return fold(counts, (truth, _, side) => (truth === NEUTRAL ? null : truth * CLASSES + side));
}

/** Rows that a confusion counts. */
export function totalOf(confusion: Confusion): number {
  return sum(confusion);
}

/** Share of right labels, 0..1; NaN without rows. */
export function accuracyIn(confusion: Confusion): number {
  return SENTIMENTS.reduce((right, _, label) => right + at(confusion, label, label), 0) / totalOf(confusion);
}

/**
 * Unweighted mean of F1 over the labels, 0..1; NaN without rows.
 * @param isTwoClass - over positive and negative alone, else over the labels that occur in the truth or in the answers
 *   (as scikit-learn's "macro")
 */
export function macroF1In(confusion: Confusion, isTwoClass = false): number {
  let total = 0;
  let labels = 0;
  for (let label = 0; label < CLASSES; label += 1) {
    const occurrences = meant(confusion, label) + said(confusion, label);
    if (occurrences === 0 || (isTwoClass && label === NEUTRAL)) continue;
    total += (2 * at(confusion, label, label)) / occurrences;
    labels += 1;
  }
  return total / labels;
}

/** How well a scorer knows one label; null where it never comes up. */
export interface ClassFigures {
  precision: number | null;
  recall: number | null;
  f1: number | null;
  /** Rows with this label. */
  support: number;
}

export function classFiguresIn(confusion: Confusion): Record<SentimentLabel, ClassFigures> {
  return byLabel((label) => {
    const right = at(confusion, label, label);
    const [support, answers] = [meant(confusion, label), said(confusion, label)];
    return {
      precision: shareOf(right, answers),
      recall: shareOf(right, support),
      f1: shareOf(2 * right, support + answers),
      support,
    };
  });
}

/** Rows by truth, then by what was said. */
export function confusionTable(confusion: Confusion): Record<SentimentLabel, Record<SentimentLabel, number>> {
  return byLabel((truth) => byLabel((answer) => at(confusion, truth, answer)));
}

/**
 * Expected calibration error: the mean gap between confidence and share of right answers, over 15 bins of equal width
 * (open below, closed above), weighted by their rows. 0 is perfect; NaN without labels.
 * @param weights - how often each row counts, shape (n)
 * @see Guo et al. (2017), On Calibration of Modern Neural Networks
 */
export function weightedCalibrationError({ cells, bins, gaps }: Agreement, weights: Uint32Array): number {
  const sums = new Float64Array(RELIABILITY_BINS);
  let rows = 0;
  for (let row = 0; row < bins.length; row += 1) {
    const weight = cells[row] === UNLABELLED ? 0 : (weights[row] ?? 0);
    const bin = bins[row] ?? 0;
    // Rows of a bin times its gap is the size of the sum of (right - confidence) over them.
    sums[bin] = (sums[bin] ?? 0) + weight * (gaps[row] ?? 0);
    rows += weight;
  }
  return sums.reduce((total, gap) => total + Math.abs(gap), 0) / rows;
}

/** One bin of a reliability diagram. */
export interface ReliabilityBin {
  /** Confidences above `from` and up to `to`. */
  from: number;
  to: number;
  n: number;
  /** Mean confidence and share of right answers; null in an empty bin. */
  confidence: number | null;
  accuracy: number | null;
}

/** The 15 bins behind the calibration error. */
export function reliabilityOf({ cells, confidences }: Agreement): ReliabilityBin[] {
  const labelled = Uint32Array.from(cells.keys()).filter((row) => cells[row] !== UNLABELLED);
  return reliabilityBins({
    probabilities: Float64Array.from(labelled, (row) => Math.min(1, confidences[row] ?? NaN)),
    labels: Uint8Array.from(labelled, (row) => (isRight(cells[row], false) ? 1 : 0)),
    bins: RELIABILITY_BINS,
    by: 'width',
  }).map(({ from, to, n, probability, share }) => ({
    from,
    to,
    n,
    confidence: n === 0 ? null : probability,
    accuracy: n === 0 ? null : share,
  }));
}

/**
 * Linear correlation of the scorer's sentiment with people's scores, -1..1; NaN when there are fewer than two pairs or
 * one side never varies.
 * @param weights - how often each row counts, shape (n)
 */
export function weightedPearson({ scores, sentiments, isScored }: Agreement, weights: Uint32Array): number {
  let rows = 0;
  let x = 0;
  let y = 0;
  let xx = 0;
  let yy = 0;
  let xy = 0;
  for (let row = 0; row < scores.length; row += 1) {
    const weight = (isScored[row] ?? 0) * (weights[row] ?? 0);
    const score = scores[row] ?? 0;
    const sentiment = sentiments[row] ?? 0;
    rows += weight;
    x += weight * score;
    y += weight * sentiment;
    xx += weight * score * score;
    yy += weight * sentiment * sentiment;
    xy += weight * score * sentiment;
  }
  const [scoreSpread, sentimentSpread] = [xx - (x * x) / rows, yy - (y * y) / rows];
  if (!(rows >= 2 && scoreSpread > ROUNDING * xx && sentimentSpread > ROUNDING * yy)) return NaN;
  const correlation = (xy - (x * y) / rows) / Math.sqrt(scoreSpread * sentimentSpread);
  return Math.min(1, Math.max(-1, correlation));
}

/** Rows on which the labels of both are right, of one alone, of none. */
export function discordanceOf(
  first: Agreement,
  second: Agreement,
  isTwoClass: boolean,
): { onlyFirst: number; onlySecond: number } {
  let onlyFirst = 0;
  let onlySecond = 0;
  for (let row = 0; row < first.n; row += 1) {
    const [left, right] = [isRight(first.cells[row], isTwoClass), isRight(second.cells[row], isTwoClass)];
    if (left && !right) onlyFirst += 1;
    if (right && !left) onlySecond += 1;
  }
  return { onlyFirst, onlySecond };
}

function isRight(cell: number | undefined, isTwoClass: boolean): boolean {
  if (cell === undefined || cell === UNLABELLED) return false;
  const truth = Math.floor(cell / CLASSES ** 2);
  if (!isTwoClass) return truth === Math.floor(cell / CLASSES) % CLASSES;
  return truth !== NEUTRAL && truth === cell % CLASSES;
}

function cellOf(truth: SentimentLabel, answer: SentimentLabel, side: SentimentLabel): number {
  const [first, second, third] = [truth, answer, side].map((label) => SENTIMENTS.indexOf(label));
  return ((first ?? 0) * CLASSES + (second ?? 0)) * CLASSES + (third ?? 0);
}

function sideOf({ probabilities: { positive, negative } }: Score): SentimentLabel {
  if (positive === negative) return 'neutral';
  return positive > negative ? 'positive' : 'negative';
}

/** Adds the cells up into a smaller table. @param place - where in the table, null for nowhere */
function fold(
  counts: Float64Array,
  place: (truth: number, said: number, side: number) => number | null,
): Confusion {
  const table = new Float64Array(CLASSES ** 2);
  for (let cell = 0; cell < UNLABELLED; cell += 1) {
    const to = place(Math.floor(cell / CLASSES ** 2), Math.floor(cell / CLASSES) % CLASSES, cell % CLASSES);
    if (to !== null) table[to] = (table[to] ?? 0) + (counts[cell] ?? 0);
  }
  return table;
}

function centre(values: Float64Array, isThere: Uint8Array): void {
  const mean = sum(values) / sum(isThere);
  for (let row = 0; row < values.length; row += 1) {
    if (isThere[row] === 1) values[row] = (values[row] ?? 0) - mean;
  }
}

function byLabel<Value>(value: (label: number) => Value): Record<SentimentLabel, Value> {
  return { negative: value(0), neutral: value(1), positive: value(2) };
}

const at = (confusion: Confusion, truth: number, answer: number): number =>
  confusion[truth * CLASSES + answer] ?? 0;
const meant = (confusion: Confusion, label: number): number =>
  at(confusion, label, 0) + at(confusion, label, 1) + at(confusion, label, 2);
const said = (confusion: Confusion, label: number): number =>
  at(confusion, 0, label) + at(confusion, 1, label) + at(confusion, 2, label);
const shareOf = (part: number, whole: number): number | null => (whole === 0 ? null : part / whole);

function sum(values: Float64Array | Uint8Array): number {
  let total = 0;
  for (const value of values) total += value;
  return total;
}
