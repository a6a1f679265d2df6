import { describe, expect, it } from 'vitest';
import { readTensor, writeTensors } from './safetensors.ts';

const tensors = new Map([
  ['wide', { shape: [2], values: Uint32Array.of(1, 4_000_000_000) }],
  ['narrow', { shape: [3, 1], values: Int16Array.of(-32_768, 0, 7) }],
  ['plain', { shape: [1], values: Uint16Array.of(65_535) }],
]);

/** A file with the given header and 8 bytes behind it. */
function withHeader(header: string): Uint8Array {
  const bytes = Buffer.concat([Buffer.alloc(8), Buffer.from(header), Buffer.alloc(8)]);
  bytes.writeBigUInt64LE(BigInt(header.length));
  return bytes;
}

describe('safetensors', () => {
  it('reads back what it wrote, also from the middle of a larger buffer', () => {
    const file = writeTensors(tensors);
    const shifted = Buffer.concat([Buffer.from('xyz'), file]).subarray(3);
    for (const [name, tensor] of tensors) {
      expect(readTensor(file, name)).toEqual(tensor);
      expect(readTensor(shifted, name)).toEqual(tensor);
    }
  });

  it('writes the format: header length, header padded to 8 bytes, arrays in order', () => {
    const file = Buffer.from(writeTensors(tensors));
    const length = Number(file.readBigUInt64LE());
    expect((8 + length) % 8).toBe(0);
    expect(JSON.parse(file.subarray(8, 8 + length).toString())).toEqual({
      wide: { dtype: 'U32', shape: [2], data_offsets: [0, 8] },
      narrow: { dtype: 'I16', shape: [3, 1], data_offsets: [8, 14] },
      plain: { dtype: 'U16', shape: [1], data_offsets: [14, 16] },
    });
    expect(file.readUInt32LE(8 + length + 4)).toBe(4_000_000_000);
  });

  it.each([
    ['a file of no header', Uint8Array.of(1, 2), 'too short'],
    [
      'a header that goes on beyond the file',
      Buffer.from('ffffffffffffff7f00', 'hex'),
      'ends within its header',
    ],
    ['a header that is no JSON', withHeader('{"a"'), 'no JSON'],
    ['a header that is no object', withHeader('12'), 'no JSON object'],
    ['an array that is not there', withHeader('{}'), 'no array "a"'],
    [
      'an array of unknown numbers',
      withHeader('{"a":{"dtype":"F8","shape":[1],"data_offsets":[0,8]}}'),
      'no array "a"',
    ],
    ['an array without a place', withHeader('{"a":{"dtype":"U32"}}'), 'does not lie within'],
    [
      'an array beyond the end',
      withHeader('{"a":{"dtype":"U32","shape":[3],"data_offsets":[0,12]}}'),
      'within the file',
    ],
    [
      'a shape of another size',
      withHeader('{"a":{"dtype":"U32","shape":[1],"data_offsets":[0,8]}}'),
      'within the file',
    ],
  ])('refuses %s', (_, file, reason) => {
    expect(() => readTensor(file, 'a')).toThrow(reason);
  });
});
