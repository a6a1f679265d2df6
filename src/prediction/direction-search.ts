import type { EpochMs } from '../core/index.ts';
import {
  compareDirections,
  evaluateDirection,
  PAST_RETURN,
  searchDirection,
  selectColumns,
  type DirectionRows,
  type DirectionScores,
  type DirectionSearch,
  type PairedComparison,
  type SearchOptions,
} from '../models/index.ts';
import { foldHistory, type DirectionStudyOptions } from './direction-study.ts';

/** What is folded for a search. */
export type SearchHistory = Pick<
  DirectionStudyOptions,
  'featureSet' | 'inputs' | 'graceSeconds' | 'horizonMinutes' | 'usesSentiment' | 'label' | 'holdout'
>;

/** A history as searches read it: rows with the columns that the family may see, and the truth of a later entry. */
export interface SearchableHistory extends Pick<SearchHistory, 'graceSeconds' | 'horizonMinutes'> {
  rows: DirectionRows;
  labelsOneBarLater: Uint8Array;
  barMinutes: number;
}

/** A search scored out of sample, beside the family untuned on the same windows and by fits of the same dates. */
export interface DirectionSearchStudy {
  search: DirectionSearch;
  tuned: DirectionScores;
  untuned: DirectionScores;
  /** The tuned one beside the untuned one, window by window. */
  comparison: PairedComparison;
}

/** Folds a past that is held in memory, as a study of the direction does. */
export function foldForSearch(history: SearchHistory): SearchableHistory {
  const { featureSet, usesSentiment, graceSeconds, horizonMinutes } = history;
  const { rows, labelsOneBarLater } = foldHistory(history);
  const columns = featureSet.names.filter(
    (name) => usesSentiment || !featureSet.withoutSentiment.includes(name),
  );
  return {
    rows: selectColumns(rows, [...columns, PAST_RETURN]),
    labelsOneBarLater,
    barMinutes: featureSet.barMinutes,
    graceSeconds,
    horizonMinutes,
  };
}

/**
 * Searches a family's parameters inside a walk-forward and scores what that foretold; the embargo is one horizon.
 * @throws RangeError as `searchDirection`
 */
export function studySearch(
  history: SearchableHistory,
  options: Omit<SearchOptions, 'horizonMinutes' | 'embargoMinutes' | 'graceSeconds'> & { from: EpochMs },
): DirectionSearchStudy {
  const { rows, labelsOneBarLater, barMinutes, horizonMinutes, graceSeconds } = history;
  const search = searchDirection(rows, {
    ...options,
    horizonMinutes,
    embargoMinutes: horizonMinutes,
    graceSeconds,
  });
  const { labels, windowEnds } = rows;
  const shared = { labels, windowEnds, barMinutes, horizonMinutes, seed: options.seed };
  const scored = (probabilities: Float64Array) =>
    evaluateDirection({ ...shared, probabilities, labelsOneBarLater, baselineProbabilities: {} });
  return {
    search,
    tuned: scored(search.probabilities),
    untuned: scored(search.defaultProbabilities),
    comparison: compareDirections(
      { ...shared, probabilities: search.probabilities },
      search.defaultProbabilities,
    ),
  };
}
