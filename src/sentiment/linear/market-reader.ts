import { hashWord } from './hashing.ts';
import { FALLS, listMarketWords, NEGATES, RISES, UNWELCOME, WELCOME } from './market-words.ts';
import { MOST_CODES, type WordReader } from './words.ts';

/** A negation turns around what stands at most so many words behind it. */
const NEGATION_REACH = 3;
/** What rises or falls stands at most so many words away. */
const NOUN_REACH = 4;
/** More on one side is no more of a direction. */
const MOST_NET = 3;
/** Open addressing: a power of two, four times as many slots as there are words. */
const FILL = 4;

/** What moved, of a direction: something unnamed, welcome, or unwelcome. */
const [SOMETHING, A_GOOD, AN_EVIL] = [0, 1, 2];
/** Different movements: two directions of three kinds of things. */
const KINDS_OF_THINGS = 3;

/** Words that say which way something went; arrays are used again for the next text. */
export class MarketReader {
  /** Of each movement the word that tells it, and what it is: direction * 3 + thing, 0 .. 5. */
  readonly words = new Int32Array(MOST_CODES);
  readonly movements = new Uint8Array(MOST_CODES);
  count = 0;
  /** More rises than falls (at most 3) or fewer (at least -3). */
  net = 0;
  readonly #kinds = new Uint8Array(MOST_CODES);
  readonly #known = wordTable();

  read(words: WordReader): void {
    this.count = 0;
    let net = 0;
    for (let word = 0; word < words.count; word += 1)
      this.#kinds[word] = this.#known(words.hashes[word] ?? 0);
    for (let word = 0; word < words.count; word += 1) {
      const kind = this.#kinds[word] ?? 0;
      if ((kind & (RISES | FALLS)) === 0) continue;
      // A word that can do both, such as "top" in a list of losers, is taken as a rise.
      const rises = ((kind & RISES) !== 0) !== this.#isNegated(word);
      net += rises ? 1 : -1;
      this.words[this.count] = word;
      this.movements[this.count] = (rises ? KINDS_OF_THINGS : 0) + this.#thingAt(word, words.count);
      this.count += 1;
    }
    this.net = Math.max(-MOST_NET, Math.min(MOST_NET, net));
  }

  #isNegated(word: number): boolean {
    let isNegated = false;
    for (let before = Math.max(0, word - NEGATION_REACH); before < word; before += 1) {
      if (((this.#kinds[before] ?? 0) & NEGATES) !== 0) isNegated = !isNegated;
    }
    return isNegated;
  }

  /** The nearest thing that has a value, the one before where two are as near. */
  #thingAt(word: number, count: number): number {
    for (let away = 1; away <= NOUN_REACH; away += 1) {
      const before = word - away >= 0 ? (this.#kinds[word - away] ?? 0) : 0;
      const behind = word + away < count ? (this.#kinds[word + away] ?? 0) : 0;
      for (const kind of [before, behind]) {
        if ((kind & UNWELCOME) !== 0) return AN_EVIL;
        if ((kind & WELCOME) !== 0) return A_GOOD;
      }
    }
    return SOMETHING;
  }
}

/** Looks a word up by its hash; 0 for a word that is not listed. */
function wordTable(): (hash: number) => number {
  const listed = listMarketWords();
  const size = 2 ** Math.ceil(Math.log2(listed.size * FILL));
  const hashes = new Int32Array(size);
  const kinds = new Uint8Array(size);
  const placeOf = (hash: number) => {
    let place = hash & (size - 1);
    while (kinds[place] !== 0 && hashes[place] !== hash) place = (place + 1) & (size - 1);
    return place;
  };
  for (const [word, kind] of listed) {
    const hash = hashWord(word);
    const place = placeOf(hash);
    hashes[place] = hash;
    kinds[place] = kind;
  }
  return (hash) => kinds[placeOf(hash)] ?? 0;
}
