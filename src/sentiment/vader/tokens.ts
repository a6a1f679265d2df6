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
import { UNKNOWN, type Vocabulary } from './vocabulary.ts';

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
  /** True when some words, but not all, are in capitals: only then do capitals mean emphasis. */
  capitalsStandOut: boolean;
  exclamationMarks: number;
  questionMarks: number;
}

/** Where the words of a text stand; columns by word. */
interface Spans {
  starts: Int32Array;
  ends: Int32Array;
  /** Without the punctuation around it: from the first other character (-1: there is none) to the last. */
  froms: Int32Array;
  tos: Int32Array;
  /** Of what stands between from and to, in lower case. */
  hashes: Int32Array;
  /** All character bits of the word or-ed together. */
  bits: Uint8Array;
}

interface Cutter {
  vocabulary: Vocabulary;
  emoji: ReadonlyMap<number, string>;
  characters: CharacterTable;
  spans: Spans;
  tokens: Tokens;
}

const EXCLAMATION = 33;
const APOSTROPHE = 39;
const QUESTION = 63;
const LOWER_N = 110;
const LOWER_T = 116;
const TO_LOWER = 32;
const LAST_OF_PLANE_0 = 0xffff;
/** What is left of a word must be longer than this, or its punctuation stays: it is probably an emoticon. */
const EMOTICON_LENGTH = 2;
const FIRST_CAPACITY = 1_024;
/** Columns that one giant text made grow are given back after it. */
const LARGEST_KEPT = 65_536;

/**
 * A cutter of texts into vocabulary numbers: one pass over the characters, one over the words. White space splits,
 * punctuation around a word falls off, emoji become words.
 * @param emoji - description by code point
 */
export function createTokenizer(
  vocabulary: Vocabulary,
  emoji: ReadonlyMap<number, string>,
): (text: string) => Tokens {
  const cutter: Cutter = {
    vocabulary,
    emoji,
    characters: createCharacterTable(vocabulary.alphabet, emoji),
    spans: emptySpans(FIRST_CAPACITY),
    tokens: emptyTokens(FIRST_CAPACITY),
  };
  return (text) => {
    const isCut = findWords(cutter, text, true);
    const words = isCut ? text : describeEmoji(text, emoji);
    if (!isCut) findWords(cutter, words, false);
    nameWords(cutter, words);
    return cutter.tokens;
  };
}

/**
 * The hot loop: finds every word, hashing on the way.
 * @returns false when the text holds an emoji, which must be written out first
 */
function findWords(cutter: Cutter, text: string, mayHoldEmoji: boolean): boolean {
  reserve(cutter, text.length);
  const { spans, tokens, characters, emoji } = cutter;
  const { entries } = characters;
  const { length } = text;
  let word = 0;
  let exclamationMarks = 0;
  let questionMarks = 0;
  let at = 0;
  for (;;) {
    while (at < length && bitsAt(characters, text, at) === SPACE) at += 1;
    if (at === length) break;
    spans.starts[word] = at;
    let from = -1;
    let to = 0;
    let punctuationEnd = at;
    let bits = 0;
    let shape = 0;
    let running = HASH_START;
    let hash = HASH_START;
    for (; at < length; at += 1) {
      const code = text.charCodeAt(at);
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
    const isOpenEnded = at === length && at > punctuationEnd;
    spans.ends[word] = at;
    spans.froms[word] = from;
    spans.tos[word] = isOpenEnded ? at : to;
    spans.hashes[word] = isOpenEnded ? running : hash;
    spans.bits[word] = bits;
    tokens.shapes[word] = shape;
    word += 1;
  }
  tokens.count = word;
  tokens.exclamationMarks = exclamationMarks;
  tokens.questionMarks = questionMarks;
  return true;
}

/** Looks every word up and decides whether capitals stand out. */
function nameWords({ vocabulary, spans, tokens }: Cutter, text: string): void {
  const { ids, shapes, count } = tokens;
  const place = { text, from: 0, to: 0 };
  let capitals = 0;
  for (let word = 0; word < count; word += 1) {
    const bits = spans.bits[word] as number;
    if ((bits & (UPPER | LOWER)) === UPPER) {
      capitals += 1;
      shapes[word] = (shapes[word] as number) | ALL_CAPS;
    }
    place.from = spans.froms[word] as number;
    place.to = spans.tos[word] as number;
    let hash = spans.hashes[word] as number;
    if (place.from < 0 || isEmoticonLong(place, bits)) {
      place.from = spans.starts[word] as number;
      place.to = spans.ends[word] as number;
      hash = hashLowered(place);
    }
    if ((bits & ALIEN) !== 0 || place.to - place.from > vocabulary.longest) ids[word] = UNKNOWN;
    else if ((bits & FOREIGN) === 0) ids[word] = vocabulary.idOfAscii(hash, place);
    else ids[word] = vocabulary.idOf(text.slice(place.from, place.to).toLowerCase());
  }
  tokens.capitalsStandOut = capitals > 0 && capitals < count;
}

function bitsAt(characters: CharacterTable, text: string, at: number): number {
  const code = text.charCodeAt(at);
  return (characters.entries[code] || characters.learn(code)) & BITS_MASK;
}

/** Lengths are counted in code points, as Python does. */
function isEmoticonLong({ text, from, to }: Place, bits: number): boolean {
  const units = to - from;
  if (bits < UNUSUAL || units > 2 * EMOTICON_LENGTH) return units <= EMOTICON_LENGTH;
  return Array.from(text.slice(from, to)).length <= EMOTICON_LENGTH;
}

function isContractedNot(text: string, apostrophe: number): boolean {
  const before = text.charCodeAt(apostrophe - 1) | TO_LOWER;
  const after = text.charCodeAt(apostrophe + 1) | TO_LOWER;
  return before === LOWER_N && after === LOWER_T;
}

/** Room for every word that a text of this length can have: each but the last needs a space behind it. */
function reserve(cutter: Cutter, length: number): void {
  const words = (length >> 1) + 1;
  const present = cutter.tokens.ids.length;
  if (words <= present && present <= LARGEST_KEPT) return;
  const capacity = Math.max(FIRST_CAPACITY, words);
  cutter.spans = emptySpans(capacity);
  cutter.tokens = emptyTokens(capacity);
}

function emptySpans(capacity: number): Spans {
  return {
    starts: new Int32Array(capacity),
    ends: new Int32Array(capacity),
    froms: new Int32Array(capacity),
    tos: new Int32Array(capacity),
    hashes: new Int32Array(capacity),
    bits: new Uint8Array(capacity),
  };
}

function emptyTokens(capacity: number): Tokens {
  return {
    count: 0,
    ids: new Int32Array(capacity),
    shapes: new Uint8Array(capacity),
    capitalsStandOut: false,
    exclamationMarks: 0,
    questionMarks: 0,
  };
}
