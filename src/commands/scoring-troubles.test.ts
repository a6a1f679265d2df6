import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createTestWorkspace, type TestWorkspace } from '../../test/database.ts';
import { createVirtualClock, DAY_MS, readEvents, silentLog, type Config } from '../core/index.ts';
import type { Storage } from '../compose.ts';
import { scorerOverloaded } from '../sentiment/errors.ts';
import { tellTroubles } from './scoring-troubles.ts';

const NOW = Date.UTC(2024, 0, 1);
const config = { asset: 'BTC-USD' } as Config;
let workspace: TestWorkspace;

beforeAll(async () => {
  workspace = await createTestWorkspace();
});
afterAll(() => workspace.drop());

describe('texts without a score of a further scorer', () => {
  it('are told once a day and scorer, with what to do', async () => {
    const clock = createVirtualClock(NOW);
    const { onFailure, onUnreadable } = tellTroubles(
      { storage: { workspace } as unknown as Storage, config, clock },
      silentLog,
    );
    const full = scorerOverloaded('finbert', { waiting: 9, bound: 8, retryAfterSeconds: 2 });
    onFailure('finbert@1.0.0', full);
    onFailure('finbert@1.0.0', full);
    onUnreadable('linear@1.0.0', { texts: 2, error: new Error('it has no end') });
    await expect.poll(() => readAll()).toHaveLength(2);
    clock.advanceTo(NOW + DAY_MS);
    onFailure('finbert@1.0.0', full);
    await expect.poll(() => readAll()).toHaveLength(3);
    const events = await readAll();
    expect(events.filter(({ kind }) => kind === 'sentiment.scorer-failed')).toHaveLength(2);
    expect(events).toContainEqual(
      expect.objectContaining({
        kind: 'sentiment.texts-unread',
        severity: 'warning',
        at: NOW,
        facts: expect.objectContaining({
          scorer: 'linear@1.0.0',
          texts: 2,
          message: 'it has no end',
        }) as object,
      }),
    );
  });

  it('are told to the log alone where nothing is stored yet', () => {
    const said: unknown[] = [];
    const log = { ...silentLog, error: (facts: unknown) => said.push(facts) };
    const troubles = tellTroubles({ storage: null, config, clock: createVirtualClock(NOW) }, log as never);
    troubles.onUnreadable('linear@1.0.0', { texts: 1, error: new Error('x') });
    expect(said).toEqual([{ scorer: 'linear@1.0.0', reason: 'x', texts: 1 }]);
  });

  const readAll = () => readEvents(workspace.pool, { limit: 99 });
});
