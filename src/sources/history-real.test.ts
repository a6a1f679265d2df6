import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import { describe, expect, it } from 'vitest';
import { openHistoryFolder } from './history-folder.ts';

const FOLDER = resolve(import.meta.dirname, '../../../shared/data/history');

// Skipped where the real history is not there: its licences do not allow it into the repository.
describe.skipIf(!existsSync(FOLDER))('the real history (skipped without ../shared/data/history)', () => {
  it('is read whole: the hourly bar reaches furthest, every row is readable', async () => {
    const { source, barMinutes } = await openHistoryFolder(FOLDER, { asset: 'BTC-USD' });
    expect(barMinutes).toBe(60);
    const counts: Record<string, number> = {};
    let unreadable = 0;
    for await (const record of source.fetch({ after: -Infinity, upTo: Infinity })) {
      counts[record.source] = (counts[record.source] ?? 0) + 1;
      if (record.fields['_unreadable'] !== undefined) unreadable += 1;
    }
    expect(unreadable).toBe(0);
    // 2,303 days of eleven columns, one cell of them empty.
    expect(counts).toEqual({
      'history:candles-60m': 48_469,
      'history:news': 20_645,
      'history:fear-greed': 2_644,
      'history:social-daily': 2_303 * 11 - 1,
      'history:reddit-posts': 4_671,
      'history:tweets': 1_000,
    });
  });

  it('gives another bar on request, with the minutes that each bar is made of', async () => {
    const { source, barMinutes } = await openHistoryFolder(FOLDER, { asset: 'BTC-USD', bar: 15 });
    expect(barMinutes).toBe(15);
    let candles = 0;
    for await (const record of source.fetch({ after: -Infinity, upTo: Infinity })) {
      if (record.kind !== 'candle') break;
      if (candles === 0) expect(record.fields['minutes_present']).toBe('12');
      candles += 1;
    }
    expect(candles).toBe(105_039);
  });
});
