import { z } from 'zod';
import { safetensorsInvalid } from './errors.ts';
import { elementCount } from './model.ts';

/** The reference library refuses larger headers too. */
const LARGEST_HEADER_BYTES = 100_000_000;
const LENGTH_BYTES = 8;
const METADATA = '__metadata__';

/** Bytes of an element, for the types that are read. */
const DTYPE_BYTES: Readonly<Record<string, number>> = {
  F64: 8,
  F32: 4,
  F16: 2,
  BF16: 2,
  I64: 8,
  I32: 4,
  I16: 2,
  I8: 1,
  U8: 1,
  BOOL: 1,
};

const size = z.number().int().nonnegative();
const entrySchema = z.object({
  dtype: z.string(),
  shape: z.array(size).max(8),
  data_offsets: z.tuple([size, size]),
});

/** A tensor of a safetensors file. */
export interface SafeTensor {
  readonly dtype: string;
  readonly shape: readonly number[];
  /** A view of the file's bytes, little-endian. */
  readonly bytes: Uint8Array;
}

/**
 * Reads a safetensors file; the tensors are views of the given bytes.
 * Every bound is checked first: tensors lie one behind the other, without gaps, and end where the file ends.
 * @param bytes - the whole file
 * @throws AppError `SAFETENSORS_INVALID` with what is wrong
 * @see https://github.com/huggingface/safetensors, format
 */
export function readSafetensors(bytes: Uint8Array): ReadonlyMap<string, SafeTensor> {
  const { header, data } = splitFile(bytes);
  const tensors = new Map<string, SafeTensor>();
  const extents: [number, number][] = [];
  for (const [name, value] of Object.entries(header)) {
    if (name === METADATA) continue;
    const { tensor, extent } = readEntry(name, value, data);
    tensors.set(name, tensor);
    extents.push(extent);
  }
  extents.sort(([a, aEnd], [b, bEnd]) => a - b || aEnd - bEnd);
  let at = 0;
  for (const [from, to] of extents) {
    if (from !== at)
      throw safetensorsInvalid(`byte ${Math.min(from, at)} of its data belongs to no tensor or to two`);
    at = to;
  }
  if (at !== data.length) throw safetensorsInvalid(`its tensors end at byte ${at} of ${data.length}`);
  return tensors;
}

/**
 * The numbers of a floating-point tensor as float32: widened from half precision, a view or copy of float32.
 * @throws AppError `SAFETENSORS_INVALID` for integers and doubles
 */
export function toFloats(name: string, { dtype, bytes }: SafeTensor): Float32Array {
  if (dtype === 'F32') {
    const aligned = bytes.byteOffset % 4 === 0 ? bytes : new Uint8Array(bytes);
    return new Float32Array(aligned.buffer, aligned.byteOffset, aligned.byteLength / 4);
  }
  if (dtype !== 'F16' && dtype !== 'BF16') {
    throw safetensorsInvalid(`the tensor ${name} holds ${dtype} where F32, F16 or BF16 is needed`);
  }
  const halves = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const bits = new Uint32Array(bytes.length / 2);
  const widen = dtype === 'BF16' ? (half: number) => half << 16 : widenHalf;
  for (let place = 0; place < bits.length; place += 1) bits[place] = widen(halves.getUint16(2 * place, true));
  return new Float32Array(bits.buffer);
}

function splitFile(bytes: Uint8Array): { header: Record<string, unknown>; data: Uint8Array } {
  if (bytes.length < LENGTH_BYTES) throw safetensorsInvalid(`it has ${bytes.length} bytes`);
  const announced = new DataView(bytes.buffer, bytes.byteOffset, LENGTH_BYTES).getBigUint64(0, true);
  const room = Math.min(bytes.length - LENGTH_BYTES, LARGEST_HEADER_BYTES);
  if (announced > BigInt(room)) {
    throw safetensorsInvalid(`it announces a header of ${announced} bytes where ${room} are possible`);
  }
  const end = LENGTH_BYTES + Number(announced);
  let header: unknown;
  try {
    header = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes.subarray(LENGTH_BYTES, end)));
  } catch {
    throw safetensorsInvalid('its header is no JSON');
  }
  if (typeof header !== 'object' || header === null || Array.isArray(header)) {
    throw safetensorsInvalid('its header is no JSON object');
  }
  return { header: header as Record<string, unknown>, data: bytes.subarray(end) };
}

function readEntry(name: string, value: unknown, data: Uint8Array) {
  const parsed = entrySchema.safeParse(value);
  if (!parsed.success) throw safetensorsInvalid(`its header describes ${name} in another form`);
  const { dtype, shape, data_offsets: extent } = parsed.data;
  const width = DTYPE_BYTES[dtype];
  if (width === undefined) throw safetensorsInvalid(`the tensor ${name} has the type ${dtype}`);
  const [from, to] = extent;
  if (from > to || to > data.length) {
    throw safetensorsInvalid(`the tensor ${name} lies at ${from} to ${to} of ${data.length} bytes`);
  }
  if (width * elementCount(shape) !== to - from) {
    throw safetensorsInvalid(
      `the tensor ${name} has ${to - from} bytes for ${shape.join(' x ')} of ${dtype}`,
    );
  }
  return { tensor: { dtype, shape, bytes: data.subarray(from, to) }, extent };
}

/** IEEE 754 half precision to the bits of single precision. */
function widenHalf(half: number): number {
  const sign = (half & 0x8000) << 16;
  const exponent = (half >> 10) & 31;
  const fraction = half & 1023;
  if (exponent === 31) return sign | 0x7f800000 | (fraction << 13);
  if (exponent > 0) return sign | ((exponent + 112) << 23) | (fraction << 13);
  if (fraction === 0) return sign;
  // Below the smallest normal half: single precision has room to write it as a normal number.
  const shift = Math.clz32(fraction) - 21;
  return sign | ((113 - shift) << 23) | (((fraction << shift) & 1023) << 13);
}
