import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createRandom } from '../core/index.ts';
import { MODEL_FAMILIES } from './families.ts';
import { signalRows } from './model.contract.ts';
import { SAMPLERS } from './samplers.ts';
import { requireDimensions, SEARCH_SPACES } from './search-space.ts';

describe.each(['trees', 'logistic'] as const)('the space of %s', (name) => {
  const space = SEARCH_SPACES[name];
  const rows = signalRows(1, 900);
  const saved = (family: typeof MODEL_FAMILIES.trees) =>
    JSON.stringify(family.fit(rows, { seed: 1 }).toJson());

  it('begins at the family as it is', () => {
    const { family, trainingDays } = space.recipe(space.defaults);
    expect(family.parameters).toEqual(MODEL_FAMILIES[name].parameters);
    expect(trainingDays).toBeUndefined();
    expect(saved(family)).toBe(saved(MODEL_FAMILIES[name]));
    expect(Object.keys(space.defaults)).toEqual(Object.keys(space.dimensions));
  });

  it('holds nothing that the family refuses', () => {
    expect(() => {
      requireDimensions(space.dimensions);
    }).not.toThrow();
    fc.assert(
      fc.property(fc.integer(), (seed) => {
        const settings = SAMPLERS.random.propose(space.dimensions, [], createRandom(seed));
        const { family, trainingDays } = space.recipe(settings, 1 / 9);
        expect(family.name).toBe(name);
        expect(trainingDays === undefined || trainingDays > 0).toBe(true);
      }),
    );
  });

  it('does less with a share of the resource', () => {
    const { family } = space.recipe(space.defaults, 1 / 3);
    const few = signalRows(1, 300);
    const width = rows.columns.length;
    const newest = { ...few, values: rows.values.slice(600 * width), labels: rows.labels.slice(600) };
    if (name === 'trees') expect(family.parameters).toMatchObject({ rounds: 50 });
    else
      expect(saved(family)).toBe(JSON.stringify(MODEL_FAMILIES.logistic.fit(newest, { seed: 1 }).toJson()));
  });
});

describe('requireDimensions', () => {
  it('refuses ranges that are none and choices without a choice', () => {
    const refused = (dimension: Parameters<typeof requireDimensions>[0][string]) => () => {
      requireDimensions({ size: dimension });
    };
    expect(refused({ kind: 'uniform', low: 2, high: 2 })).toThrow('size goes from a number to a larger one');
    expect(refused({ kind: 'uniform', low: 0, high: Infinity })).toThrow(RangeError);
    expect(refused({ kind: 'log-uniform', low: 0, high: 1 })).toThrow('size is above 0');
    expect(refused({ kind: 'integer', low: 0.5, high: 3 })).toThrow('whole number');
    expect(refused({ kind: 'choice', options: [] })).toThrow('nothing to choose from');
  });
});
