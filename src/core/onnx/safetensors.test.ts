import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { readSafetensors, toFloats } from './safetensors.ts';

const INVALID = expect.objectContaining({ code: 'SAFETENSORS_INVALID' });

function fileOf(header: unknown, data: Uint8Array, announced?: bigint): Uint8Array {
  const text = Buffer.from(typeof header === 'string' ? header : JSON.stringify(header));
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(announced ?? BigInt(text.length));
  return new Uint8Array(Buffer.concat([length, text, data]));
}

function entry(dtype: string, shape: number[], data_offsets: [number, number]) {
  return { dtype, shape, data_offsets };
}

function half(bits: number[], dtype: string): number[] {
  const bytes = new Uint8Array(Uint16Array.from(bits).buffer);
  return [...toFloats('t', { dtype, shape: [bits.length], bytes })];
}

describe('safetensors', () => {
  it('reads tensors as views, past metadata, whatever their order in the header', () => {
    const bytes = fileOf(
      {
        __metadata__: { format: 'pt' },
        second: entry('I64', [1], [8, 16]),
        first: entry('F32', [2], [0, 8]),
        scalar: entry('F32', [], [16, 20]),
      },
      new Uint8Array(Float32Array.of(1.5, -2, 0, 0, 7).buffer),
    );
    const tensors = readSafetensors(bytes);
    expect([...tensors.keys()].sort()).toEqual(['first', 'scalar', 'second']);
    expect([...toFloats('first', tensors.get('first')!)]).toEqual([1.5, -2]);
    expect([...toFloats('scalar', tensors.get('scalar')!)]).toEqual([7]);
    expect(tensors.get('first')!.bytes.buffer).toBe(bytes.buffer);
  });

  it('widens half precision to the values that IEEE 754 gives it', () => {
    // 1, -2, the largest, the smallest normal, the smallest at all, both zeros, infinity.
    const bits = [0x3c00, 0xc000, 0x7bff, 0x0400, 0x0001, 0x0000, 0x8000, 0x7c00, 0x03ff];
    const known = [1, -2, 65504, 2 ** -14, 2 ** -24, 0, -0, Infinity, (1023 / 1024) * 2 ** -14];
    expect(half(bits, 'F16')).toEqual(known);
    expect(half([0x7e00], 'F16')).toEqual([NaN]);
    expect(half([0x3f80, 0xc0a0], 'BF16')).toEqual([1, -5]);
  });

  it('widens every half as the platform does', () => {
    const value = new Float16Array(1);
    const bits = new Uint16Array(value.buffer);
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 0xffff }), (one) => {
        bits[0] = one;
        expect(half([one], 'F16')[0]).toBe(value[0]);
      }),
      { seed: 1, numRuns: 1000 },
    );
  });

  it.each([
    ['nothing', new Uint8Array(3)],
    ['a header longer than the file', fileOf({}, new Uint8Array(), 1_000n)],
    ['a header of 2^63 bytes', fileOf({}, new Uint8Array(), 2n ** 63n)],
    ['no JSON', fileOf('{"a":', new Uint8Array())],
    ['a list', fileOf('[]', new Uint8Array())],
    ['an entry of another form', fileOf({ a: { dtype: 'F32' } }, new Uint8Array())],
    ['an unknown type', fileOf({ a: entry('F4', [1], [0, 4]) }, new Uint8Array(4))],
    ['a tensor behind the end', fileOf({ a: entry('F32', [2], [0, 8]) }, new Uint8Array(4))],
    ['a tensor that ends before it begins', fileOf({ a: entry('F32', [0], [4, 0]) }, new Uint8Array(4))],
    ['a shape that does not fit', fileOf({ a: entry('F32', [3], [0, 4]) }, new Uint8Array(4))],
    ['a negative size', fileOf({ a: entry('F32', [-1], [0, 4]) }, new Uint8Array(4))],
    [
      'a product beyond all numbers',
      fileOf({ a: entry('F32', [2 ** 40, 2 ** 40], [0, 4]) }, new Uint8Array(4)),
    ],
    ['a gap', fileOf({ a: entry('F32', [1], [4, 8]) }, new Uint8Array(8))],
    [
      'two tensors in one place',
      fileOf({ a: entry('F32', [1], [0, 4]), b: entry('F32', [1], [0, 4]) }, new Uint8Array(4)),
    ],
    ['bytes that belong to nothing', fileOf({ a: entry('F32', [1], [0, 4]) }, new Uint8Array(8))],
  ])('refuses %s', (_what, bytes) => {
    expect(() => readSafetensors(bytes)).toThrow(INVALID);
  });

  it('refuses pickle with the reason', () => {
    const pickle = Uint8Array.from([0x80, 0x02, 0x7d, 0x71, 0, 0x58, 1, 2, 3]);
    expect(() => readSafetensors(pickle)).toThrow(/pickle/i);
  });

  it('gives no floats for integers', () => {
    expect(() => toFloats('t', { dtype: 'I64', shape: [1], bytes: new Uint8Array(8) })).toThrow(INVALID);
  });
});
