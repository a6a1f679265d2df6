import { HASH_PRIME, HASH_START, hashLowered, type Place } from './ascii-index.ts';
import {
  ALIEN,
  BITS_MASK,
  caseBits,
  createCharacterTable,
  FOREIGN,
  LOWER,
  LOWERED_SHIFT,
  PUNCTUATION,
  SPACE,
  UNUSUAL,
  UPPER,
  type CharacterTable,
} from './characters.ts';
import { describeEmoji } from './emoji.ts';
import { IN_LEXICON, UNKNOWN, type Vocabulary } from './vocabulary.ts';

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
  /** Words in capitals. */
  capitals: number;
  exclamationMarks: number;
  questionMarks: number;
}

/** A word as it was found. */
interface Word extends Place {
  start: number;
  end: number;
  /** Of what stands between from and to (start and end without the punctuation around), in lower case. */
  hash: number;
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
const BLANK = 32;
const EXCLAMATION = 33;
const APOSTROPHE = 39;
const QUESTION = 63;
const LOWER_A = 97;
const LOWER_N = 110;
const LOWER_T = 116;
const LOWER_Z = 122;
const TO_LOWER = 32;
const LAST_OF_PLANE_0 = 0xffff;
/** What is left of a word must be longer than this, or its punctuation stays: it is probably an emoticon. */
const EMOTICON_LENGTH = 2;
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
 * The hot loop of the whole analysis; measured: hashing on the way and keeping everything in local variables halves its
 * time.
 * @returns false when the text holds an emoji, which must be written out first
 */
function cutWords(cutter: Cutter, text: string, mayHoldEmoji: boolean): boolean {
  const { characters, emoji } = cutter;
  const { entries } = characters;
  const { length } = text;
  const word = { text, start: 0, end: 0, from: 0, to: 0, hash: 0, bits: 0 };
  begin(cutter, length);
  let exclamationMarks = 0;
  let questionMarks = 0;
  let at = 0;
  for (;;) {
    while (at < length && bitsAt(characters, text, at) === SPACE) at += 1;
    if (at === length) break;
    const start = at;
    let from = -1;
    let to = 0;
    let punctuationEnd = at;
    let bits = 0;
    let shape = 0;
    let running = HASH_START;
    let hash = HASH_START;
    for (; ; at += 1) {
      let code = at < length ? charCodeAt.call(text, at) : BLANK;
      if (code >= LOWER_A && code <= LOWER_Z) {
        if (from < 0) from = at;
        bits |= LOWER;
        do {
          running = Math.imul(running ^ code, HASH_PRIME);
          at += 1;
          // A blank is thought behind the text, so that its last word ends like every other.
          code = at < length ? charCodeAt.call(text, at) : BLANK;
        } while (code >= LOWER_A && code <= LOWER_Z);
      }
      const entry = entries[code] || characters.learn(code);
      const kind = entry & BITS_MASK;
      if (kind > PUNCTUATION) {
        if (from < 0) from = at;
        running = Math.imul(running ^ (entry >>> LOWERED_SHIFT), HASH_PRIME);
        bits |= kind;
        if (kind < UNUSUAL) continue;
        const codePoint = text.codePointAt(at) ?? code;
        if (mayHoldEmoji && emoji.has(codePoint)) return false;
        if (codePoint <= LAST_OF_PLANE_0) continue;
        bits |= caseBits(String.fromCodePoint(codePoint));
        at += 1;
        continue;
      }
      // Whatever stood since the last punctuation belongs to the word for good.
      if (at > punctuationEnd) {
        to = at;
        hash = running;
      }
      if (kind === SPACE) break;
      punctuationEnd = at + 1;
      if (from >= 0) running = Math.imul(running ^ code, HASH_PRIME);
      if (code === EXCLAMATION) exclamationMarks += 1;
      else if (code === QUESTION) questionMarks += 1;
      else if (code === APOSTROPHE && isContractedNot(text, at)) shape = CONTRACTED_NOT;
    }
    word.start = start;
    word.end = at;
    word.from = from;
    word.to = to;
    word.hash = hash;
    word.bits = bits;
    keepWord(cutter, word, shape);
  }
  cutter.tokens.exclamationMarks = exclamationMarks;
  cutter.tokens.questionMarks = questionMarks;
  return true;
}

function keepWord({ vocabulary, tokens }: Cutter, word: Word, shape: number): void {
  const place = tokens.count;
  const isAllCaps = (word.bits & (UPPER | LOWER)) === UPPER;
  if (isAllCaps) tokens.capitals += 1;
  const id = idOf(vocabulary, word);
  tokens.ids[place] = id;
  tokens.shapes[place] = isAllCaps ? shape | ALL_CAPS : shape;
  if (((vocabulary.traits[id] as number) & IN_LEXICON) !== 0) {
    tokens.rated[tokens.ratedCount] = place;
    tokens.ratedCount += 1;
  }
  tokens.count = place + 1;
}

function idOf(vocabulary: Vocabulary, word: Word): number {
  if (word.from < 0 || isEmoticonLong(word)) {
    word.from = word.start;
    word.to = word.end;
    word.hash = hashLowered(word);
  }
  if ((word.bits & ALIEN) !== 0 || word.to - word.from > vocabulary.longest) return UNKNOWN;
  if ((word.bits & FOREIGN) === 0) return vocabulary.idOfAscii(word.hash, word);
  return vocabulary.idOf(word.text.slice(word.from, word.to).toLowerCase());
}

function bitsAt(characters: CharacterTable, text: string, at: number): number {
  const code = charCodeAt.call(text, at);
  return (characters.entries[code] || characters.learn(code)) & BITS_MASK;
}

/** Lengths are counted in code points, as Python does. */
function isEmoticonLong({ text, from, to, bits }: Word): boolean {
  const units = to - from;
  if (bits < UNUSUAL || units > 2 * EMOTICON_LENGTH) return units <= EMOTICON_LENGTH;
  return Array.from(text.slice(from, to)).length <= EMOTICON_LENGTH;
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
  cutter.tokens.capitals = 0;
}

function emptyTokens(capacity: number): Tokens {
  return {
    count: 0,
    ids: new Int32Array(capacity),
    shapes: new Uint8Array(capacity),
    ratedCount: 0,
    rated: new Int32Array(capacity),
    capitals: 0,
    exclamationMarks: 0,
    questionMarks: 0,
  };
}
