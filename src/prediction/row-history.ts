import type { EpochMs } from '../core/index.ts';
import { PAST_RETURN, VOID_LABEL, type DirectionRows } from '../models/index.ts';
import type { SettledOutcome } from './truth.ts';

/** One decided window as the models see it. */
export interface WindowRow {
  windowEnd: EpochMs;
  /** The feature vector, in the order of the feature set. */
  values: Float64Array;
  /** ln(close(T) / close(T-h)) per horizon, NaN where a close is missing. */
  pastReturns: readonly number[];
}

/** Every window so far with what has become true of it: what fits are made from. */
export interface RowHistory {
  readonly columns: readonly string[];
  /** @throws RangeError when the window is not later than the last one */
  append(row: WindowRow): void;
  /** Notes a truth; entries one bar later teach nothing and are passed over. */
  learn(outcome: SettledOutcome): void;
  /** The rows at one horizon; a view that stays valid until the next append. */
  rowsAt(horizonMinutes: number): DirectionRows;
}

interface Truths {
  values: Float64Array;
  labels: Uint8Array;
  labelKnownAt: Float64Array;
  futureReturns: Float64Array;
}

const FIRST_CAPACITY = 4_096;

/**
 * An append-only table in memory: features once per horizon (they differ in `past_return`), truth beside them.
 * A year of 15-minute windows takes about 10 MB.
 */
export function createRowHistory(options: {
  featureNames: readonly string[];
  horizonsMinutes: readonly number[];
}): RowHistory {
  const { featureNames, horizonsMinutes } = options;
  const columns = [...featureNames, PAST_RETURN];
  const width = columns.length;
  const places = new Map<EpochMs, number>();
  let count = 0;
  let capacity = FIRST_CAPACITY;
  let windowEnds = new Float64Array(capacity);
  const truths = new Map<number, Truths>(
    horizonsMinutes.map((horizon) => [horizon, emptyTruths(capacity, width)]),
  );

  function grow(): void {
    capacity *= 2;
    windowEnds = grown(windowEnds, capacity);
    for (const [horizon, truth] of truths) truths.set(horizon, grownTruths(truth, capacity, width));
  }

  return {
    columns,
    append(row) {
      if (count > 0 && !(row.windowEnd > (windowEnds[count - 1] ?? 0))) {
        throw new RangeError(`window ${row.windowEnd} does not follow ${windowEnds[count - 1]}`);
      }
      if (count === capacity) grow();
      windowEnds[count] = row.windowEnd;
      places.set(row.windowEnd, count);
      horizonsMinutes.forEach((horizon, place) => {
        const values = truths.get(horizon)?.values;
        values?.set(row.values, count * width);
        if (values !== undefined) values[count * width + width - 1] = row.pastReturns[place] ?? NaN;
      });
      count += 1;
    },
    learn(settled) {
      const place = places.get(settled.windowEnd);
      const truth = truths.get(settled.horizonMinutes);
      if (settled.entryDelayMinutes !== 0 || place === undefined || truth === undefined) return;
      truth.labels[place] = settled.outcome === 'void' ? VOID_LABEL : settled.outcome === 'up' ? 1 : 0;
      truth.labelKnownAt[place] = settled.knownAt;
      truth.futureReturns[place] = settled.futureReturn;
    },
    rowsAt(horizonMinutes) {
      const truth = truths.get(horizonMinutes);
      if (truth === undefined) throw new RangeError(`no horizon of ${horizonMinutes} minutes is kept`);
      return {
        columns,
        count,
        windowEnds: windowEnds.subarray(0, count),
        values: truth.values.subarray(0, count * width),
        labels: truth.labels.subarray(0, count),
        labelKnownAt: truth.labelKnownAt.subarray(0, count),
        futureReturns: truth.futureReturns.subarray(0, count),
      };
    },
  };
}

function emptyTruths(capacity: number, width: number): Truths {
  return {
    values: new Float64Array(capacity * width),
    labels: new Uint8Array(capacity).fill(VOID_LABEL),
    labelKnownAt: new Float64Array(capacity).fill(NaN),
    futureReturns: new Float64Array(capacity).fill(NaN),
  };
}

function grownTruths(truth: Truths, capacity: number, width: number): Truths {
  const next = emptyTruths(capacity, width);
  next.values.set(truth.values);
  next.labels.set(truth.labels);
  next.labelKnownAt.set(truth.labelKnownAt);
  next.futureReturns.set(truth.futureReturns);
  return next;
}

function grown(values: Float64Array, capacity: number): Float64Array<ArrayBuffer> {
  const next = new Float64Array(capacity);
  next.set(values);
  return next;
}
