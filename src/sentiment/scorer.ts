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

/** A model of sentiment: texts in, one score a text out, in the same order. Deterministic, never throws on any text. */
export interface Scorer {
  readonly family: string;
  /** Semantic version without a leading v. */
  readonly version: string;
  score(texts: readonly string[]): Promise<Score[]>;
}

/** `vader@1.0.0`: the name under which scores are stored and feature sets are hashed. */
export function scorerName(scorer: Pick<Scorer, 'family' | 'version'>): string {
  return `${scorer.family}@${scorer.version}`;
}
