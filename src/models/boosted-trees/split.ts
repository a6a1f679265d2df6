import type { BoostingParameters } from './parameters.ts';

/** XGBoost takes no split that gains less; below it rounding decides. */
const LEAST_GAIN = 1e-6;

/** Sums over the rows of a node. */
export interface Sums {
  gradient: number;
  hessian: number;
}

/** Rows go left when their bin is at most `bin`, missing ones when `defaultLeft`. */
export interface Split {
  column: number;
  bin: number;
  defaultLeft: boolean;
  gain: number;
  left: Sums;
}

/**
 * The weight that a leaf would best have: -G / (H + lambda), the gradient shortened by alpha.
 * @see Chen, Guestrin (2016), equation 5
 */
export function leafWeight(
  { gradient, hessian }: Sums,
  { lambda, alpha, minChildWeight }: Pick<BoostingParameters, 'lambda' | 'alpha' | 'minChildWeight'>,
): number {
  if (hessian < minChildWeight || hessian <= 0) return 0;
  return -shortened(gradient, alpha) / (hessian + lambda);
}

/** Whether a node is split at all. */
export function isWorthwhile(gain: number, gamma: number): boolean {
  return gain > LEAST_GAIN && gain >= gamma;
}

function shortened(gradient: number, alpha: number): number {
  if (gradient > alpha) return gradient - alpha;
  return gradient < -alpha ? gradient + alpha : 0;
}
