/** Texts that share more of their shingles than this are one text told twice; tried in near-duplicates.test.ts. */
const SIMILARITY = 0.6;
/** Products that are whole by definition must not become so much more than whole. */
const ROUNDING = 1e-9;
/** Neighbouring words that make a shingle. */
const SHINGLE_WORDS = 2;
const LINK = /(?:https?:\/\/|www\.)\S+/giu;
const NUMBER = /\p{N}+(?:[.,]\p{N}+)*/gu;
const WORD = /[\p{L}\p{M}\p{N}]+|\p{Extended_Pictographic}/gu;

/**
 * What two tellings of the same text have in common: words in lower case and one form (NFKC), without links and
 * punctuation; every number is 0, because a template with other numbers is no new text.
 * @returns words with a space between them; the trimmed text itself where there is no word in it
 */
export function normaliseText(text: string): string {
  const words = text.normalize('NFKC').toLowerCase().replace(LINK, ' ').replace(NUMBER, '0').match(WORD);
  return words === null ? text.trim() : words.join(' ');
}

/**
 * Groups texts that are near-duplicates, and what is a near-duplicate of those: two texts are when the Jaccard index of
 * their pairs of neighbouring words is at least 0.6. Exact: pairs are found by the prefix filter, which misses none,
 * and each is verified.
 * @param texts - shape (n)
 * @returns a group for each text, numbered 0, 1, 2, … by first appearance, shape (n)
 * @see Chaudhuri, Ganti, Kaushik (2006), A Primitive Operator for Similarity Joins in Data Cleaning; Bayardo, Ma, Srikant (2007), Scaling Up All Pairs Similarity Search
 * @example nearDuplicates(['Bitcoin falls below 60k', 'Ether rises', 'BITCOIN falls below 61k!']) // 0, 1, 0
 */
export function nearDuplicates(texts: readonly string[]): Uint32Array {
  const places = new Map<string, number>();
  const placeOfText = texts.map((text) => {
    const key = normaliseText(text);
    const place = places.get(key) ?? places.size;
    places.set(key, place);
    return place;
  });
  const groups = createGroups(places.size);
  joinSimilar(shinglesOf([...places.keys()]), groups);
  const numbers = new Map<number, number>();
  return Uint32Array.from(placeOfText, (place) => {
    const root = groups.rootOf(place);
    const number = numbers.get(root) ?? numbers.size;
    numbers.set(root, number);
    return number;
  });
}

interface Groups {
  rootOf(place: number): number;
  join(left: number, right: number): void;
}

/** Union-find with path halving; the smaller place is the root. */
function createGroups(count: number): Groups {
  const parents = Uint32Array.from({ length: count }, (_, place) => place);
  const parentOf = (place: number) => parents[place] ?? place;
  const rootOf = (place: number) => {
    let at = place;
    while (parentOf(at) !== at) {
      parents[at] = parentOf(parentOf(at));
      at = parentOf(at);
    }
    return at;
  };
  return {
    rootOf,
    join(left, right) {
      const [one, other] = [rootOf(left), rootOf(right)];
      parents[Math.max(one, other)] = Math.min(one, other);
    },
  };
}

/** The shingles of each text as a set of numbers, the rarest (highest) first. */
function shinglesOf(keys: readonly string[]): Uint32Array[] {
  const numbers = new Map<string, number>();
  const counts: number[] = [];
  const sets = keys.map((key) => {
    const set = new Set(shinglesIn(key).map((shingle) => numberOf(shingle, numbers)));
    for (const shingle of set) counts[shingle] = (counts[shingle] ?? 0) + 1;
    return set;
  });
  const byCommonness = [...counts.keys()].sort((a, b) => (counts[b] ?? 0) - (counts[a] ?? 0) || a - b);
  const ranks = new Uint32Array(counts.length);
  for (const [rank, shingle] of byCommonness.entries()) ranks[shingle] = rank;
  return sets.map((set) =>
    Uint32Array.from(set, (shingle) => ranks[shingle] ?? 0)
      .sort()
      .reverse(),
  );
}

function shinglesIn(key: string): string[] {
  const words = key.split(' ');
  if (words.length <= SHINGLE_WORDS) return [key];
  return words.slice(SHINGLE_WORDS - 1).map((_, at) => words.slice(at, at + SHINGLE_WORDS).join(' '));
}

function numberOf(shingle: string, numbers: Map<string, number>): number {
  const known = numbers.get(shingle);
  if (known !== undefined) return known;
  numbers.set(shingle, numbers.size);
  return numbers.size - 1;
}

/**
 * Two sets that are similar enough share one of the first (rarest) shingles of each: if they shared none, too few would
 * be left to share. So only sets that meet in such a shingle are compared, the shorter ones first into the index.
 */
function joinSimilar(sets: readonly Uint32Array[], groups: Groups): void {
  const holders = new Map<number, number[]>();
  const order = [...sets.keys()].sort((a, b) => sizeOf(sets[a]) - sizeOf(sets[b]) || a - b);
  for (const place of order) {
    const set = sets[place] ?? new Uint32Array();
    const prefix = set.subarray(0, set.length - Math.ceil(SIMILARITY * set.length - ROUNDING) + 1);
    for (const shingle of prefix) {
      const before = holders.get(shingle) ?? [];
      for (const other of before) {
        if (groups.rootOf(other) === groups.rootOf(place)) continue;
        if (isSimilar(set, sets[other] ?? new Uint32Array())) groups.join(other, place);
      }
      before.push(place);
      holders.set(shingle, before);
    }
  }
}

const sizeOf = (set: Uint32Array | undefined): number => set?.length ?? 0;

/** Whether the Jaccard index of two descending sets reaches the border; given up as soon as it cannot. */
function isSimilar(longer: Uint32Array, shorter: Uint32Array): boolean {
  const needed = (SIMILARITY / (1 + SIMILARITY)) * (longer.length + shorter.length) - ROUNDING;
  if (shorter.length < SIMILARITY * longer.length - ROUNDING) return false;
  let shared = 0;
  let left = 0;
  let right = 0;
  while (left < longer.length && right < shorter.length) {
    if (shared + Math.min(longer.length - left, shorter.length - right) < needed) return false;
    const [a, b] = [longer[left] ?? 0, shorter[right] ?? 0];
    if (a === b) shared += 1;
    if (a >= b) left += 1;
    if (b >= a) right += 1;
  }
  return shared >= needed;
}
