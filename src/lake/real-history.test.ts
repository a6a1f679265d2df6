import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { parseUtc } from '../core/index.ts';
import { openHistoryFolder } from '../sources/index.ts';
import { observeInMemory } from './index.ts';

const HISTORY = fileURLToPath(new URL('../../../shared/data/history', import.meta.url));
const isHere = existsSync(HISTORY);

describe(`the real history${isHere ? '' : ' (skipped: ../shared/data/history is not here)'}`, () => {
  it.skipIf(!isHere)('passes the door but for the one impossible hour of 2021-01-04', async () => {
    const { source } = await openHistoryFolder(HISTORY, { asset: 'BTC-USD' });
    const now = parseUtc('2026-01-01');
    const { observations, report } = await observeInMemory(source, { asset: 'BTC-USD', now });
    expect(report.accepted).toMatchObject({ candles: 48_468, articles: 20_645, posts: 5_671 });
    expect(report.quarantined).toEqual({ candles: 1, articles: 0, posts: 0, indices: 0 });
    expect(report.reasons[0]).toMatchObject({ reason: 'candle_impossible_ohlc' });
    expect(report.reasons[0]?.samples[0]).toMatchObject({
      place: 'candles-1h.csv.gz:9860',
      value: '33128.82',
    });
    expect(observations.every(({ eventTime, knownAt }) => knownAt > eventTime)).toBe(true);
  });

  it.skipIf(!isHere)('has no crash of 2017 to 2019 that the door would take for an error', async () => {
    const { source } = await openHistoryFolder(HISTORY, { asset: 'BTC-USD', bar: 15 });
    const { report } = await observeInMemory(source, { asset: 'BTC-USD', now: parseUtc('2026-01-01') });
    expect(report.accepted.candles).toBe(105_039);
  });
});
