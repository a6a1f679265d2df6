import { quantile } from './quantile.ts';

/** Probabilities held against what came true. */
export interface ReliabilityProblem {
  /** P(1), or the confidence in an answer; 0..1, shape (n). */
  probabilities: Float64Array;
  /** 1 where it came true (or the answer was right), else 0; shape (n). */
  labels: Uint8Array;
  /** How many, from 1. */
  bins: number;
  /** Bins of equal width over 0..1, or of equal mass: cut at quantiles, so that equal probabilities stay together. */
  by: 'width' | 'mass';
}

/** One bin of a reliability diagram. */
export interface ReliabilityBin {
  /** Probabilities above `from` and up to `to`; the first bin has its lower end as well. */
  from: number;
  to: number;
  /** Rows. */
  n: number;
  /** Mean probability, and share of rows that came true; NaN without rows. */
  probability: number;
  share: number;
}

/** Rows of one bin added up. */
interface BinSums {
  n: number;
  probability: number;
  /** Sum of label - probability. */
  gap: number;
}

/**
 * The bins of a reliability diagram.
 * @returns shape (bins), ascending; empty ones included
 * @throws RangeError when the shapes differ, a probability leaves 0..1, or the number of bins is no positive integer
 * @see DeGroot, Fienberg (1983), The Comparison and Evaluation of Forecasters, The Statistician 32; Niculescu-Mizil,
 *   Caruana (2005), Predicting Good Probabilities With Supervised Learning, ICML
 */
export function reliabilityBins(problem: ReliabilityProblem): ReliabilityBin[] {
  const edges = edgesOf(problem);
  return sumsOf(problem, edges).map(({ n, probability, gap }, bin) => ({
    from: edges[bin] ?? NaN,
    to: edges[bin + 1] ?? NaN,
    n,
    probability: probability / n,
    share: (probability + gap) / n,
  }));
}

/**
 * Expected calibration error: the mean gap between probability and what came true over bins, weighted by their rows.
 * @returns 0 (perfect) to 1; NaN without rows
 * @throws RangeError as `reliabilityBins`
 * @see Naeini, Cooper, Hauskrecht (2015), Obtaining Well Calibrated Probabilities Using Bayesian Binning, AAAI; Guo et
 *   al. (2017), On Calibration of Modern Neural Networks, ICML
 */
export function expectedCalibrationError(problem: ReliabilityProblem): number {
  // Rows of a bin times its gap is the size of the sum of (label - probability) over them.
  const sums = sumsOf(problem, edgesOf(problem));
  return sums.reduce((total, { gap }) => total + Math.abs(gap), 0) / problem.labels.length;
}

/**
 * The bin of equal width that a probability lies in: open below, closed above.
 * @returns 0..bins - 1
 */
export function equalWidthBin(probability: number, bins: number): number {
  return Math.min(bins - 1, Math.max(0, Math.ceil(probability * bins) - 1));
}

/** Ends of the bins, shape (bins + 1). */
function edgesOf(problem: ReliabilityProblem): Float64Array {
  requireValid(problem);
  const { probabilities, bins, by } = problem;
  const sorted = by === 'mass' ? probabilities.toSorted() : probabilities;
  return Float64Array.from({ length: bins + 1 }, (_, edge) =>
    by === 'mass' ? quantile(sorted, edge / bins) : edge / bins,
  );
}

function sumsOf({ probabilities, labels, bins, by }: ReliabilityProblem, edges: Float64Array): BinSums[] {
  const sums = Array.from({ length: bins }, (): BinSums => ({ n: 0, probability: 0, gap: 0 }));
  probabilities.forEach((probability, row) => {
    const sum = sums[by === 'mass' ? binBetween(edges, probability) : equalWidthBin(probability, bins)];
    if (sum === undefined) return;
    sum.n += 1;
    sum.probability += probability;
    sum.gap += (labels[row] ?? NaN) - probability;
  });
  return sums;
}

/** The first bin that ends at the probability or above. */
function binBetween(edges: Float64Array, probability: number): number {
  let low = 1;
  let high = edges.length - 1;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((edges[middle] ?? NaN) >= probability) high = middle;
    else low = middle + 1;
  }
  return low - 1;
}

function requireValid({ probabilities, labels, bins }: ReliabilityProblem): void {
  if (probabilities.length !== labels.length) {
    throw new RangeError(
      `probabilities and labels differ in length: ${probabilities.length} and ${labels.length}`,
    );
  }
  if (!Number.isInteger(bins) || bins < 1) {
    throw new RangeError(`there is a positive whole number of bins, got ${bins}`);
  }
  const odd = probabilities.find((probability) => !(probability >= 0 && probability <= 1));
  if (odd !== undefined) throw new RangeError(`a probability lies in 0..1, got ${odd}`);
}
