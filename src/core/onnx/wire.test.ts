import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  floatField,
  floatOf,
  int64Of,
  int64sOf,
  integerField,
  integerOf,
  messageField,
  messageOf,
  packedIntegers,
  rawField,
  readFields,
  textField,
  textOf,
  bytesOf,
  type Message,
} from './wire.ts';

function written(message: Message): Uint8Array {
  return Buffer.concat(message.parts.map((part) => (part instanceof Uint8Array ? part : part.read())));
}

function only(message: Message) {
  const [field] = readFields(written(message));
  return field!;
}

describe('the wire format of Protocol Buffers', () => {
  it('writes the examples of its documentation', () => {
    // https://protobuf.dev/programming-guides/encoding: field 1 = 150, field 2 = "testing", field 3 = { field 1 = 150 }.
    expect([...written(integerField(1, 150))]).toEqual([0x08, 0x96, 0x01]);
    expect(Buffer.from(written(textField(2, 'testing'))).toString('hex')).toBe('120774657374696e67');
    expect([...written(messageField(3, integerField(1, 150)))]).toEqual([0x1a, 0x03, 0x08, 0x96, 0x01]);
    expect([...written(packedIntegers(6, [3, 270, 86942]))]).toEqual([0x32, 6, 3, 0x8e, 2, 0x9e, 0xa7, 5]);
  });

  it('reads every 64-bit integer that it writes, negative ones too', () => {
    fc.assert(
      fc.property(fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }), (value) => {
        const message = integerField(9, value);
        expect(int64Of(only(message))).toBe(value);
        expect(message.byteLength).toBe(written(message).length);
        expect(int64sOf(readFields(written(packedIntegers(9, [value, 1n]))))).toEqual([value, 1n]);
      }),
      { seed: 1 },
    );
  });

  it('reads every text and float that it writes', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), fc.float({ noNaN: true }), (text, value) => {
        const [first, second] = readFields(
          written(messageOf([textField(1, text), null, floatField(2, value)])),
        );
        expect(textOf(first!)).toBe(text.toWellFormed());
        expect(floatOf(second!)).toBe(value);
      }),
      { seed: 1 },
    );
  });

  it('writes an unknown field as it was read', () => {
    const bytes = Uint8Array.of(0x09, 1, 2, 3, 4, 5, 6, 7, 8, 0x15, 1, 2, 3, 4);
    expect([...written(messageOf(readFields(bytes).map(rawField)))]).toEqual([...bytes]);
  });

  it.each([
    ['a number that is cut off', [0x08, 0x96]],
    ['a number without end', [0x08, ...Array<number>(11).fill(0xff)]],
    ['bytes behind the end', [0x12, 5, 1]],
    ['a length of 2^63', [0x12, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f]],
    ['a group', [0x0b, 0x0c]],
    ['the field 0', [0x00, 1]],
    ['a float that is cut off', [0x15, 1, 2]],
  ])('refuses %s', (_what, bytes) => {
    expect(() => readFields(Uint8Array.from(bytes))).toThrow(
      expect.objectContaining({ code: 'ONNX_INVALID' }),
    );
  });

  it('never hangs and never fails otherwise on any bytes', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
        try {
          const total = readFields(bytes).reduce((sum, { raw }) => sum + raw.length, 0);
          expect(total).toBe(bytes.length);
        } catch (error) {
          expect(error).toMatchObject({ code: 'ONNX_INVALID' });
        }
      }),
      { seed: 1, numRuns: 500 },
    );
  });

  it('refuses a field read as what it is not', () => {
    const invalid = expect.objectContaining({ code: 'ONNX_INVALID' });
    expect(() => bytesOf(only(integerField(1, 1)))).toThrow(invalid);
    expect(() => int64Of(only(textField(1, 'x')))).toThrow(invalid);
    expect(() => floatOf(only(textField(1, 'x')))).toThrow(invalid);
    expect(() => integerOf(only(integerField(1, 2n ** 60n)))).toThrow(invalid);
  });
});
