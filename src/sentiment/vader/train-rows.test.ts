import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { foldOf, readTruths } from './train-rows.ts';

describe('readTruths', () => {
  it('takes the label, and the score where there is none', () => {
    const { side } = readTruths([
      { text: 'a', label: 'negative', score: 0.9 },
      { text: 'b', score: 0.33 },
      { text: 'c', score: -0.33 },
      { text: 'd', score: 0.32 },
      { text: 'e', label: 'neutral' },
    ]);
    expect([...side]).toEqual([-1, 1, -1, 0, 0]);
  });

  it('divides scores by the largest where one goes beyond 1', () => {
    const { side } = readTruths([4, 1.4, 1.2, -2].map((score) => ({ text: 'a', score })));
    expect([...side]).toEqual([1, 1, 0, -1]);
  });

  it('marks labels among which neutral was no answer', () => {
    const { sidesOnly } = readTruths([
      { text: 'a', label: 'positive' },
      { text: 'b', score: 0 },
      { text: 'c', score: 1 },
    ]);
    expect([...sidesOnly]).toEqual([1, 0, 0]);
  });

  it('refuses scores that do not say where their middle is', () => {
    const oneSided = Array.from({ length: 30 }, (_, row) => ({ text: `text ${row}`, score: 1 + (row % 5) }));
    const attempt = expect.objectContaining({
      code: 'SENTIMENT_TRAINING_REFUSED',
      message: expect.stringContaining('go from 1 to 5') as string,
    });
    expect(() => readTruths(oneSided)).toThrow(attempt);
  });
});

describe('foldOf', () => {
  it('keeps copies of a text together, whatever their case and punctuation', () => {
    fc.assert(
      fc.property(fc.string(), fc.integer(), (text, seed) => {
        const fold = foldOf(text, 3, seed);
        expect([0, 1, 2]).toContain(fold);
        expect(foldOf(` ${text.toLowerCase()}!`, 3, seed)).toBe(fold);
      }),
      { seed: 2 },
    );
  });

  it('fills every fold', () => {
    const counts = [0, 0, 0];
    for (let row = 0; row < 3_000; row += 1) counts[foldOf(`text number ${row}`, 3, 1)]! += 1;
    for (const count of counts) expect(Math.abs(count - 1_000)).toBeLessThan(120);
  });
});
