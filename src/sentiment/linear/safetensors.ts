/** A named array of numbers with its shape, row by row. */
export interface Tensor {
  shape: readonly number[];
  values: Uint32Array | Uint16Array | Int16Array;
}

const HEADER_SIZE = 8;
const ALIGNMENT = 8;
const KINDS = { U32: Uint32Array, U16: Uint16Array, I16: Int16Array } as const;
type Kind = keyof typeof KINDS;

interface Place {
  dtype: Kind;
  shape: number[];
  data_offsets: [number, number];
}

/**
 * Writes arrays in the safetensors format: the header's length (8 bytes, little-endian), the header as JSON, the arrays.
 * Arrays of wide numbers must come before those of narrow ones, so that each stands at a multiple of its width.
 * @see https://huggingface.co/docs/safetensors (the format)
 */
export function writeTensors(tensors: ReadonlyMap<string, Tensor>): Uint8Array {
  const places: Record<string, Place> = {};
  let size = 0;
  for (const [name, { shape, values }] of tensors) {
    places[name] = {
      dtype: kindOf(values),
      shape: [...shape],
      data_offsets: [size, size + values.byteLength],
    };
    size += values.byteLength;
  }
  const plain = JSON.stringify(places);
  const header = Buffer.from(plain.padEnd(Math.ceil(plain.length / ALIGNMENT) * ALIGNMENT), 'utf8');
  const file = new Uint8Array(HEADER_SIZE + header.length + size);
  new DataView(file.buffer).setBigUint64(0, BigInt(header.length), true);
  file.set(header, HEADER_SIZE);
  let at = HEADER_SIZE + header.length;
  for (const { values } of tensors.values()) {
    file.set(new Uint8Array(values.buffer, values.byteOffset, values.byteLength), at);
    at += values.byteLength;
  }
  return file;
}

/**
 * Reads one array of what `writeTensors` wrote.
 * @throws RangeError saying what is wrong with the file
 */
export function readTensor(file: Uint8Array, name: string): Tensor {
  const { places, begin } = readHeader(file);
  const place = places[name] as Partial<Place> | undefined;
  if (place?.dtype === undefined || !Object.hasOwn(KINDS, place.dtype)) {
    throw new RangeError(`it has no array "${name}" of a known kind`);
  }
  const [from = -1, to = -1] = place.data_offsets ?? [];
  const shape = place.shape ?? [];
  const array = KINDS[place.dtype];
  const size = shape.reduce((product, one) => product * one, 1) * array.BYTES_PER_ELEMENT;
  if (!(from >= 0 && to - from === size && begin + to <= file.length)) {
    throw new RangeError(`the array "${name}" does not lie within the file`);
  }
  // A copy, because the bytes handed over may begin anywhere; a Buffer's own slice() is none.
  const bytes = new Uint8Array(file.subarray(begin + from, begin + to));
  return { shape, values: new array(bytes.buffer) };
}

function readHeader(file: Uint8Array): { places: Record<string, unknown>; begin: number } {
  if (file.length < HEADER_SIZE) throw new RangeError('it is too short for a header');
  const length = Number(new DataView(file.buffer, file.byteOffset).getBigUint64(0, true));
  const begin = HEADER_SIZE + length;
  if (begin > file.length) throw new RangeError('it ends within its header');
  let header: unknown;
  try {
    header = JSON.parse(Buffer.from(file.subarray(HEADER_SIZE, begin)).toString('utf8'));
  } catch (cause) {
    throw new RangeError('its header is no JSON', { cause });
  }
  if (typeof header !== 'object' || header === null) throw new RangeError('its header is no JSON object');
  return { places: header as Record<string, unknown>, begin };
}

function kindOf(values: Tensor['values']): Kind {
  if (values instanceof Uint32Array) return 'U32';
  return values instanceof Uint16Array ? 'U16' : 'I16';
}
