import { describe, expect, it } from 'vitest';
import { DAY_MS } from '../core/index.ts';
import { createFeatureSet } from '../features/index.ts';
import { GRACE_SECONDS, ORIGIN, troubledHistory } from '../features/inputs.contract.ts';
import { MODEL_FAMILIES, PAST_RETURN, SEARCH_SPACES } from '../models/index.ts';
import { foldForSearch, studySearch } from './direction-search.ts';
import { studyDirection } from './direction-study.ts';
import { studyPaths } from './path-study.ts';

const featureSet = createFeatureSet({ barMinutes: 60, scorer: 'vader@1.0.0' });
const inputs = troubledHistory(12, { bars: 24 * 30 });
const given = { featureSet, inputs, graceSeconds: GRACE_SECONDS, horizonMinutes: 60, usesSentiment: true };
const history = foldForSearch(given);

describe('studySearch', () => {
  it('scores the untuned family as a study by the same folds does', () => {
    const from = ORIGIN + 10 * DAY_MS;
    const study = studyDirection({
      ...given,
      family: MODEL_FAMILIES.logistic,
      baselines: {},
      from,
      refit: { folds: 3 },
      seed: 1,
    });
    const { untuned, tuned, comparison, search } = studySearch(history, {
      space: SEARCH_SPACES.logistic,
      method: 'random',
      trials: 3,
      folds: 3,
      from,
      seed: 1,
    });
    const { accuracy, logLoss, n, low, high } = study;
    expect(untuned).toMatchObject({ accuracy, logLoss, n, low, high });
    expect(tuned.n).toBe(n);
    expect(comparison.accuracyDifference).toBeCloseTo(tuned.accuracy - untuned.accuracy, 12);
    expect(search.folds).toHaveLength(3);
  });
});

describe('foldForSearch', () => {
  it('hides sentiment where it is not to be read', () => {
    expect(history.rows.columns).toEqual([...featureSet.names, PAST_RETURN]);
    const blind = foldForSearch({ ...given, usesSentiment: false });
    for (const name of featureSet.withoutSentiment) expect(blind.rows.columns).not.toContain(name);
  });
});

describe('studyPaths', () => {
  it('scores every path over the same windows', () => {
    const paths = studyPaths(history, { family: MODEL_FAMILIES.logistic, groups: 5, testGroups: 2, seed: 1 });
    expect(paths).toHaveLength(4);
    const known = history.rows.labels.filter((label) => label <= 1).length;
    for (const { n } of paths) expect(n).toBe(known);
    expect(new Set(paths.map(({ logLoss }) => logLoss)).size).toBe(4);
  });

  it('refuses more groups than there are windows', () => {
    const options = { family: MODEL_FAMILIES.majority, groups: 10_000, testGroups: 1, seed: 1 };
    expect(() => studyPaths(history, options)).toThrow(RangeError);
  });
});
