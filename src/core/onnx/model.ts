import type { LazyBytes, WireField } from './wire.ts';

/** Element types of tensors, as ONNX numbers them. @see onnx.proto, TensorProto.DataType */
export const ELEMENT = {
  float32: 1,
  uint8: 2,
  int8: 3,
  uint16: 4,
  int16: 5,
  int32: 6,
  int64: 7,
  string: 8,
  bool: 9,
  float16: 10,
  float64: 11,
  uint32: 12,
  uint64: 13,
  bfloat16: 16,
} as const;

/** Bytes an element takes; what is not here has no fixed width of whole bytes. */
export const ELEMENT_BYTES: ReadonlyMap<number, number> = new Map([
  [ELEMENT.float32, 4],
  [ELEMENT.uint8, 1],
  [ELEMENT.int8, 1],
  [ELEMENT.uint16, 2],
  [ELEMENT.int16, 2],
  [ELEMENT.int32, 4],
  [ELEMENT.int64, 8],
  [ELEMENT.bool, 1],
  [ELEMENT.float16, 2],
  [ELEMENT.float64, 8],
  [ELEMENT.uint32, 4],
  [ELEMENT.uint64, 8],
  [ELEMENT.bfloat16, 2],
]);

/** Constant numbers of a model. */
export interface OnnxTensor {
  readonly name: string;
  readonly dims: readonly number[];
  /** One of `ELEMENT`. */
  readonly type: number;
  /** The elements, little-endian, row by row. */
  readonly data: LazyBytes;
  /** What was in the file and is not understood; written again as it was. */
  readonly rest: readonly WireField[];
}

/** A property of a node; `other` keeps a kind that nothing here looks into (graphs, sparse tensors). */
export type OnnxAttribute =
  | { readonly kind: 'integer'; readonly value: number }
  | { readonly kind: 'float'; readonly value: number }
  | { readonly kind: 'text'; readonly value: string }
  | { readonly kind: 'integers'; readonly value: readonly number[] }
  | { readonly kind: 'floats'; readonly value: Float32Array }
  | { readonly kind: 'texts'; readonly value: readonly string[] }
  | { readonly kind: 'tensor'; readonly value: OnnxTensor }
  | { readonly kind: 'other'; readonly raw: Uint8Array };

/** One operation. An input or output that is not given is ''. */
export interface OnnxNode {
  readonly name: string;
  readonly op: string;
  /** '' is ONNX's own set of operators. */
  readonly domain: string;
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
  readonly attributes: ReadonlyMap<string, OnnxAttribute>;
  readonly rest: readonly WireField[];
}

/** An input or output of a graph. */
export interface OnnxValue {
  readonly name: string;
  /** One of `ELEMENT`; 0 where it is no tensor. */
  readonly type: number;
  /** A number, or the name of a length that varies; null where the file says nothing. */
  readonly shape: readonly (number | string)[] | null;
  /** As the file had it; absent for values made here. */
  readonly raw?: Uint8Array;
}

export interface OnnxGraph {
  readonly name: string;
  /** In an order in which they can run. */
  readonly nodes: readonly OnnxNode[];
  readonly initializers: readonly OnnxTensor[];
  readonly inputs: readonly OnnxValue[];
  readonly outputs: readonly OnnxValue[];
  readonly rest: readonly WireField[];
}

export interface OnnxModel {
  readonly irVersion: number;
  readonly producer: string;
  readonly opsets: readonly { readonly domain: string; readonly version: number }[];
  readonly graph: OnnxGraph;
  /** What the model says of itself, by name. */
  readonly metadata: ReadonlyMap<string, string>;
  readonly rest: readonly WireField[];
}

/** Elements of a tensor of these dimensions. */
export function elementCount(dims: readonly number[]): number {
  return dims.reduce((product, size) => product * size, 1);
}

/** A tensor of numbers at hand. @throws RangeError when numbers and dimensions do not fit */
export function tensorOf(
  name: string,
  dims: readonly number[],
  values: Float32Array | BigInt64Array | Int8Array | Uint8Array,
): OnnxTensor {
  if (elementCount(dims) !== values.length) {
    throw new RangeError(`${name} has ${values.length} numbers for the dimensions ${dims.join(' x ')}`);
  }
  const bytes = new Uint8Array(values.buffer, values.byteOffset, values.byteLength);
  return {
    name,
    dims,
    type: typeOf(values),
    data: { byteLength: bytes.length, read: () => bytes },
    rest: [],
  };
}

/** A tensor of 32-bit numbers that are made when they are wanted, the same each time. */
export function lazyFloats(name: string, dims: readonly number[], make: () => Float32Array): OnnxTensor {
  const read = () => {
    const values = make();
    return new Uint8Array(values.buffer, values.byteOffset, values.byteLength);
  };
  return { name, dims, type: ELEMENT.float32, data: { byteLength: 4 * elementCount(dims), read }, rest: [] };
}

/**
 * The numbers of a float32 tensor; a view where memory is aligned for it, else a copy.
 * @throws RangeError when the tensor is of another type
 */
export function floatsOf(tensor: OnnxTensor): Float32Array {
  if (tensor.type !== ELEMENT.float32) throw new RangeError(`${tensor.name} is no float32 tensor`);
  const bytes = tensor.data.read();
  const aligned = bytes.byteOffset % 4 === 0 ? bytes : new Uint8Array(bytes);
  return new Float32Array(aligned.buffer, aligned.byteOffset, aligned.byteLength / 4);
}

function typeOf(values: Float32Array | BigInt64Array | Int8Array | Uint8Array): number {
  if (values instanceof Float32Array) return ELEMENT.float32;
  if (values instanceof BigInt64Array) return ELEMENT.int64;
  return values instanceof Int8Array ? ELEMENT.int8 : ELEMENT.uint8;
}
