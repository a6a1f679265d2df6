import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { decodeOnnx, encodeOnnx, quantiseToInt8 } from '../../core/index.ts';
import {
  openPlain,
  rowsOf,
  softmaxOf,
  TINY,
  tinyFile,
  tinyJson,
  tinyTokens,
  type TinyName,
} from './fixtures/tiny-models.ts';
import { compareInt8, judgeInt8, type RunModel } from './int8-gate.ts';
import { PROBE_TEXTS } from './probe-texts.ts';
import { safetensorsToOnnx } from './safetensors-to-onnx.ts';

async function runnerOf(name: TinyName, modelBytes: Uint8Array): Promise<RunModel> {
  const plain = await openPlain(name, modelBytes);
  const tokens = tinyTokens(name);
  return async (texts) => rowsOf((await plain.run(texts.map(tokens))).logits!, 3).map(softmaxOf);
}

describe.each(TINY)('int8 of %s', (name) => {
  const own = safetensorsToOnnx(tinyFile(name, 'model.safetensors'), tinyJson(name, 'config.json'));

  it.each([
    ['our own graph', own],
    ['an ordinary export', tinyFile(name, 'model.onnx')],
  ])('passes the gate on texts it has never seen: %s', async (_what, modelBytes) => {
    const int8 = encodeOnnx(quantiseToInt8(decodeOnnx(modelBytes)));
    const verdict = await compareInt8({
      fp32: await runnerOf(name, modelBytes),
      int8: await runnerOf(name, int8),
    });
    expect(verdict).toMatchObject({ passes: true, note: 'int8' });
    expect(verdict.meanShift).toBeLessThan(0.015);
    expect(int8.length).toBeLessThan(0.55 * modelBytes.length);
  });
});

describe('the gate for int8', () => {
  it('counts labels that change and how far probabilities move', () => {
    const verdict = judgeInt8(
      [
        [0.6, 0.4],
        [0.9, 0.1],
      ],
      [
        [0.4, 0.6],
        [0.9, 0.1],
      ],
    );
    expect(verdict.sameLabels).toBe(0.5);
    expect(verdict.meanShift).toBeCloseTo(0.1, 12);
    expect(verdict.passes).toBe(false);
    expect(verdict.note).toBe(
      'fp32: int8 would change 50.0 % of labels and probabilities by 0.1000 on average',
    );
  });

  it('passes a model against itself', () => {
    const row = fc.array(fc.double({ min: 0, max: 1, noNaN: true }), { minLength: 3, maxLength: 3 });
    fc.assert(
      fc.property(fc.array(row, { minLength: 1 }), (rows) => {
        expect(judgeInt8(rows, rows)).toMatchObject({ passes: true, sameLabels: 1, meanShift: 0 });
      }),
      { seed: 1, numRuns: 50 },
    );
  });

  it('never passes a model that answers with no number', () => {
    expect(judgeInt8([[0.5, 0.5]], [[NaN, NaN]]).passes).toBe(false);
  });

  it('refuses to compare other shapes or nothing', () => {
    expect(() => judgeInt8([], [])).toThrow(RangeError);
    expect(() => judgeInt8([[1, 0]], [[1]])).toThrow(RangeError);
  });

  it('asks about texts that differ', () => {
    expect(new Set(PROBE_TEXTS).size).toBe(PROBE_TEXTS.length);
    expect(PROBE_TEXTS.length).toBeGreaterThanOrEqual(40);
  });
});
