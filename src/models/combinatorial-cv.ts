import { MINUTE_MS } from '../core/index.ts';
import type { ModelFamily } from './model.ts';
import { gatherRows, selectColumns, type DirectionRows, type Weighting } from './rows.ts';

/** More fits than anyone waits for, and most likely a slip of the keyboard. */
const MOST_SPLITS = 10_000;

/** How rows are cut and what is left out beside the tested ones. */
export interface CombinatorialPlan {
  /** N, neighbouring rows each, as equally many as they divide. */
  groups: number;
  /** k, tested together. */
  testGroups: number;
  /** Left out on both sides of a tested group, beyond its labels. */
  embargoMinutes: number;
}

/** One choice of tested groups. */
export interface CombinatorialSplit {
  /** Numbers of the tested groups, ascending. */
  testedGroups: readonly number[];
  /** Numbers of the rows to learn from, ascending: label up or down, its interval clear of every tested one. */
  training: Uint32Array;
  /** Numbers of all rows of the tested groups, ascending. */
  tested: Uint32Array;
}

/** All choices of tested groups, and how their answers join to whole pasts. */
export interface CombinatorialSplits {
  /** Row number at which each group begins, and the number of rows, shape (groups + 1). */
  bounds: Uint32Array;
  /** "N choose k" of them, in lexicographic order of their groups. */
  splits: CombinatorialSplit[];
  /** phi = k / N * (N choose k) paths; `paths[p][g]` is the place of the split that answers group g in path p. */
  paths: number[][];
}

/**
 * Combinatorial purged cross-validation: every k of N groups are tested once by a fit on the rest. A row teaches where
 * [T, labelKnownAt] stays clear of the tested groups' span, from their first window to the last moment at which one of
 * their labels became known, widened by the embargo to both sides. Path p takes for each group the p-th split that
 * tests it, so that each path covers all rows once and no answer is used twice.
 *
 * Fits here learn from what came after the tested windows too. That tells how much a result owes to the one order in
 * which history happened, and it is no estimate of what could have been earned: see `walkForward` for that.
 * @throws RangeError when there are fewer than two groups or more than rows, no group or every group is tested, there
 *   are more than 10,000 splits, or the embargo is negative
 * @see López de Prado (2018), Advances in Financial Machine Learning, chapters 7.4 and 12.4
 */
export function combinatorialSplits(
  rows: Pick<DirectionRows, 'count' | 'windowEnds' | 'labels' | 'labelKnownAt'>,
  plan: CombinatorialPlan,
): CombinatorialSplits {
  requirePlan(rows.count, plan);
  const { groups, testGroups, embargoMinutes } = plan;
  const bounds = Uint32Array.from({ length: groups + 1 }, (_, group) =>
    Math.floor((group * rows.count) / groups),
  );
  const closed = Array.from({ length: groups }, (_, group) => {
    const [first = 0, end = 0] = bounds.subarray(group, group + 2);
    return closedSpan(rows, { first, end, embargoMs: embargoMinutes * MINUTE_MS });
  });
  const splits = choices(groups, testGroups).map((testedGroups) => ({
    testedGroups,
    training: trainingRows(
      rows,
      testedGroups.flatMap((group) => closed[group] ?? []),
    ),
    tested: Uint32Array.from(testedGroups.flatMap((group) => numbersFrom(bounds, group))),
  }));
  return { bounds, splits, paths: pathsOf(splits, groups) };
}

/** How a family is tried on every path. */
export interface CombinatorialOptions extends CombinatorialPlan {
  family: ModelFamily;
  horizonMinutes: number;
  /** Default: `none`. */
  weighting?: Weighting;
  seed: number;
  /** Told after each fit how many of them are done. */
  onFit?: (done: number, total: number) => void;
}

/**
 * P(up) of a family along every path of `combinatorialSplits`.
 * @returns one array a path, each of shape (rows.count)
 * @throws RangeError as `combinatorialSplits`, or when a column is missing that the family reads
 */
export function combinatorialPaths(rows: DirectionRows, options: CombinatorialOptions): Float64Array[] {
  const { family, seed, weighting, horizonMinutes, onFit } = options;
  const read = family.columns === null ? rows : selectColumns(rows, family.columns);
  const { bounds, splits, paths } = combinatorialSplits(rows, options);
  const width = read.columns.length;
  const answers = paths.map(() => new Float64Array(rows.count));
  splits.forEach(({ training, testedGroups }, split) => {
    const model = family.fit(gatherRows(read, training, { weighting, horizonMinutes }), { seed });
    for (const group of testedGroups) {
      const [first = 0, end = 0] = bounds.subarray(group, group + 2);
      const values = read.values.subarray(first * width, end * width);
      const path = paths.findIndex((chosen) => chosen[group] === split);
      answers[path]?.set(model.predict({ columns: read.columns, values, count: end - first }), first);
    }
    onFit?.(split + 1, splits.length);
  });
  return answers;
}

/** The moments that no training label may touch, both ends included. */
interface Closed {
  from: number;
  to: number;
}

function closedSpan(
  { windowEnds, labelKnownAt }: Pick<DirectionRows, 'windowEnds' | 'labelKnownAt'>,
  { first, end, embargoMs }: { first: number; end: number; embargoMs: number },
): Closed {
  let to = windowEnds[end - 1] ?? NaN;
  for (let row = first; row < end; row += 1) {
    const known = labelKnownAt[row] ?? NaN;
    if (known > to) to = known;
  }
  return { from: (windowEnds[first] ?? NaN) - embargoMs, to: to + embargoMs };
}

function trainingRows(
  { count, windowEnds, labels, labelKnownAt }: Parameters<typeof combinatorialSplits>[0],
  closed: readonly Closed[],
): Uint32Array {
  const chosen = new Uint32Array(count);
  let filled = 0;
  for (let row = 0; row < count; row += 1) {
    const windowEnd = windowEnds[row] ?? NaN;
    const known = labelKnownAt[row] ?? NaN;
    const isClear = closed.every(({ from, to }) => known < from || windowEnd > to);
    if ((labels[row] ?? NaN) <= 1 && known >= windowEnd && isClear) chosen[filled++] = row;
  }
  return chosen.slice(0, filled);
}

/** Every choice of `size` out of 0..count-1 in lexicographic order, each ascending. */
function choices(count: number, size: number): number[][] {
  if (size === 0) return [[]];
  return Array.from({ length: count - size + 1 }, (_, first) =>
    choices(count - first - 1, size - 1).map((rest) => [first, ...rest.map((other) => other + first + 1)]),
  ).flat();
}

function pathsOf(splits: readonly Pick<CombinatorialSplit, 'testedGroups'>[], groups: number): number[][] {
  const byGroup = Array.from({ length: groups }, (_, group) =>
    splits.flatMap(({ testedGroups }, split) => (testedGroups.includes(group) ? [split] : [])),
  );
  return (byGroup[0] ?? []).map((_, path) => byGroup.map((answering) => answering[path] ?? NaN));
}

function numbersFrom(bounds: Uint32Array, group: number): number[] {
  const [first = 0, end = 0] = bounds.subarray(group, group + 2);
  return Array.from({ length: end - first }, (_, place) => first + place);
}

function requirePlan(count: number, { groups, testGroups, embargoMinutes }: CombinatorialPlan): void {
  if (!(Number.isInteger(groups) && groups >= 2 && groups <= count)) {
    throw new RangeError(`groups are a whole number from 2 to the ${count} rows, got ${groups}`);
  }
  if (!(Number.isInteger(testGroups) && testGroups >= 1 && testGroups < groups)) {
    throw new RangeError(`of ${groups} groups 1 to ${groups - 1} are tested together, got ${testGroups}`);
  }
  if (!(embargoMinutes >= 0)) throw new RangeError(`an embargo is not negative, got ${embargoMinutes}`);
  let splits = 1;
  for (let place = 1; place <= testGroups; place += 1)
    splits = (splits * (groups - testGroups + place)) / place;
  if (splits > MOST_SPLITS) {
    throw new RangeError(`${testGroups} of ${groups} groups make ${splits} splits, more than ${MOST_SPLITS}`);
  }
}
