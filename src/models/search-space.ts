import { createTrees, TREES_DEFAULTS } from './boosted-trees/trees.ts';
import { createLogistic, LOGISTIC_DEFAULTS } from './logistic.ts';
import type { ModelFamily } from './model.ts';

/** What one parameter may be; bounds included. */
export type Dimension =
  | { kind: 'uniform' | 'log-uniform' | 'integer'; low: number; high: number }
  | { kind: 'choice'; options: readonly Setting[] };

/** A parameter's value. */
export type Setting = number | string;

/** Parameters by name. */
export type Settings = Readonly<Record<string, Setting>>;

/** What is searched, by the name of the parameter. */
export type Dimensions = Readonly<Record<string, Dimension>>;

/** What settings come to: a family and the past that it is fitted on. */
export interface Recipe {
  family: ModelFamily;
  /** Only so many days before a fit teach; all of the past where left out. */
  trainingDays?: number;
}

/** A family whose parameters can be searched. */
export interface SearchSpace {
  family: string;
  dimensions: Dimensions;
  /** What the family does untuned. */
  defaults: Settings;
  /** What grows from rung to rung of a halving: boosting rounds, or the share of the newest training rows. */
  resource: 'rounds' | 'newest rows';
  /**
   * @param share - of the resource, above 0, at most 1; 1 is the family as it would be used
   * @throws RangeError when a parameter is out of the family's range
   */
  recipe(settings: Settings, share?: number): Recipe;
}

/** How far a training reaches back, in days; `all` is all of the past. */
const TRAINING_DAYS = { kind: 'choice', options: [180, 365, 730, 'all'] } as const;

/**
 * The families that can be searched; docs/validation.md has the same ranges. They reach to both sides of the defaults,
 * from what overfits to what says the base rate and nothing else.
 */
export const SEARCH_SPACES: Readonly<Record<'trees' | 'logistic', SearchSpace>> = {
  trees: {
    family: 'trees',
    dimensions: {
      eta: { kind: 'log-uniform', low: 0.01, high: 0.3 },
      maxDepth: { kind: 'integer', low: 1, high: 8 },
      lambda: { kind: 'log-uniform', low: 1, high: 1_000 },
      minChildWeight: { kind: 'log-uniform', low: 1, high: 500 },
      subsample: { kind: 'uniform', low: 0.2, high: 1 },
      colsampleByTree: { kind: 'uniform', low: 0.2, high: 1 },
      maxBin: { kind: 'choice', options: [32, 64, 128] },
      trainingDays: TRAINING_DAYS,
    },
    defaults: {
      ...chosen(TREES_DEFAULTS, [
        'eta',
        'maxDepth',
        'lambda',
        'minChildWeight',
        'subsample',
        'colsampleByTree',
        'maxBin',
      ]),
      trainingDays: 'all',
    },
    resource: 'rounds',
    recipe({ trainingDays = 'all', ...settings }, share = 1) {
      const rounds = Math.ceil(TREES_DEFAULTS.rounds * share);
      return {
        family: createTrees({ ...TREES_DEFAULTS, ...settings, rounds }),
        trainingDays: daysOf(trainingDays),
      };
    },
  },
  logistic: {
    family: 'logistic',
    dimensions: {
      l2: { kind: 'log-uniform', low: 1, high: 100_000 },
      trainingDays: TRAINING_DAYS,
    },
    defaults: { l2: LOGISTIC_DEFAULTS.l2, trainingDays: 'all' },
    resource: 'newest rows',
    recipe({ trainingDays = 'all', ...settings }, share = 1) {
      const family = createLogistic({ ...LOGISTIC_DEFAULTS, ...settings });
      return {
        family: share === 1 ? family : learningFromNewest(family, share),
        trainingDays: daysOf(trainingDays),
      };
    },
  },
};

/** @throws RangeError naming what is wrong with a space: bounds that are none, or nothing to choose from */
export function requireDimensions(dimensions: Dimensions): void {
  for (const [name, dimension] of Object.entries(dimensions)) {
    if (dimension.kind === 'choice') {
      if (dimension.options.length === 0) throw new RangeError(`${name} has nothing to choose from`);
      continue;
    }
    const { kind, low, high } = dimension;
    const isBound = low < high && Number.isFinite(high - low);
    if (!isBound) throw new RangeError(`${name} goes from a number to a larger one, got ${low} to ${high}`);
    if (kind === 'log-uniform' && !(low > 0)) throw new RangeError(`${name} is above 0, got ${low}`);
    if (kind === 'integer' && !(Number.isInteger(low) && Number.isInteger(high))) {
      throw new RangeError(`${name} goes from a whole number to another, got ${low} to ${high}`);
    }
  }
}

function daysOf(setting: Setting): number | undefined {
  return typeof setting === 'number' ? setting : undefined;
}

function chosen<Values extends object>(values: Values, names: readonly (keyof Values)[]): Settings {
  return Object.fromEntries(names.map((name) => [name, values[name] as Setting]));
}

/** The family as it learns from the newest share of the rows that it is given. */
function learningFromNewest(family: ModelFamily, share: number): ModelFamily {
  return {
    ...family,
    fit(rows, options) {
      const first = rows.count - Math.ceil(rows.count * share);
      return family.fit(
        {
          columns: rows.columns,
          count: rows.count - first,
          values: rows.values.subarray(first * rows.columns.length),
          labels: rows.labels.subarray(first),
          futureReturns: rows.futureReturns.subarray(first),
          weights: rows.weights?.subarray(first),
        },
        options,
      );
    },
  };
}
