import { directionOf, type ComparisonRows } from '../models/index.ts';
import { pesaranTimmermann } from '../stats/index.ts';

/** Whether directions and what came true go together, beyond what each of them does by itself. */
export interface Timing {
  /** Standard normal where they do not; NaN where one of them never changes. */
  statistic: number;
  /** One-sided. */
  p: number;
  /** Windows a horizon apart, so that none overlap. */
  n: number;
}

/**
 * The test of market timing on every window that begins where the last one ended.
 * @see Pesaran, Timmermann (1992), A Simple Nonparametric Test of Predictive Performance, JBES 10
 */
export function judgeTiming({ probabilities, labels, barMinutes, horizonMinutes }: ComparisonRows): Timing {
  const stride = Math.max(1, Math.round(horizonMinutes / barMinutes));
  const said: number[] = [];
  const truth: number[] = [];
  const first = probabilities.findIndex((probability) => !Number.isNaN(probability));
  for (let row = Math.max(0, first); row < labels.length; row += stride) {
    const probability = probabilities[row] ?? NaN;
    if (Number.isNaN(probability) || (labels[row] ?? NaN) > 1) continue;
    said.push(directionOf(probability) === 'up' ? 1 : 0);
    truth.push(labels[row] ?? 0);
  }
  return { ...pesaranTimmermann(Uint8Array.from(said), Uint8Array.from(truth)), n: said.length };
}
