import type { Tokens } from './tokens.ts';

const BEFORE_BUT = 0.5;
const AFTER_BUT = 1.5;

/**
 * Weighs what stands before a "but" less and what stands after it more.
 *
 * The reference walks over the words, but looks up the place of each by its *value*, and so changes the first word
 * that has the same value at that moment. Equal values therefore weigh down one word several times and leave
 * others as they were. Searching from the front each time takes quadratic time on long texts; a heap of words for each
 * value finds the same one: up to the present word, every word is in the heap of its present value.
 *
 * @param values - of the rated words, changed in place; all other words are worth 0
 * @param tokens - tells where the rated words stand
 * @param but - place of the first "but"
 */
export function weighContrast(
  values: Float64Array,
  { rated, ratedCount }: Pick<Tokens, 'rated' | 'ratedCount'>,
  but: number,
): void {
  const wordsOf = new Map<number, number[]>();
  const heapOf = (value: number) => {
    const known = wordsOf.get(value);
    if (known !== undefined) return known;
    const fresh: number[] = [];
    wordsOf.set(value, fresh);
    return fresh;
  };
  for (let word = 0; word < ratedCount; word += 1) {
    const value = values[word] as number;
    // Half of nothing is nothing, wherever it stands.
    if (value === 0) continue;
    const words = heapOf(value);
    push(words, word);
    const first = popFirst(words);
    const weighed = value * ((rated[first] as number) < but ? BEFORE_BUT : AFTER_BUT);
    values[first] = weighed;
    push(heapOf(weighed), first);
  }
}

function push(heap: number[], word: number): void {
  let at = heap.length;
  heap.push(word);
  while (at > 0) {
    const parent = (at - 1) >> 1;
    const above = heap[parent] as number;
    if (above <= word) break;
    heap[at] = above;
    at = parent;
  }
  heap[at] = word;
}

function popFirst(heap: number[]): number {
  const first = heap[0] as number;
  const last = heap.pop() as number;
  const size = heap.length;
  if (size === 0) return first;
  let at = 0;
  for (let child = 1; child < size; child = 2 * at + 1) {
    if (child + 1 < size && (heap[child + 1] as number) < (heap[child] as number)) child += 1;
    if ((heap[child] as number) >= last) break;
    heap[at] = heap[child] as number;
    at = child;
  }
  heap[at] = last;
  return first;
}
