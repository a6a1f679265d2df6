import { weighContrast } from './contrast.ts';
import { roundHalfEven } from './rounding.ts';
import { createTokenizer, type Tokens } from './tokens.ts';
import { readEmoji, readLexicon } from './tables.ts';
import { valueWords } from './valence.ts';
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

const EXCLAMATION_STEP = 0.292;
const EXCLAMATIONS_COUNTED = 4;
const QUESTION_STEP = 0.18;
const QUESTIONS_COUNTED = 3;
const MANY_QUESTIONS = 0.96;
/** Approximates the largest sum that a sentence reaches. */
const NORMALISER = 15;
const COMPOUND_DIGITS = 4;
const SHARE_DIGITS = 3;
const FIRST_CAPACITY = 256;
const LARGEST_KEPT = 65_536;

let shared: ((text: string) => VaderPolarity) | undefined;

/**
 * Sentiment of a text by VADER's rules, equal to vaderSentiment 3.3.2 on Python 3.11 digit for digit. The tables are
 * read at the first call.
 * @param text - any string, unpaired surrogates and megabytes included; never throws
 * @see Hutto, Gilbert (2014), VADER: A Parsimonious Rule-based Model for Sentiment Analysis of Social Media Text
 * @example vaderPolarity('Bitcoin is not good').compound // -0.3412
 */
export function vaderPolarity(text: string): VaderPolarity {
  shared ??= createAnalyser();
  return shared(text);
}

function createAnalyser(): (text: string) => VaderPolarity {
  const vocabulary = createVocabulary(readLexicon());
  const tokenize = createTokenizer(vocabulary, readEmoji());
  let values = new Float64Array(FIRST_CAPACITY);

  return (text) => {
    const tokens = tokenize(text);
    const { count, ratedCount } = tokens;
    if (ratedCount === 0) return { compound: 0, positive: 0, neutral: count === 0 ? 0 : 1, negative: 0 };
    if (ratedCount > values.length || values.length > LARGEST_KEPT) {
      values = new Float64Array(Math.max(FIRST_CAPACITY, ratedCount));
    }
    valueWords(values, vocabulary, tokens);
    const but = placeOf(vocabulary.rule.but, tokens);
    if (but < count) weighContrast(values, tokens, but);
    return summarise(values, tokens);
  };
}

/** The first place of a word, `tokens.count` when it is not there. */
function placeOf(id: number, { ids, count }: Tokens): number {
  let place = 0;
  while (place < count && ids[place] !== id) place += 1;
  return place;
}

function summarise(values: Float64Array, tokens: Tokens): VaderPolarity {
  const emphasis = punctuationEmphasis(tokens);
  let sum = 0;
  let positive = 0;
  let negative = 0;
  let neutral = tokens.count;
  for (let word = 0; word < tokens.ratedCount; word += 1) {
    const value = values[word] as number;
    if (value === 0) continue;
    neutral -= 1;
    sum += value;
    // A neutral word counts 1, so a word with a value counts 1 more than its value.
    if (value > 0) positive += value + 1;
    else negative += 1 - value;
  }
  if (sum > 0) sum += emphasis;
  else if (sum < 0) sum -= emphasis;
  if (positive > negative) positive += emphasis;
  else if (positive < negative) negative += emphasis;
  const total = positive + negative + neutral;
  return {
    compound: roundHalfEven(sum / Math.sqrt(sum * sum + NORMALISER), COMPOUND_DIGITS),
    positive: roundHalfEven(positive / total, SHARE_DIGITS),
    neutral: roundHalfEven(neutral / total, SHARE_DIGITS),
    negative: roundHalfEven(negative / total, SHARE_DIGITS),
  };
}

function punctuationEmphasis({ exclamationMarks, questionMarks }: Tokens): number {
  const exclaimed = Math.min(exclamationMarks, EXCLAMATIONS_COUNTED) * EXCLAMATION_STEP;
  if (questionMarks < 2) return exclaimed;
  return exclaimed + (questionMarks > QUESTIONS_COUNTED ? MANY_QUESTIONS : questionMarks * QUESTION_STEP);
}
