import type { Forest } from './forest.ts';
import type { Tree } from './tree.ts';

/** An attribute, which XGBoost carries along without reading it: this program wrote the file, in this format of its own. */
export const FORMAT_ATTRIBUTE = 'bellwether_format';
export const FORMAT = '1';

/** An attribute with the calibration as JSON text. XGBoost carries it along, but its own probabilities stay as they are. */
export const CALIBRATION_ATTRIBUTE = 'bellwether_calibration';

/** The version of XGBoost whose layout is written; later ones read it too. */
const LAYOUT_VERSION = [2, 1, 4];

/** Parent of a root. */
const NO_PARENT = 2_147_483_647;

/** Makes text that `JSON.stringify` copies as it stands; TypeScript's own library does not know it yet. */
const { rawJSON } = JSON as unknown as { rawJSON(text: string): object };

/**
 * The model as XGBoost saves one. Floats are raw JSON texts, because XGBoost takes `1` for an integer and refuses it
 * where a float belongs: `JSON.stringify` writes them as `1.0`, which `JSON.parse` reads as plain numbers again.
 */
export function writeXgboost({ columns, baseScore, trees, calibration }: Forest): object {
  return {
    learner: {
      attributes: {
        [FORMAT_ATTRIBUTE]: FORMAT,
        ...(calibration === undefined ? {} : { [CALIBRATION_ATTRIBUTE]: JSON.stringify(calibration) }),
      },
      feature_names: [...columns],
      feature_types: columns.map(() => 'float'),
      gradient_booster: {
        model: {
          gbtree_model_param: { num_parallel_tree: '1', num_trees: String(trees.length) },
          iteration_indptr: Array.from({ length: trees.length + 1 }, (_, place) => place),
          tree_info: trees.map(() => 0),
          trees: trees.map((tree, id) => writeTree(tree, { id, width: columns.length })),
        },
        name: 'gbtree',
      },
      learner_model_param: {
        base_score: floatText(baseScore),
        boost_from_average: '1',
        num_class: '0',
        num_feature: String(columns.length),
        num_target: '1',
      },
      // The weight of label 1 is in the leaves already; here it would only matter to who trains on.
      objective: { name: 'binary:logistic', reg_loss_param: { scale_pos_weight: '1' } },
    },
    version: LAYOUT_VERSION,
  };
}

function writeTree(tree: Tree, { id, width }: { id: number; width: number }): object {
  const nodes = tree.columns.length;
  const lefts = [...tree.lefts];
  const parents = new Array<number>(nodes).fill(NO_PARENT);
  lefts.forEach((left, node) => {
    if (left >= 0) parents.fill(node, left, left + 2);
  });
  return {
    base_weights: floats(tree.weights),
    categories: [],
    categories_nodes: [],
    categories_segments: [],
    categories_sizes: [],
    default_left: [...tree.defaultLefts],
    id,
    left_children: lefts,
    loss_changes: floats(tree.gains),
    parents,
    right_children: lefts.map((left) => (left < 0 ? -1 : left + 1)),
    split_conditions: floats(tree.thresholds),
    split_indices: Array.from(tree.columns, (column) => Math.max(0, column)),
    split_type: lefts.map(() => 0),
    sum_hessian: floats(tree.hessians),
    tree_param: {
      num_deleted: '0',
      num_feature: String(width),
      num_nodes: String(nodes),
      size_leaf_vector: '1',
    },
  };
}

function floats(values: Float32Array): object[] {
  return Array.from(values, (value) => rawJSON(floatText(value)));
}

/** The shortest decimal that is this float32 again, written so that it cannot be taken for an integer. */
export function floatText(value: number): string {
  let shortest = value;
  for (let digits = 1; digits <= 9; digits += 1) {
    shortest = Number(value.toPrecision(digits));
    if (Math.fround(shortest) === value) break;
  }
  const text = String(shortest);
  return /[.e]/.test(text) ? text : `${text}.0`;
}
