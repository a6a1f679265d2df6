import { compoundOf, normalised, sumBehind } from './compound.ts';
import { emphasised, punctuationEmphasis } from './emphasis.ts';
import { namesTicker } from './market.ts';
import { createReader, type Reading } from './reader.ts';
import { readEmoji, readLexicon } from './tables.ts';
import { createTerms, type Terms, type TermValence } from './terms.ts';
import { createVocabulary, type Vocabulary } from './vocabulary.ts';

/** A text with its sums, before they become a compound. */
export interface Sums {
  reading: Reading;
  /** Of the reference's rules. */
  base: number;
  /** Of the learnt terms. */
  added: number;
  /** What part of `added` counts: 1 in texts about markets. */
  share: number;
  /** What the marks add to the size of the whole. */
  emphasis: number;
  hasTicker: boolean;
}

/** The reference with learnt terms on top; the reading in its answer is reused by the next call. */
export interface Analyser {
  vocabulary: Vocabulary;
  /** Description by code point. */
  emoji: ReadonlyMap<number, string>;
  terms: Terms;
  analyse(text: string): Sums;
}

/**
 * By how much learnt terms may move the compound of a text that shows no sign of a market: less than what the
 * reference calls neutral (0.05). However a version was trained, on everyday texts it so stays the reference.
 */
export const EVERYDAY_BOUND = 0.03;

/** The reference's analysis with learnt terms on top. */
export function createAnalyser(learnt: readonly TermValence[]): Analyser {
  const names = learnt.map(({ term }) => term);
  const vocabulary = createVocabulary(readLexicon(), names);
  const emoji = readEmoji();
  const read = createReader(vocabulary, emoji);
  const terms = createTerms(learnt, vocabulary);
  return {
    vocabulary,
    emoji,
    terms,
    analyse: (text) => {
      const reading = read(text);
      const base = sumOf(reading);
      const added = terms.sum(reading);
      const emphasis = punctuationEmphasis(reading.tokens);
      const hasTicker = namesTicker(text);
      const isFull = added === 0 || hasTicker || terms.hasMarketWord(reading);
      const share = isFull ? 1 : everydayShare(base, added, emphasis);
      return { reading, base, added, share, emphasis, hasTicker };
    },
  };
}

/** The reference's sum over the rated words of a text. */
export function sumOf({ tokens, values }: Reading): number {
  let sum = 0;
  for (let word = 0; word < tokens.ratedCount; word += 1) sum += values[word] as number;
  return sum;
}

/** -1..1, four decimals. */
export function compoundOfSums({
  base,
  added,
  share,
  emphasis,
}: Omit<Sums, 'reading' | 'hasTicker'>): number {
  return compoundOf(emphasised(base + share * added, emphasis));
}

/** What part of the learnt sum keeps the compound within the bound: all of it, where it is small. */
export function everydayShare(base: number, added: number, emphasis: number): number {
  const before = normalised(emphasised(base, emphasis));
  const wanted = normalised(emphasised(base + added, emphasis));
  if (Math.abs(wanted - before) <= EVERYDAY_BOUND) return 1;
  const bounded = before + Math.sign(added) * EVERYDAY_BOUND;
  const size = Math.abs(sumBehind(bounded)) - emphasis;
  // The marks push away from zero: a sum that small cannot be reached from this side.
  if (size <= 0 || Math.sign(bounded) !== Math.sign(before || bounded)) return 0;
  return Math.min(1, Math.max(0, (Math.sign(bounded) * size - base) / added));
}
