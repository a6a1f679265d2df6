import { describe, expect, it } from 'vitest';
import { DAY_MS } from '../core/index.ts';
import { VOID_LABEL, type DirectionRows } from '../models/index.ts';
import { prepareHorizon } from './learning-data.ts';
import { makeMarket, MONDAY } from './market.contract.ts';
import { findFault } from './quality.ts';

const market = makeMarket({ weeks: 14 });

function faultOf(change: (rows: DirectionRows) => void, { at = MONDAY, upTo = MONDAY } = {}): string | null {
  const rows = market.rowsAt(60, upTo);
  change(rows);
  const options = { at, horizonMinutes: 60, barMinutes: 60, withoutSentiment: [] };
  return findFault(prepareHorizon(rows, options), at);
}

/** Leaves a share of the newest eight weeks without what `gap` takes away. */
function inNewest(share: number, gap: (rows: DirectionRows, row: number) => void) {
  return (rows: DirectionRows) => {
    const first = rows.windowEnds.findIndex((end) => end > MONDAY - 56 * DAY_MS);
    for (let row = first; row < first + share * (rows.count - first); row += 1) gap(rows, row);
  };
}

describe('the quality check', () => {
  it('finds nothing wrong with whole data', () => {
    expect(faultOf(() => {})).toBeNull();
  });

  it('names too few rows', () => {
    expect(faultOf(() => {}, { upTo: MONDAY - 13 * 7 * DAY_MS, at: MONDAY - 13 * 7 * DAY_MS })).toMatch(
      /^Only 16\d windows have a known truth at 60 minutes, 500 are needed\.$/,
    );
  });

  it('names a truth that stopped coming, not one that is a day late', () => {
    expect(faultOf(() => {}, { upTo: MONDAY - 2 * DAY_MS })).toBeNull();
    expect(faultOf(() => {}, { upTo: MONDAY - 3 * DAY_MS })).toContain('72 h overdue; 48 h are allowed');
  });

  it('names the feature with an infinite value', () => {
    expect(faultOf(({ values }) => (values[4 * 700 + 1] = -Infinity))).toBe(
      'The feature news_sentiment_4h holds an infinite value.',
    );
  });

  it('names too many void truths', () => {
    const gap = ({ labels }: DirectionRows, row: number) => (labels[row] = VOID_LABEL);
    expect(faultOf(inNewest(0.19, gap))).toBeNull();
    expect(faultOf(inNewest(0.3, gap))).toBe(
      '30 % of the truths of the last eight weeks at 60 minutes are void, 20 % are allowed.',
    );
  });

  it('names gaps in columns that used to be filled, not columns that never were', () => {
    const allGone = ({ values }: DirectionRows, row: number) => values.fill(NaN, 4 * row, 4 * row + 4);
    expect(faultOf(inNewest(0.19, allGone))).toBeNull();
    expect(faultOf(inNewest(0.4, allGone))).toContain('40 % of the feature values of the last eight weeks');
    expect(
      faultOf(({ values }) => {
        for (let place = 1; place < values.length; place += 4) values[place] = NaN;
      }),
    ).toBeNull();
  });
});
