import { expectedCalibrationError, reliabilityBins } from '../stats/index.ts';
import type { ComparisonRows } from './comparison.ts';
import { accuracyInterval, scoredRows } from './evaluation.ts';

/** Bins of equal mass. */
const BINS = 10;

/** What was said in one bin of probabilities, and what came true. */
export interface ReliabilityRow {
  /** P(up) above `from` and up to `to`; the first bin has its lower end as well. */
  from: number;
  to: number;
  n: number;
  /** Mean P(up). */
  probability: number;
  /** Share of windows that went up, with its 95 % interval by block bootstrap; NaN where there are too few windows. */
  share: number;
  low: number;
  high: number;
}

/** How far probabilities can be taken at their word. */
export interface Reliability {
  /** Expected calibration error over the bins; NaN without windows. */
  ece: number;
  /** Ten bins of equal mass, ascending; those that equal probabilities leave empty are left out. */
  reliability: ReliabilityRow[];
}

/**
 * Holds probabilities against what came true, bin by bin.
 * @throws RangeError when the windows do not stand on the grid of bars
 * @see `accuracyInterval` for the intervals; DeGroot, Fienberg (1983), The Comparison and Evaluation of Forecasters
 */
export function reliabilityOf(rows: ComparisonRows): Reliability {
  const { probabilities, labels } = rows;
  const scored = scoredRows(probabilities, labels);
  const problem = {
    probabilities: Float64Array.from(scored, (row) => probabilities[row] ?? NaN),
    labels: Uint8Array.from(scored, (row) => labels[row] ?? NaN),
    bins: BINS,
    by: 'mass',
  } as const;
  if (scored.length === 0) return { ece: NaN, reliability: [] };
  const reliability = reliabilityBins(problem).flatMap(({ from, to, n, probability, share }, place) => {
    if (n === 0) return [];
    const ups = new Float64Array(labels.length).fill(NaN);
    for (const row of scored) {
      const said = probabilities[row] ?? NaN;
      if (said <= to && (said > from || place === 0)) ups[row] = labels[row] ?? NaN;
    }
    const { low, high } = accuracyInterval({ ...rows, hits: ups });
    return [{ from, to, n, probability, share, low, high }];
  });
  return { ece: expectedCalibrationError(problem), reliability };
}
