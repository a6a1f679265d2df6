import { SENTIMENTS, type Score, type SentimentLabel } from '../scorer.ts';

/** How the answers of some members become one: log-odds = intercepts + weights * logarithms of their probabilities. */
export interface Combination {
  /** Their numbers in the list of members, ascending. */
  members: readonly number[];
  /** Shape (3), in the order of `SENTIMENTS`. */
  intercepts: readonly number[];
  /** Of sentiment k and logarithm f at k * (3 * members) + f; logarithms are member by member. Shape (3 * 3 * members). */
  weights: readonly number[];
}

/** What the members say of each other, told with every score. */
export interface Concord {
  /** Share of the members that answered with the ensemble's label, 0..1. */
  agreement: number;
  /** Share of the pairs of members whose sentiments have the same sign, 0..1; 1 where only one answered. */
  signAgreement: number;
  /** Jensen-Shannon divergence of the members' probabilities as a share of the most that it can be, 0..1. */
  disagreement: number;
}

/** No member is surer than this: a probability of 0 would silence all the others. */
const LEAST_PROBABILITY = 1e-3;
const CLASSES = SENTIMENTS.length;

/** Equal shares for all: the logarithmic opinion pool, which needs no training. */
export function equalCombination(members: readonly number[]): Combination {
  const width = CLASSES * members.length;
  const weights = new Array<number>(CLASSES * width).fill(0);
  for (let k = 0; k < CLASSES; k += 1) {
    members.forEach((_, place) => (weights[k * width + place * CLASSES + k] = 1 / members.length));
  }
  return { members, intercepts: [0, 0, 0], weights };
}

/** What a combination works on: three logarithms a member. */
export function logarithmsOf(scores: readonly Score[]): number[] {
  return scores.flatMap(({ probabilities }) =>
    SENTIMENTS.map((label) => Math.log(Math.max(probabilities[label], LEAST_PROBABILITY))),
  );
}

/**
 * One score from those of the members.
 * @param scores - one a member of the combination, in its order
 */
export function combine({ intercepts, weights }: Combination, scores: readonly Score[]): Score {
  const logarithms = logarithmsOf(scores);
  const odds = intercepts.map((intercept, k) =>
    logarithms.reduce(
      (sum, one, place) => sum + one * (weights[k * logarithms.length + place] ?? 0),
      intercept,
    ),
  );
  const most = Math.max(...odds);
  const shares = odds.map((one) => Math.exp(one - most));
  const total = shares.reduce((sum, one) => sum + one, 0);
  const [negative = 0, neutral = 0, positive = 0] = shares.map((share) => share / total);
  return {
    sentiment: positive - negative,
    confidence: 1 / total,
    label: labelOf({ negative, neutral, positive }),
    probabilities: { negative, neutral, positive },
  };
}

/** How far the members are one with each other and with what came of them. */
export function concordOf(label: SentimentLabel, scores: readonly Score[]): Concord {
  const same = scores.filter((score) => score.label === label).length;
  return {
    agreement: same / scores.length,
    signAgreement: signAgreementOf(scores),
    disagreement: disagreementOf(scores),
  };
}

function signAgreementOf(scores: readonly Score[]): number {
  let pairs = 0;
  let same = 0;
  scores.forEach((left, place) => {
    for (const right of scores.slice(place + 1)) {
      pairs += 1;
      if (Math.sign(left.sentiment) === Math.sign(right.sentiment)) same += 1;
    }
  });
  return pairs === 0 ? 1 : same / pairs;
}

/** @see Lin (1991), Divergence measures based on the Shannon entropy */
function disagreementOf(scores: readonly Score[]): number {
  if (scores.length < 2) return 0;
  const means = SENTIMENTS.map(
    (label) => scores.reduce((sum, { probabilities }) => sum + probabilities[label], 0) / scores.length,
  );
  const own = scores.map(({ probabilities }) => entropyOf(SENTIMENTS.map((label) => probabilities[label])));
  const divergence = entropyOf(means) - own.reduce((sum, one) => sum + one, 0) / scores.length;
  const most = Math.log(Math.min(scores.length, CLASSES));
  return Math.min(1, Math.max(0, divergence / most));
}

function entropyOf(probabilities: readonly number[]): number {
  return probabilities.reduce((sum, one) => (one > 0 ? sum - one * Math.log(one) : sum), 0);
}

/** Neutral where another is only as likely. */
function labelOf({ negative, neutral, positive }: Score['probabilities']): SentimentLabel {
  if (neutral >= positive && neutral >= negative) return 'neutral';
  return positive >= negative ? 'positive' : 'negative';
}
