import type { FeatureLanes, ScoredColumns } from '../features/index.ts';
import type { ModelFamily } from '../models/index.ts';

/** Horizons that every arm predicts, in minutes: the next hour and the next day. */
export const HORIZONS_MINUTES = [60, 1_440] as const;

/** A price family plus a scorer family: one contender, at every horizon. */
export interface Arm {
  /** `logistic+vader`, `logistic+none`, `baseline-sign-table`. */
  name: string;
  family: ModelFamily;
  /** `family@version` of the scorer whose sentiment its next model learns from; null: none, and its `sentiment` is null. */
  scorer: string | null;
  /** Columns of a wide row that it does not see: the sentiment of every other scorer. */
  hiddenColumns: readonly string[];
  /** Columns of a wide row that its scorer fills; null without one. */
  scoredColumns: ScoredColumns | null;
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
  /** Scorers that price models are trained with, `family@version`, one a family. */
  scorers: readonly string[];
  lanes: Pick<FeatureLanes, 'hiddenFrom' | 'scoredBy'>;
}

/**
 * Every arm that predicts each window, in a fixed order: fitted families with and without sentiment, then baselines.
 * @example armsOf({ fitted: [logistic], baselines: [majority], scorers: ['vader@1.0.0'], lanes }).map(({ name }) => name)
 * // ['logistic+vader', 'logistic+none', 'baseline-majority']
 */
export function armsOf({ fitted, baselines, scorers, lanes }: ArmParts): Arm[] {
  const readingNone = { scorer: null, hiddenColumns: lanes.hiddenFrom(null), scoredColumns: null };
  return [
    ...fitted.flatMap((family) => [
      ...scorers.map((scorer) => ({
        name: `${family.name}+${scorerFamilyOf(scorer)}`,
        family,
        scorer,
        hiddenColumns: lanes.hiddenFrom(scorer),
        scoredColumns: lanes.scoredBy(scorer),
        isGoverned: true,
      })),
      { name: `${family.name}+none`, family, ...readingNone, isGoverned: true },
    ]),
    ...baselines.map((family) => ({
      name: `baseline-${family.name}`,
      family,
      ...readingNone,
      isGoverned: false,
    })),
  ];
}

/** `vader` of `vader@1.0.0`. */
export function scorerFamilyOf(scorer: string): string {
  return scorer.split('@', 1)[0] ?? scorer;
}
