import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { HOUR_MS, parseUtc } from '../core/index.ts';
import type { ComparisonRows, Dissimilarity } from '../models/index.ts';
import { judgeAbstention, reasonToAbstain } from './abstention.ts';

const EXPIRY = parseUtc('2022-01-01T00:00:00Z');
const row = { columns: ['a'], values: Float64Array.of(1), count: 1 };

function farBy(distance: number): Dissimilarity {
  return { limit: 1.2, of: () => Float64Array.of(distance), toJson: () => null };
}

function rowsOf(probabilities: readonly number[], labels: readonly number[]): ComparisonRows {
  return {
    probabilities: Float64Array.from(probabilities),
    labels: Uint8Array.from(labels),
    windowEnds: Float64Array.from(probabilities, (_, place) => place * HOUR_MS),
    barMinutes: 60,
    horizonMinutes: 60,
    seed: 1,
  };
}

describe('reasonToAbstain', () => {
  it('names an input that is further from the training data than its limit, and by how much', () => {
    const question = { row, expiresAt: EXPIRY, at: EXPIRY };
    expect(reasonToAbstain({ ...question, dissimilarity: farBy(1.8) })).toBe(
      'input unlike the training data: dissimilarity 1.80, limit 1.20',
    );
    for (const distance of [0, 1.2]) {
      expect(reasonToAbstain({ ...question, dissimilarity: farBy(distance) })).toBe(null);
    }
  });

  it('names the expiry of a model from the moment after it on, whatever the input is', () => {
    const question = { row, expiresAt: EXPIRY, dissimilarity: farBy(9) };
    expect(reasonToAbstain({ ...question, at: EXPIRY + 1 })).toBe('model expired at 2022-01-01T00:00:00Z');
    expect(reasonToAbstain({ ...question, dissimilarity: null, at: EXPIRY })).toBe(null);
  });
});

describe('judgeAbstention', () => {
  it('parts what is answered from what is not, by hand', () => {
    const rows = rowsOf([0.6, 0.6, 0.4, 0.4, NaN, 0.7], [1, 0, 1, 0, 1, 255]);
    const { share, answered, abstained } = judgeAbstention(rows, Uint8Array.of(0, 1, 1, 0, 1, 1));
    expect(share).toBe(0.5);
    expect(answered).toMatchObject({ accuracy: 1, n: 2, low: NaN });
    expect(abstained).toMatchObject({ accuracy: 0, n: 2 });
  });

  it('judges every scored window once', () => {
    const window = fc.record({ mark: fc.integer({ min: 0, max: 1 }), label: fc.constantFrom(0, 1, 255) });
    fc.assert(
      fc.property(fc.array(window, { maxLength: 30 }), (windows) => {
        const labels = windows.map(({ label }) => label);
        const marks = Uint8Array.from(windows, ({ mark }) => mark);
        const { answered, abstained } = judgeAbstention(
          rowsOf(
            labels.map(() => 0.6),
            labels,
          ),
          marks,
        );
        expect(answered.n + abstained.n).toBe(labels.filter((label) => label <= 1).length);
      }),
    );
  });

  it('refuses marks of another shape', () => {
    expect(() => judgeAbstention(rowsOf([0.5], [1]), new Uint8Array(2))).toThrow('1 windows, but 2 marks');
  });
});
