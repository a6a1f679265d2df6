import { createAsciiIndex, type AsciiIndex } from './ascii-index.ts';
import { BOOSTER_PHRASES, BOOSTERS, IDIOMS, NEGATIONS, RULE_WORDS, type RuleWord } from './rule-words.ts';

/** The number of every word that no rule and no lexicon knows. */
export const UNKNOWN = 0;

/** Bits of `Vocabulary.traits`. */
export const IN_LEXICON = 1;
export const NEGATES = 2;
export const OPENS_PHRASE = 4;
export const FOLLOWS_IN_PHRASE = 8;

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
  readonly idOfAscii: AsciiIndex;
  /** Value of the idiom made of these words (third: UNKNOWN for two words), or undefined. */
  idiom(first: number, second: number, third: number): number | undefined;
  /** What a two-word dampener adds, or 0. */
  phraseBoost(first: number, second: number): number;
}

/**
 * Numbers the words of a lexicon together with those of the rules.
 * @param lexicon - word to mean rating
 */
export function createVocabulary(lexicon: ReadonlyMap<string, number>): Vocabulary {
  const ids = numberWords(lexicon);
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
    traits: markTraits(ids, lexicon),
    rule: Object.fromEntries(RULE_WORDS.map((word) => [word, idOf(word)])) as Record<RuleWord, number>,
    alphabet: new Set([...ids.keys()].filter((word) => word === word.toLowerCase()).join('')),
    longest: [...ids.keys()].reduce((longest, word) => Math.max(longest, word.length), 0),
    idOf,
    idOfAscii: createAsciiIndex(ids),
    idiom: (first, second, third) => idioms.get(phraseKey(first, second, third)),
    phraseBoost: (first, second) => phraseBoosts.get(phraseKey(first, second, UNKNOWN)) ?? 0,
  };
}

const PHRASES = [...IDIOMS.keys(), ...BOOSTER_PHRASES.keys()].map((phrase) => phrase.split(' '));

function numberWords(lexicon: ReadonlyMap<string, number>): Map<string, number> {
  const ids = new Map<string, number>();
  const ruled = [...BOOSTERS.keys(), ...NEGATIONS, ...PHRASES.flat(), ...RULE_WORDS];
  for (const word of [...lexicon.keys(), ...ruled]) {
    if (!ids.has(word)) ids.set(word, ids.size + 1);
  }
  return ids;
}

function markTraits(
  ids: ReadonlyMap<string, number>,
  lexicon: ReadonlyMap<string, number>,
): Vocabulary['traits'] {
  const traits = new Uint8Array(ids.size + 1);
  const mark = (word: string, trait: number) => {
    const id = ids.get(word) ?? UNKNOWN;
    traits[id] = (traits[id] ?? 0) | trait;
  };
  for (const word of lexicon.keys()) mark(word, IN_LEXICON);
  for (const word of NEGATIONS) mark(word, NEGATES);
  for (const [first = '', second = ''] of PHRASES) {
    mark(first, OPENS_PHRASE);
    mark(second, FOLLOWS_IN_PHRASE);
  }
  return traits;
}
