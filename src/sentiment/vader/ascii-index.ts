import * as characterFacts from './characters.ts';

/**
 * Constants of this file's own: V8 folds these into the code and reads imported ones anew at every use. Measured, that
 * is a fifth of the time of a whole analysis.
 */
const { ASCII_END, HASHED_CODES } = characterFacts;

/** Start and step of the hash; FNV-1a, because it grows by one character at a time. */
export const HASH_START = 0x811c9dc5 | 0;
export const HASH_PRIME = 0x01000193;

/** Where a word stands in a text. */
export interface Place {
  text: string;
  from: number;
  to: number;
}

/** ASCII words by number, to be asked with a place in a text instead of a string. Plain data: see `candidateOf`. */
export interface AsciiIndex {
  /** One bit for each value of the hash's upper half: whether any word has it. */
  readonly filter: Int32Array;
  /** Number and hash of a slot lie side by side, so that a look-up touches one line of the cache. */
  readonly table: Int32Array;
  readonly mask: number;
  /** By number. */
  readonly words: readonly string[];
  /** The next word with the same hash. */
  readonly sameHash: ReadonlyMap<number, number>;
}

/** Called through a constant for speed: see tokens.ts. */
const { charCodeAt } = String.prototype;
export const NONE = 0;
/** 65,536 bits, chosen by the upper sixteen of a hash: eleven for the place, five for the bit. */
const FILTER_WORDS = 2_048;
const FILTER_SHIFT = 21;
const BIT_SHIFT = 16;

/**
 * An open-addressing hash table. Cutting every word out and hashing the copy, as a Map would need it, costs most of the
 * time of a whole analysis.
 * @param ids - word in lower case to its number, 1 and up
 */
export function createAsciiIndex(ids: ReadonlyMap<string, number>): AsciiIndex {
  const slots = 1 << Math.ceil(Math.log2(Math.max(2, ids.size) * 3));
  const mask = slots - 1;
  const table = new Int32Array(2 * slots);
  const filter = new Int32Array(FILTER_WORDS);
  const words: string[] = [''];
  const sameHash = new Map<number, number>();
  for (const [word, id] of ids) {
    // Texts are looked up in lower case: the reference never finds an emoticon with a capital.
    if (word !== word.toLowerCase()) continue;
    words[id] = word;
    const hash = hashLowered({ text: word, from: 0, to: word.length });
    let slot = spread(hash) & mask;
    while (table[2 * slot] !== NONE && table[2 * slot + 1] !== hash) slot = (slot + 1) & mask;
    const before = table[2 * slot] as number;
    if (before !== NONE) sameHash.set(id, before);
    const bit = (hash >>> BIT_SHIFT) & 31;
    filter[hash >>> FILTER_SHIFT] = (filter[hash >>> FILTER_SHIFT] as number) | (1 << bit);
    table[2 * slot] = id;
    table[2 * slot + 1] = hash;
  }
  return { filter, table, mask, words, sameHash };
}

/**
 * Number of the first word with a hash, NONE for most. Whether it is the very word, `confirm` tells. The filter fits
 * the fastest cache and answers for most words of a text. A function of data, not of a closure: as soon as there were
 * two indices, their closures would no longer be inlined.
 */
export function candidateOf({ filter, table, mask }: AsciiIndex, hash: number): number {
  if ((((filter[hash >>> FILTER_SHIFT] as number) >>> (hash >>> BIT_SHIFT)) & 1) === 0) return NONE;
  let slot = spread(hash) & mask;
  for (;;) {
    const id = table[2 * slot] as number;
    if (id === NONE || table[2 * slot + 1] === hash) return id;
    slot = (slot + 1) & mask;
  }
}

/** The candidate, or another word with its hash, if that is what stands at the place, whatever its case; else NONE. */
export function confirm({ words, sameHash }: AsciiIndex, candidate: number, place: Place): number {
  let id = candidate;
  while (id !== NONE && !equalsLowered(words[id] as string, place)) id = sameHash.get(id) ?? NONE;
  return id;
}

/** FNV-1a of text[from, to) with ASCII letters in lower case. */
export function hashLowered({ text, from, to }: Place): number {
  let hash = HASH_START;
  for (let at = from; at < to; at += 1) hash = Math.imul(hash ^ hashedCode(text, at), HASH_PRIME);
  return hash;
}

/** The low bits of FNV are its weakest, and they choose the slot. */
function spread(hash: number): number {
  return hash ^ (hash >>> 15);
}

function equalsLowered(word: string, { text, from, to }: Place): boolean {
  if (word.length !== to - from) return false;
  for (let at = 0; at < word.length; at += 1) {
    if (hashedCode(word, at) !== hashedCode(text, from + at)) return false;
  }
  return true;
}

/** Codes beyond ASCII stay as they are; no two different lowered characters share a result. */
function hashedCode(text: string, at: number): number {
  const code = charCodeAt.call(text, at);
  return code < ASCII_END ? (HASHED_CODES[code] as number) : code << 8;
}
