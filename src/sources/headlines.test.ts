import { describe, expect, it } from 'vitest';
import fc from 'fast-check';
import { createRandom } from '../core/index.ts';
import reference from './fixtures/vader-compounds.json' with { type: 'json' };
import { spokenName, textPatterns, writeHeadline, writePost, type Lean } from './headlines.ts';

const COMPOUNDS = new Map(Object.entries(reference.compounds));
const SUBJECT = { asset: 'Bitcoin', price: 43_210 };

describe('the texts of the simulated market', () => {
  it('lean the way the reference VADER reads them, and neutral ones not at all', () => {
    const patterns = textPatterns();
    expect(new Set(patterns.map(({ pattern }) => pattern))).toEqual(new Set(COMPOUNDS.keys()));
    for (const { lean, pattern } of patterns) {
      const compound = COMPOUNDS.get(pattern) ?? NaN;
      expect(Math.abs(compound) < 0.05 ? 0 : Math.sign(compound), pattern).toBe(lean);
    }
  });

  it('are about as strong in both directions, so that no mood means no sentiment', () => {
    const mean = (lean: Lean) => {
      const own = textPatterns().filter((text) => text.lean === lean);
      return own.reduce((sum, { pattern }) => sum + (COMPOUNDS.get(pattern) ?? NaN), 0) / own.length;
    };
    expect(Math.abs(mean(1) + mean(-1))).toBeLessThan(0.05);
  });

  it('leave no slot open, for any seed, lean and price', () => {
    fc.assert(
      fc.property(
        fc.integer(),
        fc.constantFrom<Lean>(-1, 0, 1),
        fc.double({ min: 0.01, max: 1e7, noNaN: true }),
        (seed, lean, price) => {
          const random = createRandom(seed);
          const subject = { asset: 'Bitcoin', price };
          const texts = [writeHeadline(random, lean, subject), writePost(random, lean, subject)];
          for (const text of texts) expect(text).not.toMatch(/[{}]|undefined|NaN/);
        },
      ),
      { numRuns: 200, seed: 1 },
    );
  });

  it('speak of the price in two digits only', () => {
    const random = createRandom(1);
    const texts = Array.from({ length: 300 }, () => writeHeadline(random, 0, SUBJECT));
    expect(texts.some((text) => text.includes('43,000'))).toBe(true);
    expect(texts.every((text) => !text.includes('43,2'))).toBe(true);
  });

  it('call Bitcoin by its name and other assets by their ticker', () => {
    expect([spokenName('BTC-USD'), spokenName('ETH-USD')]).toEqual(['Bitcoin', 'ETH']);
  });
});
