import { fileURLToPath } from 'node:url';
import type { EpochMs, ModuleMigrations, Queryable } from '../core/index.ts';
import type { FeatureRows } from './build.ts';
import type { FeatureSet } from './feature-set.ts';
import { deserialiseFeatureState, type FeatureState } from './state.ts';
import * as sql from './statements.ts';

/** One statement carries this many rows: some megabytes, whatever the caller brings. */
const ROWS_A_STATEMENT = 4_096;

/** Whose features: one asset under one feature set. */
export interface FeatureKey {
  asset: string;
  featureSet: FeatureSet;
}

/** Rows as they are stored, with the moments of their decisions. */
export interface StoredFeatureRows extends FeatureRows {
  /** Epoch milliseconds, shape (n) */
  asOfs: Float64Array;
}

/** The tables `feature_rows` and `feature_state`. */
export const featureMigrations: ModuleMigrations = {
  module: 'features',
  folder: fileURLToPath(new URL('./migrations', import.meta.url)),
};

/**
 * Writes rows once, in the caller's transaction, bit for bit; a second writing of a window fails it.
 * @param rows - in any number; values of shape (n, features)
 * @throws RangeError when the shapes do not fit each other or the feature set
 */
export async function writeFeatureRows(
  db: Queryable,
  { asset, featureSet }: FeatureKey,
  rows: StoredFeatureRows,
): Promise<void> {
  const { windowEnds, asOfs, values, degraded } = rows;
  const count = windowEnds.length;
  const width = featureSet.names.length;
  if (asOfs.length !== count || degraded.length !== count || values.length !== count * width) {
    throw new RangeError(
      `${count} windows, ${asOfs.length} decisions, ${degraded.length} flags and ${values.length} values are no rows of ${width} features`,
    );
  }
  for (let start = 0; start < count; start += ROWS_A_STATEMENT) {
    const end = Math.min(count, start + ROWS_A_STATEMENT);
    await db.query(sql.INSERT_ROWS, [
      asset,
      featureSet.version,
      Array.from(windowEnds.subarray(start, end)),
      Array.from(asOfs.subarray(start, end)),
      Array.from(degraded.subarray(start, end), (flag) => flag === 1),
      Array.from(values.subarray(start * width, end * width)),
      width,
    ]);
  }
}

/**
 * Reads the rows of the windows with after < T <= upTo in time order.
 * @param range - epoch milliseconds
 */
export async function readFeatureRows(
  db: Queryable,
  { asset, featureSet }: FeatureKey,
  range: { after: EpochMs; upTo: EpochMs },
): Promise<StoredFeatureRows> {
  const result = await db.query<{ window_end: number; as_of: number; values: string; degraded: boolean }>(
    sql.READ_ROWS,
    [asset, featureSet.version, range.after, range.upTo],
  );
  const { rows } = result;
  const width = featureSet.names.length;
  const values = new Float64Array(rows.length * width);
  rows.forEach((row, place) => {
    values.set(row.values.split(' ').map(Number), place * width);
  });
  return {
    windowEnds: Float64Array.from(rows, (row) => row.window_end),
    asOfs: Float64Array.from(rows, (row) => row.as_of),
    values,
    degraded: Uint8Array.from(rows, (row) => (row.degraded ? 1 : 0)),
  };
}

/** Writes the state after a window, in the caller's transaction, and drops the older ones. */
export async function writeFeatureState(
  db: Queryable,
  asset: string,
  { state, windowEnd }: { state: FeatureState; windowEnd: EpochMs },
): Promise<void> {
  const { version } = state.featureSet;
  await db.query(sql.INSERT_STATE, [asset, version, windowEnd, state.serialise()]);
  await db.query(sql.DELETE_OLDER_STATES, [asset, version, windowEnd]);
}

/**
 * The newest state that was written.
 * @returns null when there is none yet
 * @throws AppError `FEATURES_STATE_INVALID` when it cannot be read
 */
export async function readFeatureState(
  db: Queryable,
  { asset, featureSet }: FeatureKey,
): Promise<{ state: FeatureState; windowEnd: EpochMs } | null> {
  const { rows } = await db.query<{ window_end: number; state: string }>(sql.READ_LATEST_STATE, [
    asset,
    featureSet.version,
  ]);
  const [row] = rows;
  if (row === undefined) return null;
  return { state: deserialiseFeatureState(featureSet, row.state), windowEnd: row.window_end };
}
