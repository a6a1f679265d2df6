import type { FeatureInput } from '../features/index.ts';
import type { Observation, TextScore } from '../lake/index.ts';
import type { Scorer } from '../sentiment/index.ts';

/** Observations as the features fold them. */
export interface ScoredInputs {
  /** In the order in which they came. */
  inputs: FeatureInput[];
  /** Those that were made now and belong into silver. */
  scores: TextScore[];
}

/** Texts that are scored in one call; between two of them other work gets its turn. */
const BATCH = 2_048;

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
  const scores: TextScore[] = [];
  for (let start = 0; start < fresh.length; start += BATCH) {
    const batch = fresh.slice(start, start + BATCH);
    const batchScores = await scorer.score(batch.map(({ text }) => text));
    batchScores.forEach(({ sentiment, confidence, probabilities }, place) => {
      scores.push({ textId: batch[place]?.id ?? '', sentiment, confidence, ...probabilities });
    });
  }
  const sentiments = new Map(scores.map(({ textId, sentiment }) => [textId, sentiment]));
  const inputs = observations.map((observation): FeatureInput => {
    if (observation.kind === 'candle' || observation.kind === 'index') return observation;
    const sentiment = known.get(observation.id) ?? sentiments.get(observation.id) ?? null;
    return { ...observation, sentiment };
  });
  return { inputs, scores };
}
