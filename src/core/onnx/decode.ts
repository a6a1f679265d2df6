import { onnxExternalData, onnxInvalid } from './errors.ts';
import {
  ELEMENT,
  ELEMENT_BYTES,
  elementCount,
  type OnnxAttribute,
  type OnnxGraph,
  type OnnxModel,
  type OnnxNode,
  type OnnxTensor,
  type OnnxValue,
} from './model.ts';
import {
  bytesOf,
  floatOf,
  int64sOf,
  integerOf,
  packedOf,
  readFields,
  textOf,
  type WireField,
} from './wire.ts';

/** TensorProto's fields for data by their numbers: only one of them is filled. */
const TYPED_DATA = { floats: 4, int32s: 5, int64s: 7, raw: 9, doubles: 10, uint64s: 11 } as const;
const EXTERNAL = 1;

/**
 * Reads an ONNX file. Weights are views of the given bytes, nothing large is copied.
 * @param bytes - the whole file
 * @throws AppError `ONNX_INVALID` when they are no model, `ONNX_EXTERNAL_DATA` when its weights lie elsewhere
 */
export function decodeOnnx(bytes: Uint8Array): OnnxModel {
  const fields = createFields(readFields(bytes));
  const graph = fields.last(7);
  if (graph === undefined) throw onnxInvalid('it holds no graph');
  return {
    irVersion: fields.integer(1) ?? 0,
    producer: fields.text(2) ?? '',
    opsets: fields.all(8).map((field) => {
      const opset = createFields(readFields(bytesOf(field)));
      return { domain: opset.text(1) ?? '', version: opset.integer(2) ?? 0 };
    }),
    graph: decodeGraph(bytesOf(graph)),
    metadata: new Map(
      fields.all(14).map((field) => {
        const entry = createFields(readFields(bytesOf(field)));
        return [entry.text(1) ?? '', entry.text(2) ?? ''];
      }),
    ),
    rest: fields.except([1, 2, 7, 8, 14]),
  };
}

function decodeGraph(bytes: Uint8Array): OnnxGraph {
  const fields = createFields(readFields(bytes));
  return {
    nodes: fields.all(1).map((field) => decodeNode(bytesOf(field))),
    name: fields.text(2) ?? '',
    initializers: fields.all(5).map((field) => decodeTensor(bytesOf(field))),
    inputs: fields.all(11).map((field) => decodeValue(bytesOf(field))),
    outputs: fields.all(12).map((field) => decodeValue(bytesOf(field))),
    rest: fields.except([1, 2, 5, 11, 12]),
  };
}

function decodeNode(bytes: Uint8Array): OnnxNode {
  const fields = createFields(readFields(bytes));
  return {
    inputs: fields.all(1).map(textOf),
    outputs: fields.all(2).map(textOf),
    name: fields.text(3) ?? '',
    op: fields.text(4) ?? '',
    attributes: new Map(fields.all(5).map((field) => decodeAttribute(bytesOf(field)))),
    domain: fields.text(7) ?? '',
    rest: fields.except([1, 2, 3, 4, 5, 7]),
  };
}

function decodeAttribute(bytes: Uint8Array): [string, OnnxAttribute] {
  const fields = createFields(readFields(bytes));
  const name = fields.text(1) ?? '';
  const [float, integer, text, tensor] = [2, 3, 4, 5].map((number) => fields.last(number));
  switch (fields.integer(20)) {
    case 1:
      return [name, { kind: 'float', value: float === undefined ? 0 : floatOf(float) }];
    case 2:
      return [name, { kind: 'integer', value: integer === undefined ? 0 : integerOf(integer) }];
    case 3:
      return [name, { kind: 'text', value: text === undefined ? '' : textOf(text) }];
    case 4:
      if (tensor === undefined) throw onnxInvalid(`the attribute ${name} lacks its tensor`);
      return [name, { kind: 'tensor', value: decodeTensor(bytesOf(tensor)) }];
    case 6:
      return [name, { kind: 'floats', value: floatsIn(name, packedOf(fields.all(7))) }];
    case 8:
      return [name, { kind: 'texts', value: fields.all(9).map(textOf) }];
    case 7:
      return [name, { kind: 'integers', value: int64sOf(fields.all(8)).map(Number) }];
    default:
      return [name, { kind: 'other', raw: bytes }];
  }
}

function floatsIn(name: string, bytes: Uint8Array): Float32Array {
  if (bytes.length % 4 !== 0) throw onnxInvalid(`the attribute ${name} ends inside a number`);
  const aligned = bytes.byteOffset % 4 === 0 ? bytes : new Uint8Array(bytes);
  return new Float32Array(aligned.buffer, aligned.byteOffset, aligned.length / 4);
}

function decodeTensor(bytes: Uint8Array): OnnxTensor {
  const fields = createFields(readFields(bytes));
  const name = fields.text(8) ?? '';
  const type = fields.integer(2) ?? 0;
  const dims = int64sOf(fields.all(1)).map(Number);
  if (fields.integer(14) === EXTERNAL || fields.last(13) !== undefined) {
    throw onnxExternalData(name, locationOf(fields));
  }
  if (dims.some((size) => !Number.isSafeInteger(size) || size < 0)) {
    throw onnxInvalid(`the tensor ${name} has the dimensions ${dims.join(' x ')}`);
  }
  const data = dataOf(fields, type);
  const width = ELEMENT_BYTES.get(type);
  const expected = width === undefined ? data.length : width * elementCount(dims);
  if (data.length !== expected) {
    throw onnxInvalid(`the tensor ${name} has ${data.length} bytes where its dimensions ask for ${expected}`);
  }
  // A type without a fixed width (text, four bits) stays in the field in which it was written.
  const known = [1, 2, 8, ...(width === undefined ? [TYPED_DATA.raw] : Object.values(TYPED_DATA))];
  return {
    name,
    dims,
    type,
    data: { byteLength: data.length, read: () => data },
    rest: fields.except(known),
  };
}

/** Where an external tensor lies, of the key-value pairs that describe it. */
function locationOf(fields: Fields): string {
  const pairs = fields.all(13).map((field) => createFields(readFields(bytesOf(field))));
  return pairs.find((pair) => pair.text(1) === 'location')?.text(2) ?? 'another file';
}

/** The elements as little-endian bytes, whichever field the writer chose for them. */
function dataOf(fields: Fields, type: number): Uint8Array {
  const raw = fields.last(TYPED_DATA.raw);
  if (raw !== undefined) return bytesOf(raw);
  if (type === ELEMENT.float32) return packedOf(fields.all(TYPED_DATA.floats));
  if (type === ELEMENT.float64) return packedOf(fields.all(TYPED_DATA.doubles));
  if (type === ELEMENT.int64) return integersAs(fields.all(TYPED_DATA.int64s), 8);
  if (type === ELEMENT.uint32) return integersAs(fields.all(TYPED_DATA.uint64s), 4);
  if (type === ELEMENT.uint64) return integersAs(fields.all(TYPED_DATA.uint64s), 8);
  const width = ELEMENT_BYTES.get(type);
  return width === undefined ? new Uint8Array() : integersAs(fields.all(TYPED_DATA.int32s), width);
}

function integersAs(fields: readonly WireField[], width: number): Uint8Array {
  const values = int64sOf(fields);
  const bytes = new Uint8Array(values.length * width);
  const view = new DataView(bytes.buffer);
  for (const [place, value] of values.entries()) {
    if (width === 8) view.setBigInt64(8 * place, value, true);
    else if (width === 4) view.setInt32(4 * place, Number(BigInt.asIntN(32, value)), true);
    else if (width === 2) view.setInt16(2 * place, Number(BigInt.asIntN(16, value)), true);
    else view.setInt8(place, Number(BigInt.asIntN(8, value)));
  }
  return bytes;
}

function decodeValue(bytes: Uint8Array): OnnxValue {
  const fields = createFields(readFields(bytes));
  const name = fields.text(1) ?? '';
  const tensor = fields.message(2)?.message(1);
  if (tensor === undefined) return { name, type: 0, shape: null, raw: bytes };
  const shape = tensor.message(2);
  const sizes = shape?.all(1).map((field) => {
    const size = createFields(readFields(bytesOf(field)));
    return size.integer(1) ?? size.text(2) ?? '';
  });
  return { name, type: tensor.integer(1) ?? 0, shape: sizes ?? null, raw: bytes };
}

/** Looks up fields of a message by number; where one stands twice and must not, the last one counts. */
interface Fields {
  all(number: number): WireField[];
  last(number: number): WireField | undefined;
  text(number: number): string | undefined;
  integer(number: number): number | undefined;
  message(number: number): Fields | undefined;
  except(numbers: readonly number[]): WireField[];
}

function createFields(fields: readonly WireField[]): Fields {
  const last = (number: number) => fields.findLast((field) => field.number === number);
  return {
    all: (number) => fields.filter((field) => field.number === number),
    last,
    text: (number) => mapped(last(number), textOf),
    integer: (number) => mapped(last(number), integerOf),
    message: (number) => mapped(last(number), (field) => createFields(readFields(bytesOf(field)))),
    except: (numbers) => fields.filter((field) => !numbers.includes(field.number)),
  };
}

function mapped<T>(field: WireField | undefined, read: (field: WireField) => T): T | undefined {
  return field === undefined ? undefined : read(field);
}
