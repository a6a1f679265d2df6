/**
 * What Python's `split()`, `isupper()` and `string.punctuation` say about a character, as bits. Kept for UTF-16 code
 * units, filled in as they turn up: most texts need a few dozen of 65,536.
 */
export const SPACE = 1;
export const PUNCTUATION = 2;
/** Lower or title case: one such character and a word is not all capitals. */
export const LOWER = 4;
export const UPPER = 8;
export const CASELESS = 16;
/** Not ASCII, but lowered it may be part of a known word: needs Unicode's rules. */
export const FOREIGN = 32;
/** Stands in no known word. */
export const ALIEN = 64;
/** Half of a surrogate pair, or possibly an emoji: needs a look at the whole code point. The highest bit. */
export const UNUSUAL = 128;

/** An entry of the table holds the bits, and above them what the hash of a word takes of the character. */
export const BITS_MASK = 0xff;
export const HASHED_SHIFT = 8;
/** In an entry: the character simply belongs to a word. */
export const WORD_CHARACTER = 0x8000;
/** The same in a hashed code. */
export const WORD_FLAG = WORD_CHARACTER >>> HASHED_SHIFT;

export const ASCII_END = 0x80;
const PUNCTUATION_MARKS = '!"#$%&\'()*+,-./:;<=>?@[\\]^_`{|}~';
/** `str.isspace()` of Python; JavaScript's own idea of white space lacks five of these and has U+FEFF. */
const SPACES =
  '\t\n\v\f\r\x1c\x1d\x1e\x1f \x85\xa0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a' +
  '\u2028\u2029\u202f\u205f\u3000';
const LOWER_OR_TITLE = /^[\p{Lowercase}\p{Lt}]/u;
const UPPERCASE = /^\p{Uppercase}/u;

/** In lower case, with a flag that tells the characters of words from punctuation and space; for the hash of words. */
export const HASHED_CODES = Uint8Array.from({ length: ASCII_END }, (_, code) => {
  const character = String.fromCharCode(code);
  const isWordCharacter = caseBits(character) > PUNCTUATION;
  return character.toLowerCase().charCodeAt(0) | (isWordCharacter ? WORD_FLAG : 0);
});

/** What is known of each code unit; 0 stands for "not asked yet". */
export interface CharacterTable {
  readonly entries: Uint16Array;
  /** Finds an entry out and writes it down. */
  learn(code: number): number;
}

/**
 * An empty table.
 * @param alphabet - all characters of all known words, in lower case
 * @param emoji - description by code point
 */
export function createCharacterTable(
  alphabet: ReadonlySet<string>,
  emoji: ReadonlyMap<number, string>,
): CharacterTable {
  const entries = new Uint16Array(0x10000);
  const learn = (code: number) => {
    const character = String.fromCharCode(code);
    let bits = code >= 0xd800 && code <= 0xdfff ? CASELESS | ALIEN | UNUSUAL : caseBits(character);
    if (code >= ASCII_END && bits !== SPACE) {
      bits |= [...character.toLowerCase()].every((lowered) => alphabet.has(lowered)) ? FOREIGN : ALIEN;
      if (emoji.has(code)) bits |= UNUSUAL;
    }
    const isPlain = bits > PUNCTUATION && bits < UNUSUAL;
    const above =
      code < ASCII_END ? (HASHED_CODES[code] as number) << HASHED_SHIFT : isPlain ? WORD_CHARACTER : 0;
    entries[code] = bits | above;
    return bits | above;
  };
  return { entries, learn };
}

/** Space, punctuation or case of a character given as text (one code point). */
export function caseBits(character: string): number {
  if (SPACES.includes(character)) return SPACE;
  if (PUNCTUATION_MARKS.includes(character)) return PUNCTUATION;
  if (LOWER_OR_TITLE.test(character)) return LOWER;
  return UPPERCASE.test(character) ? UPPER : CASELESS;
}
