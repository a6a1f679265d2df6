import type { Score, SentimentLabel } from '../scorer.ts';

/**
 * From compound c to probabilities: softmax(negativeOffset - negativeSlope c, neutralOffset [+ tickerOffset],
 * positiveOffset + positiveSlope c). With slopes above 0 each label has one stretch of c: negative, neutral, positive.
 */
export interface Calibration {
  negativeSlope: number;
  negativeOffset: number;
  neutralOffset: number;
  /** Added to it where the text names a ticker, as traders do who have taken a side. */
  tickerOffset: number;
  positiveSlope: number;
  positiveOffset: number;
}

/** Where the labels of a calibration change. */
export interface Thresholds {
  /** Positive at and above it. */
  positive: number;
  /** Negative at and below it; equal to `positive` where nothing is called neutral. */
  negative: number;
}

/** At and beyond it a compound has a direction; the border of the reference's own documentation. */
const LABEL_BORDER = 0.05;
/** With this slope the three probabilities cross exactly at the label's borders. */
const SLOPE = 4;

/** How 1.0.0 reads its compound: monotone, and no calibration. */
export const REFERENCE_CALIBRATION: Calibration = {
  negativeSlope: SLOPE,
  negativeOffset: 0,
  neutralOffset: SLOPE * LABEL_BORDER,
  tickerOffset: 0,
  positiveSlope: SLOPE,
  positiveOffset: 0,
};

/** The score of 1.0.0: softmax(-4c, 0.2, 4c), with the label by the reference's borders. */
export function referenceScore(compound: number): Score {
  const up = Math.exp(SLOPE * compound);
  const down = 1 / up;
  const flat = Math.exp(SLOPE * LABEL_BORDER);
  const total = up + down + flat;
  const probabilities = { negative: down / total, neutral: flat / total, positive: up / total };
  const confidence = Math.max(probabilities.negative, probabilities.neutral, probabilities.positive);
  const beyond: SentimentLabel = compound <= -LABEL_BORDER ? 'negative' : 'neutral';
  return {
    sentiment: compound,
    confidence,
    label: compound >= LABEL_BORDER ? 'positive' : beyond,
    probabilities,
  };
}

/** The score of a calibrated version; its label is that of the largest probability. */
export function calibratedScore(finding: Finding, calibration: Calibration): Score {
  const [down, flat, up] = logitsOf(finding, calibration);
  const top = Math.max(down, flat, up);
  const weights = {
    negative: Math.exp(down - top),
    neutral: Math.exp(flat - top),
    positive: Math.exp(up - top),
  };
  const total = weights.negative + weights.neutral + weights.positive;
  const probabilities = {
    negative: weights.negative / total,
    neutral: weights.neutral / total,
    positive: weights.positive / total,
  };
  const label: SentimentLabel = up === top ? 'positive' : down === top ? 'negative' : 'neutral';
  return { sentiment: finding.compound, confidence: 1 / total, label, probabilities };
}

/** What the calibration needs of a text. */
export interface Finding {
  compound: number;
  hasTicker: boolean;
}

/** Log-odds up to a constant, in the order negative, neutral, positive. */
export function logitsOf(
  { compound, hasTicker }: Finding,
  calibration: Calibration,
): [number, number, number] {
  return [
    calibration.negativeOffset - calibration.negativeSlope * compound,
    calibration.neutralOffset + (hasTicker ? calibration.tickerOffset : 0),
    calibration.positiveOffset + calibration.positiveSlope * compound,
  ];
}

/** The compounds at which the label changes. */
export function thresholdsOf(calibration: Calibration, hasTicker: boolean): Thresholds {
  const { negativeSlope, negativeOffset, positiveSlope, positiveOffset } = calibration;
  const neutralOffset = calibration.neutralOffset + (hasTicker ? calibration.tickerOffset : 0);
  const positive = (neutralOffset - positiveOffset) / positiveSlope;
  const negative = (negativeOffset - neutralOffset) / negativeSlope;
  if (negative < positive) return { positive, negative };
  const crossing = (negativeOffset - positiveOffset) / (negativeSlope + positiveSlope);
  return { positive: crossing, negative: crossing };
}
