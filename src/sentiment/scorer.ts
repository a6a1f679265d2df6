import type { EpochMs } from '../core/index.ts';

export const SENTIMENTS = ['negative', 'neutral', 'positive'] as const;
export type SentimentLabel = (typeof SENTIMENTS)[number];

/** What a scorer says about one text. */
export interface Score {
  /** -1 (bad for the price) .. 1 (good for it). */
  sentiment: number;
  /** The largest of the three probabilities, 1/3..1. */
  confidence: number;
  label: SentimentLabel;
  /** Sum to 1. */
  probabilities: Record<SentimentLabel, number>;
}

/** A piece of a text and what it did for the score. */
export interface ExplainedPart {
  /** As it stands in the text. */
  text: string;
  /** Place in the text in UTF-16 code units: text.slice(from, to) is the part. */
  from: number;
  to: number;
  /** Above 0: towards positive; below: towards negative. In the unit that `Explanation.unit` names. */
  weight: number;
  /** Why, in a few words, where there is more to say than the weight: `negated by "not"`. */
  note: string | null;
}

/** Which parts of a text carried its score, the heaviest first. */
export interface Explanation {
  score: Score;
  /** What the weights are: `valence`, `log-odds of positive against negative`, … */
  unit: string;
  parts: ExplainedPart[];
}

/** A model of sentiment: texts in, one score a text out, in the same order. Deterministic, never throws on any text. */
export interface Scorer {
  readonly family: string;
  /** Semantic version without a leading v. */
  readonly version: string;
  /** @throws AppError `SENTIMENT_OVERLOADED` (503, with a time to come back) by a scorer whose queue is full */
  score(texts: readonly string[]): Promise<Score[]>;
  /**
   * What is asked where answers are kept for good: the same numbers, but it waits where a caller would be refused, and
   * refuses where it could only answer with a part of what it is made of. Absent where that makes no difference.
   */
  readonly lasting?: Scorer;
  /**
   * Nobody could have had this scorer before: what it says of older texts is hindsight. Absent where it was there before
   * every text that is read here.
   */
  readonly knownSince?: EpochMs;
  /** Absent where a family cannot tell. */
  explain?(text: string): Promise<Explanation>;
  /** Lets go of threads and memory; absent where there is nothing to let go of. */
  close?(): Promise<void>;
}

/** `vader@1.0.0`: the name under which scores are stored and feature sets are hashed. */
export function scorerName(scorer: Pick<Scorer, 'family' | 'version'>): string {
  return `${scorer.family}@${scorer.version}`;
}

/** Scorers that did not always exist, by name, with the moment since when. */
export function knownSinceOf(
  scorers: readonly Pick<Scorer, 'family' | 'version' | 'knownSince'>[],
): ReadonlyMap<string, EpochMs> {
  return new Map(
    scorers.flatMap((scorer) =>
      scorer.knownSince === undefined ? [] : [[scorerName(scorer), scorer.knownSince]],
    ),
  );
}
