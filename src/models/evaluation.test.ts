import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createRandom, HOUR_MS } from '../core/index.ts';
import {
  accuracyInterval,
  directionIntervals,
  evaluateDirection,
  type DirectionEvaluation,
} from './evaluation.ts';
import { VOID_LABEL } from './rows.ts';

function evaluationOf(probabilities: number[], labels: number[], changes: Partial<DirectionEvaluation> = {}) {
  return evaluateDirection({
    probabilities: Float64Array.from(probabilities),
    labels: Uint8Array.from(labels),
    labelsOneBarLater: Uint8Array.from(labels),
    windowEnds: Float64Array.from(labels, (_, row) => row * HOUR_MS),
    barMinutes: 60,
    horizonMinutes: 60,
    baselineProbabilities: {},
    seed: 1,
    ...changes,
  });
}

function tossed(seed: number, count: number): Float64Array {
  const random = createRandom(seed);
  return Float64Array.from({ length: count }, () => (random.uniform() < 0.5 ? 1 : 0));
}

function intervalOf(hits: Float64Array, places: number[] | null = null, horizonMinutes = 60) {
  const windowEnds = Float64Array.from(hits, (_, row) => (places?.[row] ?? row) * HOUR_MS);
  return accuracyInterval({ hits, windowEnds, barMinutes: 60, horizonMinutes, seed: 1 });
}

describe('evaluateDirection', () => {
  it('scores a small case as counted by hand, void and unpredicted rows left out', () => {
    const scores = evaluationOf([0.8, 0.6, 0.4, 0.5, 0.9, NaN], [1, 0, 0, 1, VOID_LABEL, 1], {
      labelsOneBarLater: Uint8Array.of(0, 0, 0, 1, 0, 1),
      baselineProbabilities: { 'always-up': new Float64Array(6).fill(0.501) },
    });
    expect(scores).toMatchObject({
      n: 4,
      accuracy: 3 / 4,
      accuracyOneBarLater: 2 / 5,
      baselines: { 'always-up': 0.5 },
    });
    expect(scores.brier).toBeCloseTo((0.04 + 0.36 + 0.16 + 0.25) / 4, 14);
    expect(scores.logLoss).toBeCloseTo(
      -(Math.log(0.8) + Math.log(0.4) + Math.log(0.6) + Math.log(0.5)) / 4,
      14,
    );
    expect(scores.auc).toBe(3 / 4);
    expect(scores.balancedAccuracy).toBe((1 + 1 / 2) / 2);
    expect(scores.mcc).toBeCloseTo(1 / Math.sqrt(3), 14);
    expect(scores.low).toBeNaN();
  });

  it('gives the turned-around model the turned-around accuracy and interval', () => {
    const labels = [...tossed(1, 600)];
    const random = createRandom(2);
    const probabilities = labels.map((label) => 0.5 + (random.uniform() - 0.45) * (label === 1 ? 0.5 : -0.5));
    const one = evaluationOf(probabilities, labels);
    const other = evaluationOf(
      probabilities.map((probability) => 1 - probability),
      labels,
    );
    expect(other.accuracy).toBeCloseTo(1 - one.accuracy, 12);
    expect(other.low).toBeCloseTo(1 - one.high, 12);
    expect(other.auc).toBeCloseTo(1 - one.auc, 12);
    expect(one.low).toBeLessThan(one.accuracy);
    expect(one.accuracy).toBeLessThan(one.high);
  });

  it('says not a number where there is nothing to score', () => {
    expect(evaluationOf([NaN, 0.5], [1, VOID_LABEL])).toMatchObject({
      n: 0,
      accuracy: NaN,
      auc: NaN,
      high: NaN,
    });
  });

  it('refuses arrays of different length', () => {
    expect(() => evaluationOf([0.5], [1, 0])).toThrow('1 probabilities');
  });
});

describe('directionIntervals', () => {
  const seriesOf = (rows: number, changes: Partial<DirectionEvaluation> = {}) => {
    const labels = Uint8Array.from(tossed(5, rows));
    const random = createRandom(6);
    const probabilities = Float64Array.from(labels, (label) => 0.3 + 0.1 * label + 0.4 * random.uniform());
    labels[30] = VOID_LABEL;
    probabilities[40] = NaN;
    const windowEnds = Float64Array.from(labels, (_, row) => (row + (row > 300 ? 50 : 0)) * HOUR_MS);
    const labelsOneBarLater = labels;
    const given = { probabilities, labels, labelsOneBarLater, windowEnds, baselineProbabilities: {} };
    return { ...given, barMinutes: 60, horizonMinutes: 60, seed: 3, ...changes };
  };

  it('holds every figure, and its accuracy interval is that of the scores', () => {
    const scores = evaluateDirection(seriesOf(600));
    const intervals = directionIntervals(seriesOf(600));
    expect(intervals.accuracy).toEqual({ low: scores.low, high: scores.high });
    for (const metric of ['balancedAccuracy', 'mcc', 'auc', 'brier', 'logLoss'] as const) {
      expect(intervals[metric].low, metric).toBeLessThan(scores[metric]);
      expect(intervals[metric].high, metric).toBeGreaterThan(scores[metric]);
    }
    expect(directionIntervals(seriesOf(600))).toEqual(intervals);
  });

  it('does not look at what was said of windows without truth', () => {
    const { probabilities, ...rest } = seriesOf(600);
    const other = probabilities.with(30, 0.999);
    expect(directionIntervals({ ...rest, probabilities: other })).toEqual(directionIntervals(seriesOf(600)));
  });

  it('has no bounds for a week, and refuses arrays of different length', () => {
    expect(directionIntervals(seriesOf(168)).auc).toEqual({ low: NaN, high: NaN });
    expect(() => directionIntervals(seriesOf(168, { windowEnds: new Float64Array(5) }))).toThrow(
      'has 5 rows',
    );
  });
});

describe('accuracyInterval', () => {
  it('is wider for labels of a day than for labels of an hour where hits come in runs of a day', () => {
    const days = tossed(3, 200);
    const hits = Float64Array.from({ length: 24 * 200 }, (_, row) => days[Math.floor(row / 24)]!);
    const hour = intervalOf(hits, null, 60);
    const day = intervalOf(hits, null, 1440);
    expect(day.high - day.low).toBeGreaterThan(hour.high - hour.low);
    expect(day.accuracy).toBe(hour.accuracy);
  });

  it('treats absent bars like bars without truth, and ignores what lies outside the truth', () => {
    fc.assert(
      fc.property(
        fc.uniqueArray(fc.integer({ min: 0, max: 399 }), { minLength: 220, maxLength: 300 }),
        (chosen) => {
          const places = chosen.sort((left, right) => left - right);
          const all = tossed(4, 400);
          const sparse = intervalOf(
            Float64Array.from(places, (place) => all[place]!),
            places,
          );
          const full = new Float64Array(500).fill(NaN);
          for (const place of places) full[place + 50] = all[place]!;
          expect(intervalOf(full)).toEqual(sparse);
        },
      ),
      { numRuns: 20, seed: 1 },
    );
  });

  it('has no bounds for a week on both sides of a month without bars, until eight days are there', () => {
    const around = (days: number) => {
      const rows = days * 24;
      const places = Array.from({ length: rows }, (_, row) => row + (row < rows / 2 ? 0 : 30 * 24));
      return intervalOf(tossed(6, rows), places);
    };
    expect(around(7)).toMatchObject({ n: 168, low: NaN, high: NaN });
    expect(around(7).accuracy).not.toBeNaN();
    const enough = around(8);
    expect(enough.n).toBe(192);
    expect(enough.low).toBeLessThan(enough.accuracy);
    expect(enough.high).toBeGreaterThan(enough.accuracy);
  });

  it('refuses windows that stand between bars or go back', () => {
    expect(() => intervalOf(Float64Array.of(1, 0, 1), [0, 0.5, 1])).toThrow(RangeError);
    expect(() => intervalOf(Float64Array.of(1, 0, 1), [0, 2, 2])).toThrow('row 2');
  });
});
