import { spread, withCode, WORD_SEED } from './hashing.ts';
import { DIGIT, HIGH_SURROGATE, kindOf, LETTER, lowerOf, MARK, NOTHING } from './characters.ts';

/** Longer texts are read up to here, in UTF-16 code units: a bound on time and memory for hostile input. */
export const MOST_CODES = 16_384;

/** The code that stands on both sides of every word. */
const GAP = 0x20;
const ZERO = 0x30;
/** Codes of the private use area stand for what is read as a kind of thing, not as itself. */
const LINK = 0xe000;
const USER = 0xe001;
const TICKER = 0xe002;

const [DOLLAR, AT, COMMA, POINT, APOSTROPHE, PLUS, MINUS] = [0x24, 0x40, 0x2c, 0x2e, 0x27, 0x2b, 0x2d];
const UNDERSCORE = 0x5f;
const CURLY_APOSTROPHE = 0x2019;
const SMALL_H = 0x68;
const LINK_STARTS = ['http://', 'https://'];

/**
 * Splits texts into words in one pass and without making strings. A number is "0", joined to the sign right before it; a
 * link, a user's name and a ticker's dollar are one code each, for it is their kind that carries over to new texts; a
 * ticker's letters follow as a word. A mark such as % or an emoji is a word.
 */
export class WordReader {
  /** Lower-case codes of the words, a gap before and after each. */
  readonly codes = new Uint16Array(2 * MOST_CODES + 2);
  /** Where each word begins and ends in `codes`, without the gaps. */
  readonly starts = new Int32Array(MOST_CODES);
  readonly ends = new Int32Array(MOST_CODES);
  /** The hash of each word's codes. */
  readonly hashes = new Int32Array(MOST_CODES);
  /** Where each word begins and ends in the text. */
  readonly from = new Int32Array(MOST_CODES);
  readonly to = new Int32Array(MOST_CODES);
  /** Words of the text that was read last; the arrays are used again for the next one. */
  count = 0;
  #filled = 0;

  read(text: string): void {
    const length = Math.min(text.length, MOST_CODES);
    this.count = 0;
    this.#filled = 0;
    this.codes[this.#filled++] = GAP;
    let place = 0;
    while (place < length) place = this.#readAt(text, place, length);
  }

  /** False for numbers, marks, links, names. */
  isLetters(word: number): boolean {
    return kindOf(this.codes[this.starts[word] ?? 0] ?? 0) === LETTER;
  }

  /** Reads what begins here. @returns where the next begins */
  #readAt(text: string, at: number, length: number): number {
    const code = text.charCodeAt(at);
    const kind = kindOf(code);
    if (kind === LETTER) {
      const isLink = code === SMALL_H && isLinkAt(text, at);
      return isLink ? this.#add(LINK, at, endOfLink(text, at, length)) : this.#readLetters(text, at, length);
    }
    if (kind === DIGIT) return this.#readNumber(text, at, length);
    if (code === AT && kindOf(text.charCodeAt(at + 1)) === LETTER) {
      return this.#add(USER, at, endOfName(text, at + 1, length));
    }
    if (kind === MARK) {
      const isTicker = code === DOLLAR && kindOf(text.charCodeAt(at + 1)) === LETTER;
      return this.#add(isTicker ? TICKER : code, at, at + 1);
    }
    return kind === HIGH_SURROGATE ? this.#readPair(text, at) : at + 1;
  }

  #readLetters(text: string, at: number, length: number): number {
    this.#open(at);
    let place = at;
    for (; place < length; place += 1) {
      const code = text.charCodeAt(place);
      const kind = kindOf(code);
      if (kind === LETTER) this.codes[this.#filled++] = lowerOf(code);
      else if (kind === NOTHING) continue;
      else if (isApostrophe(code) && kindOf(text.charCodeAt(place + 1)) === LETTER) {
        this.codes[this.#filled++] = APOSTROPHE;
      } else break;
    }
    return this.#close(place);
  }

  #readNumber(text: string, at: number, length: number): number {
    let place = at + 1;
    for (; place < length; place += 1) {
      const code = text.charCodeAt(place);
      if (kindOf(code) === DIGIT) continue;
      const isJoint = code === COMMA || code === POINT;
      if (!isJoint || kindOf(text.charCodeAt(place + 1)) !== DIGIT) break;
    }
    const before = this.count - 1;
    const sign = this.codes[this.starts[before] ?? 0];
    if (before < 0 || this.to[before] !== at || (sign !== PLUS && sign !== MINUS))
      return this.#add(ZERO, at, place);
    // The sign was read as a word of its own: that word goes on.
    this.count = before;
    this.#filled = this.ends[before] ?? 0;
    this.codes[this.#filled++] = ZERO;
    return this.#close(place);
  }

  #readPair(text: string, at: number): number {
    const high = text.charCodeAt(at);
    const low = text.charCodeAt(at + 1);
    if (!(low >= 0xdc00 && low <= 0xdfff)) return at + 1;
    // A skin tone changes nothing of what is said.
    if (high === 0xd83c && low >= 0xdffb) return at + 2;
    this.#open(at);
    this.codes[this.#filled++] = high;
    this.codes[this.#filled++] = low;
    return this.#close(at + 2);
  }

  /** A word of one code. */
  #add(code: number, from: number, to: number): number {
    this.#open(from);
    this.codes[this.#filled++] = code;
    return this.#close(to);
  }

  #open(at: number): void {
    this.starts[this.count] = this.#filled;
    this.from[this.count] = at;
  }

  #close(at: number): number {
    let hash = WORD_SEED;
    for (let place = this.starts[this.count] ?? 0; place < this.#filled; place += 1) {
      hash = withCode(hash, this.codes[place] ?? 0);
    }
    this.hashes[this.count] = spread(hash);
    this.ends[this.count] = this.#filled;
    this.to[this.count] = at;
    this.codes[this.#filled++] = GAP;
    this.count += 1;
    return at;
  }
}

function isApostrophe(code: number): boolean {
  return code === APOSTROPHE || code === CURLY_APOSTROPHE;
}

function isLinkAt(text: string, at: number): boolean {
  return LINK_STARTS.some((start) => text.startsWith(start, at));
}

function endOfLink(text: string, at: number, length: number): number {
  let place = at;
  while (place < length && text.charCodeAt(place) > GAP) place += 1;
  return place;
}

function endOfName(text: string, at: number, length: number): number {
  let place = at;
  for (; place < length; place += 1) {
    const code = text.charCodeAt(place);
    const kind = kindOf(code);
    if (kind !== LETTER && kind !== DIGIT && code !== UNDERSCORE) break;
  }
  return place;
}
