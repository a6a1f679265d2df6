import { onnxUnsupported } from './errors.ts';
import { nodeOf } from './graph-builder.ts';
import { ELEMENT, floatsOf, tensorOf, type OnnxModel, type OnnxNode, type OnnxTensor } from './model.ts';

/**
 * Largest weight of a matrix in steps. Processors without VNNI add two products of an unsigned and a signed byte in
 * 16 bits: 2 * 255 * 64 still fits, 2 * 255 * 127 would be cut off silently. So all machines give the same numbers.
 * @see onnxruntime's documentation of quantization, "reduce_range"
 */
const MATRIX_STEPS = 64;
/** A table is only looked up, so that it can use the whole byte. */
const TABLE_STEPS = 127;
/** Smaller tables (positions in a tiny model, token types) are not worth a rounding. */
const FEWEST_TABLE_ROWS = 256;

interface Quantised {
  nodes: OnnxNode[];
  tensors: OnnxTensor[];
}

interface Context {
  tensors: ReadonlyMap<string, OnnxTensor>;
  graphInputs: ReadonlySet<string>;
  /** Weights of the layers whose sum leaves the graph: they stay exact, and a new head can be written into them. */
  outermost: ReadonlySet<OnnxNode>;
  /** Activations that are quantised already, by name. */
  activations: Set<string>;
  /** Weights that are quantised already, by name. */
  weights: Set<string>;
}

/**
 * Dynamic int8 quantisation: matrices become signed bytes with one scale a column, activations are quantised when the
 * model runs, and large lookup tables become signed bytes with one scale a row. Biases, normalisations and the last
 * dense layer before an output stay float32. The result is plain ONNX (MatMulInteger), in the form that onnxruntime
 * fuses into one kernel.
 * @param model - with float32 weights as initialisers of MatMul and Gemm, opset 11 or later
 * @throws AppError `ONNX_UNSUPPORTED` when there is nothing to quantise
 */
export function quantiseToInt8(model: OnnxModel): OnnxModel {
  const { graph } = model;
  const context: Context = {
    tensors: new Map(graph.initializers.map((tensor) => [tensor.name, tensor])),
    graphInputs: new Set(graph.inputs.map(({ name }) => name)),
    outermost: outermostLayers(graph.nodes, new Set(graph.outputs.map(({ name }) => name))),
    activations: new Set(),
    weights: new Set(),
  };
  const nodes: OnnxNode[] = [];
  const added: OnnxTensor[] = [];
  for (const node of graph.nodes) {
    const replaced = quantiseNode(node, context);
    nodes.push(...(replaced?.nodes ?? [node]));
    added.push(...(replaced?.tensors ?? []));
  }
  if (added.length === 0) {
    throw onnxUnsupported(
      'no matrix of it is float32, so that there is nothing to quantise',
      'Give the fp32 export of the model; one in fp16 or int8 is run as it is.',
    );
  }
  const used = new Set([...nodes.flatMap(({ inputs }) => inputs), ...graph.outputs.map(({ name }) => name)]);
  const keepsAll = nodes.some(({ attributes }) =>
    [...attributes.values()].some(({ kind }) => kind === 'other'),
  );
  const isKept = ({ name }: { name: string }) => keepsAll || used.has(name) || !context.tensors.has(name);
  return {
    ...model,
    graph: {
      ...graph,
      nodes,
      initializers: [...graph.initializers.filter(isKept), ...added],
      inputs: graph.inputs.filter(isKept),
    },
  };
}

/** MatMul and Gemm nodes whose result, with or without a bias added, is an output of the graph. */
function outermostLayers(nodes: readonly OnnxNode[], outputs: ReadonlySet<string>): Set<OnnxNode> {
  const ends = new Set(outputs);
  for (const { op, inputs, outputs: made } of nodes) {
    if (op === 'Add' && made.some((name) => outputs.has(name))) for (const name of inputs) ends.add(name);
  }
  return new Set(nodes.filter(({ op, outputs: made }) => isDense(op) && made.some((name) => ends.has(name))));
}

function isDense(op: string): boolean {
  return op === 'MatMul' || op === 'Gemm';
}

/** @returns null when the node stays as it is */
function quantiseNode(node: OnnxNode, context: Context): Quantised | null {
  const [first = '', second = ''] = node.inputs;
  if (node.domain !== '') return null;
  if (node.op === 'Gather') return quantiseLookup(node, context);
  const matrix = context.tensors.get(second);
  if (!isDense(node.op) || context.outermost.has(node)) return null;
  if (matrix?.type !== ELEMENT.float32 || matrix.dims.length !== 2 || context.tensors.has(first)) return null;
  if (node.op === 'MatMul') return quantiseProduct(node, { matrix, turned: false }, context);
  return isPlainGemm(node)
    ? quantiseProduct(node, { matrix, turned: flag(node, 'transB') === 1 }, context)
    : null;
}

function isPlainGemm(node: OnnxNode): boolean {
  const isOne = (name: string) => {
    const factor = node.attributes.get(name);
    return factor === undefined || (factor.kind === 'float' && factor.value === 1);
  };
  return flag(node, 'transA') === 0 && isOne('alpha') && isOne('beta');
}

function flag(node: OnnxNode, name: string): number {
  const attribute = node.attributes.get(name);
  return attribute?.kind === 'integer' ? attribute.value : 0;
}

function quantiseProduct(
  node: OnnxNode,
  { matrix, turned }: { matrix: OnnxTensor; turned: boolean },
  context: Context,
): Quantised {
  const [input = '', , bias = ''] = node.inputs;
  const [output = ''] = node.outputs;
  const nodes: OnnxNode[] = [];
  const tensors: OnnxTensor[] = [];
  const names = { bytes: `${matrix.name}_int8`, scale: `${matrix.name}_scale` };
  const act = { bytes: `${input}_uint8`, scale: `${input}_scale`, zero: `${input}_zero` };
  if (!context.activations.has(input)) {
    context.activations.add(input);
    const outputs = [act.bytes, act.scale, act.zero];
    nodes.push(nodeOf('DynamicQuantizeLinear', { inputs: [input], outputs }));
  }
  if (!context.weights.has(matrix.name)) {
    context.weights.add(matrix.name);
    tensors.push(...quantiseColumns(matrix, turned, names));
  }
  const step = (suffix: string) => `${output}_${suffix}`;
  const sum = bias === '' ? output : step('product');
  nodes.push(
    nodeOf('MatMulInteger', { inputs: [act.bytes, names.bytes, act.zero], outputs: [step('int32')] }),
    nodeOf('Cast', {
      inputs: [step('int32')],
      outputs: [step('float')],
      attributes: { to: ELEMENT.float32 },
    }),
    nodeOf('Mul', { inputs: [act.scale, names.scale], outputs: [step('scales')] }),
    nodeOf('Mul', { inputs: [step('float'), step('scales')], outputs: [sum] }),
  );
  if (bias !== '') nodes.push(nodeOf('Add', { inputs: [sum, bias], outputs: [output] }));
  return { nodes, tensors };
}

/** @returns signed bytes of shape (inputs, outputs) and a scale for each output */
function quantiseColumns(
  matrix: OnnxTensor,
  turned: boolean,
  names: { bytes: string; scale: string },
): OnnxTensor[] {
  const [rows = 0, columns = 0] = turned ? [...matrix.dims].reverse() : matrix.dims;
  const weights = floatsOf(matrix);
  const place = (row: number, column: number) => (turned ? column * rows + row : row * columns + column);
  const scales = new Float32Array(columns);
  for (let row = 0; row < rows; row += 1) {
    for (let column = 0; column < columns; column += 1) {
      const size = Math.abs(weights[place(row, column)] ?? NaN);
      if (size > (scales[column] ?? 0)) scales[column] = size;
    }
  }
  // A column of zeros keeps a scale of 1, since it is divided by.
  for (let column = 0; column < columns; column += 1)
    scales[column] = (scales[column] ?? 0) / MATRIX_STEPS || 1;
  const bytes = new Int8Array(rows * columns);
  for (let row = 0; row < rows; row += 1) {
    for (let column = 0; column < columns; column += 1) {
      bytes[row * columns + column] = Math.round(
        (weights[place(row, column)] ?? NaN) / (scales[column] ?? NaN),
      );
    }
  }
  return [tensorOf(names.bytes, [rows, columns], bytes), tensorOf(names.scale, [columns], scales)];
}

/** A lookup of whole rows by numbers that the caller gives: the word embeddings. */
function quantiseLookup(node: OnnxNode, context: Context): Quantised | null {
  const [tableName = '', indices = ''] = node.inputs;
  const [output = ''] = node.outputs;
  const table = context.tensors.get(tableName);
  if (table?.type !== ELEMENT.float32 || table.dims.length !== 2) return null;
  if (flag(node, 'axis') !== 0 || !context.graphInputs.has(indices)) return null;
  if ((table.dims[0] ?? 0) < FEWEST_TABLE_ROWS) return null;
  const names = { bytes: `${tableName}_int8`, scale: `${tableName}_scale` };
  const isNew = !context.weights.has(tableName);
  context.weights.add(tableName);
  const step = (suffix: string) => `${output}_${suffix}`;
  return {
    tensors: isNew ? quantiseRows(table, names) : [],
    nodes: [
      nodeOf('Gather', { inputs: [names.bytes, indices], outputs: [step('int8')] }),
      nodeOf('Cast', {
        inputs: [step('int8')],
        outputs: [step('float')],
        attributes: { to: ELEMENT.float32 },
      }),
      nodeOf('Gather', { inputs: [names.scale, indices], outputs: [step('scales')] }),
      nodeOf('Mul', { inputs: [step('float'), step('scales')], outputs: [output] }),
    ],
  };
}

function quantiseRows(table: OnnxTensor, names: { bytes: string; scale: string }): OnnxTensor[] {
  const [rows = 0, columns = 0] = table.dims;
  const values = floatsOf(table);
  const scales = new Float32Array(rows);
  const bytes = new Int8Array(rows * columns);
  for (let row = 0; row < rows; row += 1) {
    const of = values.subarray(row * columns, (row + 1) * columns);
    const largest = of.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
    const scale = Math.fround(largest / TABLE_STEPS) || 1;
    scales[row] = scale;
    for (let column = 0; column < columns; column += 1) {
      bytes[row * columns + column] = Math.round((of[column] ?? NaN) / scale);
    }
  }
  return [tensorOf(names.bytes, [rows, columns], bytes), tensorOf(names.scale, [rows, 1], scales)];
}
