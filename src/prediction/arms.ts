import type { ModelFamily } from '../models/index.ts';

/** Horizons that every arm predicts, in minutes: the next hour and the next day. */
export const HORIZONS_MINUTES = [60, 1_440] as const;

/** A price family plus a scorer family: one contender, at every horizon. */
export interface Arm {
  /** `logistic+vader`, `logistic+none`, `baseline-sign-table`. */
  name: string;
  family: ModelFamily;
  /** False drops the sentiment columns; such an arm's `sentiment` is null. */
  usesSentiment: boolean;
  /**
   * True: its models are versions in the registry, and a gate decides which one is live. False: a yardstick, fitted
   * anew on schedule, whatever it is worth.
   */
  isGoverned: boolean;
}

/** How the arms are named and which baselines there are. */
export interface ArmParts {
  fitted: readonly ModelFamily[];
  baselines: readonly ModelFamily[];
  /** Family of the scorer, such as `vader`. */
  scorerFamily: string;
}

/**
 * Every arm that predicts each window, in a fixed order: fitted families with and without sentiment, then baselines.
 * @example armsOf({ fitted: [logistic], baselines: [majority], scorerFamily: 'vader' }).map((arm) => arm.name)
 * // ['logistic+vader', 'logistic+none', 'baseline-majority']
 */
export function armsOf({ fitted, baselines, scorerFamily }: ArmParts): Arm[] {
  return [
    ...fitted.flatMap((family) => [
      { name: `${family.name}+${scorerFamily}`, family, usesSentiment: true, isGoverned: true },
      { name: `${family.name}+none`, family, usesSentiment: false, isGoverned: true },
    ]),
    ...baselines.map((family) => ({
      name: `baseline-${family.name}`,
      family,
      usesSentiment: false,
      isGoverned: false,
    })),
  ];
}
