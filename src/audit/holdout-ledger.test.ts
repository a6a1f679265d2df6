import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { DAY_MS, isoUtc } from '../core/index.ts';
import { createHoldoutLedger, type HoldoutResult } from './holdout-ledger.ts';

const FROM = Date.UTC(2024, 0, 1);
const PLAN = {
  modelVersion: 'trees@1.0.3',
  manifestHash: 'a'.repeat(64),
  holdout: { from: FROM, to: FROM + 30 * DAY_MS },
};
const RESULT: HoldoutResult = {
  ...{ arm: 'trees+vader', horizonMinutes: 60, n: 719, accuracy: 0.5312, low: 0.49, high: 0.57 },
  ...{ accuracyOneBarLater: 0.52, logLoss: 0.691, brier: null, baselines: { majority: 0.5 } },
};
const OPENING = { at: FROM + 60 * DAY_MS, asset: 'BTC-USD', workspace: 'live', results: [RESULT] };
let dataDir: string;

beforeEach(() => {
  dataDir = mkdtempSync(join(tmpdir(), 'bellwether-holdout-'));
});
afterEach(() => {
  rmSync(dataDir, { recursive: true, force: true });
});

describe('the ledger of held-out ranges', () => {
  it('is empty before the first opening, and then lists each with its result', async () => {
    const ledger = createHoldoutLedger(dataDir);
    expect(await ledger.list()).toEqual([]);
    await ledger.append(PLAN, OPENING);
    await ledger.append({ ...PLAN, modelVersion: 'trees@1.0.4', manifestHash: 'b'.repeat(64) }, OPENING);
    const [first, second] = await ledger.list();
    expect(first).toMatchObject({
      modelVersion: 'trees@1.0.3',
      at: isoUtc(OPENING.at),
      from: '2024-01-01T00:00:00Z',
      to: '2024-01-31T00:00:00Z',
      results: [RESULT],
      previous: null,
    });
    expect(second?.previous).toMatch(/^[0-9a-f]{64}$/);
  });

  it('refuses a second opening with date and result of the first, under another name too', async () => {
    const ledger = createHoldoutLedger(dataDir);
    await ledger.requireUnopened(PLAN);
    await ledger.append(PLAN, OPENING);
    const told = /2024-03-01T00:00:00Z already.*trees\+vader at 60 minutes 53\.12 % over 719 windows/;
    await expect(ledger.requireUnopened(PLAN)).rejects.toMatchObject({ code: 'HOLDOUT_OPENED' });
    await expect(ledger.requireUnopened(PLAN)).rejects.toThrow(told);
    await expect(ledger.append({ ...PLAN, modelVersion: 'trees@9.0.0' }, OPENING)).rejects.toThrow(told);
    expect(await ledger.list()).toHaveLength(1);
  });

  it('lets one of two win who open at once', async () => {
    const both = [createHoldoutLedger(dataDir), createHoldoutLedger(dataDir)];
    const ends = await Promise.allSettled(both.map((ledger) => ledger.append(PLAN, OPENING)));
    expect(ends.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected']);
    expect(await createHoldoutLedger(dataDir).list()).toHaveLength(1);
  });

  it('allows another range that shares no time with the first, and none that does', async () => {
    const ledger = createHoldoutLedger(dataDir);
    await ledger.append(PLAN, OPENING);
    const { to } = PLAN.holdout;
    await ledger.requireUnopened({ ...PLAN, holdout: { from: to, to: to + DAY_MS } });
    const sharing = { ...PLAN, holdout: { from: to - DAY_MS, to: to + DAY_MS } };
    await expect(ledger.requireUnopened(sharing)).rejects.toMatchObject({ code: 'HOLDOUT_OPENED' });
  });

  it('notices a line that was changed or taken out by hand', async () => {
    const ledger = createHoldoutLedger(dataDir);
    await ledger.append(PLAN, OPENING);
    await ledger.append({ ...PLAN, manifestHash: 'b'.repeat(64) }, OPENING);
    const path = join(dataDir, 'holdout', 'openings.jsonl');
    const text = readFileSync(path, 'utf8');
    writeFileSync(path, text.replace('0.5312', '0.5912'));
    await expect(ledger.list()).rejects.toMatchObject({ code: 'REGISTRY_VERSION_INVALID' });
    writeFileSync(path, text.slice(text.indexOf('\n') + 1));
    await expect(ledger.list()).rejects.toThrow(/line 1 .* does not follow the one before/);
  });
});
