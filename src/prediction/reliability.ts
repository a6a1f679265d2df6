import { expectedCalibrationError, reliabilityBins, type ReliabilityBin } from '../stats/index.ts';
import type { ComparisonRows } from '../models/index.ts';

const BINS = 10;

/** Probabilities held against what came true, in ten bins of equal mass. */
export function reliabilityOf({ probabilities, labels }: Pick<ComparisonRows, 'probabilities' | 'labels'>): {
  ece: number;
  bins: ReliabilityBin[];
} {
  const rows = [...labels.keys()].filter(
    (row) => !Number.isNaN(probabilities[row]) && (labels[row] ?? NaN) <= 1,
  );
  const problem = {
    probabilities: Float64Array.from(rows, (row) => probabilities[row] ?? NaN),
    labels: Uint8Array.from(rows, (row) => labels[row] ?? NaN),
    bins: BINS,
    by: 'mass',
  } as const;
  return { ece: expectedCalibrationError(problem), bins: reliabilityBins(problem) };
}
