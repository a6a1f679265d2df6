import { expectedCalibrationError } from '../stats/index.ts';
import { SENTIMENTS, type SentimentLabel } from './scorer.ts';

/** Equal-width bins of confidence in the calibration error. */
export const RELIABILITY_BINS = 15;

/** What a scorer said of a text and what people said. */
export interface Judgement {
  said: SentimentLabel;
  truth: SentimentLabel;
  confidence: number;
}

/** Share of right labels, 0..1. */
export function accuracyOf(judgements: readonly Judgement[]): number {
  return judgements.filter(({ said, truth }) => said === truth).length / judgements.length;
}

/** Unweighted mean of F1 over the labels that occur in the truth or in the answers (as scikit-learn's "macro"). */
export function macroF1Of(judgements: readonly Judgement[]): number {
  const scores: number[] = [];
  for (const label of SENTIMENTS) {
    const said = judgements.filter((one) => one.said === label).length;
    const meant = judgements.filter((one) => one.truth === label).length;
    if (said + meant === 0) continue;
    const right = judgements.filter((one) => one.said === label && one.truth === label).length;
    scores.push((2 * right) / (said + meant));
  }
  return scores.reduce((sum, score) => sum + score, 0) / scores.length;
}

/**
 * Expected calibration error: the mean gap between confidence and share of right answers, over 15 bins of equal width
 * (open below, closed above), weighted by their rows. 0 is perfect.
 * @see Guo et al. (2017), On Calibration of Modern Neural Networks
 */
export function calibrationErrorOf(judgements: readonly Judgement[]): number {
  return expectedCalibrationError({
    // Rounding may leave the share of a sum above 1.
    probabilities: Float64Array.from(judgements, ({ confidence }) => Math.min(1, confidence)),
    labels: Uint8Array.from(judgements, ({ said, truth }) => (said === truth ? 1 : 0)),
    bins: RELIABILITY_BINS,
    by: 'width',
  });
}

/** Linear correlation, -1..1; null when there are fewer than two pairs or one side never varies. */
export function pearsonOf(pairs: readonly (readonly [number, number])[]): number | null {
  const meanOf = (side: 0 | 1) => pairs.reduce((sum, pair) => sum + pair[side], 0) / pairs.length;
  const [leftMean, rightMean] = [meanOf(0), meanOf(1)];
  let together = 0;
  let left = 0;
  let right = 0;
  for (const [a, b] of pairs) {
    together += (a - leftMean) * (b - rightMean);
    left += (a - leftMean) ** 2;
    right += (b - rightMean) ** 2;
  }
  const spread = Math.sqrt(left * right);
  return pairs.length < 2 || spread === 0 ? null : together / spread;
}
