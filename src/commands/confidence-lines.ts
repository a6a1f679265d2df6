import type { LabelDefinition } from '../features/index.ts';
import {
  calibratedFamily,
  coverageOutOfSample,
  reliabilityOf,
  type AccuracyInterval,
  type CalibrationName,
  type FamilyName,
  type ModelFamily,
  type PastCoveragePoint,
  type Reliability,
} from '../models/index.ts';
import { judgeAbstention, type Abstention, type DirectionStudy } from '../prediction/index.ts';
import { alignColumns } from './align-columns.ts';
import { percent } from './amount.ts';
import { usageInvalid } from './errors.ts';

/** What was asked for. */
interface Choice {
  family: string;
  calibration?: CalibrationName;
}

/** How far the probabilities of a study can be taken at their word, and when it had better said nothing. */
export interface Confidence extends Reliability {
  coverageOutOfSample: readonly PastCoveragePoint[];
  abstention: Abstention;
}

/**
 * The family that is meant, calibrated as it is asked for.
 * @throws AppError `USAGE_INVALID` when it takes no calibration
 */
export function chosenFamily({ family, calibration = 'none' }: Choice): ModelFamily {
  try {
    return calibratedFamily(family as FamilyName, calibration);
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    throw usageInvalid(`--calibration ${calibration}: ${error.message}.`);
  }
}

/** What stands behind the name of a family that is calibrated. */
export function calibrationInWords({ calibration = 'none' }: Choice): string {
  return calibration === 'none' ? '' : `, calibrated by ${calibration}`;
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
export function describeConfidence(confidence: Confidence, label: LabelDefinition): string[] {
  const [said, came] = label.kind === 'large-move' ? ['P(large)', 'was large'] : ['P(up)', 'went up'];
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
    `  calibration error ${ece.toFixed(4)} over ten bins of equal mass: what was said, and how often it ${came}`,
    ...alignColumns([[`    mean ${said}`, came, '95 % interval', 'n'], ...bins]),
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
