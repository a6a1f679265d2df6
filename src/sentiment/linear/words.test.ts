import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { MOST_CODES, WordReader } from './words.ts';

const KINDS: Readonly<Record<string, string>> = {
  '\uE000': '<link>',
  '\uE001': '<user>',
  '\uE002': '<ticker>',
};

function wordsOf(text: string): string[] {
  const reader = new WordReader();
  reader.read(text);
  return Array.from({ length: reader.count }, (_, word) => {
    const codes = [...reader.codes.subarray(reader.starts[word], reader.ends[word])];
    const said = String.fromCharCode(...codes);
    return KINDS[said] ?? said;
  });
}

describe('WordReader', () => {
  it('lowers letters and reads any number as 0, with its sign', () => {
    expect(wordsOf('Sales ROSE 1,234.50 to -3.5% (+2), Q3')).toEqual([
      'sales', 'rose', '0', 'to', '-0', '%', '+0', 'q', '0',
    ]); // prettier-ignore
  });

  it('reads links, users and tickers as kinds, and the letters of a ticker as a word', () => {
    expect(wordsOf('@Some_1 says $BTC https://t.co/aB?x=1 http://a.b up')).toEqual([
      '<user>', 'says', '<ticker>', 'btc', '<link>', '<link>', 'up',
    ]); // prettier-ignore
  });

  it('keeps an apostrophe within a word, whichever it is', () => {
    expect(wordsOf("Don't don’t 'quoted' users'")).toEqual(["don't", "don't", 'quoted', 'users']);
  });

  it('reads an emoji as a word, whatever its skin, and passes over what cannot be seen', () => {
    expect(wordsOf('up🚀🚀 👍🏽 so\u200Bft ❤\uFE0F')).toEqual(['up', '🚀', '🚀', '👍', 'soft', '❤']);
  });

  it('takes letters of all scripts for words', () => {
    expect(wordsOf('ÉLAN Österreich 比特币 бык')).toEqual(['élan', 'österreich', '比特币', 'бык']);
  });

  it('finds no word in nothing, in spaces and in halves of pairs', () => {
    for (const text of ['', ' \t\n\u0000\uFEFF', '\uD800', '\uDC00\uD83D.'])
      expect(wordsOf(text)).toEqual([]);
  });

  it('tells letters from all else', () => {
    const reader = new WordReader();
    reader.read('up 5% https://a.b');
    expect([0, 1, 2, 3].map((word) => reader.isLetters(word))).toEqual([true, false, false, false]);
  });

  it('reads a long text up to its bound', () => {
    expect(wordsOf('a '.repeat(MOST_CODES))).toHaveLength(MOST_CODES / 2);
    expect(wordsOf('?'.repeat(2 * MOST_CODES))).toHaveLength(MOST_CODES);
  });

  it('gives places that lie in the text in order and do not overlap, whatever the text', () => {
    const reader = new WordReader();
    const codeUnits = fc
      .array(fc.nat(0xffff), { maxLength: 40 })
      .map((codes) => String.fromCharCode(...codes));
    fc.assert(
      fc.property(fc.oneof(codeUnits, fc.string()), (text) => {
        reader.read(text);
        let end = 0;
        for (let word = 0; word < reader.count; word += 1) {
          expect(reader.from[word]!).toBeGreaterThanOrEqual(end);
          expect(reader.to[word]!).toBeGreaterThan(reader.from[word]!);
          expect(reader.ends[word]!).toBeGreaterThan(reader.starts[word]!);
          end = reader.to[word]!;
        }
        expect(end).toBeLessThanOrEqual(text.length);
      }),
      { seed: 5 },
    );
  });
});
