import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createTestWorkspace, type TestWorkspace } from '../../test/database.ts';
import { HOUR_MS, inTransaction, SECOND_MS } from '../core/index.ts';
import { buildFeatureRows } from './build.ts';
import { createFeatureSet } from './feature-set.ts';
import { GRACE_SECONDS, ORIGIN, troubledHistory } from './inputs.contract.ts';
import { bitsOf } from './known-time.contract.ts';
import {
  featureMigrations,
  readFeatureRows,
  readFeatureState,
  writeFeatureRows,
  writeFeatureState,
  type StoredFeatureRows,
} from './store.ts';

const featureSet = createFeatureSet({ barMinutes: 60, scorer: 'vader@1.0.0' });
const inputs = troubledHistory(11, { bars: 200 });
const hours = (count: number) => ORIGIN + count * HOUR_MS;

function built(after: number, upTo: number) {
  const windows = { after: hours(after), upTo: hours(upTo) };
  const rows = buildFeatureRows({ featureSet, inputs, windows, graceSeconds: GRACE_SECONDS });
  return { ...rows, asOfs: rows.windowEnds.map((end) => end + GRACE_SECONDS * SECOND_MS) };
}

let workspace: TestWorkspace;
beforeAll(async () => {
  workspace = await createTestWorkspace([featureMigrations]);
});
afterAll(() => workspace.drop());

describe('the offline store', () => {
  it('gives rows back bit for bit, NaN and all', async () => {
    const key = { asset: 'BTC-USD', featureSet };
    const rows = built(0, 200);
    await writeFeatureRows(workspace.pool, key, rows);
    const found = await readFeatureRows(workspace.pool, key, { after: hours(0), upTo: hours(200) });
    expect(bitsOf(found.values)).toBe(bitsOf(rows.values));
    expect(found.windowEnds).toEqual(rows.windowEnds);
    expect(found.asOfs).toEqual(rows.asOfs);
    expect(found.degraded).toEqual(rows.degraded);
    const part = await readFeatureRows(workspace.pool, key, { after: hours(10), upTo: hours(12) });
    expect([...part.windowEnds]).toEqual([hours(11), hours(12)]);
    expect(bitsOf(part.values)).toBe(bitsOf(rows.values.slice(10 * 15, 12 * 15)));
  });

  it('gives any double back bit for bit', async () => {
    const key = { asset: 'ANY-DOUBLE', featureSet };
    const values = Float64Array.of(
      NaN,
      5e-324,
      Number.MAX_VALUE,
      -Number.MAX_VALUE,
      0.1,
      1 / 3,
      Math.PI,
      1e21,
      1e-7,
    );
    const row: StoredFeatureRows = {
      windowEnds: Float64Array.of(hours(1)),
      asOfs: Float64Array.of(hours(1) + 1_234),
      values: Float64Array.of(
        ...values,
        0,
        1,
        2 ** 53,
        -1e-300,
        1.7976931348623155e308,
        2.2250738585072014e-308,
      ),
      degraded: Uint8Array.of(1),
    };
    await writeFeatureRows(workspace.pool, key, row);
    const found = await readFeatureRows(workspace.pool, key, { after: 0, upTo: hours(2) });
    expect(bitsOf(found.values)).toBe(bitsOf(row.values));
    expect(found).toMatchObject({ asOfs: row.asOfs, degraded: row.degraded });
  });

  it('keeps assets and feature sets apart', async () => {
    const other = createFeatureSet({ barMinutes: 60, scorer: 'vader@9.9.9' });
    const key = { asset: 'ETH-USD', featureSet: other };
    await writeFeatureRows(workspace.pool, key, built(0, 3));
    const range = { after: hours(0), upTo: hours(5) };
    expect((await readFeatureRows(workspace.pool, key, range)).windowEnds).toHaveLength(3);
    const elsewhere = { asset: 'ETH-USD', featureSet };
    expect((await readFeatureRows(workspace.pool, elsewhere, range)).windowEnds).toHaveLength(0);
  });

  it('writes nothing when the caller rolls back, and a window only once', async () => {
    const key = { asset: 'ROLLED-BACK', featureSet };
    const twice = inTransaction(workspace.pool, async (client) => {
      await writeFeatureRows(client, key, built(0, 5));
      await writeFeatureRows(client, key, built(4, 6));
    });
    await expect(twice).rejects.toThrow(/feature_rows_pk/);
    const found = await readFeatureRows(workspace.pool, key, { after: 0, upTo: hours(9) });
    expect(found.windowEnds).toHaveLength(0);
  });

  it('writes more rows than one statement carries', async () => {
    const key = { asset: 'MANY-ROWS', featureSet };
    const count = 5_000;
    const rows: StoredFeatureRows = {
      windowEnds: Float64Array.from({ length: count }, (_, row) => hours(row)),
      asOfs: Float64Array.from({ length: count }, (_, row) => hours(row) + 60_000),
      values: Float64Array.from({ length: count * 15 }, (_, place) => Math.sin(place)),
      degraded: new Uint8Array(count),
    };
    await writeFeatureRows(workspace.pool, key, rows);
    const found = await readFeatureRows(workspace.pool, key, { after: 0, upTo: hours(count) });
    expect(bitsOf(found.values)).toBe(bitsOf(rows.values));
  });

  it('refuses rows whose shapes do not fit', async () => {
    const rows = { ...built(0, 3), degraded: new Uint8Array(2) };
    const writing = writeFeatureRows(workspace.pool, { asset: 'BTC-USD', featureSet }, rows);
    await expect(writing).rejects.toThrow(/no rows of 15 features/);
  });

  it('keeps the newest state, from which the fold goes on as if it had never stopped', async () => {
    const key = { asset: 'BTC-USD', featureSet };
    expect(await readFeatureState(workspace.pool, key)).toBeNull();
    for (const upTo of [50, 90]) {
      const { state } = built(0, upTo);
      await writeFeatureState(workspace.pool, 'BTC-USD', { state, windowEnd: hours(upTo) });
    }
    const found = await readFeatureState(workspace.pool, key);
    expect(found?.windowEnd).toBe(hours(90));
    const { folded } = built(0, 90);
    const rest = buildFeatureRows({
      featureSet,
      inputs: inputs.slice(folded),
      windows: { after: hours(90), upTo: hours(200) },
      graceSeconds: GRACE_SECONDS,
      state: found!.state,
    });
    expect(bitsOf(rest.values)).toBe(bitsOf(built(0, 200).values.slice(90 * 15)));
    const { rows } = await workspace.pool.query('select 1 from feature_state');
    expect(rows).toHaveLength(1);
  });
});
