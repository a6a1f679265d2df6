import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createTestWorkspace, type TestWorkspace } from '../../test/database.ts';
import { readFact, writeFact } from './facts.ts';
import { inSnapshot, inTransaction } from './queryable.ts';

let workspace: TestWorkspace;
beforeAll(async () => {
  workspace = await createTestWorkspace();
});
afterAll(() => workspace.drop());

describe('inTransaction', () => {
  it('commits what the work wrote and returns its result', async () => {
    const result = await inTransaction(workspace.pool, async (client) => {
      await writeFact(client, 'committed', [1, 2]);
      return 'done';
    });
    expect(result).toBe('done');
    expect(await readFact(workspace.pool, 'committed')).toEqual([1, 2]);
  });

  it('takes everything back when the work throws, and passes the error on', async () => {
    const failure = new RangeError('on purpose');
    const attempt = inTransaction(workspace.pool, async (client) => {
      await writeFact(client, 'lost', true);
      throw failure;
    });
    await expect(attempt).rejects.toBe(failure);
    expect(await readFact(workspace.pool, 'lost')).toBeUndefined();
  });

  it('waits for the disk unless it is told not to', async () => {
    const setting = (options: { durable?: boolean }) =>
      inTransaction(
        workspace.pool,
        async (client) =>
          (await client.query('SHOW synchronous_commit')).rows[0]?.synchronous_commit as string,
        options,
      );
    expect(await setting({})).toBe('on');
    expect(await setting({ durable: false })).toBe('off');
    expect(await setting({})).toBe('on');
  });

  it('throws a connection away that broke under it', async () => {
    const attempt = inTransaction(workspace.pool, (client) =>
      client.query('SELECT pg_terminate_backend(pg_backend_pid())'),
    );
    await expect(attempt).rejects.toThrow();
    expect((await workspace.pool.query('SELECT 1 AS one')).rows).toEqual([{ one: 1 }]);
  });
});

describe('inSnapshot', () => {
  it('sees what was there when it began, and nothing that others commit meanwhile', async () => {
    await writeFact(workspace.pool, 'seen', 'before');
    const seen = await inSnapshot(workspace.pool, async (client) => {
      const first = await readFact(client, 'seen');
      await writeFact(workspace.pool, 'seen', 'after');
      return [first, await readFact(client, 'seen')];
    });
    expect(seen).toEqual(['before', 'before']);
    expect(await readFact(workspace.pool, 'seen')).toBe('after');
  });

  it('lets nothing be written', async () => {
    const attempt = inSnapshot(workspace.pool, (client) => writeFact(client, 'written', true));
    await expect(attempt).rejects.toThrow('read-only transaction');
    expect(await readFact(workspace.pool, 'written')).toBeUndefined();
  });
});

describe('facts', () => {
  it('are overwritten, and may be null', async () => {
    await writeFact(workspace.pool, 'origin', { seed: 1 });
    await writeFact(workspace.pool, 'origin', null);
    expect(await readFact(workspace.pool, 'origin')).toBeNull();
  });
});
