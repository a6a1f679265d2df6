import { describe, expect, it } from 'vitest';
import { isAppError } from '../../core/index.ts';
import { areaUnderRoc } from '../../stats/index.ts';
import { describeModelFamily, describeWeights, signalRows } from '../model.contract.ts';
import { createTrees, trees, type TreesParameters } from './trees.ts';

const DEFAULTS = trees.parameters as unknown as TreesParameters;

/** Small enough leaves to learn from the few rows of the contract. */
const lively = createTrees({ ...DEFAULTS, minChildWeight: 2, lambda: 1, gapRows: 5 });
describeModelFamily(lively);
describeWeights(lively);

interface Saved {
  learner: {
    attributes: Record<string, string>;
    feature_names: string[];
    feature_types: string[];
    gradient_booster: { name: string; model: { tree_info: number[]; trees: Record<string, unknown>[] } };
    learner_model_param: Record<string, string>;
    objective: { name: string };
  };
  version: number[];
}

function saved(): Saved {
  return JSON.parse(JSON.stringify(lively.fit(signalRows(1, 1_000), { seed: 1 }).toJson())) as Saved;
}

/** What is said of a saved model after a change. */
function complaint(change: (model: Saved, tree: Record<string, unknown>) => void): string {
  const model = saved();
  change(model, model.learner.gradient_booster.model.trees[0]!);
  try {
    trees.load(model);
  } catch (error) {
    return isAppError(error) && error.code === 'MODEL_INVALID' ? error.message : `uncaught: ${String(error)}`;
  }
  return 'none';
}

describe('trees', () => {
  it('finds a signal in the past that later rows share, by default', () => {
    const model = trees.fit(signalRows(1, 12_000), { seed: 1 });
    const later = signalRows(2, 4_000);
    expect(areaUnderRoc(model.predict(later), later.labels)).toBeGreaterThan(0.55);
  });

  it('leaves out the rows between those that it learns from and those that judge', () => {
    const rows = signalRows(3, 1_000);
    const { judgingShare, gapRows } = { ...DEFAULTS, gapRows: 5 };
    const learnt = 1_000 - Math.floor(1_000 * judgingShare) - gapRows;
    const width = rows.columns.length;
    const spoiled = { ...rows, values: rows.values.slice(), labels: rows.labels.slice() };
    spoiled.values.fill(1e6, learnt * width, (learnt + gapRows) * width);
    spoiled.labels.fill(1, learnt, learnt + gapRows);
    expect(lively.fit(spoiled, { seed: 1 }).toJson()).toEqual(lively.fit(rows, { seed: 1 }).toJson());
  });

  it('says the mean label where there are too few rows for a single leaf', () => {
    const rows = signalRows(1, 400);
    const model = trees.fit(rows, { seed: 1 });
    const probabilities = new Set(model.predict(rows));
    expect(probabilities.size).toBe(1);
    expect([...probabilities][0]).toBeGreaterThan(0.35);
    expect([...probabilities][0]).toBeLessThan(0.65);
  });

  it('refuses parameters that are out of range', () => {
    expect(() => createTrees({ ...DEFAULTS, eta: 2 })).toThrow(RangeError);
    expect(() => createTrees({ ...DEFAULTS, patience: 0 })).toThrow('patience');
    expect(() => createTrees({ ...DEFAULTS, judgingShare: 1 })).toThrow('judgingShare');
    expect(() => createTrees({ ...DEFAULTS, gapRows: -1 })).toThrow('gapRows');
  });

  it('writes every float so that XGBoost does not take it for an integer', () => {
    const text = JSON.stringify(lively.fit(signalRows(1, 1_000), { seed: 1 }).toJson());
    for (const field of ['base_weights', 'loss_changes', 'split_conditions', 'sum_hessian']) {
      const numbers = [...text.matchAll(new RegExp(`"${field}":\\[([^\\]]*)\\]`, 'g'))].flatMap(([, list]) =>
        list!.split(','),
      );
      expect(numbers.length).toBeGreaterThan(10);
      expect(numbers.filter((number) => !/[.e]/.test(number))).toEqual([]);
    }
    expect(text).not.toMatch(/Infinity|NaN|null/);
  });

  it('loads what toJson gives, with or without a way through text', () => {
    const model = lively.fit(signalRows(1, 1_000), { seed: 1 });
    expect(trees.load(model.toJson()).toJson()).toEqual(model.toJson());
  });
});

describe('a saved model that is refused', () => {
  it('is none as it was saved', () => {
    expect(complaint(() => undefined)).toBe('none');
  });

  it.each<[string, (model: Saved, tree: Record<string, unknown>) => void]>([
    ['the booster dart', ({ learner }) => (learner.gradient_booster.name = 'dart')],
    ['the objective binary:logitraw', ({ learner }) => (learner.objective.name = 'binary:logitraw')],
    ['3 classes', ({ learner }) => (learner.learner_model_param['num_class'] = '3')],
    ['2 targets', ({ learner }) => (learner.learner_model_param['num_target'] = '2')],
    ['categorical features', ({ learner }) => (learner.feature_types[0] = 'c')],
    ['categorical splits', (_, tree) => ((tree['split_type'] as number[])[0] = 1)],
    [
      'leaves of several outputs',
      (_, tree) => ((tree['tree_param'] as Record<string, string>)['size_leaf_vector'] = '2'),
    ],
    ['trees of several outputs', ({ learner }) => (learner.gradient_booster.model.tree_info[0] = 1)],
    ['0 feature_names', ({ learner }) => (learner.feature_names = [])],
    ['the same name', ({ learner }) => (learner.feature_names[1] = learner.feature_names[0]!)],
    ['bellwether_format is 2', ({ learner }) => (learner.attributes['bellwether_format'] = '2')],
    ['base_score: 1 is', ({ learner }) => (learner.learner_model_param['base_score'] = '1')],
    ['base_score: [0.4,0.6] is', ({ learner }) => (learner.learner_model_param['base_score'] = '[0.4,0.6]')],
    ['base_score: [] is', ({ learner }) => (learner.learner_model_param['base_score'] = '[]')],
    ['make no tree', (_, tree) => ((tree['left_children'] as number[])[0] = 0)],
    ['make no tree', (_, tree) => ((tree['right_children'] as number[])[0] = 999)],
    ['splits on feature 77', (_, tree) => ((tree['split_indices'] as number[])[0] = 77)],
    ['splits on feature -1', (_, tree) => ((tree['split_indices'] as number[])[0] = -1)],
    ['default_left is not as long', (_, tree) => (tree['default_left'] as number[]).pop()],
    ['beyond what 32 bits hold', (_, tree) => ((tree['split_conditions'] as number[])[0] = 1e39)],
    ['learner.objective', ({ learner }) => delete (learner as Partial<Saved['learner']>).objective],
  ])('says: %s', (words, change) => {
    expect(complaint(change)).toContain(words);
  });

  it('is not one whose base score stands as versions before 3.1 or since write it', () => {
    for (const text of ['2.5E-1', '[2.5E-1]', '0.25']) {
      expect(complaint(({ learner }) => (learner.learner_model_param['base_score'] = text))).toBe('none');
    }
  });
});
