import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { mixed } from './fixtures/mixed.ts';
import reference from './fixtures/metrics-reference.json' with { type: 'json' };
import { breakEvenAccuracy, COST_GRID, paperTrade, positionsOf, type PaperTrades } from './paper-trading.ts';

const trades = (
  positions: number[],
  barReturns: number[],
  changes: Partial<PaperTrades> = {},
): PaperTrades => ({
  positions: Int8Array.from(positions),
  barReturns: Float64Array.from(barReturns),
  horizonBars: 1,
  ...changes,
});

describe('paperTrade', () => {
  it('equals NumPy, which holds every position by itself', () => {
    for (const known of reference.trading) {
      const returns = mixed(known.seed, known.n).map((die) => 0.02 * (die - 0.5));
      const positions = positionsOf(mixed(known.seed + 1, known.n), known.margin);
      const book = paperTrade({ positions, barReturns: returns, horizonBars: known.horizonBars });
      expect(book.turnover).toBeCloseTo(known.turnover, 10);
      expect(book.results.map(({ costBasisPoints }) => costBasisPoints)).toEqual(COST_GRID);
      book.results.forEach(({ total, sharpe }, place) => {
        expect(total).toBeCloseTo(known.totals[place]!, 12);
        expect(sharpe).toBeCloseTo(known.sharpes[place]!, 10);
      });
    }
  });

  it('is as counted by hand: long, turned short, out', () => {
    const { exposures, turnover, results } = paperTrade(
      trades([1, -1, 0], [0.01, -0.02, 0.5], { costs: [10] }),
    );
    expect([...exposures]).toEqual([1, -1, 0]);
    expect(turnover).toBe(4);
    [0.01 - 0.001, 0.02 - 0.002, -0.001].forEach((net, bar) =>
      expect(results[0]!.net[bar]).toBeCloseTo(net, 15),
    );
    expect(results[0]!.total).toBeCloseTo(0.026, 15);
  });

  it('enters with a share of the capital at each bar, and gets out at the end', () => {
    const { exposures, turnover } = paperTrade(trades([1, 1, 1, -1, 0], [0, 0, 0, 0, 0], { horizonBars: 2 }));
    expect([...exposures]).toEqual([0.5, 1, 1, 0, -0.5]);
    expect(turnover).toBe(0.5 + 0.5 + 0 + 1 + 0.5 + 0.5);
  });

  it('earns the sum of position times the return over its horizon, and loses in step with the cost', () => {
    const bar = fc.tuple(fc.integer({ min: -1, max: 1 }), fc.double({ min: -0.1, max: 0.1, noNaN: true }));
    fc.assert(
      fc.property(
        fc.array(bar, { minLength: 1, maxLength: 40 }),
        fc.integer({ min: 1, max: 6 }),
        (bars, held) => {
          const returns = bars.map(([, one]) => one);
          const book = paperTrade(
            trades(
              bars.map(([one]) => one),
              returns,
              { horizonBars: held, costs: [0, 7] },
            ),
          );
          const [free, dear] = book.results;
          const gross = bars.reduce((sum, [position], place) => {
            const ahead = returns.slice(place, place + held).reduce((total, one) => total + one, 0);
            return sum + (position * ahead) / held;
          }, 0);
          expect(free!.total).toBeCloseTo(gross, 12);
          expect(free!.total - dear!.total).toBeCloseTo(7e-4 * book.turnover, 12);
          expect(Math.max(...book.exposures.map(Math.abs))).toBeLessThanOrEqual(1);
        },
      ),
      { seed: 1 },
    );
  });

  it('holds nothing without bars, and refuses what is no position, return, horizon or cost', () => {
    expect(paperTrade(trades([], [])).turnover).toBe(0);
    expect(() => paperTrade(trades([1], []))).toThrow('1 positions, but 0 returns');
    expect(() => paperTrade(trades([2], [0]))).toThrow('got 2');
    expect(() => paperTrade(trades([1], [NaN]))).toThrow('bar 0 is NaN');
    expect(() => paperTrade(trades([1], [0], { horizonBars: 0 }))).toThrow('got 0');
    expect(() => paperTrade(trades([1], [0], { costs: [-1] }))).toThrow('got -1');
  });
});

describe('positionsOf', () => {
  it('is out within the margin and where nothing was said; exactly a half is long without a margin', () => {
    const said = Float64Array.of(0.6, 0.55, 0.5, 0.45, 0.4, NaN);
    expect([...positionsOf(said, 0.05)]).toEqual([1, 1, 0, -1, -1, 0]);
    expect([...positionsOf(said, 0)]).toEqual([1, 1, 1, -1, -1, 0]);
    expect(() => positionsOf(said, -0.1)).toThrow('got -0.1');
  });
});

describe('breakEvenAccuracy', () => {
  it('is where trading with hits and misses of one size brings nothing', () => {
    // A move of 0.4 % and 5 bp each way: 1/2 + 2 * 0.0005 / (2 * 0.004).
    const accuracy = breakEvenAccuracy({ meanAbsoluteMove: 0.004, costBasisPoints: 5 });
    expect(accuracy).toBeCloseTo(0.625, 14);
    // Five hits and three misses, out again after each.
    const hits = [1, 1, 0, 1, 0, 1, 0, 1];
    const positions = hits.flatMap(() => [1, 0]);
    const returns = hits.flatMap((hit) => [hit === 1 ? 0.004 : -0.004, 0.03]);
    expect(paperTrade(trades(positions, returns, { costs: [5] })).results[0]!.total).toBeCloseTo(0, 15);
  });

  it('is a half where trading is free, rises with cost, and may lie out of reach', () => {
    expect(breakEvenAccuracy({ meanAbsoluteMove: 0.01, costBasisPoints: 0 })).toBe(0.5);
    expect(breakEvenAccuracy({ meanAbsoluteMove: 0.001, costBasisPoints: 20 })).toBeGreaterThan(1);
    expect(breakEvenAccuracy({ meanAbsoluteMove: 0.01, costBasisPoints: 5, turnover: 1 })).toBeCloseTo(
      0.525,
      14,
    );
  });

  it('refuses a move of nothing and a negative cost', () => {
    expect(() => breakEvenAccuracy({ meanAbsoluteMove: 0, costBasisPoints: 1 })).toThrow('got 0');
    expect(() => breakEvenAccuracy({ meanAbsoluteMove: 1, costBasisPoints: -1 })).toThrow('got -1');
  });
});
