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
  const names = new Map<number, string>();
  for (const [row, { text }] of rows.entries()) {
    const key = normaliseText(text);
    const name = names.get(groups[row] ?? 0);
    if (name === undefined || key < name) names.set(groups[row] ?? 0, key);
  }
  const dice = createRandom(seed);
  return Uint8Array.from(groups, (group) => dice.fork(names.get(group) ?? '').integer(folds));
}
