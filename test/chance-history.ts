import { createRandom, DAY_MS, HOUR_MS, MINUTE_MS, type EpochMs } from '../src/core/index.ts';
import { PAST_RETURN, type DirectionRows } from '../src/models/index.ts';
import type { WindowMemory } from '../src/prediction/index.ts';

/**
 * Hourly rows of chance, each with a truth that is known when its horizon is over.
 * @param options.names - columns of features
 * @param options.firstFit - the rows begin 25 days before
 */
export function makeChanceHistory(options: {
  names: readonly string[];
  rows: number;
  firstFit: EpochMs;
}): WindowMemory['history'] {
  const { names, rows, firstFit } = options;
  const random = createRandom(7);
  const columns = [...names, PAST_RETURN];
  const values = Float64Array.from({ length: rows * columns.length }, () => random.uniform() - 0.5);
  const windowEnds = Float64Array.from(
    { length: rows },
    (_, row) => firstFit - 25 * DAY_MS + (row + 1) * HOUR_MS,
  );
  const labels = Uint8Array.from({ length: rows }, () => random.integer(2));
  const futureReturns = Float64Array.from(labels, (label) => (label === 1 ? 0.01 : -0.01));
  const rowsAt = (horizonMinutes: number): DirectionRows => ({
    columns,
    count: rows,
    windowEnds,
    values,
    labels,
    labelKnownAt: windowEnds.map((end) => end + horizonMinutes * MINUTE_MS + 5_000),
    futureReturns,
  });
  return { columns, rowsAt, append: () => {}, learn: () => {} };
}
