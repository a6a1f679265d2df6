import {
  decodeOnnx,
  ELEMENT,
  encodeOnnx,
  floatsOf,
  nodeOf,
  onnxUnsupported,
  tensorOf,
  valueOf,
  type OnnxModel,
  type OnnxNode,
  type OnnxTensor,
} from '../../core/index.ts';
import { LOGITS_OUTPUT, POOLED_OUTPUT } from './bert-graph.ts';

const REMEDY =
  'Take the fp32 export of a sequence classifier that ends in its classifier and gives logits, not probabilities.';

/** The last dense layer of a classifier: logits = matrix * pooled + bias. */
export interface Head {
  /** Shape (classes, width), row by row. */
  matrix: Float64Array;
  /** Shape (classes). */
  bias: Float64Array;
  classes: number;
  width: number;
}

/** Where a head stands in a graph. */
interface Place {
  /** What the layer is given. */
  input: string;
  output: string;
  /** The nodes that make it up. */
  nodes: ReadonlySet<OnnxNode>;
  matrix: OnnxTensor;
  /** True where the matrix is stored as (classes, width). */
  turned: boolean;
  bias: OnnxTensor | null;
}

/**
 * The head of a classifier, of our own making or exported by another tool.
 * @throws AppError `ONNX_UNSUPPORTED` when the model does not end in a float32 dense layer
 */
export function readHead(model: OnnxModel): Head {
  const { matrix, turned, bias } = findHead(model);
  const [first = 0, second = 0] = matrix.dims;
  const [classes, width] = turned ? [first, second] : [second, first];
  const stored = floatsOf(matrix);
  const values = new Float64Array(stored.length);
  for (let row = 0; row < classes; row += 1) {
    for (let column = 0; column < width; column += 1) {
      const place = turned ? row * width + column : column * classes + row;
      values[row * width + column] = stored[place] ?? NaN;
    }
  }
  const offsets = bias === null ? new Float64Array(classes) : Float64Array.from(floatsOf(bias));
  return { matrix: values, bias: offsets, classes, width };
}

/**
 * The model with what its head is given as an additional output `pooled`, shape (batch, width); as it is where it has
 * one.
 * @param modelBytes - an ONNX classifier
 * @throws AppError `ONNX_INVALID`, `ONNX_EXTERNAL_DATA`, `ONNX_UNSUPPORTED`
 */
export function withPooledOutput(modelBytes: Uint8Array): Uint8Array {
  const model = decodeOnnx(modelBytes);
  const { graph } = model;
  if (graph.outputs.some(({ name }) => name === POOLED_OUTPUT)) return modelBytes;
  const { input } = findHead(model);
  const copy = nodeOf('Identity', { inputs: [input], outputs: [POOLED_OUTPUT] });
  const { width } = readHead(model);
  const outputs = [...graph.outputs, valueOf(POOLED_OUTPUT, 'float32', ['batch', width])];
  return encodeOnnx({ ...model, graph: { ...graph, nodes: [...graph.nodes, copy], outputs } });
}

/**
 * The model with another head in the place of its own; all else stays as it is, byte for byte.
 * @throws RangeError when the new head has another shape; AppError `ONNX_UNSUPPORTED` as `readHead`
 */
export function replaceHead(model: OnnxModel, head: Head): OnnxModel {
  const place = findHead(model);
  const old = readHead(model);
  if (old.classes !== head.classes || old.width !== head.width) {
    throw new RangeError(
      `the head must stay ${old.classes} x ${old.width}, not ${head.classes} x ${head.width}`,
    );
  }
  const names = { matrix: `${LOGITS_OUTPUT}.weight`, bias: `${LOGITS_OUTPUT}.bias` };
  const replaced = new Set([place.matrix.name, place.bias?.name, names.matrix, names.bias]);
  const layer = nodeOf('Gemm', {
    inputs: [place.input, names.matrix, names.bias],
    outputs: [place.output],
    attributes: { transB: 1 },
  });
  const { graph } = model;
  const kept = graph.nodes.filter((node) => !place.nodes.has(node));
  const stillUsed = new Set(kept.flatMap(({ inputs }) => inputs));
  const isKept = ({ name }: { name: string }) => !replaced.has(name) || stillUsed.has(name);
  return {
    ...model,
    graph: {
      ...graph,
      nodes: [...kept, layer],
      inputs: graph.inputs.filter(isKept),
      initializers: [
        ...graph.initializers.filter(isKept),
        tensorOf(names.matrix, [head.classes, head.width], Float32Array.from(head.matrix)),
        tensorOf(names.bias, [head.classes], Float32Array.from(head.bias)),
      ],
    },
  };
}

function findHead({ graph }: OnnxModel): Place {
  const output = (graph.outputs.find(({ name }) => name === LOGITS_OUTPUT) ?? graph.outputs[0])?.name ?? '';
  const tensors = new Map(graph.initializers.map((tensor) => [tensor.name, tensor]));
  const makers = new Map(graph.nodes.flatMap((node) => node.outputs.map((name) => [name, node] as const)));
  const constant = (name: string | undefined) => tensors.get(name ?? '');
  const last = makers.get(output);
  if (last?.op === 'Gemm') {
    const flag = last.attributes.get('transB');
    const turned = flag?.kind === 'integer' && flag.value === 1;
    const [input = '', matrix, bias] = last.inputs;
    return checked({ input, output, nodes: new Set([last]), turned }, constant(matrix), constant(bias));
  }
  const [left, right] = last?.inputs ?? [];
  const bias = last?.op === 'Add' ? (constant(right) ?? constant(left)) : undefined;
  const product = last?.op === 'Add' ? makers.get((bias?.name === right ? left : right) ?? '') : last;
  if (last === undefined || product?.op !== 'MatMul') {
    throw onnxUnsupported(
      `its output ${output} comes from ${last?.op ?? 'nowhere'}, not from a dense layer`,
      REMEDY,
    );
  }
  const [input = '', matrix] = product.inputs;
  const nodes = new Set([last, product]);
  return checked({ input, output, nodes, turned: false }, constant(matrix), bias);
}

function checked(
  place: Pick<Place, 'input' | 'output' | 'nodes' | 'turned'>,
  matrix: OnnxTensor | undefined,
  bias: OnnxTensor | undefined,
): Place {
  if (matrix?.type !== ELEMENT.float32 || matrix.dims.length !== 2) {
    throw onnxUnsupported('its last layer has no float32 matrix', REMEDY);
  }
  const classes = matrix.dims[place.turned ? 0 : 1] ?? 0;
  if (bias !== undefined && (bias.type !== ELEMENT.float32 || bias.dims.at(-1) !== classes)) {
    throw onnxUnsupported(`the bias of its last layer has the dimensions ${bias.dims.join(' x ')}`, REMEDY);
  }
  return { ...place, matrix, bias: bias ?? null };
}
