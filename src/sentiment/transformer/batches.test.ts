import { mkdtempSync, rmSync, writeFileSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { decodeOnnx, encodeOnnx, quantiseToInt8 } from '../../core/index.ts';
import { batchesOf, findBatchLimits } from './batches.ts';
import { TINY, type TinyName } from './fixtures/tiny-models.ts';
import { openSession } from './session.ts';
import { createTokens } from './tokens.ts';

const FIXTURES = join(import.meta.dirname, 'fixtures');
let sandbox: string;

beforeAll(() => {
  sandbox = mkdtempSync(join(tmpdir(), 'bellwether-batches-'));
});
afterAll(() => rmSync(sandbox, { recursive: true, force: true }));

describe('batchesOf', () => {
  const lengths = fc.array(fc.integer({ min: 1, max: 40 }), { maxLength: 200 });

  it('puts each text into one batch, of texts of its length, within the limits', () => {
    fc.assert(
      fc.property(lengths, fc.integer({ min: 1, max: 8 }), (given, texts) => {
        const rows = given.map((length) => Array<number>(length).fill(1));
        const batches = batchesOf(rows, { texts, tokens: 64 });
        expect(batches.flat().sort((one, other) => one - other)).toEqual([...rows.keys()]);
        for (const batch of batches) {
          const length = given[batch[0] ?? 0] ?? 0;
          expect(batch.every((place) => given[place] === length)).toBe(true);
          expect(batch.length === 1 || (batch.length <= texts && batch.length * length <= 64)).toBe(true);
        }
      }),
      { seed: 1 },
    );
  });

  it('makes batches of sizes that were tried, by the first of each, so that nobody is put off', () => {
    const rows = [3, 2, 3, 2, 5, 3].map((length) => Array<number>(length).fill(7));
    expect(batchesOf(rows, { texts: 2, tokens: 100 })).toEqual([[0, 2], [1, 3], [4], [5]]);
    expect(batchesOf(rows, { texts: 8, tokens: 100 })).toEqual([[0, 2], [1, 3], [4], [5]]);
    expect(batchesOf(rows, { texts: 1, tokens: 0 })).toHaveLength(6);
    const alike = Array.from({ length: 15 }, () => [1, 2]);
    expect(batchesOf(alike, { texts: 8, tokens: 100 }).map((batch) => batch.length)).toEqual([8, 4, 2, 1]);
  });
});

describe.each(TINY)('findBatchLimits on %s', (name) => {
  const tokens = (maxTokens = 64) => createTokens({ ...tokenizerOf(name), maxTokens });

  it('lets texts run together in fp32, where that changes no bit', async () => {
    const session = await openSession(join(FIXTURES, name, 'model.onnx'), { threads: 1 });
    expect(await findBatchLimits(session, tokens())).toEqual({ texts: 8, tokens: 512 });
    await session.close();
  });

  it('keeps them apart in int8, where neighbours count', async () => {
    const path = join(sandbox, `${name}.onnx`);
    const exact = decodeOnnx(readFileSync(join(FIXTURES, name, 'model.onnx')));
    writeFileSync(path, encodeOnnx(quantiseToInt8(exact)));
    const session = await openSession(path, { threads: 1 });
    expect(await findBatchLimits(session, tokens())).toEqual({ texts: 1, tokens: 0 });
    await session.close();
  });

  it('keeps them apart where nothing can be found out', async () => {
    const session = await openSession(join(FIXTURES, name, 'model.onnx'), { threads: 1 });
    expect((await findBatchLimits(session, tokens(3))).texts).toBe(1);
    await session.close();
  });
});

function tokenizerOf(name: TinyName): { tokenizer: object; settings: object } {
  const parse = (file: string) => JSON.parse(readFileSync(join(FIXTURES, name, file), 'utf8')) as object;
  return { tokenizer: parse('tokenizer.json'), settings: parse('tokenizer_config.json') };
}
