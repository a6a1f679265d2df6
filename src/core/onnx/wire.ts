import { onnxInvalid } from './errors.ts';

/** Protocol Buffers' ways to put a value on the wire that ONNX uses; groups are long deprecated and refused. */
export const WIRE = { varint: 0, fixed64: 1, bytes: 2, fixed32: 5 } as const;

const LONGEST_VARINT = 10;

/** One field of a message as it lies in the file. */
export interface WireField {
  readonly number: number;
  readonly wire: number;
  /** A view of the value's bytes: without tag, and without length where it has one. */
  readonly value: Uint8Array;
  /** A view of the whole field, tag included: writing it again preserves what is not understood. */
  readonly raw: Uint8Array;
}

/** Bytes that are made when they are written, so that a model need not lie in memory as a whole. */
export interface LazyBytes {
  readonly byteLength: number;
  /** Always the same bytes, `byteLength` of them. */
  read(): Uint8Array;
}

/** What a message consists of, in order. */
export type Part = Uint8Array | LazyBytes;

/** A message ready to be written. */
export interface Message {
  readonly byteLength: number;
  readonly parts: readonly Part[];
}

/**
 * The fields of one message, in the order of the file, as views.
 * @throws AppError `ONNX_INVALID` when the bytes are no message
 */
export function readFields(bytes: Uint8Array): WireField[] {
  const fields: WireField[] = [];
  let at = 0;
  while (at < bytes.length) {
    const start = at;
    const tag = readVarint(bytes, at);
    const number = Number(tag.value >> 3n);
    const wire = Number(tag.value & 7n);
    if (number === 0 || number > 0x1fffffff) throw onnxInvalid(`byte ${start} begins a field ${number}`);
    const [from, to] = extentOf(bytes, wire, tag.end);
    if (to > bytes.length) {
      throw onnxInvalid(`field ${number} ends ${to - bytes.length} bytes behind the end of what holds it`);
    }
    fields.push({ number, wire, value: bytes.subarray(from, to), raw: bytes.subarray(start, to) });
    at = to;
  }
  return fields;
}

/** @returns where the value begins and ends */
function extentOf(bytes: Uint8Array, wire: number, at: number): [number, number] {
  if (wire === WIRE.varint) return [at, readVarint(bytes, at).end];
  if (wire === WIRE.fixed64) return [at, at + 8];
  if (wire === WIRE.fixed32) return [at, at + 4];
  if (wire !== WIRE.bytes) throw onnxInvalid(`byte ${at} has the unknown wire type ${wire}`);
  const length = readVarint(bytes, at);
  if (length.value > BigInt(bytes.length)) {
    throw onnxInvalid(`byte ${at} announces ${length.value} bytes, more than there are`);
  }
  return [length.end, length.end + Number(length.value)];
}

function readVarint(bytes: Uint8Array, from: number): { value: bigint; end: number } {
  let value = 0n;
  for (let place = 0; place < LONGEST_VARINT; place += 1) {
    const byte = bytes[from + place];
    if (byte === undefined) throw onnxInvalid(`the file ends inside a number, at byte ${from + place}`);
    value |= BigInt(byte & 127) << BigInt(7 * place);
    if (byte < 128) return { value: BigInt.asUintN(64, value), end: from + place + 1 };
  }
  throw onnxInvalid(`byte ${from} begins a number longer than ${LONGEST_VARINT} bytes`);
}

/** The field as a signed 64-bit integer. */
export function int64Of(field: WireField): bigint {
  if (field.wire !== WIRE.varint) throw onnxInvalid(`field ${field.number} is no integer`);
  return BigInt.asIntN(64, readVarint(field.value, 0).value);
}

/** The field as an integer that JavaScript holds exactly. */
export function integerOf(field: WireField): number {
  const value = int64Of(field);
  const number = Number(value);
  if (!Number.isSafeInteger(number)) throw onnxInvalid(`field ${field.number} holds ${value}`);
  return number;
}

/** The field as text, UTF-8. */
export function textOf(field: WireField): string {
  return new TextDecoder('utf-8', { ignoreBOM: true }).decode(bytesOf(field));
}

/** The field as bytes or as the bytes of a message. */
export function bytesOf(field: WireField): Uint8Array {
  if (field.wire !== WIRE.bytes) throw onnxInvalid(`field ${field.number} is neither bytes nor a message`);
  return field.value;
}

/** The field as a 32-bit floating-point number. */
export function floatOf(field: WireField): number {
  if (field.wire !== WIRE.fixed32) throw onnxInvalid(`field ${field.number} is no 32-bit number`);
  return new DataView(field.value.buffer, field.value.byteOffset, 4).getFloat32(0, true);
}

/** All integers of a repeated field, packed into one or one by one. */
export function int64sOf(fields: readonly WireField[]): bigint[] {
  const values: bigint[] = [];
  for (const field of fields) {
    if (field.wire === WIRE.varint) values.push(int64Of(field));
    else {
      const bytes = bytesOf(field);
      for (let at = 0; at < bytes.length;) {
        const next = readVarint(bytes, at);
        values.push(BigInt.asIntN(64, next.value));
        at = next.end;
      }
    }
  }
  return values;
}

/** A repeated field of fixed width, as one run of bytes; a view where the file holds it packed. */
export function packedOf(fields: readonly WireField[]): Uint8Array {
  const [only] = fields;
  return fields.length === 1 && only !== undefined
    ? only.value
    : new Uint8Array(Buffer.concat(fields.map((field) => field.value)));
}

/** A message of these fields. */
export function messageOf(fields: readonly (Message | null)[]): Message {
  const there = fields.filter((field) => field !== null);
  return {
    byteLength: there.reduce((sum, { byteLength }) => sum + byteLength, 0),
    parts: there.flatMap(({ parts }) => parts),
  };
}

/** A field that holds an integer. */
export function integerField(number: number, value: number | bigint): Message {
  return whole(joined([varint((number << 3) | WIRE.varint), varint(value)]));
}

/** A field that holds a 32-bit floating-point number. */
export function floatField(number: number, value: number): Message {
  const bytes = new Uint8Array(4);
  new DataView(bytes.buffer).setFloat32(0, value, true);
  return whole(joined([varint((number << 3) | WIRE.fixed32), bytes]));
}

/** A field that holds text. */
export function textField(number: number, value: string): Message {
  return partField(number, new TextEncoder().encode(value));
}

/** A field that holds bytes, at hand or made later. */
export function partField(number: number, part: Part): Message {
  return messageField(number, { byteLength: part.byteLength, parts: [part] });
}

/** A field that holds a message. */
export function messageField(number: number, message: Message): Message {
  const head = joined([varint((number << 3) | WIRE.bytes), varint(message.byteLength)]);
  return { byteLength: head.length + message.byteLength, parts: [head, ...message.parts] };
}

/** A field exactly as it was read. */
export function rawField(field: WireField): Message {
  return whole(field.raw);
}

/** Integers packed into one field. */
export function packedIntegers(number: number, values: readonly (number | bigint)[]): Message {
  return partField(number, joined(values.map(varint)));
}

function whole(bytes: Uint8Array): Message {
  return { byteLength: bytes.length, parts: [bytes] };
}

function joined(pieces: readonly Uint8Array[]): Uint8Array {
  return new Uint8Array(Buffer.concat(pieces));
}

function varint(value: number | bigint): Uint8Array {
  let rest = BigInt.asUintN(64, BigInt(value));
  const bytes: number[] = [];
  while (rest >= 128n) {
    bytes.push(Number(rest & 127n) | 128);
    rest >>= 7n;
  }
  bytes.push(Number(rest));
  return Uint8Array.from(bytes);
}
