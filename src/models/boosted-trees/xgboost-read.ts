import { z } from 'zod';
import { CALIBRATION, type Calibration } from '../calibration.ts';
import { modelInvalid } from '../errors.ts';
import { parseSaved } from '../saved.ts';
import type { Forest } from './forest.ts';
import { CALIBRATION_ATTRIBUTE, FORMAT, FORMAT_ATTRIBUTE } from './xgboost-write.ts';
import { treeOf, type NodeDraft, type Tree } from './tree.ts';

const FAMILY = 'trees';

const whole = z.string().regex(/^\d+$/, 'is a whole number in a string').transform(Number);
const integers = z.array(z.number().int());
const floats = z.array(
  z.number().refine((value) => Number.isFinite(Math.fround(value)), 'is beyond what 32 bits hold'),
);
/** Numbers, and booleans in versions before 1.6. */
const flags = z.array(z.union([z.number(), z.boolean()]).transform(Boolean));

const TREE = z.looseObject({
  base_weights: floats,
  categories: z.array(z.unknown()).optional(),
  default_left: flags,
  left_children: integers,
  loss_changes: floats,
  right_children: integers,
  split_conditions: floats,
  split_indices: integers,
  split_type: integers.optional(),
  sum_hessian: floats,
  tree_param: z.looseObject({ num_nodes: whole, size_leaf_vector: whole.optional() }),
});

/** Strict at the top, loose below: versions of XGBoost add fields that change nothing of what is read here. */
const ENVELOPE = z.strictObject({
  version: z.array(z.number().int()).min(1),
  learner: z.looseObject({
    attributes: z.record(z.string(), z.string()).default({}),
    feature_names: z.array(z.string()).default([]),
    feature_types: z.array(z.string()).default([]),
    gradient_booster: z.looseObject({ name: z.string() }),
    learner_model_param: z.looseObject({
      base_score: z.string(),
      num_class: whole.default(0),
      num_feature: whole,
      num_target: whole.default(1),
    }),
    objective: z.looseObject({ name: z.string() }),
  }),
});

const BOOSTER = z.object({ model: z.looseObject({ tree_info: integers, trees: z.array(TREE) }) });

type SavedLearner = z.infer<typeof ENVELOPE>['learner'];
type SavedTree = z.infer<typeof TREE>;

/**
 * Reads a model that XGBoost (1.6 or later) or this program saved as JSON.
 * @throws AppError `MODEL_INVALID` naming what is wrong, or what is not supported
 * @see https://xgboost.readthedocs.io/en/stable/tutorials/saving_model.html
 */
export function readXgboost(json: unknown): Forest {
  const { learner } = parseSaved(FAMILY, ENVELOPE, json);
  // What is not supported has another layout: it is to be named before that is complained about.
  refuse(unsupportedLearner(learner));
  const { model } = parseSaved(FAMILY, BOOSTER, learner.gradient_booster);
  refuse([
    ...(model.tree_info.some((group) => group !== 0) ? ['trees of several outputs are not supported'] : []),
    ...model.trees.flatMap(unsupportedTree),
  ]);
  const columns = learner.feature_names;
  const calibration = calibrationOf(learner.attributes);
  return {
    ...(calibration === undefined ? {} : { calibration }),
    columns,
    baseScore: baseScoreOf(learner.learner_model_param.base_score),
    trees: model.trees.map((tree, place) => treeFrom(tree, { name: `tree ${place}`, width: columns.length })),
  };
}

function unsupportedLearner(learner: SavedLearner): string[] {
  const { attributes, feature_names: names, feature_types: types, learner_model_param: sizes } = learner;
  const booster = learner.gradient_booster.name;
  const objective = learner.objective.name;
  const format = attributes[FORMAT_ATTRIBUTE] ?? FORMAT;
  return [
    [format !== FORMAT, `${FORMAT_ATTRIBUTE} is ${format}, this program reads ${FORMAT}`],
    [booster !== 'gbtree', `the booster ${booster} is not supported, only gbtree`],
    [objective !== 'binary:logistic', `the objective ${objective} is not supported, only binary:logistic`],
    [sizes.num_class > 1, `${sizes.num_class} classes are not supported, only a probability`],
    [sizes.num_target > 1, `${sizes.num_target} targets are not supported, only one`],
    [types.includes('c'), 'categorical features are not supported'],
    [names.length !== sizes.num_feature, `${names.length} feature_names for ${sizes.num_feature} features`],
    [new Set(names).size < names.length, 'two features have the same name'],
  ].flatMap(([wrong, problem]) => (wrong === true ? [String(problem)] : []));
}

function unsupportedTree(tree: SavedTree, place: number): string[] {
  const categorical = (tree.categories?.length ?? 0) > 0 || tree.split_type?.some((type) => type !== 0);
  const vector = (tree.tree_param.size_leaf_vector ?? 0) > 1;
  return [
    ...(categorical === true ? [`tree ${place}: categorical splits are not supported`] : []),
    ...(vector ? [`tree ${place}: leaves of several outputs are not supported`] : []),
  ];
}

function calibrationOf(attributes: SavedLearner['attributes']): Calibration | undefined {
  const text = attributes[CALIBRATION_ATTRIBUTE];
  if (text === undefined) return undefined;
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch {
    refuse([`${CALIBRATION_ATTRIBUTE} is no JSON`]);
  }
  return parseSaved(FAMILY, CALIBRATION, json);
}

/** `5E-1` up to version 3.0, `[5E-1]` since. */
function baseScoreOf(text: string): number {
  const inner = /^\[(.*)\]$/.exec(text)?.[1] ?? text;
  const score = Math.fround(Number(inner));
  if (inner.trim() !== '' && score > 0 && score < 1) return score;
  refuse([`learner_model_param.base_score: ${text} is no single probability between 0 and 1`]);
  return NaN;
}

/** Numbers the nodes anew, level by level from the root: pruned ones, which XGBoost keeps in the file, stay out. */
function treeFrom(saved: SavedTree, { name, width }: { name: string; width: number }): Tree {
  refuse(misshapen(saved).map((field) => `${name}: ${field} is not as long as num_nodes says`));
  const { left_children: lefts, right_children: rights } = saved;
  const reached = [0];
  const drafts: NodeDraft[] = [];
  for (const node of reached) {
    const [left = -1, right = -1] = [lefts[node], rights[node]];
    const isLeaf = left === -1 && right === -1;
    drafts.push(draftOf(saved, node, isLeaf ? -1 : reached.length));
    if (isLeaf) continue;
    if (reached.length + 2 > lefts.length || !(left in lefts) || !(right in lefts)) {
      refuse([`${name}: node ${node} has the children ${left} and ${right}, which make no tree`]);
    }
    reached.push(left, right);
  }
  const stray = drafts.find(({ column, left }) => left >= 0 && !(column >= 0 && column < width));
  if (stray) refuse([`${name} splits on feature ${stray.column} of ${width}`]);
  return treeOf(drafts);
}

function misshapen(saved: SavedTree): string[] {
  const nodes = Math.max(1, saved.tree_param.num_nodes);
  const fields = [
    'base_weights',
    'default_left',
    'left_children',
    'loss_changes',
    'right_children',
    'split_conditions',
    'split_indices',
    'sum_hessian',
  ] as const;
  return fields.filter((field) => saved[field].length !== nodes);
}

function draftOf(saved: SavedTree, node: number, left: number): NodeDraft {
  const column = left < 0 ? -1 : (saved.split_indices[node] ?? NaN);
  return {
    column,
    // Adding 0 takes the sign off a zero, which text would not keep.
    threshold: (saved.split_conditions[node] ?? NaN) + 0,
    left,
    defaultLeft: saved.default_left[node] ?? false,
    gain: (saved.loss_changes[node] ?? NaN) + 0,
    hessian: (saved.sum_hessian[node] ?? NaN) + 0,
    weight: (saved.base_weights[node] ?? NaN) + 0,
  };
}

function refuse(problems: readonly string[]): void {
  if (problems.length > 0) throw modelInvalid(FAMILY, problems);
}
