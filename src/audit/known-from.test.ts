import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { isoUtc, parseUtc } from '../core/index.ts';
import type { RawRecord } from '../sources/index.ts';
import { closeTimeOf, timesOf } from './known-from.ts';

function record(
  kind: RawRecord['kind'],
  fields: RawRecord['fields'],
  firstSeenAt: number | null = null,
): RawRecord {
  return { source: 'test', kind, asset: 'BTC-USD', fields, origin: null, firstSeenAt, backfilled: false };
}

describe('the known time of a raw record', () => {
  it('is what docs/history-folder.md says of each kind', () => {
    const known: [RawRecord, string][] = [
      [record('candle', { open_time: '2021-11-05T07:00:00Z', bar_minutes: 60 }), '2021-11-05T08:00:05Z'],
      [record('article', { published_at: '2021-11-05T07:00:00Z' }), '2021-11-05T08:45:00Z'],
      [record('article', { published_at: '2021-11-05T00:00:00Z' }), '2021-11-06T01:45:00Z'],
      [
        record('article', { published_at: '2025-05-05T07:00:00Z', first_seen_at: '2025-05-05T07:46:00Z' }),
        '2025-05-05T07:46:00Z',
      ],
      [
        record('post', { posted_at: '2025-05-05T07:00:00Z', first_seen_at: '2025-05-05T06:00:00Z' }),
        '2025-05-05T07:00:00Z',
      ],
      [record('index', { name: 'fear_greed', date: '2021-11-05' }), '2021-11-05T01:00:00Z'],
      [record('index', { name: 'reddit_volume', date: '2021-11-05' }), '2021-11-06T01:00:00Z'],
      [
        record(
          'candle',
          { open_time: '2021-11-05T07:00:00Z', bar_minutes: 60 },
          parseUtc('2021-11-05T08:10:00Z'),
        ),
        '2021-11-05T08:10:00Z',
      ],
    ];
    for (const [raw, moment] of known) expect(isoUtc(timesOf(raw).knownFrom)).toBe(moment);
  });

  it('is no number for what cannot be read', () => {
    expect(timesOf(record('candle', { open_time: 'noon', bar_minutes: 60 })).knownFrom).toBeNaN();
    expect(timesOf(record('article', { published_at: null })).knownFrom).toBeNaN();
    expect(closeTimeOf(record('candle', { _unreadable: '…' }))).toBeNaN();
  });

  it('never lies before the stamp', () => {
    const moment = fc.integer({ min: 1_400_000_000, max: 1_700_000_000 }).map((seconds) => seconds * 1_000);
    fc.assert(
      fc.property(moment, moment, (published, seen) => {
        const fields = { published_at: isoUtc(published), first_seen_at: isoUtc(seen) };
        const { stamp, knownFrom } = timesOf(record('article', fields));
        expect(stamp).toBe(published);
        expect(knownFrom).toBe(Math.max(published, seen));
      }),
    );
  });
});
