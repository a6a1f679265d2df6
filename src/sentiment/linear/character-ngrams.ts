import { spread, withCode } from './hashing.ts';
import type { WordReader } from './words.ts';

/** Character n-grams have 2 to 5 characters and lie within a word and the gaps on both its sides. */
const LONGEST = 5;
/** At most so many n-grams begin at a character. */
export const NGRAMS_PER_CODE = LONGEST - 1;
/** With its gaps a word of one character has nothing but itself to say. */
const SHORTEST_PADDED = 4;
const SEED = 0x2545f491;
const HASH_BITS = 32;

/** Words come back: the columns of each are kept in the one place that its hash gives it. */
const PLACE_BITS = 14;
const PLACES = 2 ** PLACE_BITS;
const KEPT_CODES = 2 ** 18;
const KEPT_COLUMNS = 2 ** 19;
/** Longer words are rare, and read anew each time. */
const LONGEST_KEPT = 32;

/** Columns of the character n-grams of one word after another. */
export class CharacterNgrams {
  /** Those of the word that was read last: columns[from] .. columns[to - 1], without what says nothing. */
  columns: Int32Array;
  from = 0;
  to = 0;
  readonly #columnOfBucket: Int32Array;
  readonly #firstBucket: number;
  readonly #bitsAway: number;
  readonly #scratch: Int32Array;
  readonly #kept = new Int32Array(KEPT_COLUMNS);
  readonly #keptCodes = new Uint16Array(KEPT_CODES);
  /** By place: where codes and columns begin, and how many there are of each; no codes: nothing is kept there. */
  readonly #codesAt = new Int32Array(PLACES);
  readonly #codeCount = new Uint8Array(PLACES);
  readonly #columnsAt = new Int32Array(PLACES);
  readonly #columnCount = new Int32Array(PLACES);
  #codesFilled = 0;
  #columnsFilled = 0;

  /**
   * @param columnOfBucket - -1 for a bucket that says nothing
   * @param first - the first of the 2 ** bits buckets that are for character n-grams
   */
  constructor(
    columnOfBucket: Int32Array,
    { first, bits, longest }: { first: number; bits: number; longest: number },
  ) {
    this.#columnOfBucket = columnOfBucket;
    this.#firstBucket = first;
    this.#bitsAway = HASH_BITS - bits;
    this.#scratch = new Int32Array((longest + 2) * NGRAMS_PER_CODE);
    this.columns = this.#scratch;
  }

  /** Reads a word of the text that was read last. */
  read(words: WordReader, word: number): void {
    const length = (words.ends[word] ?? 0) - (words.starts[word] ?? 0);
    if (length > LONGEST_KEPT) {
      this.columns = this.#scratch;
      this.from = 0;
      this.to = this.#writeColumns(this.#scratch, 0, { words, word });
      return;
    }
    const place = (words.hashes[word] ?? 0) >>> (HASH_BITS - PLACE_BITS);
    if (!this.#holds(place, words, word)) this.#keep(place, words, word);
    this.columns = this.#kept;
    this.from = this.#columnsAt[place] ?? 0;
    this.to = this.from + (this.#columnCount[place] ?? 0);
  }

  /** Compared code by code: two words may have one hash, and no score may depend on what was read before. */
  #holds(place: number, { codes, starts, ends }: WordReader, word: number): boolean {
    const start = starts[word] ?? 0;
    const end = ends[word] ?? 0;
    if (this.#codeCount[place] !== end - start) return false;
    const at = this.#codesAt[place] ?? 0;
    for (let code = start; code < end; code += 1) {
      if (this.#keptCodes[at + code - start] !== codes[code]) return false;
    }
    return true;
  }

  #keep(place: number, words: WordReader, word: number): void {
    const start = words.starts[word] ?? 0;
    const end = words.ends[word] ?? 0;
    const most = (LONGEST_KEPT + 2) * NGRAMS_PER_CODE;
    if (this.#codesFilled + LONGEST_KEPT > KEPT_CODES || this.#columnsFilled + most > KEPT_COLUMNS) {
      this.#codeCount.fill(0);
      this.#codesFilled = 0;
      this.#columnsFilled = 0;
    }
    this.#codesAt[place] = this.#codesFilled;
    this.#codeCount[place] = end - start;
    for (let code = start; code < end; code += 1)
      this.#keptCodes[this.#codesFilled++] = words.codes[code] ?? 0;
    const filled = this.#writeColumns(this.#kept, this.#columnsFilled, { words, word });
    this.#columnsAt[place] = this.#columnsFilled;
    this.#columnCount[place] = filled - this.#columnsFilled;
    this.#columnsFilled = filled;
  }

  /** The hash rolls on from each n-gram to the one that is a character longer. @returns where the columns end */
  #writeColumns(into: Int32Array, at: number, { words, word }: { words: WordReader; word: number }): number {
    const { codes } = words;
    const start = (words.starts[word] ?? 0) - 1;
    const end = (words.ends[word] ?? 0) + 1;
    if (end - start < SHORTEST_PADDED) return at;
    let filled = at;
    for (let from = start; from < end - 1; from += 1) {
      const last = Math.min(end, from + LONGEST);
      let hash = withCode(SEED, codes[from] ?? 0);
      for (let place = from + 1; place < last; place += 1) {
        hash = withCode(hash, codes[place] ?? 0);
        const column = this.#columnOfBucket[this.#firstBucket + (spread(hash) >>> this.#bitsAway)] ?? -1;
        if (column >= 0) into[filled++] = column;
      }
    }
    return filled;
  }
}
