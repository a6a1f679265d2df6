import { createRandom } from '../../core/index.ts';
import { WordReader } from './words.ts';

/** Rows to learn from and rows to be judged on, by their number. */
export interface Split {
  train: Uint32Array;
  held: Uint32Array;
}

/** MinHash: texts that agree in all hashes of one band are taken for copies of each other. */
const BANDS = 5;
const HASHES_PER_BAND = 4;
/** Shares of the rows, oldest first, at which a held-out part begins; it ends where the next one begins. */
const TIME_CUTS = [0.4, 0.6, 0.8];

/**
 * Splits rows so that no text, nor a near-duplicate of it, is on both sides. Where every row has a time, each held-out
 * part is newer than what it is judged by; else every row is held out once.
 * @param folds - held-out parts where times are not known
 */
export function splitRows(
  rows: readonly { text: string; at?: number }[],
  { folds, seed }: { folds: number; seed: number },
): Split[] {
  const groups = groupCopies(rows.map(({ text }) => text));
  const times = rows.map(({ at }) => at);
  const foldOfRow = times.every((at) => at !== undefined)
    ? partByTime(times)
    : foldByGroup(groups, { folds, seed });
  const isTimed = foldOfRow.includes(-1);
  const many = foldOfRow.reduce((most, fold) => Math.max(most, fold + 1), 0);
  return Array.from({ length: many }, (_, fold) => {
    const numbers = rows.map((_row, row) => row);
    const held = numbers.filter((row) => foldOfRow[row] === fold);
    const groupsHeld = new Set(held.map((row) => groups[row]));
    const train = numbers.filter((row) => {
      const other = foldOfRow[row] ?? 0;
      return (isTimed ? other < fold : other !== fold) && !groupsHeld.has(groups[row]);
    });
    return { train: Uint32Array.from(train), held: Uint32Array.from(held) };
  }).filter(({ train, held }) => train.length > 0 && held.length > 0);
}

/**
 * Finds texts that are the same but for numbers, links, names, tickers or a few words.
 * @returns for each text the number of the first text of its group
 * @see Broder (1997), On the resemblance and containment of documents
 */
export function groupCopies(texts: readonly string[]): Uint32Array {
  const reader = new WordReader();
  const parent = Uint32Array.from(texts, (_, row) => row);
  const find = (row: number): number => {
    let root = row;
    while (parent[root] !== root) root = parent[root] ?? root;
    parent[row] = root;
    return root;
  };
  const seen = new Map<string, number>();
  const factors = Int32Array.from(
    { length: BANDS * HASHES_PER_BAND },
    (_, place) =>
      // Odd, so that no two shingles become one.
      Math.imul(place + 1, 0x9e3779b1) | 1,
  );
  for (const [row, text] of texts.entries()) {
    const least = signatureOf(shinglesOf(reader, text), factors);
    for (let band = 0; band < BANDS; band += 1) {
      const key = `${band}:${least.subarray(band * HASHES_PER_BAND, (band + 1) * HASHES_PER_BAND).join()}`;
      const earlier = seen.get(key);
      if (earlier === undefined) seen.set(key, row);
      else join(parent, find(earlier), find(row));
    }
  }
  return parent.map((_, row) => find(row));
}

function join(parent: Uint32Array, left: number, right: number): void {
  parent[Math.max(left, right)] = Math.min(left, right);
}

/** Hashes of pairs of neighbouring words; what is no letter is passed over. A text of one word is that word. */
function shinglesOf(reader: WordReader, text: string): Int32Array {
  reader.read(text);
  const shingles: number[] = [];
  let before = 0;
  for (let word = 0; word < reader.count; word += 1) {
    if (!reader.isLetters(word)) continue;
    const hash = reader.hashes[word] ?? 0;
    shingles.push(Math.imul(before, 31) + hash);
    before = hash;
  }
  // The first pair has no first word: it would make all texts alike that begin with the same word.
  return Int32Array.from(shingles.length > 1 ? shingles.slice(1) : shingles);
}

function signatureOf(shingles: Int32Array, factors: Int32Array): Int32Array {
  const least = new Int32Array(factors.length).fill(0x7fffffff);
  for (const shingle of shingles) {
    for (let place = 0; place < factors.length; place += 1) {
      let hash = Math.imul(shingle ^ (shingle >>> 15), factors[place] ?? 1);
      hash = Math.imul(hash ^ (hash >>> 13), 0x85ebca6b);
      hash ^= hash >>> 16;
      if (hash < (least[place] ?? 0)) least[place] = hash;
    }
  }
  return least;
}

/** -1: older than every held-out part. */
function partByTime(times: readonly (number | undefined)[]): Int32Array {
  const byAge = times.map((_, row) => row).sort((a, b) => (times[a] ?? 0) - (times[b] ?? 0) || a - b);
  const parts = new Int32Array(times.length);
  byAge.forEach((row, age) => {
    parts[row] = TIME_CUTS.filter((cut) => age >= cut * times.length).length - 1;
  });
  return parts;
}

/** Whole groups in the dice's order, each to the fold that is the smallest so far. */
function foldByGroup(groups: Uint32Array, { folds, seed }: { folds: number; seed: number }): Int32Array {
  const random = createRandom(seed);
  const sizes = new Map<number, number>();
  for (const group of groups) sizes.set(group, (sizes.get(group) ?? 0) + 1);
  const order = [...sizes].map(([group, size]) => ({ group, size, key: random.uniform() }));
  order.sort((a, b) => a.key - b.key);
  const filled = new Array<number>(folds).fill(0);
  const foldOfGroup = new Map<number, number>();
  for (const { group, size } of order) {
    const fold = filled.indexOf(Math.min(...filled));
    filled[fold] = (filled[fold] ?? 0) + size;
    foldOfGroup.set(group, fold);
  }
  return Int32Array.from(groups, (group) => foldOfGroup.get(group) ?? 0);
}
