import type { FeatureInput } from '../features/index.ts';
import type { Observation, TextScore } from '../lake/index.ts';
import { scorerName, scoreTexts, type Scorer } from '../sentiment/index.ts';

/** An input of the features; a text also carries what the scorers of the further lanes say of it, in their order. */
export type LaneInput = FeatureInput & { further?: readonly (number | null)[] };

/** A score with the `family@version` that gave it. */
export interface LaneScore extends TextScore {
  scorer: string;
}

/** Observations as the features fold them. */
export interface ScoredInputs<Input = FeatureInput, Made = TextScore> {
  /** In the order in which they came. */
  inputs: Input[];
  /** Those that were made now and belong into silver. */
  scores: Made[];
}

/** A scorer with what silver holds of it already: sentiment by text id. */
export interface LaneScorer {
  scorer: Scorer;
  known: ReadonlyMap<string, number>;
}

type Text = Extract<Observation, { kind: 'article' | 'post' }>;

/**
 * Attaches a sentiment to every text, from silver where it stands already.
 * @param known - sentiment by text id, of this very scorer and version
 */
export async function scoreObservations(
  observations: readonly Observation[],
  scorer: Scorer,
  known: ReadonlyMap<string, number> = new Map(),
): Promise<ScoredInputs> {
  const { sentiments, scores } = await scoreMissing(observations.filter(isText), { scorer, known });
  const inputs = observations.map((observation): FeatureInput =>
    isText(observation) ? { ...observation, sentiment: sentiments(observation.id) } : observation,
  );
  return { inputs, scores };
}

/**
 * The same for several scorers: the first gives a text its sentiment, the others stand beside it.
 * @param options.onFailure - told when a further scorer cannot answer: its texts then stay without a score. Left out,
 *   the failure is the caller's. The first scorer's always is.
 */
export async function scoreSideBySide(
  observations: readonly Observation[],
  [first, ...further]: readonly LaneScorer[],
  { onFailure }: { onFailure?: (scorer: string, error: unknown) => void } = {},
): Promise<ScoredInputs<LaneInput, LaneScore>> {
  if (first === undefined) throw new RangeError('texts need at least one scorer');
  const texts = observations.filter(isText);
  const own = await scoreMissing(texts, first);
  const scores = own.scores.map((score) => ({ ...score, scorer: scorerName(first.scorer) }));
  const beside: ((id: string) => number | null)[] = [];
  for (const lane of further) {
    try {
      const { sentiments, scores: fresh } = await scoreMissing(texts, lane);
      scores.push(...fresh.map((score) => ({ ...score, scorer: scorerName(lane.scorer) })));
      beside.push(sentiments);
    } catch (error) {
      if (onFailure === undefined) throw error;
      onFailure(scorerName(lane.scorer), error);
      beside.push((id) => lane.known.get(id) ?? null);
    }
  }
  const inputs = observations.map((observation): LaneInput => {
    if (!isText(observation)) return observation;
    const { id } = observation;
    const scored = { ...observation, sentiment: own.sentiments(id) };
    return beside.length === 0 ? scored : { ...scored, further: beside.map((sentiment) => sentiment(id)) };
  });
  return { inputs, scores };
}

function isText(observation: Observation): observation is Text {
  return observation.kind === 'article' || observation.kind === 'post';
}

async function scoreMissing(
  texts: readonly Text[],
  { scorer, known }: LaneScorer,
): Promise<{ sentiments: (id: string) => number | null; scores: TextScore[] }> {
  const fresh = texts.filter(({ id }) => !known.has(id));
  const answers = await scoreTexts(
    scorer,
    fresh.map(({ text }) => text),
  );
  const scores = fresh.flatMap(({ id }, place): TextScore[] => {
    const score = answers[place];
    if (score === undefined) return [];
    return [{ textId: id, sentiment: score.sentiment, confidence: score.confidence, ...score.probabilities }];
  });
  const made = new Map(scores.map(({ textId, sentiment }) => [textId, sentiment]));
  return { sentiments: (id) => known.get(id) ?? made.get(id) ?? null, scores };
}
