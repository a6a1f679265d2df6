import {
  combinatorialPaths,
  evaluateDirection,
  type CombinatorialPlan,
  type DirectionScores,
  type ModelFamily,
  type Weighting,
} from '../models/index.ts';
import type { SearchableHistory } from './direction-search.ts';

/** How a family is tried on many pasts. */
export interface PathStudyOptions extends Pick<CombinatorialPlan, 'groups' | 'testGroups'> {
  family: ModelFamily;
  weighting?: Weighting;
  seed: number;
  onFit?: (done: number, total: number) => void;
}

/**
 * Combinatorial purged cross-validation over a whole history; the embargo is one horizon to either side. Its fits learn
 * from what came after, too: the paths tell how far a result hangs on one order of history, not what could be had.
 * @returns the scores of each path over all of its windows
 * @throws RangeError as `combinatorialPaths`
 */
export function studyPaths(history: SearchableHistory, options: PathStudyOptions): DirectionScores[] {
  const { rows, labelsOneBarLater, barMinutes, horizonMinutes } = history;
  const paths = combinatorialPaths(rows, { ...options, horizonMinutes, embargoMinutes: horizonMinutes });
  return paths.map((probabilities) =>
    evaluateDirection({
      probabilities,
      labels: rows.labels,
      labelsOneBarLater,
      windowEnds: rows.windowEnds,
      barMinutes,
      horizonMinutes,
      baselineProbabilities: {},
      seed: options.seed,
    }),
  );
}
