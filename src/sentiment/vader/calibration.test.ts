import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  calibratedScore,
  REFERENCE_CALIBRATION,
  referenceScore,
  thresholdsOf,
  type Calibration,
} from './calibration.ts';

const offset = fc.double({ min: -5, max: 5, noNaN: true });
const slope = fc.double({ min: 0.05, max: 50, noNaN: true });
const calibrations: fc.Arbitrary<Calibration> = fc.record({
  negativeSlope: slope,
  negativeOffset: offset,
  neutralOffset: offset,
  tickerOffset: offset,
  positiveSlope: slope,
  positiveOffset: offset,
});
const compounds = fc.double({ min: -1, max: 1, noNaN: true });

describe('calibratedScore', () => {
  it('reads a compound as 1.0.0 does with the calibration of 1.0.0', () => {
    for (const compound of [-1, -0.3412, -0.05, 0, 0.0499, 0.4404, 1]) {
      const ours = calibratedScore({ compound, hasTicker: false }, REFERENCE_CALIBRATION);
      const theirs = referenceScore(compound);
      expect(ours.label).toBe(theirs.label);
      expect(ours.confidence).toBeCloseTo(theirs.confidence, 12);
      expect(ours.probabilities.negative).toBeCloseTo(theirs.probabilities.negative, 12);
    }
    // The border of VADER's documentation.
    const borders = thresholdsOf(REFERENCE_CALIBRATION, false);
    expect(borders.positive).toBeCloseTo(0.05, 12);
    expect(borders.negative).toBeCloseTo(-0.05, 12);
  });

  it('labels by the thresholds whatever the calibration', () => {
    fc.assert(
      fc.property(calibrations, compounds, fc.boolean(), (calibration, compound, hasTicker) => {
        const { positive, negative } = thresholdsOf(calibration, hasTicker);
        const { label } = calibratedScore({ compound, hasTicker }, calibration);
        if (compound > positive + 1e-9) expect(label).toBe('positive');
        else if (compound < negative - 1e-9) expect(label).toBe('negative');
        else if (compound > negative + 1e-9 && compound < positive - 1e-9) expect(label).toBe('neutral');
      }),
      { seed: 8, numRuns: 500 },
    );
  });

  it('never makes good news less positive', () => {
    fc.assert(
      fc.property(calibrations, compounds, compounds, (calibration, one, other) => {
        const at = (compound: number) =>
          calibratedScore({ compound, hasTicker: true }, calibration).probabilities.positive;
        expect(at(Math.max(one, other))).toBeGreaterThanOrEqual(at(Math.min(one, other)) - 1e-12);
      }),
      { seed: 9 },
    );
  });
});
