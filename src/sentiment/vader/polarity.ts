import { compoundOf } from './compound.ts';
import { emphasised, punctuationEmphasis } from './emphasis.ts';
import { createReader, type Reading } from './reader.ts';
import { roundHalfEven } from './rounding.ts';
import { readEmoji, readLexicon } from './tables.ts';
import { createVocabulary } from './vocabulary.ts';

/** VADER's four figures, rounded as the reference rounds them. */
export interface VaderPolarity {
  /** -1..1, four decimals. */
  compound: number;
  /** Shares of the text, three decimals, together about 1; all 0 for a text without words. */
  positive: number;
  neutral: number;
  negative: number;
}

const SHARE_DIGITS = 3;

let shared: ((text: string) => Reading) | undefined;

/**
 * Sentiment of a text by VADER's rules, equal to vaderSentiment 3.3.2 on Python 3.11 digit for digit. The tables are
 * read at the first call.
 * @param text - any string, unpaired surrogates and megabytes included; never throws
 * @see Hutto, Gilbert (2014), VADER: A Parsimonious Rule-based Model for Sentiment Analysis of Social Media Text
 * @example vaderPolarity('Bitcoin is not good').compound // -0.3412
 */
export function vaderPolarity(text: string): VaderPolarity {
  shared ??= createReader(createVocabulary(readLexicon()), readEmoji());
  return summarise(shared(text));
}

function summarise({ tokens, values }: Reading): VaderPolarity {
  const { count, ratedCount } = tokens;
  if (ratedCount === 0) return { compound: 0, positive: 0, neutral: count === 0 ? 0 : 1, negative: 0 };
  const emphasis = punctuationEmphasis(tokens);
  let sum = 0;
  let positive = 0;
  let negative = 0;
  let neutral = count;
  for (let word = 0; word < ratedCount; word += 1) {
    const value = values[word] as number;
    if (value === 0) continue;
    neutral -= 1;
    sum += value;
    // A neutral word counts 1, so a word with a value counts 1 more than its value.
    if (value > 0) positive += value + 1;
    else negative += 1 - value;
  }
  if (positive > negative) positive += emphasis;
  else if (positive < negative) negative += emphasis;
  const total = positive + negative + neutral;
  return {
    compound: compoundOf(emphasised(sum, emphasis)),
    positive: roundHalfEven(positive / total, SHARE_DIGITS),
    neutral: roundHalfEven(neutral / total, SHARE_DIGITS),
    negative: roundHalfEven(negative / total, SHARE_DIGITS),
  };
}
