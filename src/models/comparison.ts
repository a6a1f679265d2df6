import { dieboldMariano, mcnemar } from '../stats/index.ts';
import { directionOf } from './direction.ts';
import { accuracyInterval, onGrid, scoredRows, type HitSeries } from './evaluation.ts';

/** A model beside another one on the same windows. */
export interface PairedComparison {
  /** Accuracy of the first less that of the other, with its 95 % interval by block bootstrap; NaN without one. */
  accuracyDifference: number;
  low: number;
  high: number;
  /** Exact two-sided p; null where windows overlap, because they are not independent then. */
  mcnemar: number | null;
  /** Two-sided p of equal Brier scores; NaN where there are too few windows. */
  dieboldMariano: number;
  /** Windows that both predicted and that went up or down. */
  n: number;
}

/** Accuracy where a model is most sure of itself. */
export interface CoveragePoint {
  /** Share of the windows that are answered, 0..1. */
  coverage: number;
  /** |P(up) - 0.5| from which on a window is answered. */
  threshold: number;
  accuracy: number;
  /** 95 % interval by block bootstrap; NaN where there are too few windows. */
  low: number;
  high: number;
  n: number;
}

/** What is compared; arrays of the shape (n). */
export interface ComparisonRows extends Omit<HitSeries, 'hits'> {
  /** P(up); NaN where there is none. */
  probabilities: Float64Array;
  /** 1 = up, 0 = down, anything else = void or not known. */
  labels: Uint8Array;
}

/** Most to least; the whole stands first. */
export const COVERAGES = [1, 0.75, 0.5, 0.25, 0.1, 0.05, 0.02, 0.01];

/**
 * Holds a model against another, window by window: what both get right or wrong alike tells nothing of either.
 * @param other - P(up) of the other for the same windows
 * @see McNemar (1947); Diebold, Mariano (1995); Brier (1950)
 */
export function compareDirections(rows: ComparisonRows, other: Float64Array): PairedComparison {
  const { probabilities, labels, barMinutes, horizonMinutes } = rows;
  const both = scoredRows(probabilities, labels).filter((row) => !Number.isNaN(other[row]));
  const hits = new Float64Array(labels.length).fill(NaN);
  const losses = new Float64Array(labels.length).fill(NaN);
  let onlyOwn = 0;
  let onlyOther = 0;
  for (const row of both) {
    const truth = labels[row] ?? NaN;
    const [own, others] = [probabilities[row] ?? NaN, other[row] ?? NaN];
    const [isRight, isOtherRight] = [isHit(own, truth), isHit(others, truth)];
    hits[row] = Number(isRight) - Number(isOtherRight);
    losses[row] = (own - truth) ** 2 - (others - truth) ** 2;
    if (isRight && !isOtherRight) onlyOwn += 1;
    if (isOtherRight && !isRight) onlyOther += 1;
  }
  const { accuracy, low, high, n } = accuracyInterval({ ...rows, hits });
  const horizon = Math.max(1, Math.round(horizonMinutes / barMinutes));
  return {
    accuracyDifference: accuracy,
    low,
    high,
    mcnemar: horizon === 1 ? mcnemar(onlyOwn, onlyOther) : null,
    dieboldMariano: dieboldMariano({ differences: onGrid({ ...rows, hits: losses }), horizon }).p,
    n,
  };
}

/**
 * How often a model is right on the windows on which it is surest. Thresholds are shares of its own confidences over
 * all windows, which nobody knows beforehand: a curve to look at, not a rule that was traded.
 * @see El-Yaniv, Wiener (2010), On the Foundations of Noise-free Selective Classification
 */
export function coverageCurve(rows: ComparisonRows): CoveragePoint[] {
  const { probabilities, labels } = rows;
  const scored = scoredRows(probabilities, labels);
  const sureness = (row: number) => Math.abs((probabilities[row] ?? NaN) - 0.5);
  const sorted = Float64Array.from(scored, sureness).sort().reverse();
  return COVERAGES.flatMap((share) => {
    const threshold = sorted[Math.ceil(share * sorted.length) - 1];
    if (threshold === undefined) return [];
    const hits = new Float64Array(labels.length).fill(NaN);
    for (const row of scored) {
      if (sureness(row) < threshold) continue;
      hits[row] = Number(isHit(probabilities[row] ?? NaN, labels[row] ?? NaN));
    }
    const { accuracy, low, high, n } = accuracyInterval({ ...rows, hits });
    return [{ coverage: n / scored.length, threshold, accuracy, low, high, n }];
  });
}

function isHit(probability: number, truth: number): boolean {
  return (directionOf(probability) === 'up' ? 1 : 0) === truth;
}
