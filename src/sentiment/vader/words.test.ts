import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { readEmoji, readLexicon } from './tables.ts';
import { createTokenizer } from './tokens.ts';
import { createVocabulary } from './vocabulary.ts';
import { splitWords } from './words.ts';

const emoji = readEmoji();
const vocabulary = createVocabulary(readLexicon());
const tokenize = createTokenizer(vocabulary, emoji);

describe('splitWords', () => {
  it('says where each word stands, without the punctuation around it', () => {
    expect(splitWords(' (Bitcoin) soars, :) !', emoji)).toEqual([
      { word: 'bitcoin', from: 2, to: 9 },
      { word: 'soars', from: 11, to: 16 },
      { word: ':)', from: 18, to: 20 },
      { word: '!', from: 21, to: 22 },
    ]);
  });

  it('finds the words of an emoji at the emoji', () => {
    const text = 'up 😀';
    const words = splitWords(text, emoji);
    expect(words.map(({ word }) => word)).toEqual(['up', 'grinning', 'face']);
    expect(words.slice(1).map(({ from, to }) => text.slice(from, to))).toEqual(['😀', '😀']);
  });

  it('cuts every text into the words whose numbers the tokenizer gives', () => {
    const pieces = fc.constantFrom(
      'good',
      'NOT',
      "isn't",
      ':)',
      '!',
      ' ',
      '\u3000',
      '😀',
      '\uD83D',
      'é',
      '"',
      'ok',
      '❤️',
      '\u200b',
    );
    const texts = fc.oneof(
      fc.array(pieces, { maxLength: 25 }).map((parts) => parts.join('')),
      fc.array(fc.nat(0xffff), { maxLength: 25 }).map((codes) => String.fromCharCode(...codes)),
    );
    fc.assert(
      fc.property(texts, (text) => {
        const tokens = tokenize(text);
        const words = splitWords(text, emoji);
        const ids = words.map(({ word }) => vocabulary.idOf(word));
        expect(ids).toEqual([...tokens.ids.subarray(0, tokens.count)]);
        for (const { from, to } of words) expect(from < to && to <= text.length).toBe(true);
      }),
      { seed: 11, numRuns: 500 },
    );
  });
});
