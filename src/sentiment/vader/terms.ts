import type { Reading } from './reader.ts';
import { factorAt, surroundingsOf, type Surroundings } from './valence.ts';
import { OF_MARKETS, OPENS_TERM, UNKNOWN, type Vocabulary } from './vocabulary.ts';

/** What was learnt about a word or phrase. */
export interface TermValence {
  /** One to three words in lower case, joined by blanks. */
  term: string;
  /** What it adds to a text's sum, in the lexicon's unit: for a rated word on top of its rating. */
  added: number;
}

/** Told of every learnt term in a text: its place, its number of words, and what it adds after the rules. */
export type TermVisitor = (place: number, length: number, added: number) => void;

/** The learnt terms of a version, ready to be found by the numbers of their words. */
export interface Terms {
  /** Sum of what the learnt terms of a text add. */
  sum(reading: Reading): number;
  visit(reading: Reading, visitor: TermVisitor): void;
  /** Whether a word that only texts about markets use stands in it. */
  hasMarketWord(reading: Reading): boolean;
}

/** Words before a "but" count less, words behind it more. */
const BEFORE_BUT = 0.5;
const AFTER_BUT = 1.5;
const LONGEST = 3;

/** @param vocabulary - made with these very terms */
export function createTerms(learnt: readonly TermValence[], vocabulary: Vocabulary): Terms {
  const alone = new Float64Array(vocabulary.traits.length);
  const phrases = createPhrases(vocabulary.traits.length);
  for (const { term, added } of learnt) {
    const ids = term.split(' ').map((word) => vocabulary.idOf(word));
    const [first = UNKNOWN, second = UNKNOWN, third = UNKNOWN] = ids;
    if (second === UNKNOWN) alone[first] = added;
    else phrases.add([first, second, third], added);
  }
  const { traits } = vocabulary;

  const visit = (reading: Reading, visitor: TermVisitor) => {
    const { ids, count } = reading.tokens;
    let around: Surroundings | undefined;
    for (let place = 0; place < count; place += 1) {
      const id = ids[place] as number;
      if (((traits[id] as number) & OPENS_TERM) === 0) continue;
      const first = alone[id] as number;
      const next = place + 1 < count ? (ids[place + 1] as number) : UNKNOWN;
      const pair = next === UNKNOWN ? 0 : phrases.of(id, next, UNKNOWN);
      const last = next !== UNKNOWN && place + 2 < count ? (ids[place + 2] as number) : UNKNOWN;
      const triple = last === UNKNOWN ? 0 : phrases.of(id, next, last);
      if (first === 0 && pair === 0 && triple === 0) continue;
      around ??= surroundingsOf(vocabulary, reading.tokens);
      const factor = termFactor(around, reading, place);
      if (first !== 0) visitor(place, 1, first * factor);
      if (pair !== 0) visitor(place, 2, pair * factor);
      if (triple !== 0) visitor(place, LONGEST, triple * factor);
    }
  };
  return {
    visit,
    sum: (reading) => {
      let sum = 0;
      visit(reading, (_place, _length, added) => {
        sum += added;
      });
      return sum;
    },
    hasMarketWord: ({ tokens: { ids, count } }) => {
      for (let place = 0; place < count; place += 1) {
        if (((traits[ids[place] as number] as number) & OF_MARKETS) !== 0) return true;
      }
      return false;
    },
  };
}

/** By what the rules multiply a learnt term that begins at a place. */
export function termFactor(around: Surroundings, { tokens, but }: Reading, place: number): number {
  const factor = factorAt(around, place);
  if (but === tokens.count) return factor;
  return factor * (place < but ? BEFORE_BUT : AFTER_BUT);
}

/** Values by two or three numbers; a phrase is unknown when it is worth 0. */
function createPhrases(count: number) {
  const values = new Map<number, number>();
  const keyOf = (first: number, second: number, third: number) => (first * count + second) * count + third;
  return {
    add: ([first, second, third]: [number, number, number], value: number) =>
      values.set(keyOf(first, second, third), value),
    of: (first: number, second: number, third: number) => values.get(keyOf(first, second, third)) ?? 0,
  };
}
