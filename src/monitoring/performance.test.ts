import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createRandom, HOUR_MS } from '../core/index.ts';
import type { ScoredPrediction } from '../prediction/index.ts';
import { measurePerformance } from './performance.ts';

const START = Date.UTC(2022, 2, 7);
const OPTIONS = { barMinutes: 60, seed: 1 };

describe('measurePerformance', () => {
  it('counts what was right, void and pending, by hand', () => {
    const [performance] = measurePerformance(
      [
        predictionAt(0, { probabilityUp: 0.6, outcome: 'up', outcomeOneBarLater: 'down' }),
        predictionAt(1, { probabilityUp: 0.4, outcome: 'up', outcomeOneBarLater: 'down' }),
        predictionAt(2, { probabilityUp: 0.3, outcome: 'down', outcomeOneBarLater: 'void' }),
        predictionAt(3, { probabilityUp: 0.7, outcome: 'void', outcomeOneBarLater: 'up' }),
        predictionAt(4, { probabilityUp: 0.9, outcome: 'up', outcomeOneBarLater: null }),
        predictionAt(5, { probabilityUp: 0.9, outcome: null, outcomeOneBarLater: null }),
      ],
      OPTIONS,
    );
    // Right: 0, 2 and 4 of 0, 1, 2, 4. One bar later: 1 and 3 of 0, 1, 3.
    expect(performance).toMatchObject({
      n: 4,
      accuracy: 3 / 4,
      accuracyOneBarLater: 2 / 3,
      voids: 1,
      pending: 1,
    });
    expect(performance?.brier).toBeCloseTo((0.4 ** 2 + 0.6 ** 2 + 0.3 ** 2 + 0.1 ** 2) / 4, 15);
    const surprise = -(Math.log(0.6) + Math.log(0.4) + Math.log(0.7) + Math.log(0.9)) / 4;
    expect(performance?.logLoss).toBeCloseTo(surprise, 15);
    // Up at 0.6, 0.4, 0.9 against down at 0.3: all three pairs are in order.
    expect(performance?.auc).toBe(1);
    // Of 3 ups 2 are called up, of 1 down 1 down: (2x1 - 0x1) / sqrt(2 x 3 x 1 x 2).
    expect(performance?.mcc).toBeCloseTo(2 / Math.sqrt(12), 15);
    expect([performance?.low, performance?.high]).toEqual([NaN, NaN]);
  });

  it('sets every baseline beside every arm of its horizon', () => {
    const predictions = [0, 1, 2, 3].flatMap((place) => [
      predictionAt(place, { arm: 'logistic+vader', outcome: place < 1 ? 'up' : 'down' }),
      predictionAt(place, { arm: 'baseline-always-up', outcome: place < 1 ? 'up' : 'down' }),
      predictionAt(place, {
        arm: 'baseline-majority',
        probabilityUp: 0.1,
        outcome: place < 1 ? 'up' : 'down',
      }),
      predictionAt(place, { arm: 'baseline-majority', horizonMinutes: 1_440, outcome: 'up' }),
    ]);
    const performances = measurePerformance(predictions, OPTIONS);
    expect(performances.map(({ arm, horizonMinutes }) => [arm, horizonMinutes])).toEqual([
      ['logistic+vader', 60],
      ['baseline-always-up', 60],
      ['baseline-majority', 60],
      ['baseline-majority', 1_440],
    ]);
    expect(performances[0]?.baselines).toEqual({ 'always-up': 1 / 4, majority: 3 / 4 });
    expect(performances[3]?.baselines).toEqual({ majority: 1 });
  });

  it('scores a baseline on the windows of the arm that it stands beside', () => {
    const predictions = [
      predictionAt(0, { arm: 'baseline-always-up', outcome: 'down' }),
      predictionAt(1, { arm: 'baseline-always-up', outcome: 'up' }),
      predictionAt(1, { arm: 'late', outcome: 'up' }),
    ];
    const performances = measurePerformance(predictions, OPTIONS);
    expect(performances.find(({ arm }) => arm === 'late')?.baselines).toEqual({ 'always-up': 1 });
  });

  it('keeps the place of windows that are missing, so that blocks keep their length in time', () => {
    const random = createRandom(5);
    const full = Array.from({ length: 24 * 40 }, (_, place) =>
      predictionAt(place, { outcome: random.uniform() < 0.5 ? 'up' : 'down' }),
    );
    const holes = (place: number) => place % 97 > 60 && place % 97 < 90;
    const sparse = full.filter((_, place) => !holes(place));
    const unsettled = full.map((prediction, place) =>
      holes(place) ? { ...prediction, outcome: null } : prediction,
    );
    const [gaps] = measurePerformance(sparse, OPTIONS);
    const [same] = measurePerformance(unsettled, OPTIONS);
    expect(gaps?.low).toBeLessThan(gaps?.accuracy ?? NaN);
    expect([gaps?.n, gaps?.low, gaps?.high]).toEqual([same?.n, same?.low, same?.high]);
  });

  it('says of fair coins that they are fair: the interval of nearly each holds a half', () => {
    const missed = Array.from({ length: 20 }, (_, coin) => {
      const random = createRandom(coin);
      const predictions = Array.from({ length: 24 * 60 }, (__, place) =>
        predictionAt(place, {
          probabilityUp: random.uniform(),
          outcome: random.uniform() < 0.5 ? 'up' : 'down',
        }),
      );
      const [{ low = NaN, high = NaN } = {}] = measurePerformance(predictions, OPTIONS);
      expect(high - low).toBeLessThan(0.08);
      return !(low <= 0.5 && high >= 0.5);
    }).filter(Boolean);
    // One of 20 is to be expected; more than four would come in one of 400 times.
    expect(missed.length).toBeLessThanOrEqual(4);
  });

  it('accounts for every prediction: scored, void or pending', () => {
    const outcome = fc.constantFrom('up' as const, 'down' as const, 'void' as const, null);
    fc.assert(
      fc.property(fc.array(outcome, { minLength: 1, maxLength: 60 }), (outcomes) => {
        const predictions = outcomes.map((given, place) => predictionAt(place, { outcome: given }));
        const [performance] = measurePerformance(predictions, OPTIONS);
        const { n = NaN, voids = NaN, pending = NaN } = performance ?? {};
        expect(n + voids + pending).toBe(outcomes.length);
        expect(measurePerformance(predictions, OPTIONS)).toEqual([performance]);
      }),
      { numRuns: 30, seed: 1 },
    );
  });

  it('has nothing to say about nothing', () => {
    expect(measurePerformance([], OPTIONS)).toEqual([]);
  });

  it('refuses windows that do not come in time order', () => {
    const predictions = [predictionAt(3), predictionAt(0)];
    expect(() => measurePerformance(predictions, OPTIONS)).toThrow(RangeError);
    const between = [predictionAt(0), predictionAt(5), predictionAt(-1), predictionAt(6)];
    expect(() => measurePerformance(between, OPTIONS)).toThrow(RangeError);
  });

  it('refuses windows off the grid of bars', () => {
    expect(() => measurePerformance([predictionAt(0), predictionAt(0.5), predictionAt(2)], OPTIONS)).toThrow(
      RangeError,
    );
  });
});

function predictionAt(place: number, changes: Partial<ScoredPrediction> = {}): ScoredPrediction {
  return {
    windowEnd: START + place * HOUR_MS,
    horizonMinutes: 60,
    arm: 'logistic+vader',
    probabilityUp: 0.6,
    outcome: 'up',
    outcomeOneBarLater: 'up',
    ...changes,
  };
}
