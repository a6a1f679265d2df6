import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  accuracy,
  areaUnderRoc,
  balancedAccuracy,
  brierScore,
  logLoss,
  matthewsCorrelation,
  sigmoid,
} from './classification.ts';
import { judgedRows } from './fixtures/mixed.ts';
import figures from './fixtures/metrics-reference.json' with { type: 'json' };
import reference from './fixtures/reference.json' with { type: 'json' };

const labels = Uint8Array.from(reference.labels);
const scores = Float64Array.from(reference.scores);
const said = Uint8Array.from(reference.scores, (score) => (score >= 0.5 ? 1 : 0));
const cases = fc.array(fc.tuple(fc.integer({ min: 0, max: 8 }), fc.integer({ min: 0, max: 1 })), {
  minLength: 1,
  maxLength: 40,
});

describe('classification scores', () => {
  it('equal scikit-learn on sixty rows with many ties', () => {
    expect(areaUnderRoc(scores, labels)).toBeCloseTo(reference.areaUnderRoc, 14);
    expect(brierScore(scores, labels)).toBeCloseTo(reference.brier, 14);
    const inside = scores.map((score) => Math.min(0.95, Math.max(0.05, score)));
    expect(logLoss(inside, labels)).toBeCloseTo(reference.logLoss, 14);
    expect(accuracy(said, labels)).toBeCloseTo(reference.accuracy, 14);
    expect(matthewsCorrelation(said, labels)).toBeCloseTo(reference.matthews, 14);
  });

  it('equal scikit-learn on four more sets, with certain answers among them', () => {
    for (const known of figures.figures) {
      const { probabilities, labels: truth } = judgedRows(known);
      const answers = Uint8Array.from(probabilities, (probability) => (probability >= 0.5 ? 1 : 0));
      expect(accuracy(answers, truth)).toBeCloseTo(known.accuracy, 12);
      expect(balancedAccuracy(answers, truth)).toBeCloseTo(known.balancedAccuracy, 12);
      expect(matthewsCorrelation(answers, truth)).toBeCloseTo(known.matthews, 12);
      expect(brierScore(probabilities, truth)).toBeCloseTo(known.brier, 12);
      expect(logLoss(probabilities, truth)).toBeCloseTo(known.logLoss, 12);
      expect(areaUnderRoc(probabilities, truth)).toBeCloseTo(known.areaUnderRoc, 12);
    }
  });

  it('give the area as the share of pairs in the right order, ties half', () => {
    fc.assert(
      fc.property(cases, (rows) => {
        const ups = rows.filter(([, label]) => label === 1);
        const downs = rows.filter(([, label]) => label === 0);
        let right = 0;
        for (const [up] of ups) for (const [down] of downs) right += up > down ? 1 : up === down ? 0.5 : 0;
        const area = areaUnderRoc(
          Float64Array.from(rows, ([score]) => score),
          Uint8Array.from(rows, ([, label]) => label),
        );
        if (ups.length * downs.length === 0) expect(area).toBeNaN();
        else expect(area).toBeCloseTo(right / (ups.length * downs.length), 12);
      }),
      { seed: 1 },
    );
  });

  it('turn the correlation around when every prediction is turned around', () => {
    fc.assert(
      fc.property(cases, (rows) => {
        const truth = Uint8Array.from(rows, ([, label]) => label);
        const guess = Uint8Array.from(rows, ([score]) => score % 2);
        const correlation = matthewsCorrelation(guess, truth);
        expect(Math.abs(correlation)).toBeLessThanOrEqual(1 + 1e-12);
        expect(
          matthewsCorrelation(
            guess.map((bit) => 1 - bit),
            truth,
          ),
        ).toBeCloseTo(-correlation, 12);
      }),
      { seed: 1 },
    );
  });

  it('balance the classes: copies of the up rows change nothing, and one answer for all is a half', () => {
    fc.assert(
      fc.property(cases, fc.integer({ min: 2, max: 4 }), (rows, copies) => {
        const balanced = (some: typeof rows) =>
          balancedAccuracy(
            Uint8Array.from(some, ([score]) => score % 2),
            Uint8Array.from(some, ([, label]) => label),
          );
        const more = rows.flatMap((row) => Array<(typeof rows)[number]>(row[1] === 1 ? copies : 1).fill(row));
        if (Number.isNaN(balanced(rows))) expect(balanced(more)).toBeNaN();
        else expect(balanced(more)).toBeCloseTo(balanced(rows), 12);
      }),
      { seed: 1 },
    );
    expect(balancedAccuracy(Uint8Array.of(1, 1, 1), Uint8Array.of(1, 1, 0))).toBe(0.5);
    expect(balancedAccuracy(Uint8Array.of(1, 0), Uint8Array.of(1, 1))).toBeNaN();
  });

  it('stay finite where a certain prediction was wrong', () => {
    expect(logLoss(Float64Array.of(0, 1), Uint8Array.of(1, 0))).toBeCloseTo(52 * Math.LN2, 10);
    expect(matthewsCorrelation(Uint8Array.of(1, 1), Uint8Array.of(1, 0))).toBe(0);
  });

  it('are not a number without rows', () => {
    const none = new Uint8Array(0);
    const empty = new Float64Array(0);
    const all = [
      accuracy(none, none),
      balancedAccuracy(none, none),
      brierScore(empty, none),
      logLoss(empty, none),
      areaUnderRoc(empty, none),
      matthewsCorrelation(none, none),
    ];
    expect(all).toEqual(Array(6).fill(NaN));
  });

  it('refuse shapes that differ and scores that are not numbers', () => {
    expect(() => brierScore(Float64Array.of(0.5), new Uint8Array(2))).toThrow('differ in length: 1 and 2');
    expect(() => areaUnderRoc(Float64Array.of(NaN), Uint8Array.of(1))).toThrow(RangeError);
  });
});

describe('sigmoid', () => {
  it('gives the values of scipy.special.expit', () => {
    for (const [x, value] of figures.sigmoid) expect(sigmoid(x!)).toBeCloseTo(value!, 15);
  });

  it('is the inverse of the log-odds and neither overflows nor leaves 0..1', () => {
    expect(sigmoid(Math.log(3))).toBeCloseTo(0.75, 15);
    expect([sigmoid(-1000), sigmoid(0), sigmoid(1000)]).toEqual([0, 0.5, 1]);
  });
});
