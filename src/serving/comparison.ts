import type { AgreementView, ComparisonView, LabelView, ScorerAnswerView, TextScoreView } from './views.ts';

export type Probabilities = Readonly<Record<LabelView, number>>;

const LABELS = ['negative', 'neutral', 'positive'] as const;

/**
 * Two scorers side by side.
 * @param vader - sentiment by VADER, -1..1; null where it is unavailable
 * @param finbert - the same by FinBERT
 * @returns agreement: both positive, both negative or both zero; null while one is missing
 */
export function compareSentiments(vader: number | null, finbert: number | null): ComparisonView {
  const areBoth = vader !== null && finbert !== null;
  return {
    vaderSentiment: vader,
    finbertSentiment: finbert,
    agreement: areBoth ? Math.sign(vader) === Math.sign(finbert) : null,
    confidenceDelta: areBoth ? Math.abs(vader - finbert) : null,
  };
}

/**
 * How far scorers are of one mind about the same texts.
 * @returns null while fewer than two of them gave a label
 */
export function agreementOf(answers: readonly ScorerAnswerView[]): AgreementView | null {
  const labelled = answers.flatMap(({ scorer, sentiment, label, probabilities }) =>
    label === null || probabilities === null ? [] : [{ scorer, sentiment, label, probabilities }],
  );
  if (labelled.length < 2) return null;
  const weighed = LABELS.map((label) => ({
    label,
    votes: labelled.filter((answer) => answer.label === label).length,
    weight: labelled.reduce((sum, { probabilities }) => sum + probabilities[label], 0),
  })).sort((one, other) => other.votes - one.votes || other.weight - one.weight);
  const [{ label, votes } = { label: 'neutral' as const, votes: 0 }] = weighed;
  return {
    label,
    share: votes / labelled.length,
    scorers: labelled.length,
    disagreements: disagreementsOf(labelled),
  };
}

/** @returns the mean of a field over the texts */
export function mean(scores: readonly TextScoreView[], field: 'sentiment' | 'confidence'): number {
  let total = 0;
  for (const score of scores) total += score[field];
  return total / scores.length;
}

/** The label of one text is the scorer's own; that of several is the likeliest by the means. */
export function summarise(scores: readonly (TextScoreView & { probabilities: Probabilities })[]): {
  sentiment: number;
  confidence: number;
  label: LabelView;
  probabilities: Probabilities;
} {
  const meanOf = (label: LabelView) =>
    scores.reduce((sum, { probabilities }) => sum + probabilities[label], 0) / scores.length;
  const probabilities = {
    negative: meanOf('negative'),
    neutral: meanOf('neutral'),
    positive: meanOf('positive'),
  };
  const likeliest =
    LABELS.toSorted((one, other) => probabilities[other] - probabilities[one])[0] ?? 'neutral';
  const [only] = scores;
  return {
    sentiment: mean(scores, 'sentiment'),
    confidence: mean(scores, 'confidence'),
    label: scores.length === 1 && only !== undefined ? only.label : likeliest,
    probabilities,
  };
}

function disagreementsOf(
  answers: readonly { scorer: string; sentiment: number | null }[],
): AgreementView['disagreements'] {
  const pairs = answers.flatMap((one, place) =>
    answers.slice(place + 1).map((other) => [one, other] as const),
  );
  return pairs
    .filter(([one, other]) => (one.sentiment ?? 0) * (other.sentiment ?? 0) < 0)
    .map(([one, other]) => ({
      scorers: [one.scorer, other.scorer] as const,
      distance: Math.abs((one.sentiment ?? 0) - (other.sentiment ?? 0)),
    }))
    .sort((left, right) => right.distance - left.distance);
}
