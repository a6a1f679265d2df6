import { roundHalfEven } from './rounding.ts';

/** Approximates the largest sum that a sentence reaches. */
const NORMALISER = 15;
const COMPOUND_DIGITS = 4;

/** A sum of valences on the scale -1..1, not rounded. */
export function normalised(sum: number): number {
  return sum / Math.sqrt(sum * sum + NORMALISER);
}

/** The sum that `normalised` makes this of; at and beyond +-1 a large one. */
export function sumBehind(compound: number): number {
  return compound * Math.sqrt(NORMALISER / Math.max(1 - compound * compound, Number.EPSILON));
}

/** The compound of a sum of valences, with the reference's four decimals. */
export function compoundOf(sum: number): number {
  return roundHalfEven(normalised(sum), COMPOUND_DIGITS);
}
