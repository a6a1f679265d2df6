import type { FeatureInput } from '../features/index.ts';
import type { Observation, TextScore } from '../lake/index.ts';
import { scoreTexts, type Scorer } from '../sentiment/index.ts';

/** Observations as the features fold them. */
export interface ScoredInputs {
  /** In the order in which they came. */
  inputs: FeatureInput[];
  /** Those that were made now and belong into silver. */
  scores: TextScore[];
}

/**
 * Attaches a sentiment to every text, from silver where it stands already.
 * @param known - sentiment by text id, of this very scorer and version
 */
export async function scoreObservations(
  observations: readonly Observation[],
  scorer: Scorer,
  known: ReadonlyMap<string, number> = new Map(),
): Promise<ScoredInputs> {
  const fresh = observations.flatMap((observation) =>
    (observation.kind === 'article' || observation.kind === 'post') && !known.has(observation.id)
      ? [observation]
      : [],
  );
  const answers = await scoreTexts(
    scorer,
    fresh.map(({ text }) => text),
  );
  const scores = fresh.flatMap(({ id }, place): TextScore[] => {
    const score = answers[place];
    if (score === undefined) return [];
    return [{ textId: id, sentiment: score.sentiment, confidence: score.confidence, ...score.probabilities }];
  });
  const sentiments = new Map(scores.map(({ textId, sentiment }) => [textId, sentiment]));
  const inputs = observations.map((observation): FeatureInput => {
    if (observation.kind === 'candle' || observation.kind === 'index') return observation;
    const sentiment = known.get(observation.id) ?? sentiments.get(observation.id) ?? null;
    return { ...observation, sentiment };
  });
  return { inputs, scores };
}
