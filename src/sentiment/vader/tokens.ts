import * as hashing from './ascii-index.ts';
import { candidateOf, confirm, hashLowered, type Place } from './ascii-index.ts';
import * as characterFacts from './characters.ts';
import { caseBits, createCharacterTable, type CharacterTable } from './characters.ts';
import { describeEmoji } from './emoji.ts';
import * as traitsOfWords from './vocabulary.ts';
import type { Vocabulary } from './vocabulary.ts';

/**
 * Constants of this file's own: V8 folds these into the code and reads imported ones anew at every use. Measured, that
 * is a fifth of the time of a whole analysis.
 */
const { HASH_PRIME, HASH_START, NONE } = hashing;
const {
  ALIEN,
  ASCII_END,
  BITS_MASK,
  FOREIGN,
  HASHED_CODES,
  HASHED_SHIFT,
  LOWER,
  PUNCTUATION,
  SPACE,
  UNUSUAL,
  UPPER,
  WORD_CHARACTER,
  WORD_FLAG,
} = characterFacts;
const { CHANGES_OTHERS, IN_LEXICON, UNKNOWN } = traitsOfWords;

export const ALL_CAPS = 1;
/** Contains "n't". */
export const CONTRACTED_NOT = 2;

/** The words of one text. Its columns are reused by the next call: read them before it. */
export interface Tokens {
  count: number;
  /** Vocabulary number of each word, UNKNOWN for most. */
  ids: Int32Array;
  /** Bits of each word: ALL_CAPS, CONTRACTED_NOT. */
  shapes: Uint8Array;
  /** Places of the words that are in the lexicon, in order; `ratedCount` of them. */
  rated: Int32Array;
  ratedCount: number;
  /** Traits of all its words or-ed together (see vocabulary.ts); a contracted "not" changes others, too. */
  traits: number;
  /** Words in capitals. */
  capitals: number;
  exclamationMarks: number;
  questionMarks: number;
}

/** A word as it was found, with the punctuation around it. */
interface Word extends Place {
  /** All character bits or-ed together. */
  bits: number;
}

interface Cutter {
  vocabulary: Vocabulary;
  emoji: ReadonlyMap<number, string>;
  characters: CharacterTable;
  tokens: Tokens;
}

/**
 * To be called as `charCodeAt.call(text, at)`. The method call reads better, but as soon as anything in the process
 * declares a `class … extends String` (the Redis client does), V8 no longer inlines it: measured on Node 24.21, a pass
 * over a headline then takes 800 ns instead of 100. Through a constant of the same file it stays quick.
 */
const { charCodeAt } = String.prototype;
const EXCLAMATION = 33;
const APOSTROPHE = 39;
const QUESTION = 63;
const LOWER_N = 110;
const LOWER_T = 116;
const TO_LOWER = 32;
const LAST_OF_PLANE_0 = 0xffff;
/** What is left of a word must be longer than this, or its punctuation stays: it is probably an emoticon. */
const EMOTICON_LENGTH = 2;
/** What sends a word off the quick path. */
const NOT_PLAIN = PUNCTUATION | FOREIGN | ALIEN | UNUSUAL;
const FIRST_CAPACITY = 1_024;
/** Columns that one giant text made grow are given back after it. */
const LARGEST_KEPT = 65_536;

/**
 * A cutter of texts into vocabulary numbers, in one pass over the characters: white space splits, punctuation around
 * a word falls off, emoji become words.
 * @param emoji - description by code point
 */
export function createTokenizer(
  vocabulary: Vocabulary,
  emoji: ReadonlyMap<number, string>,
): (text: string) => Tokens {
  const characters = createCharacterTable(vocabulary.alphabet, emoji);
  const cutter: Cutter = { vocabulary, emoji, characters, tokens: emptyTokens(FIRST_CAPACITY) };
  return (text) => {
    if (!cutWords(cutter, text, true)) cutWords(cutter, describeEmoji(text, emoji), false);
    return cutter.tokens;
  };
}

/**
 * The hot loop of the whole analysis. Measured: one flat loop over the characters that hashes on the way and leaves
 * everything but plain words to functions takes half the time of one that keeps track of punctuation.
 * @returns false when the text holds an emoji, which must be written out first
 */
function cutWords(cutter: Cutter, text: string, mayHoldEmoji: boolean): boolean {
  const { characters, vocabulary } = cutter;
  const { entries } = characters;
  const { asciiWords } = vocabulary;
  const { length } = text;
  begin(cutter, length);
  const { tokens } = cutter;
  const { ids, shapes } = tokens;
  let count = 0;
  let start = 0;
  let hash = HASH_START;
  let bits = 0;
  for (let at = 0; at <= length; at += 1) {
    // A blank is thought behind the text, so that its last word ends like every other.
    let entry = at < length ? (entries[charCodeAt.call(text, at)] as number) : SPACE;
    if (entry === 0) entry = characters.learn(charCodeAt.call(text, at));
    if ((entry & WORD_CHARACTER) !== 0) {
      hash = Math.imul(hash ^ (entry >>> HASHED_SHIFT), HASH_PRIME);
      bits |= entry;
      continue;
    }
    if ((entry & BITS_MASK) !== SPACE) {
      bits |= entry;
      if ((entry & UNUSUAL) === 0) continue;
      if (mayHoldEmoji && cutter.emoji.has(text.codePointAt(at) ?? 0)) return false;
      const pair = pairBitsAt(text, at);
      bits |= pair;
      if (pair !== 0) at += 1;
      continue;
    }
    if (at > start) {
      let id = UNKNOWN;
      let shape = (bits & (UPPER | LOWER)) === UPPER ? ALL_CAPS : 0;
      if ((bits & NOT_PLAIN) === 0) {
        id = candidateOf(asciiWords, hash);
        if (id !== NONE) id = confirm(asciiWords, id, { text, from: start, to: at });
      } else {
        const word = { text, from: start, to: at, bits };
        if ((bits & PUNCTUATION) !== 0) shape |= notePunctuation(tokens, word);
        id = idOf(vocabulary, word);
      }
      ids[count] = id;
      shapes[count] = shape;
      if (id !== UNKNOWN) noteKnown(vocabulary, tokens, { id, place: count });
      if (shape !== 0) noteShape(tokens, shape);
      count += 1;
    }
    start = at + 1;
    hash = HASH_START;
    bits = 0;
  }
  tokens.count = count;
  return true;
}

function noteKnown(
  { traits }: Vocabulary,
  tokens: Tokens,
  { id, place }: { id: number; place: number },
): void {
  const trait = traits[id] as number;
  tokens.traits |= trait;
  if ((trait & IN_LEXICON) === 0) return;
  tokens.rated[tokens.ratedCount] = place;
  tokens.ratedCount += 1;
}

function noteShape(tokens: Tokens, shape: number): void {
  if ((shape & ALL_CAPS) !== 0) tokens.capitals += 1;
  if ((shape & CONTRACTED_NOT) !== 0) tokens.traits |= CHANGES_OTHERS;
}

/** Counts the marks of a word. @returns CONTRACTED_NOT when there is an "n't" in it */
function notePunctuation(tokens: Tokens, { text, from, to }: Word): number {
  let shape = 0;
  for (let at = from; at < to; at += 1) {
    const code = charCodeAt.call(text, at);
    if (code === EXCLAMATION) tokens.exclamationMarks += 1;
    else if (code === QUESTION) tokens.questionMarks += 1;
    else if (code === APOSTROPHE && at > from && isContractedNot(text, at)) shape = CONTRACTED_NOT;
  }
  return shape;
}

/** Bits of a character that takes two units, 0 for any other. */
function pairBitsAt(text: string, at: number): number {
  const codePoint = text.codePointAt(at) ?? 0;
  return codePoint > LAST_OF_PLANE_0 ? caseBits(String.fromCodePoint(codePoint)) : 0;
}

/** For words of any kind: without the punctuation around it, unless hardly anything would be left. */
function idOf(vocabulary: Vocabulary, word: Word): number {
  const { text, bits } = word;
  if ((bits & ALIEN) !== 0) return UNKNOWN;
  const bare = (bits & PUNCTUATION) === 0 ? word : trimmed(word);
  if (bare.to - bare.from > vocabulary.longest) return UNKNOWN;
  if ((bits & FOREIGN) !== 0) return vocabulary.idOf(text.slice(bare.from, bare.to).toLowerCase());
  const candidate = candidateOf(vocabulary.asciiWords, hashLowered(bare));
  return candidate === NONE ? UNKNOWN : confirm(vocabulary.asciiWords, candidate, bare);
}

function trimmed(word: Word): Place {
  const { text } = word;
  let { from, to } = word;
  while (from < to && isPunctuation(charCodeAt.call(text, from))) from += 1;
  while (to > from && isPunctuation(charCodeAt.call(text, to - 1))) to -= 1;
  // Lengths in units are those in code points, as Python counts: what has none of those stood aside as ALIEN.
  return to - from > EMOTICON_LENGTH ? { text, from, to } : word;
}

function isPunctuation(code: number): boolean {
  return code < ASCII_END && ((HASHED_CODES[code] as number) & WORD_FLAG) === 0;
}

function isContractedNot(text: string, apostrophe: number): boolean {
  const before = charCodeAt.call(text, apostrophe - 1) | TO_LOWER;
  const after = charCodeAt.call(text, apostrophe + 1) | TO_LOWER;
  return before === LOWER_N && after === LOWER_T;
}

/** Makes room for every word that a text of this length can have: each but the last needs a space behind it. */
function begin(cutter: Cutter, length: number): void {
  const words = (length >> 1) + 1;
  const present = cutter.tokens.ids.length;
  if (words > present || present > LARGEST_KEPT) {
    cutter.tokens = emptyTokens(Math.max(FIRST_CAPACITY, words));
  }
  cutter.tokens.count = 0;
  cutter.tokens.ratedCount = 0;
  cutter.tokens.traits = 0;
  cutter.tokens.capitals = 0;
  cutter.tokens.exclamationMarks = 0;
  cutter.tokens.questionMarks = 0;
}

function emptyTokens(capacity: number): Tokens {
  return {
    count: 0,
    ids: new Int32Array(capacity),
    shapes: new Uint8Array(capacity),
    ratedCount: 0,
    rated: new Int32Array(capacity),
    traits: 0,
    capitals: 0,
    exclamationMarks: 0,
    questionMarks: 0,
  };
}
