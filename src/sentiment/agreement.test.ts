import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { accuracyOf, calibrationErrorOf, macroF1Of, pearsonOf, type Judgement } from './agreement.ts';
import { SENTIMENTS } from './scorer.ts';

const judged = (said: string, truth: string, confidence = 0.5) => ({ said, truth, confidence }) as Judgement;

// Expected values: scikit-learn's accuracy_score and f1_score(average='macro'), numpy's corrcoef.
const SAMPLE = [
  judged('positive', 'positive', 0.9),
  judged('positive', 'negative', 0.8),
  judged('neutral', 'neutral', 0.5),
  judged('negative', 'negative', 0.7),
  judged('neutral', 'positive', 0.4),
];

describe('accuracyOf', () => {
  it('is the share of right labels', () => {
    expect(accuracyOf(SAMPLE)).toBe(0.6);
  });
});

describe('macroF1Of', () => {
  it('averages the F1 of the labels', () => {
    // F1: negative 2/3, neutral 2/3, positive 1/2.
    expect(macroF1Of(SAMPLE)).toBeCloseTo((2 / 3 + 2 / 3 + 1 / 2) / 3, 12);
  });

  it('counts a label that nobody said and that is never true as not there', () => {
    expect(macroF1Of([judged('positive', 'positive'), judged('negative', 'negative')])).toBe(1);
  });

  it('counts a label that is only said as 0', () => {
    expect(macroF1Of([judged('positive', 'positive'), judged('neutral', 'positive')])).toBeCloseTo(1 / 3, 12);
  });
});

describe('calibrationErrorOf', () => {
  it('is the gap between confidence and share right, by bins of a fifteenth', () => {
    // Two rows in one bin (0.5 right, 0.82 confident on average), one row alone (right, 0.6 confident).
    const rows = [
      judged('positive', 'positive', 0.81),
      judged('positive', 'negative', 0.83),
      judged('neutral', 'neutral', 0.6),
    ];
    expect(calibrationErrorOf(rows)).toBeCloseTo((2 * 0.32 + 0.4) / 3, 12);
  });

  it('is 0 for certain answers that are all right', () => {
    expect(calibrationErrorOf([judged('neutral', 'neutral', 1)])).toBe(0);
  });

  it('lies between 0 and 1', () => {
    const label = fc.constantFrom(...SENTIMENTS);
    const judgement = fc.record({
      said: label,
      truth: label,
      confidence: fc.double({ min: 1 / 3, max: 1, noNaN: true }),
    });
    fc.assert(
      fc.property(fc.array(judgement, { minLength: 1, maxLength: 30 }), (rows) => {
        const error = calibrationErrorOf(rows);
        expect(error >= 0 && error <= 1).toBe(true);
      }),
      { seed: 2 },
    );
  });
});

describe('pearsonOf', () => {
  it('gives a known correlation', () => {
    // numpy.corrcoef([1, 2, 3, 4], [2, 1, 4, 3])
    expect(
      pearsonOf([
        [1, 2],
        [2, 1],
        [3, 4],
        [4, 3],
      ]),
    ).toBeCloseTo(0.6, 12);
  });

  it('is null for a single pair and for a side that never varies', () => {
    expect(pearsonOf([[1, 2]])).toBeNull();
    expect(
      pearsonOf([
        [1, 2],
        [1, 3],
      ]),
    ).toBeNull();
    expect(pearsonOf([])).toBeNull();
  });
});
