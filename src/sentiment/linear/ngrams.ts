import { CharacterNgrams, NGRAMS_PER_CODE } from './character-ngrams.ts';
import { spread, WORD_SEED } from './hashing.ts';
import { MarketReader } from './market-reader.ts';
import { MOST_CODES, WordReader } from './words.ts';

const BITS = 18;
const BITS_AWAY = 32 - BITS;
/** Buckets of word n-grams come first, as many of character n-grams behind them. */
export const WORD_BUCKETS = 2 ** BITS;
export const BUCKETS = 2 * WORD_BUCKETS;

/** Each word gives itself and its pairs with the word before it and with the one before that, in this order. */
export const NGRAMS_PER_WORD = 3;
/** Behind the words: net direction and first movement of the text; then two n-grams for each movement. */
export const NGRAMS_PER_TEXT = 2;
export const NGRAMS_PER_MOVEMENT = 2;
const MOST_NGRAMS =
  MOST_CODES * (NGRAMS_PER_WORD + NGRAMS_PER_MOVEMENT) +
  NGRAMS_PER_TEXT +
  (2 * MOST_CODES + 2) * NGRAMS_PER_CODE;
const MOST_COUNTED = 255;
const [NET_SEED, FIRST_SEED, MOVEMENT_SEED, MOVEMENTS_SEED] = [
  0x1b873593, 0x68e31da4, 0x3c6ef372, 0x1f83d9ab,
];
const MOVEMENT_RANGE = 8;

const PAIR_FACTOR = 31;
/** "profit … fell": what stands between may be anything. */
const SKIP_FACTOR = 7_919;

/**
 * Reads texts into counted columns. No string is made of any n-gram: hashes roll over character codes. All arrays are
 * used again for the next text.
 */
export class NgramReader {
  readonly words = new WordReader();
  readonly market = new MarketReader();
  /** The different columns in the order in which they turned up, those of words first. */
  readonly columns = new Int32Array(MOST_NGRAMS);
  /** How many columns there are, and how many of them are of words. */
  columnCount = 0;
  wordColumnCount = 0;
  /** Of each column, how often it turned up, at most 255; 0 for all others. */
  readonly counts: Uint8Array;
  /**
   * The column of every n-gram, -1 where it is left out: `NGRAMS_PER_WORD` for each word, `NGRAMS_PER_TEXT`,
   * `NGRAMS_PER_MOVEMENT` for each movement, then those of characters word by word.
   */
  readonly ngrams = new Int32Array(MOST_NGRAMS);
  /** Where in `ngrams` the character n-grams of each word end. */
  readonly characterEnds = new Int32Array(MOST_CODES);
  readonly #columnOfBucket: Int32Array;
  readonly #characters: CharacterNgrams;
  #ngramCount = 0;

  /** @param columnOfBucket - shape (BUCKETS), -1 for a bucket that says nothing */
  constructor(columnOfBucket: Int32Array, columns: number) {
    this.#columnOfBucket = columnOfBucket;
    this.counts = new Uint8Array(columns);
    this.#characters = new CharacterNgrams(columnOfBucket, {
      first: WORD_BUCKETS,
      bits: BITS,
      longest: MOST_CODES,
    });
  }

  read(text: string): void {
    for (let place = 0; place < this.columnCount; place += 1) this.counts[this.columns[place] ?? 0] = 0;
    this.columnCount = 0;
    this.#ngramCount = 0;
    this.words.read(text);
    this.#addWords();
    this.#addMarket();
    this.wordColumnCount = this.columnCount;
    this.#addCharacters();
  }

  #addWords(): void {
    const { count, hashes } = this.words;
    let before = WORD_SEED;
    let beforeThat = WORD_SEED;
    for (let word = 0; word < count; word += 1) {
      const hash = hashes[word] ?? 0;
      this.#add(bucketOf(hash));
      this.#add(bucketOf(Math.imul(before, PAIR_FACTOR) + hash));
      this.#add(bucketOf(Math.imul(beforeThat, SKIP_FACTOR) + hash));
      beforeThat = before;
      before = hash;
    }
  }

  /** What the whole text says, then what each movement says, alone and after the one before. */
  #addMarket(): void {
    const { market } = this;
    market.read(this.words);
    this.#add(bucketOf(NET_SEED + market.net));
    this.#add(bucketOf(FIRST_SEED + (market.count === 0 ? 0 : 1 + (market.movements[0] ?? 0))));
    let before = 0;
    for (let place = 0; place < market.count; place += 1) {
      const movement = 1 + (market.movements[place] ?? 0);
      this.#add(bucketOf(MOVEMENT_SEED + movement));
      this.#add(bucketOf(MOVEMENTS_SEED + MOVEMENT_RANGE * before + movement));
      before = movement;
    }
  }

  #addCharacters(): void {
    const found = this.#characters;
    for (let word = 0; word < this.words.count; word += 1) {
      found.read(this.words, word);
      for (let place = found.from; place < found.to; place += 1) this.#addColumn(found.columns[place] ?? 0);
      this.characterEnds[word] = this.#ngramCount;
    }
  }

  #add(bucket: number): void {
    const column = this.#columnOfBucket[bucket] ?? -1;
    if (column < 0) this.ngrams[this.#ngramCount++] = column;
    else this.#addColumn(column);
  }

  #addColumn(column: number): void {
    this.ngrams[this.#ngramCount++] = column;
    const count = this.counts[column] ?? 0;
    if (count === 0) this.columns[this.columnCount++] = column;
    if (count < MOST_COUNTED) this.counts[column] = count + 1;
  }
}

/** Every bucket is its own column: for reading what is to be learnt from. */
export function everyBucket(): Int32Array {
  return new Int32Array(BUCKETS).map((_, bucket) => bucket);
}

function bucketOf(hash: number): number {
  return spread(hash) >>> BITS_AWAY;
}
