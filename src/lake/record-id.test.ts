import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { RawRecord } from '../sources/index.ts';
import { candle } from './fixtures/records.ts';
import { identify } from './record-id.ts';

describe('the id of a record', () => {
  it('is the first half of SHA-256 over source, kind, asset and fields', () => {
    const record: RawRecord = { ...candle(0), fields: { b: 1, a: 'x' } };
    const text = '["history:candles-60m","candle","BTC-USD"]{"a":"x","b":1}';
    const expected = createHash('sha256').update(text).digest('hex').slice(0, 32);
    expect(identify(record)).toEqual({ id: expected, fieldsJson: '{"a":"x","b":1}' });
  });

  it('does not depend on the order of fields, on where the record stands or on when it came', () => {
    const values = fc.oneof(fc.string(), fc.integer(), fc.boolean(), fc.constant(null));
    fc.assert(
      fc.property(fc.dictionary(fc.stringMatching(/^[a-z_]{1,6}$/), values), fc.integer(), (fields, line) => {
        const reversed = Object.fromEntries(Object.entries(fields).reverse());
        const there = { ...candle(0), fields };
        const here = { ...candle(0), fields: reversed, origin: { file: 'x', line }, firstSeenAt: line };
        expect(identify(here).id).toBe(identify(there).id);
      }),
    );
  });

  it('differs when any field differs', () => {
    const ids = [candle(0), candle(1), candle(0, { volume: '1' }), { ...candle(0), asset: 'ETH-USD' }].map(
      (record) => identify(record).id,
    );
    expect(new Set(ids).size).toBe(4);
  });
});
