import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createRandom } from '../core/index.ts';
import { nearDuplicates, normaliseText } from './near-duplicates.ts';

const WORDS = Array.from({ length: 3_000 }, (_, place) => `w${place.toString(36).replace(/\d/g, 'z')}q`);

/** Sentences of ten words as rare and as common as words are. */
function sentences(count: number, seed: number): string[] {
  const random = createRandom(seed);
  const word = () => WORDS[Math.floor(WORDS.length * random.uniform() ** 3)]!;
  return Array.from({ length: count }, () => Array.from({ length: 10 }, word).join(' '));
}

/** Jaccard index of the pairs of neighbouring words, from its definition. */
function similarityOf(one: string, other: string): number {
  const pairsOf = (text: string) => {
    const words = normaliseText(text).split(' ');
    return new Set(
      words.length <= 2 ? [words.join(' ')] : words.slice(1).map((word, at) => `${words[at]} ${word}`),
    );
  };
  const [left, right] = [pairsOf(one), pairsOf(other)];
  const shared = [...left].filter((pair) => right.has(pair)).length;
  return shared / (left.size + right.size - shared);
}

describe('normaliseText', () => {
  it('keeps words and signs that speak, and folds case, form, links, punctuation and numbers', () => {
    expect(normaliseText('  Bitcoin’s UP 4.5 %, at $60,000 — read https://t.co/x1 🚀')).toBe(
      'bitcoin s up 0 at 0 read 🚀',
    );
    expect(normaliseText('ﬁnance')).toBe('finance');
    expect(normaliseText(' ?! ')).toBe('?!');
    expect(normaliseText('')).toBe('');
  });
});

describe('nearDuplicates', () => {
  it('puts retellings of a headline together and other headlines apart', () => {
    const groups = nearDuplicates([
      'Bitcoin falls below $60,000 as traders take profits',
      'Ether rises for the third day',
      'BITCOIN falls below $58,500 as traders take profits! https://t.co/abc',
      'Bitcoin falls below $60,000 as traders take profits - The Block',
      'Bitcoin rises above all that traders had hoped for',
      'Ether rises for the third day',
    ]);
    expect([...groups]).toEqual([0, 1, 0, 0, 2, 1]);
  });

  it('finds every planted retelling among thousands of texts, and nothing else', () => {
    const originals = sentences(4_000, 1);
    const retold = originals.slice(0, 500).map((text, place) => {
      const words = text.split(' ');
      if (place % 3 === 0) words.pop();
      else if (place % 3 === 1) words.push('exclusive', 'report');
      else words[5] = 'replaced';
      return words.join(' ');
    });
    const groups = nearDuplicates([...originals, ...retold]);
    retold.forEach((_, place) => expect(groups[4_000 + place]).toBe(groups[place]));
    expect(new Set(groups).size).toBe(4_000);
  });

  it('groups exactly what comparing all pairs groups', () => {
    const word = fc.constantFrom('up', 'down', 'bitcoin', 'now', 'gain', '7');
    const text = fc.array(word, { maxLength: 9 }).map((words) => words.join(' '));
    fc.assert(
      fc.property(fc.array(text, { maxLength: 14 }), (texts) => {
        const expected = texts.map((_, place) => place);
        texts.forEach((one, left) =>
          texts.forEach((other, right) => {
            if (similarityOf(one, other) < 0.6) return;
            const [kept, gone] = [expected[left]!, expected[right]!];
            expected.forEach((group, place) => (expected[place] = group === gone ? kept : group));
          }),
        );
        const found = nearDuplicates(texts);
        texts.forEach((_, left) =>
          texts.forEach((__, right) =>
            expect(found[left] === found[right]).toBe(expected[left] === expected[right]),
          ),
        );
      }),
      { seed: 1, numRuns: 300 },
    );
  });

  it('bears no texts, empty texts and broken ones, and keeps different signs apart', () => {
    expect([...nearDuplicates([])]).toEqual([]);
    expect([...nearDuplicates(['', '🚀', '\uD800', '💩', ' ', '\uD800'])]).toEqual([0, 1, 2, 3, 0, 2]);
  });
});
