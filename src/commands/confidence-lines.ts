import {
  coverageOutOfSample,
  reliabilityOf,
  type AccuracyInterval,
  type PastCoveragePoint,
  type Reliability,
} from '../models/index.ts';
import { judgeAbstention, type Abstention, type DirectionStudy } from '../prediction/index.ts';
import { alignColumns } from './align-columns.ts';
import { percent } from './amount.ts';

/** How far the probabilities of a study can be taken at their word, and when it had better said nothing. */
export interface Confidence extends Reliability {
  coverageOutOfSample: readonly PastCoveragePoint[];
  abstention: Abstention;
}

/** Some seconds of resampling. */
export function confidenceOf({ judged, unlike }: Pick<DirectionStudy, 'judged' | 'unlike'>): Confidence {
  return {
    ...reliabilityOf(judged),
    coverageOutOfSample: coverageOutOfSample(judged),
    abstention: judgeAbstention(judged, unlike),
  };
}

/** The confidence of a study, line by line. */
export function describeConfidence(confidence: Confidence): string[] {
  const { ece, reliability, coverageOutOfSample, abstention } = confidence;
  const { share, answered, abstained } = abstention;
  const bins = reliability.map((bin) => [
    `    ${percent(bin.probability)}`,
    percent(bin.share),
    between(bin),
    String(bin.n),
  ]);
  const points = coverageOutOfSample.map((point) => [
    `    ${percent(point.target)}`,
    percentOrDash(point.coverage),
    percentOrDash(point.accuracy),
    between(point),
    String(point.n),
  ]);
  return [
    `  calibration error ${ece.toFixed(4)} over ten bins of equal mass: what was said, and how often it went up`,
    ...alignColumns([['    mean P(up)', 'went up', '95 % interval', 'n'], ...bins]),
    '  the surest by thresholds that were known beforehand (shares of its own matured past)',
    ...alignColumns([['    share of the past', 'windows', 'accuracy', '95 % interval', 'n'], ...points]),
    `  unlike the training data: ${percentOrDash(share)} of the windows, on which it would abstain; accuracy ${accuracyOf(abstained)} there, ${accuracyOf(answered)} on the others`,
  ];
}

function accuracyOf(interval: AccuracyInterval): string {
  return interval.n === 0 ? 'unknown' : `${percent(interval.accuracy)} (${between(interval)})`;
}

function between({ low, high }: { low: number; high: number }): string {
  return Number.isNaN(low) ? 'too few' : `${percent(low)} to ${percent(high)}`;
}

function percentOrDash(share: number): string {
  return percent(Number.isNaN(share) ? null : share);
}
