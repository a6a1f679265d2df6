const FNV_PRIME = 0x01000193;
/** Odd, with bits all over (Wellons' search for integer hashes, public domain). */
const SPREAD = 0x2c1b3c6d;

/** Where the hash of a word begins. */
export const WORD_SEED = 0x811c9dc5 | 0;

/** Takes one more code into a hash (FNV-1a, on UTF-16 code units). */
export function withCode(hash: number, code: number): number {
  return Math.imul(hash ^ code, FNV_PRIME);
}

/** Lets every bit have a say in the highest ones. */
export function spread(hash: number): number {
  return Math.imul(hash ^ (hash >>> 15), SPREAD);
}

/** The hash of a lower-case word, as the word reader gives it. */
export function hashWord(word: string): number {
  let hash = WORD_SEED;
  for (let place = 0; place < word.length; place += 1) hash = withCode(hash, word.charCodeAt(place));
  return spread(hash);
}
