import { isoUtc, type EpochMs } from '../core/index.ts';
import { VOID_LABEL, type DirectionRows } from '../models/index.ts';
import type { Evidence } from './check.ts';

/** How two foldings of the same windows differ. */
export interface RowDifference {
  /** Windows that were held against each other. */
  compared: number;
  /** Windows that differ. */
  differing: number;
  /** How often each column differs. */
  columns: Record<string, number>;
  first: { windowEnd: EpochMs; column: string; before: number | null; after: number | null } | null;
}

/** Names under which the truth of a row is compared, beside its columns. */
const TRUTH = ['label', 'label_known_at', 'future_return'] as const;

/**
 * Holds every bit of the rows up to a moment against those of another folding; of the truth, what was known by `asOf`.
 * @param before - rows of the whole history
 * @param after - rows of the altered one; a window that is missing there differs in all columns
 */
export function compareRows(
  before: DirectionRows,
  after: DirectionRows,
  { upTo, asOf }: { upTo: EpochMs; asOf: EpochMs },
): RowDifference {
  const places = new Map<EpochMs, number>();
  after.windowEnds.forEach((windowEnd, row) => places.set(windowEnd, row));
  const width = before.columns.length;
  const difference: RowDifference = { compared: 0, differing: 0, columns: {}, first: null };
  for (let row = 0; row < before.count; row += 1) {
    const windowEnd = before.windowEnds[row] ?? NaN;
    if (!(windowEnd <= upTo)) break;
    const other = places.get(windowEnd) ?? -1;
    difference.compared += 1;
    let differs = false;
    const note = (column: string, was: number, is: number) => {
      if (Object.is(was, is)) return;
      differs = true;
      difference.columns[column] = (difference.columns[column] ?? 0) + 1;
      difference.first ??= { windowEnd, column, before: plain(was), after: plain(is) };
    };
    for (let column = 0; column < width; column += 1) {
      const was = before.values[row * width + column] ?? NaN;
      const is = other < 0 ? NaN : (after.values[other * width + column] ?? NaN);
      note(before.columns[column] ?? '', was, is);
    }
    const known = truthBy(before, row, asOf);
    const found = other < 0 ? known.map(() => NaN) : truthBy(after, other, asOf);
    TRUTH.forEach((name, place) => {
      note(name, known[place] ?? NaN, found[place] ?? NaN);
    });
    if (differs) difference.differing += 1;
  }
  return difference;
}

/** A difference as evidence. */
export function differenceEvidence({ compared, differing, columns, first }: RowDifference): Evidence {
  return {
    windowsCompared: compared,
    windowsDiffering: differing,
    columns,
    ...(first === null ? {} : { first: { ...first, windowEnd: isoUtc(first.windowEnd) } }),
  };
}

function truthBy(
  { labels, labelKnownAt, futureReturns }: DirectionRows,
  row: number,
  asOf: EpochMs,
): number[] {
  const isKnown = (labelKnownAt[row] ?? NaN) <= asOf;
  return isKnown
    ? [labels[row] ?? VOID_LABEL, labelKnownAt[row] ?? NaN, futureReturns[row] ?? NaN]
    : [VOID_LABEL, NaN, NaN];
}

/** JSON knows no NaN. */
function plain(value: number): number | null {
  return Number.isNaN(value) ? null : value;
}
