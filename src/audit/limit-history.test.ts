import { beforeAll, describe, expect, it } from 'vitest';
import { ORIGIN } from '../../test/simulated-market.ts';
import { HOUR_MS } from '../core/index.ts';
import type { RawRecord } from '../sources/index.ts';
import { recordMarket } from './audit-case.contract.ts';
import { closeTimeOf, timesOf } from './known-from.ts';
import { limitHistory } from './limit-history.ts';

let records: RawRecord[];

beforeAll(async () => {
  records = await recordMarket({ seed: 3, bars: 100 });
});

describe('the part of a history that is audited', () => {
  it('is all of it where there are not too many bars', () => {
    expect(limitHistory(records)).toEqual({ records, leftOut: 0 });
    expect(limitHistory([])).toEqual({ records: [], leftOut: 0 });
  });

  it('is its newest bars, and nothing that was known before them', () => {
    const { records: kept, leftOut } = limitHistory(records, 30);
    const since = ORIGIN + 71 * HOUR_MS;
    expect(leftOut).toBe(70);
    expect(kept.filter(({ kind }) => kind === 'candle').map(closeTimeOf)).toHaveLength(30);
    for (const record of kept) expect(timesOf(record).knownFrom).toBeGreaterThanOrEqual(since);
    expect(kept.some(({ kind }) => kind === 'article')).toBe(true);
  });

  it('keeps what it cannot read, so that the door can say so', () => {
    const broken: RawRecord = { ...records[0]!, kind: 'candle', fields: { _unreadable: 'x' } };
    expect(limitHistory([broken, ...records], 30).records[0]).toBe(broken);
  });
});
