import type { FeatureInput } from '../features/index.ts';
import type { Observation, TextScore } from '../lake/index.ts';
import { scorerName, scoreTexts, type Score, type Scorer } from '../sentiment/index.ts';

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

/** Who is told where a further scorer cannot answer. */
export interface ScoringTroubles {
  /** It answers nothing: its texts stay without a score. Left out, the failure is the caller's. */
  onFailure?: (scorer: string, error: unknown) => void;
  /** It answers all but some texts, which stay without a score. Left out, that is a failure. */
  onUnreadable?: (scorer: string, unread: { texts: number; error: unknown }) => void;
}

/**
 * The same for several scorers: the first gives a text its sentiment, the others stand beside it.
 * @throws whatever a scorer throws that is not told to `troubles`; the first one's always
 */
export async function scoreSideBySide(
  observations: readonly Observation[],
  [first, ...further]: readonly LaneScorer[],
  { onFailure, onUnreadable }: ScoringTroubles = {},
): Promise<ScoredInputs<LaneInput, LaneScore>> {
  if (first === undefined) throw new RangeError('texts need at least one scorer');
  const texts = observations.filter(isText);
  const own = await scoreMissing(texts, first, onUnreadable);
  const scores = own.scores.map((score) => ({ ...score, scorer: scorerName(first.scorer) }));
  const beside: ((id: string) => number | null)[] = [];
  for (const lane of further) {
    try {
      const { sentiments, scores: fresh } = await scoreMissing(texts, lane, onUnreadable);
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
  onUnreadable?: ScoringTroubles['onUnreadable'],
): Promise<{ sentiments: (id: string) => number | null; scores: TextScore[] }> {
  const fresh = texts.filter(({ id }) => !known.has(id));
  const answers = await scoreReadable(
    scorer.lasting ?? scorer,
    fresh.map(({ text }) => text),
    onUnreadable,
  );
  const scores = fresh.flatMap(({ id }, place): TextScore[] => {
    const score = answers[place];
    if (score === undefined) return [];
    return [{ textId: id, sentiment: score.sentiment, confidence: score.confidence, ...score.probabilities }];
  });
  const made = new Map(scores.map(({ textId, sentiment }) => [textId, sentiment]));
  return { sentiments: (id) => known.get(id) ?? made.get(id) ?? null, scores };
}

/** So many texts in a row that cannot be read are no longer the texts' fault. */
const MOST_UNREAD_IN_A_ROW = 3;

/** Where they cannot all be scored at once, each by itself, so that one bad text costs no other its score. */
async function scoreReadable(
  scorer: Scorer,
  texts: readonly string[],
  onUnreadable: ScoringTroubles['onUnreadable'],
): Promise<(Score | undefined)[]> {
  try {
    return await scoreTexts(scorer, texts);
  } catch (error) {
    if (onUnreadable === undefined) throw error;
  }
  const answers: (Score | undefined)[] = [];
  let unread = 0;
  let inARow = 0;
  let reason: unknown = null;
  for (const text of texts) {
    try {
      answers.push((await scoreTexts(scorer, [text]))[0]);
      inARow = 0;
    } catch (error) {
      reason = error;
      unread += 1;
      inARow += 1;
      if (inARow >= MOST_UNREAD_IN_A_ROW || texts.length === 1) throw error;
      answers.push(undefined);
    }
  }
  if (unread > 0) onUnreadable(scorerName(scorer), { texts: unread, error: reason });
  return answers;
}
