/** Keeps the logarithm finite where a probability is exactly 0 or 1 (the distance from 1 to the next double). */
const LOG_FLOOR = 2 ** -52;

/**
 * The logistic function, without overflow.
 * @param logOdds - any number
 * @returns a probability in 0..1
 */
export function sigmoid(logOdds: number): number {
  const decay = Math.exp(-Math.abs(logOdds));
  return logOdds >= 0 ? 1 / (1 + decay) : decay / (1 + decay);
}

/**
 * Share of labels that were foretold.
 * @param predicted - 0 or 1, shape (n)
 * @param labels - 0 or 1, shape (n)
 * @returns 0..1, NaN when n = 0
 * @throws RangeError when the shapes differ
 */
export function accuracy(predicted: Uint8Array, labels: Uint8Array): number {
  requireSameLength(predicted, labels);
  let right = 0;
  for (let row = 0; row < labels.length; row += 1) if (predicted[row] === labels[row]) right += 1;
  return right / labels.length;
}

/**
 * Mean of the shares of up labels and of down labels that were foretold: 0.5 for a constant answer, however lopsided the
 * labels are.
 * @param predicted - 0 or 1, shape (n)
 * @param labels - 0 or 1, shape (n)
 * @returns 0..1, NaN when a class is absent
 * @throws RangeError when the shapes differ
 * @see Brodersen, Ong, Stephan, Buhmann (2010), The Balanced Accuracy and Its Posterior Distribution, ICPR
 */
export function balancedAccuracy(predicted: Uint8Array, labels: Uint8Array): number {
  return balancedAccuracyOf(confusionOf(predicted, labels));
}

/**
 * Mean squared distance between probability and label.
 * @param probabilities - P(1), 0..1, shape (n)
 * @param labels - 0 or 1, shape (n)
 * @returns 0 (perfect) to 1; a constant 0.5 has 0.25; NaN when n = 0
 * @throws RangeError when the shapes differ
 * @see Brier (1950), Verification of forecasts expressed in terms of probability, Monthly Weather Review 78
 */
export function brierScore(probabilities: Float64Array, labels: Uint8Array): number {
  requireSameLength(probabilities, labels);
  let sum = 0;
  for (let row = 0; row < labels.length; row += 1) {
    sum += ((probabilities[row] ?? NaN) - (labels[row] ?? NaN)) ** 2;
  }
  return sum / labels.length;
}

/**
 * Mean negative log-likelihood. Probabilities closer to 0 or 1 than 2^-52 count as that far.
 * @param probabilities - P(1), 0..1, shape (n)
 * @param labels - 0 or 1, shape (n)
 * @returns nats; a constant 0.5 has ln 2; NaN when n = 0
 * @throws RangeError when the shapes differ
 * @see Good (1952), Rational decisions, Journal of the Royal Statistical Society B 14
 */
export function logLoss(probabilities: Float64Array, labels: Uint8Array): number {
  requireSameLength(probabilities, labels);
  let sum = 0;
  for (let row = 0; row < labels.length; row += 1) {
    sum += logLossOf(probabilities[row] ?? NaN, labels[row] ?? NaN);
  }
  return sum / labels.length;
}

/**
 * Log-loss of one row, as `logLoss` adds it up.
 * @param probability - P(1), 0..1
 * @param label - 0 or 1
 * @returns nats
 */
export function logLossOf(probability: number, label: number): number {
  return -Math.log(Math.max(label === 1 ? probability : 1 - probability, LOG_FLOOR));
}

/**
 * Area under the ROC curve: the chance that a random up row scores above a random down row, ties counting half,
 * computed exactly by the sum of mid-ranks.
 * @param scores - any order-preserving score, shape (n), no NaN
 * @param labels - 0 or 1, shape (n)
 * @returns 0..1, NaN when a class is absent
 * @throws RangeError when the shapes differ
 * @see Mann, Whitney (1947), Annals of Mathematical Statistics 18; Hanley, McNeil (1982), Radiology 143
 */
export function areaUnderRoc(scores: Float64Array, labels: Uint8Array): number {
  requireSameLength(scores, labels);
  const order = Uint32Array.from(scores.keys()).sort(
    (left, right) => (scores[left] ?? 0) - (scores[right] ?? 0),
  );
  let ups = 0;
  let rankSum = 0;
  for (let first = 0; first < order.length;) {
    const score = scores[order[first] ?? 0];
    let last = first;
    let upsHere = 0;
    for (; last < order.length && scores[order[last] ?? 0] === score; last += 1) {
      upsHere += labels[order[last] ?? 0] ?? 0;
    }
    // A NaN equals nothing, itself included: refuse it instead of standing still.
    if (last === first) throw new RangeError('the area under the ROC curve needs scores without NaN');
    // Ranks first+1 .. last share their mean.
    rankSum += (upsHere * (first + 1 + last)) / 2;
    ups += upsHere;
    first = last;
  }
  const downs = labels.length - ups;
  return (rankSum - (ups * (ups + 1)) / 2) / (ups * downs);
}

/**
 * Matthews correlation between prediction and label: 1 perfect, 0 no better than chance, -1 always wrong.
 * @param predicted - 0 or 1, shape (n)
 * @param labels - 0 or 1, shape (n)
 * @returns -1..1; 0 when prediction or label never changes, NaN when n = 0
 * @throws RangeError when the shapes differ
 * @see Matthews (1975), Biochimica et Biophysica Acta 405
 */
export function matthewsCorrelation(predicted: Uint8Array, labels: Uint8Array): number {
  return correlationOf(confusionOf(predicted, labels));
}

/** Rows of two classes, counted. */
export interface Confusion {
  count: number;
  /** Labels that are 1, predictions that are 1, and rows on which both are. */
  ups: number;
  saidUp: number;
  both: number;
}

function confusionOf(predicted: Uint8Array, labels: Uint8Array): Confusion {
  requireSameLength(predicted, labels);
  const confusion = { count: labels.length, ups: 0, saidUp: 0, both: 0 };
  for (let row = 0; row < labels.length; row += 1) {
    const label = labels[row] ?? 0;
    const said = predicted[row] ?? 0;
    confusion.ups += label;
    confusion.saidUp += said;
    confusion.both += label * said;
  }
  return confusion;
}

/** `balancedAccuracy` from counts. */
export function balancedAccuracyOf({ count, ups, saidUp, both }: Confusion): number {
  return (both / ups + (count - ups - saidUp + both) / (count - ups)) / 2;
}

/** `matthewsCorrelation` from counts. */
export function correlationOf({ count, ups, saidUp, both }: Confusion): number {
  if (count === 0) return NaN;
  const spread = Math.sqrt(ups * (count - ups)) * Math.sqrt(saidUp * (count - saidUp));
  return spread === 0 ? 0 : (both * count - ups * saidUp) / spread;
}

function requireSameLength(left: ArrayLike<number>, right: ArrayLike<number>): void {
  if (left.length !== right.length) {
    throw new RangeError(`predictions and labels differ in length: ${left.length} and ${right.length}`);
  }
}
