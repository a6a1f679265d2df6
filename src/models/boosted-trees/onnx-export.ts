import { createGraphBuilder, encodeOnnx, valueOf } from '../../core/index.ts';
import { marginOf } from './boost.ts';
import type { Forest } from './forest.ts';
import { treeOf, type Tree } from './tree.ts';
import { BEYOND_ALL, LARGEST_VALUE } from './values.ts';

/** ONNX Runtime runs these from 1.12 on. */
const OPSET = 17;
const ML_DOMAIN = 'ai.onnx.ml';
const ML_OPSET = 3;

/** The name of the answer. */
const OUTPUT = 'probability_up';

/** A forest without trees is one leaf that adds nothing: ONNX Runtime takes no ensemble without a node. */
const NOTHING: Tree = treeOf([
  { column: -1, threshold: 0, left: -1, defaultLeft: false, gain: 0, hessian: 0, weight: 0 },
]);

/**
 * A forest as an ONNX file: `features`, float32 of shape (n, columns) in the order that the metadata property `columns`
 * (a JSON list) names, to `probability_up`, float32 of shape (n, 1). NaN is missing. Sums are of 32 bits, as here, but
 * in an order of the runtime's own.
 * @param metadata - further properties that the file carries
 * @see https://onnx.ai/onnx/operators/onnx_aionnxml_TreeEnsembleRegressor.html
 */
export function exportOnnx(forest: Forest, metadata: Readonly<Record<string, string>> = {}): Uint8Array {
  const { columns, baseScore } = forest;
  const trees = forest.trees.length === 0 ? [NOTHING] : forest.trees;
  const graph = createGraphBuilder('boosted trees');
  const features = graph.input(valueOf('features', 'float32', ['n', columns.length]));
  const margins = graph.node('TreeEnsembleRegressor', [features], {
    domain: ML_DOMAIN,
    attributes: {
      ...nodesOf(trees),
      ...leavesOf(trees),
      n_targets: 1,
      base_values: Float32Array.of(marginOf(baseScore)),
      aggregate_function: 'SUM',
      post_transform: 'NONE',
    },
  });
  graph.output(valueOf(graph.node('Sigmoid', [margins], { output: OUTPUT }), 'float32', ['n', 1]));
  return encodeOnnx(
    graph.finish(OPSET, {
      domains: { [ML_DOMAIN]: ML_OPSET },
      metadata: { ...metadata, columns: JSON.stringify(columns) },
    }),
  );
}

interface Place {
  tree: Tree;
  treeId: number;
  node: number;
}

function* placesOf(trees: readonly Tree[]): Generator<Place> {
  for (const [treeId, tree] of trees.entries()) {
    for (let node = 0; node < tree.columns.length; node += 1) yield { tree, treeId, node };
  }
}

function nodesOf(trees: readonly Tree[]) {
  const places = [...placesOf(trees)];
  const rules = places.map(({ tree, node }) => ruleOf(tree, node));
  const leftOf = ({ tree, node }: Place) => tree.lefts[node] as number;
  return {
    nodes_treeids: places.map(({ treeId }) => treeId),
    nodes_nodeids: places.map(({ node }) => node),
    nodes_featureids: places.map(({ tree, node }) => Math.max(0, tree.columns[node] as number)),
    nodes_modes: rules.map(({ mode }) => mode),
    nodes_values: Float32Array.from(rules, ({ value }) => value),
    nodes_truenodeids: places.map((place) => Math.max(0, leftOf(place))),
    nodes_falsenodeids: places.map((place) => Math.max(-1, leftOf(place)) + 1),
    nodes_missing_value_tracks_true: places.map(({ tree, node }) => tree.defaultLefts[node] as number),
  };
}

function leavesOf(trees: readonly Tree[]) {
  const leaves = [...placesOf(trees)].filter(({ tree, node }) => (tree.lefts[node] as number) < 0);
  return {
    target_treeids: leaves.map(({ treeId }) => treeId),
    target_nodeids: leaves.map(({ node }) => node),
    target_ids: leaves.map(() => 0),
    target_weights: Float32Array.from(leaves, ({ tree, node }) => tree.thresholds[node] as number),
  };
}

/**
 * How a node asks. Here, infinite values count as the largest finite ones (see values.ts) before they are compared; a
 * runtime compares them as they are, so that a threshold beyond those has to be infinite itself.
 */
function ruleOf({ columns, thresholds }: Tree, node: number): { mode: string; value: number } {
  const value = thresholds[node] as number;
  if ((columns[node] as number) < 0) return { mode: 'LEAF', value: 0 };
  // Whatever is not missing lies below, plus infinity too.
  if (value >= BEYOND_ALL) return { mode: 'BRANCH_LEQ', value: Infinity };
  // Nothing lies below, not even minus infinity.
  if (value <= -LARGEST_VALUE) return { mode: 'BRANCH_LT', value: -Infinity };
  return { mode: 'BRANCH_LT', value };
}
