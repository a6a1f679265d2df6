import {
  ELEMENT,
  tensorOf,
  type OnnxAttribute,
  type OnnxModel,
  type OnnxNode,
  type OnnxTensor,
  type OnnxValue,
} from './model.ts';

/** What ONNX's own checker asks for with each set of operators. @see onnx/docs/Versioning.md */
const IR_VERSION_OF_OPSET = new Map([
  [17, 8],
  [20, 9],
  [21, 10],
  [23, 11],
]);
const PRODUCER = 'bellwether';

/**
 * Properties of a node as one writes them: whole numbers are integers, `{ float }` is a floating-point number, a
 * `Float32Array` a list of such; an empty plain list is one of integers.
 */
export type AttributeValues = Readonly<
  Record<
    string,
    number | readonly number[] | Float32Array | string | readonly string[] | { readonly float: number }
  >
>;

/** Collects a graph in the order in which it runs; every step returns the name of what it made. */
export interface GraphBuilder {
  input(value: OnnxValue): string;
  /** Numbers that belong to the model. */
  weights(tensor: OnnxTensor): string;
  /** Whole numbers, such as axes and shapes; the same numbers become one tensor. */
  integers(values: readonly number[]): string;
  /** One number without a dimension; the same number becomes one tensor. */
  scalar(value: number): string;
  /**
   * A node with one output, named `output` or after the operator.
   * @param options.domain - set of operators; ONNX's own where left out
   */
  node(
    op: string,
    inputs: readonly string[],
    options?: { attributes?: AttributeValues; output?: string; domain?: string },
  ): string;
  output(value: OnnxValue): void;
  /**
   * @param opset - version of ONNX's own operators
   * @param more.domains - versions of other sets of operators, by name
   * @param more.metadata - what the model says of itself
   */
  finish(
    opset: number,
    more?: {
      domains?: Readonly<Record<string, number>>;
      metadata?: Readonly<Record<string, string>>;
    },
  ): OnnxModel;
}

/**
 * Begins an ONNX graph.
 * @param name - of the graph, for whoever looks into the file
 */
export function createGraphBuilder(name: string): GraphBuilder {
  const nodes: OnnxNode[] = [];
  const initializers = new Map<string, OnnxTensor>();
  const inputs: OnnxValue[] = [];
  const outputs: OnnxValue[] = [];

  function weights(tensor: OnnxTensor): string {
    if (!initializers.has(tensor.name)) initializers.set(tensor.name, tensor);
    return tensor.name;
  }

  return {
    input(value) {
      inputs.push(value);
      return value.name;
    },
    weights,
    integers: (values) =>
      weights(
        tensorOf(`integers_${values.join('_')}`, [values.length], BigInt64Array.from(values.map(BigInt))),
      ),
    scalar: (value) => weights(tensorOf(`scalar_${value}`, [], Float32Array.of(value))),
    node(op, from, { attributes = {}, output, domain = '' } = {}) {
      const made = output ?? `${op}_${nodes.length}`;
      nodes.push({
        name: made,
        op,
        domain,
        inputs: from,
        outputs: [made],
        attributes: new Map(Object.entries(attributes).map(([key, value]) => [key, attributeOf(value)])),
        rest: [],
      });
      return made;
    },
    output: (value) => void outputs.push(value),
    finish: (opset, { domains = {}, metadata = {} } = {}) => ({
      irVersion: IR_VERSION_OF_OPSET.get(opset) ?? 8,
      producer: PRODUCER,
      opsets: [
        { domain: '', version: opset },
        ...Object.entries(domains).map(([domain, version]) => ({ domain, version })),
      ],
      graph: { name, nodes, initializers: [...initializers.values()], inputs, outputs, rest: [] },
      metadata: new Map(Object.entries(metadata)),
      rest: [],
    }),
  };
}

/** A node of ONNX's own operators, to be put into a graph that exists. */
export function nodeOf(
  op: string,
  { inputs, outputs, attributes = {} }: { inputs: string[]; outputs: string[]; attributes?: AttributeValues },
): OnnxNode {
  return {
    name: outputs[0] ?? op,
    op,
    domain: '',
    inputs,
    outputs,
    attributes: new Map(Object.entries(attributes).map(([key, value]) => [key, attributeOf(value)])),
    rest: [],
  };
}

/** A tensor input or output with lengths that vary where they are named. */
export function valueOf(
  name: string,
  type: keyof typeof ELEMENT,
  shape: readonly (number | string)[],
): OnnxValue {
  return { name, type: ELEMENT[type], shape };
}

function attributeOf(value: AttributeValues[string]): OnnxAttribute {
  if (typeof value === 'number') return { kind: 'integer', value };
  if (typeof value === 'string') return { kind: 'text', value };
  if (value instanceof Float32Array) return { kind: 'floats', value };
  if ('float' in value) return { kind: 'float', value: value.float };
  return isTexts(value) ? { kind: 'texts', value } : { kind: 'integers', value };
}

function isTexts(value: readonly number[] | readonly string[]): value is readonly string[] {
  return typeof value[0] === 'string';
}
