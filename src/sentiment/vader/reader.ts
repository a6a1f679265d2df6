import { weighContrast } from './contrast.ts';
import { createTokenizer, type Tokens } from './tokens.ts';
import { valueWords } from './valence.ts';
import * as traitsOfWords from './vocabulary.ts';
import type { Vocabulary } from './vocabulary.ts';

/**
 * Constants of this file's own: V8 folds these into the code and reads imported ones anew at every use. Measured, that
 * is a fifth of the time of a whole analysis.
 */
const { IS_BUT } = traitsOfWords;

/** A text as the rules see it. It is reused by the next call: read it before. */
export interface Reading {
  tokens: Tokens;
  /** Value of each rated word in its surroundings, in the order of `tokens.rated`. */
  values: Float64Array;
  /** Place of the first "but", `tokens.count` without one. */
  but: number;
}

const FIRST_CAPACITY = 256;
/** Columns that one giant text made grow are given back after it. */
const LARGEST_KEPT = 65_536;

/**
 * The first half of an analysis: words are cut out, rated and weighed by their surroundings.
 * @param emoji - description by code point
 */
export function createReader(
  vocabulary: Vocabulary,
  emoji: ReadonlyMap<number, string>,
): (text: string) => Reading {
  const tokenize = createTokenizer(vocabulary, emoji);
  const reading: Reading = { tokens: tokenize(''), values: new Float64Array(FIRST_CAPACITY), but: 0 };
  return (text) => {
    const tokens = tokenize(text);
    const { count, ratedCount } = tokens;
    reading.tokens = tokens;
    reading.but = (tokens.traits & IS_BUT) === 0 ? count : placeOf(vocabulary.rule.but, tokens);
    if (ratedCount === 0) return reading;
    if (ratedCount > reading.values.length || reading.values.length > LARGEST_KEPT) {
      reading.values = new Float64Array(Math.max(FIRST_CAPACITY, ratedCount));
    }
    valueWords(reading.values, vocabulary, tokens);
    if (reading.but < count) weighContrast(reading.values, tokens, reading.but);
    return reading;
  };
}

/** The first place of a word, `tokens.count` when it is not there. */
function placeOf(id: number, { ids, count }: Tokens): number {
  let place = 0;
  while (place < count && ids[place] !== id) place += 1;
  return place;
}
