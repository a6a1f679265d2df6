import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createRandom, type Random } from '../core/index.ts';
import { BASELINE_NAMES, MODEL_FAMILIES, selectColumns } from '../models/index.ts';
import { createFeatureLanes, createFeatureSet } from '../features/index.ts';
import { armsOf, HORIZONS_MINUTES, scorerFamilyOf } from './arms.ts';

const lanes = createFeatureLanes(
  ['vader@1.0.0', 'x@0.1.0', 'y@2.0.0'].map((scorer) => createFeatureSet({ barMinutes: 60, scorer })),
);

describe('armsOf', () => {
  it('names the arms of today in their fixed order', () => {
    const arms = armsOf({
      fitted: [MODEL_FAMILIES.logistic],
      baselines: BASELINE_NAMES.map((name) => MODEL_FAMILIES[name]),
      scorers: ['vader@1.0.0'],
      lanes,
    });
    expect(arms.map(({ name }) => name)).toEqual([
      'logistic+vader',
      'logistic+none',
      'baseline-majority',
      'baseline-last-sign',
      'baseline-sign-table',
      'baseline-always-up',
      'baseline-ar1',
    ]);
  });

  it('lets only the arms with a scorer see sentiment', () => {
    const families = [MODEL_FAMILIES.logistic, MODEL_FAMILIES.ar1];
    const arms = armsOf({ fitted: families, baselines: families, scorers: ['x@0.1.0'], lanes });
    expect(arms.filter(({ scorer }) => scorer !== null).map(({ name, scorer }) => [name, scorer])).toEqual([
      ['logistic+x', 'x@0.1.0'],
      ['ar1+x', 'x@0.1.0'],
    ]);
    const sentimentsOf = (names: readonly string[]) => names.filter((name) => name.includes('sentiment'));
    for (const { scorer, hiddenColumns } of arms) {
      const seen = lanes.names.filter((name) => !hiddenColumns.includes(name));
      expect(sentimentsOf(seen)).toEqual(
        scorer === null ? [] : sentimentsOf(lanes.names).filter((name) => name.endsWith('[x@0.1.0]')),
      );
    }
  });

  it('makes an arm of every family with every scorer, which hides the sentiment of all others', () => {
    const { logistic, trees } = MODEL_FAMILIES;
    const scorers = ['vader@1.0.0', 'y@2.0.0'];
    const arms = armsOf({ fitted: [logistic, trees], baselines: [], scorers, lanes });
    expect(arms.map(({ name, scorer }) => [name, scorer])).toEqual([
      ['logistic+vader', 'vader@1.0.0'],
      ['logistic+y', 'y@2.0.0'],
      ['logistic+none', null],
      ['trees+vader', 'vader@1.0.0'],
      ['trees+y', 'y@2.0.0'],
      ['trees+none', null],
    ]);
    for (const { scorer, hiddenColumns } of arms) expect(hiddenColumns).toEqual(lanes.hiddenFrom(scorer));
    expect(arms.map(({ hiddenColumns }) => hiddenColumns.length)).toEqual([8, 8, 12, 8, 8, 12]);
  });

  it('makes models that another scorer’s sentiment cannot move', () => {
    const { logistic, trees } = MODEL_FAMILIES;
    const scorers = ['vader@1.0.0', 'y@2.0.0'];
    const width = lanes.names.length;
    const wide = (random: Random, count: number) => ({
      columns: lanes.names,
      values: Float64Array.from({ length: count * width }, () => random.uniform() - 0.5),
      count,
    });
    const past = wide(createRandom(5), 4_000);
    // What goes up follows the mood of both scorers, so that a model would use either.
    const places = scorers.map((scorer) => lanes.names.indexOf(lanes.columnOf('news_sentiment_4h', scorer)));
    const moods = Array.from({ length: past.count }, (_, row) =>
      places.reduce((sum, place) => sum + past.values[row * width + place]!, 0),
    );
    const labels = Uint8Array.from(moods, (mood) => Number(mood > 0));
    const futureReturns = Float64Array.from(moods, (mood) => mood / 100);
    for (const { name, family, scorer, hiddenColumns } of armsOf({
      fitted: [logistic, trees],
      baselines: [],
      scorers,
      lanes,
    })) {
      const seen = past.columns.filter((column) => !hiddenColumns.includes(column));
      const model = family.fit({ ...selectColumns(past, seen), labels, futureReturns }, { seed: 1 });
      const hidden = lanes.names.map((column) => hiddenColumns.includes(column));
      fc.assert(
        fc.property(fc.integer(), fc.integer(), (one, other) => {
          const row = wide(createRandom(one), 1);
          const noise = wide(createRandom(other), 1);
          const moved = row.values.map((value, place) => (hidden[place] ? noise.values[place]! : value));
          expect(model.predict({ ...row, values: moved }), name).toEqual(model.predict(row));
        }),
        { numRuns: 20, seed: 1 },
      );
      // And its own does.
      const own = scorer === null ? -1 : lanes.names.indexOf(lanes.columnOf('news_sentiment_4h', scorer));
      const pushed = (by: number) => {
        const row = wide(createRandom(3), 1);
        return model.predict({ ...row, values: row.values.map((v, place) => (place === own ? by : v)) })[0]!;
      };
      if (scorer === null) expect(pushed(0.4)).toBe(pushed(-0.4));
      else expect(pushed(0.4)).toBeGreaterThan(pushed(-0.4));
    }
  });

  it('knows the family of a scorer by its name', () => {
    expect(['vader@1.0.0', 'finbert@2.1.0', 'x'].map(scorerFamilyOf)).toEqual(['vader', 'finbert', 'x']);
  });

  it('has an hour and a day as horizons', () => {
    expect(HORIZONS_MINUTES).toEqual([60, 1_440]);
  });
});
