import type { Random } from '../core/index.ts';
import { normalCdf } from '../stats/index.ts';

/** A kernel is never narrower than the range over this, or over the number of kernels where those are fewer. */
const NARROWEST = 100;
/** Throws until a kernel's draw lies inside; its mean does and it is no wider than the range, so a third of them do. */
const MOST_THROWS = 64;

/** A density over 0..1. */
export interface Density {
  draw(dice: Random): number;
  /** Probability of an interval within 0..1. */
  mass(low: number, high: number): number;
  /** Density at a place within 0..1. */
  at(place: number): number;
}

interface Kernel {
  mean: number;
  spread: number;
  /** What of it lies inside 0..1. */
  inside: number;
}

const INVERSE_ROOT_TWO_PI = 1 / Math.sqrt(2 * Math.PI);

/**
 * Parzen estimator of a density over 0..1: a normal kernel at each observation, cut off at the bounds, all of the same
 * weight as one at the middle with the range as its spread, the prior. A kernel is as wide as the farther of its two
 * neighbours (prior and bounds among them) is away, but not wider than the range nor narrower than the range over the
 * number of kernels (over 100 where there are more).
 * @param observations - 0..1, any order, may be empty
 * @throws RangeError when one lies outside
 * @see Bergstra, Bardenet, Bengio, Kégl (2011), Algorithms for hyper-parameter optimization, NIPS, section 4.2
 */
export function parzenDensity(observations: readonly number[]): Density {
  const odd = observations.find((place) => !(place >= 0 && place <= 1));
  if (odd !== undefined) throw new RangeError(`an observation lies in 0..1, got ${odd}`);
  const kernels = kernelsAt(observations);
  const share = 1 / kernels.length;
  return {
    draw(dice) {
      const { mean, spread } = kernels[dice.integer(kernels.length)] ?? { mean: 0.5, spread: 1 };
      for (let thrown = 0; thrown < MOST_THROWS; thrown += 1) {
        const place = mean + spread * dice.normal();
        if (place >= 0 && place <= 1) return place;
      }
      return mean;
    },
    mass(low, high) {
      let sum = 0;
      for (const { mean, spread, inside } of kernels) {
        sum += (normalCdf((high - mean) / spread) - normalCdf((low - mean) / spread)) / inside;
      }
      return share * sum;
    },
    at(place) {
      let sum = 0;
      for (const { mean, spread, inside } of kernels) {
        const distance = (place - mean) / spread;
        sum += (INVERSE_ROOT_TWO_PI * Math.exp(-0.5 * distance * distance)) / (spread * inside);
      }
      return share * sum;
    },
  };
}

function kernelsAt(observations: readonly number[]): Kernel[] {
  const prior = { mean: 0.5, isPrior: true };
  const means = [prior, ...observations.map((mean) => ({ mean, isPrior: false }))];
  means.sort((left, right) => left.mean - right.mean);
  const narrowest = 1 / Math.min(NARROWEST, means.length);
  return means.map(({ mean, isPrior }, place) => {
    const below = mean - (means[place - 1]?.mean ?? 0);
    const above = (means[place + 1]?.mean ?? 1) - mean;
    const spread = isPrior ? 1 : Math.min(1, Math.max(below, above, narrowest));
    const inside = normalCdf((1 - mean) / spread) - normalCdf(-mean / spread);
    return { mean, spread, inside };
  });
}

/**
 * Frequencies of choices, each counted once beforehand in all: the prior is one observation, shared evenly.
 * @param observations - 0..count-1
 * @returns shape (count), sums to 1
 * @see Bergstra et al. (2011), section 4.2 (re-weighted categorical)
 */
export function choiceFrequencies(observations: readonly number[], count: number): Float64Array {
  const frequencies = new Float64Array(count).fill(1 / count);
  for (const choice of observations) frequencies[choice] = (frequencies[choice] ?? NaN) + 1;
  return frequencies.map((frequency) => frequency / (observations.length + 1));
}
