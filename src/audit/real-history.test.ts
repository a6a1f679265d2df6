import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import { describe, expect, it } from 'vitest';
import { openHistoryFolder, type RawRecord } from '../sources/index.ts';
import { marketPipeline } from './audit-case.contract.ts';
import { auditLeaks, openCase } from './leaks.ts';
import { limitHistory } from './limit-history.ts';

const HISTORY = resolve(import.meta.dirname, '../../../shared/data/history');

describe.skipIf(!existsSync(HISTORY))('real history (skipped where ../shared/data is absent)', () => {
  it('shows no leak in its last 3,000 hours', { timeout: 120_000 }, async () => {
    const { source } = await openHistoryFolder(HISTORY, { asset: 'BTC-USD', bar: 60 });
    const all: RawRecord[] = [];
    for await (const record of source.fetch({ after: -Infinity, upTo: Infinity })) all.push(record);
    const { records } = limitHistory(all, 3_000);
    const result = await auditLeaks(await openCase(marketPipeline(), { records, seed: 1 }));
    expect(result.findings).toEqual([]);
    expect(result.checks).toBeGreaterThanOrEqual(10);
  });
});
