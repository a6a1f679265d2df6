import {
  createGraphBuilder,
  valueOf,
  type GraphBuilder,
  type OnnxModel,
  type OnnxTensor,
} from '../../core/index.ts';
import type { BertShape } from './bert-shape.ts';

/** The first set of operators with one for layer normalisation. */
const OPSET = 17;
/** Added to the attention scores of padding: far enough that its softmax is 0 in single precision. */
const MASKED = -10_000;
/** The vector before the final dense layer, as a second output: what a new head is trained on. */
export const POOLED_OUTPUT = 'pooled';
export const LOGITS_OUTPUT = 'logits';

/** Where the weights come from, by the names of the reference library. */
export interface BertWeights {
  /** As it is stored. */
  tensor(name: string, dims: readonly number[]): OnnxTensor;
  /** The matrix of a dense layer that maps `from` to `to` numbers, turned to shape (from, to). */
  dense(name: string, from: number, to: number): OnnxTensor;
}

interface Context {
  graph: GraphBuilder;
  shape: BertShape;
  weights: BertWeights;
}

/**
 * A BERT or RoBERTa sequence classifier as plain ONNX.
 *
 * Inputs `input_ids`, `attention_mask` and, for BERT, `token_type_ids`, int64 of shape (batch, sequence), both free.
 * Outputs `logits` (batch, labels) and `pooled` (batch, hidden), what the final dense layer is given.
 * The last layer computes the first token alone, since nothing reads the others.
 * @see Devlin and others (2019), BERT; Liu and others (2019), RoBERTa
 */
export function bertGraph(shape: BertShape, weights: BertWeights): OnnxModel {
  const graph = createGraphBuilder(shape.kind);
  const context = { graph, shape, weights };
  const ids = graph.input(valueOf('input_ids', 'int64', ['batch', 'sequence']));
  const mask = graph.input(valueOf('attention_mask', 'int64', ['batch', 'sequence']));
  const attended = attentionBias(graph, mask);
  let hidden = embeddings(context, ids);
  for (let layer = 0; layer < shape.layers; layer += 1) {
    hidden = encoderLayer(context, { layer, hidden, attended });
  }
  classify(context, hidden);
  return graph.finish(OPSET);
}

/** @returns 0 where a token stands and `MASKED` where padding stands, shape (batch, 1, 1, sequence) */
function attentionBias(graph: GraphBuilder, mask: string): string {
  // Step by step in this order, because this is the form that onnxruntime recognises and fuses with the attention.
  const forHeads = graph.node('Unsqueeze', [mask, graph.integers([1])]);
  const forTokens = graph.node('Unsqueeze', [forHeads, graph.integers([2])]);
  const numbers = graph.node('Cast', [forTokens], { attributes: { to: 1 } });
  const padding = graph.node('Sub', [graph.scalar(1), numbers]);
  return graph.node('Mul', [padding, graph.scalar(MASKED)]);
}

function embeddings(context: Context, ids: string): string {
  const { graph, shape, weights } = context;
  const { hidden } = shape;
  const root = `${shape.kind}.embeddings`;
  const table = (name: string, rows: number) =>
    graph.weights(weights.tensor(`${root}.${name}.weight`, [rows, hidden]));
  const words = graph.node('Gather', [table('word_embeddings', shape.vocabulary), ids]);
  const positions = table('position_embeddings', shape.positions);
  const types = table('token_type_embeddings', shape.types);
  const places = shape.kind === 'bert' ? bertPlaces(graph, ids) : robertaPlaces(context, ids);
  const placed = graph.node('Gather', [positions, places]);
  const typed = graph.node('Add', [words, graph.node('Gather', [types, tokenTypes(context)])]);
  return layerNorm(context, graph.node('Add', [typed, placed]), `${root}.LayerNorm`);
}

/** Whoever runs a RoBERTa gives no types: all tokens have the first. */
function tokenTypes({ graph, shape }: Context): string {
  return shape.kind === 'bert'
    ? graph.input(valueOf('token_type_ids', 'int64', ['batch', 'sequence']))
    : graph.integers([0]);
}

/** 0, 1, 2 and so on in every row, counted from the ids so that the shape stays (batch, sequence) for the optimiser. */
function bertPlaces(graph: GraphBuilder, ids: string): string {
  const ones = graph.node('Cast', [graph.node('Equal', [ids, ids])], { attributes: { to: 7 } });
  return graph.node('CumSum', [ones, graph.integers([1])], { attributes: { exclusive: 1 } });
}

/** Tokens are counted from the padding id on; padding itself stays at the padding id. */
function robertaPlaces({ graph, shape }: Context, ids: string): string {
  const pad = graph.integers([shape.padId]);
  const isToken = graph.node('Cast', [graph.node('Not', [graph.node('Equal', [ids, pad])])], {
    attributes: { to: 7 },
  });
  const counted = graph.node('CumSum', [isToken, graph.integers([1])]);
  return graph.node('Add', [graph.node('Mul', [counted, isToken]), pad]);
}

function encoderLayer(
  context: Context,
  { layer, hidden, attended }: { layer: number; hidden: string; attended: string },
): string {
  const { graph, shape } = context;
  const root = `${shape.kind}.encoder.layer.${layer}`;
  const width = shape.hidden;
  const asking = layer === shape.layers - 1 ? firstToken(graph, hidden) : hidden;
  const heads = attention(context, { root: `${root}.attention.self`, asking, hidden, attended });
  const mixed = dense(context, {
    name: `${root}.attention.output.dense`,
    input: heads,
    from: width,
    to: width,
  });
  const seen = layerNorm(context, graph.node('Add', [mixed, asking]), `${root}.attention.output.LayerNorm`);
  const wide = dense(context, {
    name: `${root}.intermediate.dense`,
    input: seen,
    from: width,
    to: shape.intermediate,
  });
  const narrow = dense(context, {
    name: `${root}.output.dense`,
    input: activate(context, wide),
    from: shape.intermediate,
    to: width,
  });
  return layerNorm(context, graph.node('Add', [narrow, seen]), `${root}.output.LayerNorm`);
}

/** Scaled dot products of every head, softmax over the tokens that are there, mean of their values. */
function attention(
  context: Context,
  { root, asking, hidden, attended }: { root: string; asking: string; hidden: string; attended: string },
): string {
  const { graph, shape } = context;
  const width = shape.hidden;
  const perHead = width / shape.heads;
  const heads = (part: string, input: string, perm: readonly number[]) => {
    const projected = dense(context, { name: `${root}.${part}`, input, from: width, to: width });
    const split = graph.node('Reshape', [projected, graph.integers([0, 0, shape.heads, perHead])]);
    return graph.node('Transpose', [split], { attributes: { perm } });
  };
  const query = heads('query', asking, [0, 2, 1, 3]);
  const key = heads('key', hidden, [0, 2, 3, 1]);
  const value = heads('value', hidden, [0, 2, 1, 3]);
  const scores = graph.node('Div', [graph.node('MatMul', [query, key]), graph.scalar(Math.sqrt(perHead))]);
  const shares = graph.node('Softmax', [graph.node('Add', [scores, attended])], { attributes: { axis: -1 } });
  const means = graph.node('Transpose', [graph.node('MatMul', [shares, value])], {
    attributes: { perm: [0, 2, 1, 3] },
  });
  return graph.node('Reshape', [means, graph.integers([0, 0, width])]);
}

function firstToken(graph: GraphBuilder, hidden: string): string {
  return graph.node('Slice', [hidden, graph.integers([0]), graph.integers([1]), graph.integers([1])]);
}

/** Written out, since GELU has an operator of its own only from opset 20 on; runtimes fuse exactly these steps. */
function activate({ graph, shape }: Context, input: string): string {
  if (shape.activation === 'relu') return graph.node('Relu', [input]);
  if (shape.activation === 'gelu-tanh') return tanhGelu(graph, input);
  const error = graph.node('Erf', [graph.node('Div', [input, graph.scalar(Math.SQRT2)])]);
  const weighted = graph.node('Mul', [input, graph.node('Add', [error, graph.scalar(1)])]);
  return graph.node('Mul', [weighted, graph.scalar(0.5)]);
}

/** @see Hendrycks and Gimpel (2016), Gaussian Error Linear Units, the approximation by tanh */
function tanhGelu(graph: GraphBuilder, input: string): string {
  const cube = graph.node('Pow', [input, graph.scalar(3)]);
  const bent = graph.node('Add', [input, graph.node('Mul', [cube, graph.scalar(0.044715)])]);
  const bounded = graph.node('Tanh', [graph.node('Mul', [bent, graph.scalar(Math.sqrt(2 / Math.PI))])]);
  const half = graph.node('Mul', [input, graph.scalar(0.5)]);
  return graph.node('Mul', [half, graph.node('Add', [bounded, graph.scalar(1)])]);
}

/** BERT pools with a layer of its encoder, RoBERTa with the first half of its head: the same sum under other names. */
function classify(context: Context, hidden: string): void {
  const { graph, shape } = context;
  const { hidden: width, labels } = shape;
  const [pooler, head] =
    shape.kind === 'bert' ? ['bert.pooler.dense', 'classifier'] : ['classifier.dense', 'classifier.out_proj'];
  const first = graph.node('Squeeze', [hidden, graph.integers([1])]);
  const dense1 = dense(context, { name: pooler, input: first, from: width, to: width });
  const pooled = graph.node('Tanh', [dense1], { output: POOLED_OUTPUT });
  dense(context, { name: head, input: pooled, from: width, to: labels, output: LOGITS_OUTPUT });
  graph.output(valueOf(LOGITS_OUTPUT, 'float32', ['batch', labels]));
  graph.output(valueOf(POOLED_OUTPUT, 'float32', ['batch', width]));
}

function dense(
  { graph, weights }: Context,
  layer: { name: string; input: string; from: number; to: number; output?: string },
): string {
  const matrix = graph.weights(weights.dense(`${layer.name}.weight`, layer.from, layer.to));
  const bias = graph.weights(weights.tensor(`${layer.name}.bias`, [layer.to]));
  const product = graph.node('MatMul', [layer.input, matrix]);
  return graph.node('Add', [product, bias], layer.output === undefined ? {} : { output: layer.output });
}

function layerNorm({ graph, shape, weights }: Context, input: string, name: string): string {
  const scale = graph.weights(weights.tensor(`${name}.weight`, [shape.hidden]));
  const bias = graph.weights(weights.tensor(`${name}.bias`, [shape.hidden]));
  return graph.node('LayerNormalization', [input, scale, bias], {
    attributes: { axis: -1, epsilon: { float: shape.epsilon } },
  });
}
