import { describe, expect, it } from 'vitest';
import {
  BUCKETS,
  everyBucket,
  NgramReader,
  NGRAMS_PER_TEXT,
  NGRAMS_PER_WORD,
  WORD_BUCKETS,
} from './ngrams.ts';

const reader = new NgramReader(everyBucket(), BUCKETS);

/** Columns and counts of a text, as a map. */
function countsOf(text: string, by = reader): Map<number, number> {
  by.read(text);
  return new Map([...by.columns.subarray(0, by.columnCount)].map((column) => [column, by.counts[column]!]));
}

describe('NgramReader', () => {
  it('gives each word three n-grams, the text two, and each word of k letters its 2 to 5 characters', () => {
    reader.read('calm words');
    expect(reader.characterEnds[0]).toBe(2 * NGRAMS_PER_WORD + NGRAMS_PER_TEXT + 14);
    // " calm " has 5 + 4 + 3 + 2 n-grams of 2 to 5 characters, " words " 6 + 5 + 4 + 3.
    expect(reader.characterEnds[1]).toBe(reader.characterEnds[0]! + 18);
  });

  it('counts what comes again, at most 255 times', () => {
    const [once, thrice] = [countsOf('calm'), countsOf('calm calm calm')];
    reader.read('calm');
    expect(once.get(reader.ngrams[0]!)).toBe(1);
    expect(thrice.get(reader.ngrams[0]!)).toBe(3);
    expect(Math.max(...countsOf('calm '.repeat(400)).values())).toBe(255);
  });

  it('reads words below the character buckets and characters behind them', () => {
    reader.read('some plain words');
    const columns = [...reader.columns.subarray(0, reader.columnCount)];
    const isOfWord = (column: number) => column < WORD_BUCKETS;
    expect(columns.slice(0, reader.wordColumnCount).every(isOfWord)).toBe(true);
    expect(columns.slice(reader.wordColumnCount).some(isOfWord)).toBe(false);
  });

  it('tells the order of words', () => {
    expect(countsOf('profit not loss')).not.toEqual(countsOf('loss not profit'));
  });

  it('finds the same whatever it read before, also when its memory of words is full', () => {
    const text = 'a sentence about characteristics that-is-kept';
    const fresh = countsOf(text, new NgramReader(everyBucket(), BUCKETS));
    // Each of these words takes 120 of half a million kept columns, and all share some places.
    for (let word = 0; word < 6_000; word += 1) {
      const letters = (word * 7_919 + 1_000_003)
        .toString(26)
        .replace(/[^a-z]/g, 'x')
        .repeat(6)
        .slice(0, 31);
      reader.read(letters);
    }
    expect(countsOf(text)).toEqual(fresh);
  });

  it('reads a word that is longer than any that it keeps', () => {
    expect(countsOf(`${'abcdefgh'.repeat(50)}`).size).toBeGreaterThan(20);
  });

  it('leaves out what has no column', () => {
    const nothing = new NgramReader(new Int32Array(BUCKETS).fill(-1), 0);
    expect(countsOf('any text', nothing).size).toBe(0);
    expect(nothing.ngrams[0]).toBe(-1);
  });
});
