import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { traceCommand } from '../../test/command-context.ts';
import { createTestDatabase } from '../../test/database.ts';
import { writeSimulatedHistory } from '../../test/simulated-history.ts';
import { findWorkspace, LIVE_WORKSPACE, openPostgres, silentLog } from '../core/index.ts';
import { readBarSpan } from '../lake/index.ts';
import { importHistory } from './import.ts';

const root = mkdtempSync(join(tmpdir(), 'bellwether-import-'));
const history = join(root, 'history');
let database: Awaited<ReturnType<typeof createTestDatabase>>;

beforeAll(async () => {
  database = await createTestDatabase();
  await writeSimulatedHistory(history, { seed: 881, bars: 72 });
});
afterAll(async () => {
  await database.drop();
  rmSync(root, { recursive: true, force: true });
});

describe('import', () => {
  it('brings a folder into the live workspace and counts what it did, table by table', async () => {
    const trace = await run();
    expect(Object.keys(trace.json())).toEqual([
      ...['rows', 'quarantined', 'duplicates', 'alreadyStored', 'reasons', 'warnings'],
      ...['barMinutes', 'workspace'],
    ]);
    expect(trace.json()).toMatchObject({
      rows: { candles: 72, indices: 2 },
      quarantined: { candles: 0, articles: 0, posts: 0, indices: 0 },
      alreadyStored: { candles: 0, articles: 0, posts: 0, indices: 0 },
      reasons: [],
      barMinutes: 60,
      workspace: LIVE_WORKSPACE,
    });
    expect(trace.text()).toMatch(
      /^Imported, bars of 60 minutes\n {2}candles +72 new, 0 there before, 0 in quarantine\n/,
    );
    expect(trace.said[0]).toBe(`Reading ${history}`);
    const postgres = await openPostgres({ databaseUrl: database.url, dataDir: root, log: silentLog });
    const live = (await findWorkspace(postgres, { name: LIVE_WORKSPACE, dataDir: root }))!;
    expect(await readBarSpan(live.pool, { asset: 'BTC-USD', barMinutes: 60 })).toMatchObject({
      last: Date.UTC(2022, 0, 6),
    });
    await live.close();
  });

  it('a second time adds nothing and says so', async () => {
    const trace = await run();
    expect(trace.json()).toMatchObject({
      rows: { candles: 0, articles: 0, posts: 0, indices: 0 },
      alreadyStored: { candles: 72, indices: 2 },
    });
    expect(trace.text()).toMatch(/candles +0 new, 72 there before/);
  });

  it('refuses a bar that the folder does not have', async () => {
    await expect(run({ bar: 15 })).rejects.toMatchObject({
      code: 'SOURCE_HISTORY_BAR_MISSING',
      message: expect.stringContaining('only of 60') as string,
    });
  });
});

async function run(options: { bar?: number } = {}) {
  const trace = traceCommand({
    DATABASE_URL: database.url,
    BELLWETHER_DATA_DIR: join(root, 'data'),
    LOG_LEVEL: 'silent',
  });
  expect(await importHistory({ history, ...options }, trace.context)).toBe(0);
  return trace;
}
