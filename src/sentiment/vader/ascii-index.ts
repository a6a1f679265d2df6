/** Start and step of the hash; FNV-1a, because it grows by one character at a time. */
export const HASH_START = 0x811c9dc5 | 0;
export const HASH_PRIME = 0x01000193;

/** Where a word stands in a text. */
export interface Place {
  text: string;
  from: number;
  to: number;
}

/** Number of the ASCII word at a place, whatever its case, given the hash of its lower case; 0 for none. */
export type AsciiIndex = (hash: number, place: Place) => number;

/** Called through a constant for speed: see tokens.ts. */
const { charCodeAt } = String.prototype;
const NONE = 0;
const UPPER_A = 65;
const UPPER_Z = 90;
const TO_LOWER = 32;

/**
 * An open-addressing hash table from ASCII words to their numbers, asked with a place in a text instead of a string:
 * cutting every word out and hashing the copy, as a Map would need it, costs most of the time of a whole analysis.
 * @param ids - word in lower case to its number, 1 and up
 */
export function createAsciiIndex(ids: ReadonlyMap<string, number>): AsciiIndex {
  const slots = 1 << Math.ceil(Math.log2(ids.size * 3));
  const mask = slots - 1;
  // Number and hash of a slot lie side by side, so that a look-up touches one line of the cache.
  const table = new Int32Array(2 * slots);
  const words: string[] = [''];
  for (const [word, id] of ids) {
    words[id] = word;
    const hash = hashLowered({ text: word, from: 0, to: word.length });
    let slot = spread(hash) & mask;
    while (table[2 * slot] !== NONE) slot = (slot + 1) & mask;
    table[2 * slot] = id;
    table[2 * slot + 1] = hash;
  }
  return (hash, place) => {
    let slot = spread(hash) & mask;
    for (let id = table[2 * slot] as number; id !== NONE; id = table[2 * slot] as number) {
      if (table[2 * slot + 1] === hash && equalsLowered(words[id] as string, place)) return id;
      slot = (slot + 1) & mask;
    }
    return NONE;
  };
}

/** FNV-1a of text[from, to) with ASCII letters in lower case. */
export function hashLowered({ text, from, to }: Place): number {
  let hash = HASH_START;
  for (let at = from; at < to; at += 1)
    hash = Math.imul(hash ^ lowered(charCodeAt.call(text, at)), HASH_PRIME);
  return hash;
}

/** The low bits of FNV are its weakest, and they choose the slot. */
function spread(hash: number): number {
  return hash ^ (hash >>> 15);
}

function equalsLowered(word: string, { text, from, to }: Place): boolean {
  if (word.length !== to - from) return false;
  for (let at = 0; at < word.length; at += 1) {
    if (charCodeAt.call(word, at) !== lowered(charCodeAt.call(text, from + at))) return false;
  }
  return true;
}

function lowered(code: number): number {
  return code >= UPPER_A && code <= UPPER_Z ? code + TO_LOWER : code;
}
