import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createTestWorkspace, type TestWorkspace } from '../../test/database.ts';
import { inTransaction } from './queryable.ts';
import { HOUR_MS, parseUtc } from './time.ts';
import { acquireFence, commitWindows, countWindows, latestWindow, missingWindows } from './windows.ts';

const START = parseUtc('2021-11-05');
const hour = (count: number) => START + count * HOUR_MS;

let workspace: TestWorkspace;
let jobs = 0;
const freshJob = () => ({ job: `job-${(jobs += 1)}`, asset: 'BTC-USD' });

beforeAll(async () => {
  workspace = await createTestWorkspace();
});
afterAll(() => workspace.drop());

function commit(key: { job: string; asset: string }, fence: number, windowEnds: number[]) {
  return inTransaction(workspace.pool, (client) =>
    commitWindows(client, { ...key, fence, windowEnds, at: START }),
  );
}

describe('the window ledger', () => {
  it('is empty before anything ran', async () => {
    const key = freshJob();
    expect(await latestWindow(workspace.pool, key)).toBeNull();
    expect(await countWindows(workspace.pool, key)).toBe(0);
    expect(
      await missingWindows(workspace.pool, { ...key, after: hour(0), upTo: hour(2), barMinutes: 60 }),
    ).toEqual([hour(1), hour(2)]);
  });

  it('knows the newest window, the count and the gaps in order', async () => {
    const key = freshJob();
    const fence = await acquireFence(workspace.pool, key);
    await commit(key, fence, [hour(4), hour(1), hour(2)]);
    expect(await latestWindow(workspace.pool, key)).toBe(hour(4));
    expect(await countWindows(workspace.pool, key)).toBe(3);
    expect(await countWindows(workspace.pool, { ...key, after: hour(1), upTo: hour(2) })).toBe(1);
    const range = { ...key, after: hour(0), upTo: hour(5) + HOUR_MS / 2, barMinutes: 60 };
    expect(await missingWindows(workspace.pool, range)).toEqual([hour(3), hour(5)]);
  });

  it('keeps jobs and assets apart', async () => {
    const key = freshJob();
    await commit(key, await acquireFence(workspace.pool, key), [hour(1)]);
    expect(await countWindows(workspace.pool, { ...key, asset: 'ETH-USD' })).toBe(0);
    expect(await countWindows(workspace.pool, freshJob())).toBe(0);
  });

  it('refuses a window that is already there, and with it all that the transaction wrote', async () => {
    const key = freshJob();
    const fence = await acquireFence(workspace.pool, key);
    await commit(key, fence, [hour(1)]);
    await expect(commit(key, fence, [hour(2), hour(1)])).rejects.toMatchObject({
      code: 'WINDOW_ALREADY_DONE',
      details: { windowEnd: hour(1) },
    });
    await expect(commit(key, fence, [hour(3), hour(3)])).rejects.toMatchObject({
      code: 'WINDOW_ALREADY_DONE',
    });
    expect(await countWindows(workspace.pool, key)).toBe(1);
  });

  it('refuses a runner that was overtaken, and one that never took a fence', async () => {
    const key = freshJob();
    const older = await acquireFence(workspace.pool, key);
    const newer = await acquireFence(workspace.pool, key);
    expect(newer).toBeGreaterThan(older);
    await expect(commit(key, older, [hour(1)])).rejects.toMatchObject({ code: 'WINDOW_FENCED' });
    await expect(commit(freshJob(), 1, [hour(1)])).rejects.toMatchObject({ code: 'WINDOW_FENCED' });
    await commit(key, newer, [hour(1)]);
    expect(await countWindows(workspace.pool, key)).toBe(1);
  });

  it('lets an overtaken runner wait for the newer one and then refuses it', async () => {
    const key = freshJob();
    const older = await acquireFence(workspace.pool, key);
    let late: Promise<unknown> = Promise.resolve();
    await inTransaction(workspace.pool, async (client) => {
      const newer = await acquireFence(client, key);
      late = commit(key, older, [hour(1)]).catch((error: unknown) => error);
      await commitWindows(client, { ...key, fence: newer, windowEnds: [hour(1)], at: START });
    });
    expect(await late).toMatchObject({ code: 'WINDOW_FENCED' });
  });

  it('splits every range into done and missing windows, whatever was done', async () => {
    await fc.assert(
      fc.asyncProperty(fc.uniqueArray(fc.integer({ min: 1, max: 30 })), async (done) => {
        const key = freshJob();
        await commit(key, await acquireFence(workspace.pool, key), done.map(hour));
        const missing = await missingWindows(workspace.pool, {
          ...key,
          after: hour(0),
          upTo: hour(30),
          barMinutes: 60,
        });
        const expected = Array.from({ length: 30 }, (_, place) => hour(place + 1)).filter(
          (end) => !done.map(hour).includes(end),
        );
        expect(missing).toEqual(expected);
      }),
      { numRuns: 20, seed: 1 },
    );
  });
});
