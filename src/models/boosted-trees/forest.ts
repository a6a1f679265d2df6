import { sigmoid } from '../../stats/index.ts';
import type { Calibration } from '../calibration.ts';
import type { FeatureMatrix } from '../model.ts';
import { marginOf } from './boost.ts';
import { packTrees, type PackedTrees } from './kernel/answers.ts';
import type { Tree } from './tree.ts';
import { floatRows } from './values.ts';

/** Boosted trees that answer. */
export interface Forest {
  /** Names of the columns, in the order in which the trees number them. */
  readonly columns: readonly string[];
  /** The probability to start from, float32, between 0 and 1. */
  readonly baseScore: number;
  readonly trees: readonly Tree[];
  /** What corrects its probabilities, where that was asked for; the trees themselves know nothing of it. */
  readonly calibration?: Calibration;
}

/** Trees are packed once a forest. */
const packed = new WeakMap<Forest, PackedTrees>();

/**
 * P(1) per row, not calibrated: the base score's log-odds plus what each tree says.
 * @throws RangeError naming a column that is not there
 */
export function predictForest(forest: Forest, matrix: FeatureMatrix): Float64Array {
  const rows = floatRows(matrix, forest.columns);
  const margins = new Float32Array(rows.count).fill(marginOf(forest.baseScore));
  const trees = packed.get(forest) ?? packTrees(forest.trees, rows.width);
  packed.set(forest, trees);
  trees.addTo(rows.values, margins);
  const probabilities = new Float64Array(rows.count);
  for (let row = 0; row < rows.count; row += 1) probabilities[row] = sigmoid(margins[row] as number);
  return probabilities;
}
