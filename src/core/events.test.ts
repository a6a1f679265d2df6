import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createTestWorkspace, type TestWorkspace } from '../../test/database.ts';
import { EVENT_SEVERITIES, raiseEvent, readEvents, type DomainEvent } from './events.ts';
import { parseUtc } from './time.ts';

const revised: DomainEvent = {
  at: parseUtc('2021-11-05T10:00:05.250Z'),
  kind: 'lake.candle-revised',
  severity: 'warning',
  asset: 'BTC-USD',
  facts: { before: 61_000.5, after: 61_001 },
  dedupKey: null,
};

let workspace: TestWorkspace;
beforeAll(async () => {
  workspace = await createTestWorkspace();
});
afterAll(() => workspace.drop());

const lastId = async () => (await readEvents(workspace.pool, { limit: 1_000_000 })).at(-1)?.id ?? 0;

describe('the outbox', () => {
  it('gives an event back as it was put in', async () => {
    const after = await lastId();
    expect(await raiseEvent(workspace.pool, revised)).toBe(true);
    const [stored] = await readEvents(workspace.pool, { after, limit: 10 });
    expect(stored).toEqual({ ...revised, id: expect.any(Number) as number });
  });

  it('holds one event for each deduplication key, and any number without', async () => {
    const after = await lastId();
    expect(await raiseEvent(workspace.pool, { ...revised, dedupKey: 'once' })).toBe(true);
    expect(await raiseEvent(workspace.pool, { ...revised, dedupKey: 'once' })).toBe(false);
    await raiseEvent(workspace.pool, revised);
    await raiseEvent(workspace.pool, revised);
    expect(await readEvents(workspace.pool, { after, limit: 10 })).toHaveLength(3);
  });

  it('is read to its end in steps of any size, nothing twice and nothing left out', async () => {
    for (const severity of EVENT_SEVERITIES) await raiseEvent(workspace.pool, { ...revised, severity });
    const all = await readEvents(workspace.pool, { limit: 1000 });
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: 1, max: 5 }), async (limit) => {
        const read = [];
        for (let page = await readEvents(workspace.pool, { limit }); page.length > 0;) {
          read.push(...page);
          page = await readEvents(workspace.pool, { after: page.at(-1)!.id, limit });
        }
        expect(read).toEqual(all);
      }),
      { numRuns: 5, seed: 1 },
    );
  });

  it('refuses an event without a kind', async () => {
    const nameless = { ...revised, kind: null as unknown as string };
    await expect(raiseEvent(workspace.pool, nameless)).rejects.toThrow('kind');
  });
});
