import { createRandom } from '../core/index.ts';
import { nearDuplicates, normaliseText } from './near-duplicates.ts';

/**
 * Splits rows into folds by a hash of their text, so that a row keeps its fold wherever it stands in the file and
 * whatever else is evaluated. Near-duplicates of each other go to one fold: a text is never tested by a model that was
 * taught its copy.
 * @param split.folds - how many, at least 2
 * @param split.seed - salt of the hash: another seed, another split
 * @param split.groups - of `nearDuplicates`, where they are known already
 * @returns fold of each row, 0..folds-1, shape (n); folds differ in size as chance and large groups have it
 * @throws RangeError when there are fewer than 2 folds, or a group is not given for each row
 * @example splitByHash([{ text: 'Bitcoin falls below 60k' }], { folds: 5, seed: 1 }) // a fold
 */
export function splitByHash(
  rows: readonly { readonly text: string }[],
  split: { folds: number; seed: number; groups?: Uint32Array },
): Uint8Array {
  const { folds, seed, groups = nearDuplicates(rows.map(({ text }) => text)) } = split;
  if (!Number.isInteger(folds) || folds < 2 || folds > 256) {
    throw new RangeError(`a split has 2 to 256 folds, got ${folds}`);
  }
  if (groups.length !== rows.length) {
    throw new RangeError(`there are ${rows.length} rows and groups for ${groups.length}`);
  }
  const dice = createRandom(seed);
  return Uint8Array.from(groupNames(rows, groups), (name) => dice.fork(name).integer(folds));
}

/**
 * A name for each row that its near-duplicates have too and no other has, whatever the order of the rows.
 * @param groups - of `nearDuplicates`, where they are known already
 */
export function groupNames(
  rows: readonly { readonly text: string }[],
  groups: Uint32Array = nearDuplicates(rows.map(({ text }) => text)),
): string[] {
  const names = new Map<number, string>();
  for (const [row, { text }] of rows.entries()) {
    const key = normaliseText(text);
    const name = names.get(groups[row] ?? 0);
    if (name === undefined || key < name) names.set(groups[row] ?? 0, key);
  }
  return Array.from(groups, (group) => names.get(group) ?? '');
}

/** Rows to learn from and rows to be judged on, by their number. */
export interface Split {
  train: Uint32Array;
  held: Uint32Array;
}

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
  const groups = nearDuplicates(rows.map(({ text }) => text));
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
