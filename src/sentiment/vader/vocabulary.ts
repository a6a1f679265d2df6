import { createAsciiIndex, type AsciiIndex } from './ascii-index.ts';
import { MARKET_WORDS } from './market.ts';
import { BOOSTER_PHRASES, BOOSTERS, IDIOMS, NEGATIONS, RULE_WORDS, type RuleWord } from './rule-words.ts';

/** The number of every word that no rule and no lexicon knows. */
export const UNKNOWN = 0;

/** Bits of `Vocabulary.traits`. */
export const IN_LEXICON = 1;
export const NEGATES = 2;
export const OPENS_PHRASE = 4;
export const FOLLOWS_IN_PHRASE = 8;
/** Tells that a text is about a market; set only where terms were learnt. */
export const OF_MARKETS = 16;
/** Opens a learnt term, or is one. */
export const OPENS_TERM = 32;
/** Without such a word in the text, and without a contracted "not", each rated word keeps its rating. */
export const CHANGES_OTHERS = 64;
export const IS_BUT = 128;

/** Every word that matters, numbered from 1; columns are indexed by that number. */
export interface Vocabulary {
  /** Mean rating of lexicon words, -4..4; 0 for the rest. */
  readonly ratings: Float64Array;
  /** What a booster adds to the word behind it; 0 for the rest. */
  readonly boosts: Float64Array;
  readonly traits: Uint8Array;
  readonly rule: Readonly<Record<RuleWord, number>>;
  /** Characters of the longest word. */
  readonly longest: number;
  /** Every character of every word that a lowered text can contain. */
  readonly alphabet: ReadonlySet<string>;
  /** The number of a word in lower case. */
  idOf(word: string): number;
  readonly asciiWords: AsciiIndex;
  /** Value of the idiom made of these words (third: UNKNOWN for two words), or undefined. */
  idiom(first: number, second: number, third: number): number | undefined;
  /** What a two-word dampener adds, or 0. */
  phraseBoost(first: number, second: number): number;
}

/**
 * Numbers the words of a lexicon together with those of the rules.
 * @param lexicon - word to mean rating
 * @param terms - learnt on top of it, words joined by blanks; what they are worth is not kept here; left out: the
 *   reference alone, without the words of markets
 */
export function createVocabulary(
  lexicon: ReadonlyMap<string, number>,
  terms?: readonly string[],
): Vocabulary {
  const learntTerms = (terms ?? []).map((term) => term.split(' '));
  const ids = numberWords([
    ...lexicon.keys(),
    ...RULED,
    ...learntTerms.flat(),
    ...(terms === undefined ? [] : MARKET_WORDS),
  ]);
  const count = ids.size + 1;
  const idOf = (word: string) => ids.get(word) ?? UNKNOWN;
  const ratings = new Float64Array(count);
  const boosts = new Float64Array(count);
  for (const [word, rating] of lexicon) ratings[idOf(word)] = rating;
  for (const [word, boost] of BOOSTERS) boosts[idOf(word)] = boost;

  const phraseKey = (first: number, second: number, third: number) =>
    (first * count + second) * count + third;
  const keyed = (phrases: ReadonlyMap<string, number>) =>
    new Map(
      [...phrases].map(([phrase, value]): [number, number] => {
        const [first = '', second = '', third = ''] = phrase.split(' ');
        return [phraseKey(idOf(first), idOf(second), idOf(third)), value];
      }),
    );
  const idioms = keyed(IDIOMS);
  const phraseBoosts = keyed(BOOSTER_PHRASES);
  return {
    ratings,
    boosts,
    traits: markTraits(ids, lexicon, learntTerms),
    rule: Object.fromEntries(RULE_WORDS.map((word) => [word, idOf(word)])) as Record<RuleWord, number>,
    alphabet: new Set([...ids.keys()].filter((word) => word === word.toLowerCase()).join('')),
    longest: [...ids.keys()].reduce((longest, word) => Math.max(longest, word.length), 0),
    idOf,
    asciiWords: createAsciiIndex(ids),
    idiom: (first, second, third) => idioms.get(phraseKey(first, second, third)),
    phraseBoost: (first, second) => phraseBoosts.get(phraseKey(first, second, UNKNOWN)) ?? 0,
  };
}

const PHRASES = [...IDIOMS.keys(), ...BOOSTER_PHRASES.keys()].map((phrase) => phrase.split(' '));

/** Words of which one stands in every place where a rule of surroundings applies; of a phrase the rarer one. */
const CHANGING = [
  ...BOOSTERS.keys(),
  ...NEGATIONS,
  ...PHRASES.map(([first = '', second = '']) => (second === 'of' ? first : second)),
  ...['no', 'least', 'kind', 'never', 'so', 'this', 'without'],
];
const RULED = [...BOOSTERS.keys(), ...NEGATIONS, ...PHRASES.flat(), ...RULE_WORDS];

function numberWords(words: readonly string[]): Map<string, number> {
  const ids = new Map<string, number>();
  for (const word of words) {
    if (!ids.has(word)) ids.set(word, ids.size + 1);
  }
  return ids;
}

function markTraits(
  ids: ReadonlyMap<string, number>,
  lexicon: ReadonlyMap<string, number>,
  terms: readonly string[][],
): Vocabulary['traits'] {
  const traits = new Uint8Array(ids.size + 1);
  const mark = (word: string, trait: number) => {
    const id = ids.get(word) ?? UNKNOWN;
    if (id !== UNKNOWN) traits[id] = (traits[id] ?? 0) | trait;
  };
  for (const word of lexicon.keys()) mark(word, IN_LEXICON);
  for (const word of NEGATIONS) mark(word, NEGATES);
  for (const [first = '', second = ''] of PHRASES) {
    mark(first, OPENS_PHRASE);
    mark(second, FOLLOWS_IN_PHRASE);
  }
  for (const word of CHANGING) mark(word, CHANGES_OTHERS);
  mark('but', IS_BUT);
  for (const word of MARKET_WORDS) mark(word, OF_MARKETS);
  for (const [first = ''] of terms) mark(first, OPENS_TERM);
  return traits;
}
