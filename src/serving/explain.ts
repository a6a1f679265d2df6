import type { Explanation, Scorer } from '../sentiment/index.ts';
import { elapsed } from './answered.ts';
import { askAside, readyScorers, requireScorer, silentScorers, type Aside } from './asked-scorers.ts';
import { readsScorer } from './choose-arm.ts';
import type { ServingContext } from './context.ts';
import type { SignalKey } from './ports.ts';
import type { ExplainView, ScorerExplanationView, SilentScorerView } from './views.ts';

interface Question {
  key: SignalKey;
  text: string;
  /** null: all that can tell. */
  family: string | null;
}

type Telling = Scorer & Required<Pick<Scorer, 'explain'>>;

/**
 * Which words carried a text's score, and which features carry the champion's direction while nobody reads it.
 * @throws AppError `SERVING_SCORER_UNKNOWN`, `SENTIMENT_UNAVAILABLE`, `SENTIMENT_OVERLOADED` for a family that was asked
 *   for; among all of them one that fails is listed with the reason
 */
export async function explain(context: ServingContext, question: Question): Promise<ExplainView> {
  const { ports } = context;
  const began = ports.stopwatch();
  const { family, key } = question;
  const { told, unexplained } = await (family === null
    ? explainByAll(context, question.text)
    : explainByOne(context, question.text, family));
  const arms = [...ports.readersOf(key).byArm.keys()];
  return {
    explanations: told.map(({ scorer, given }) => toView({ scorer, given, arms })),
    unexplained,
    direction: ports.explainDirection(key),
    responseTimeMs: elapsed(ports, began),
  };
}

interface Told {
  told: { scorer: Scorer; given: Explanation }[];
  unexplained: SilentScorerView[];
}

async function explainByOne({ ports }: ServingContext, text: string, family: string): Promise<Told> {
  const scorer = requireScorer(ports.scorers, family);
  if (!canTell(scorer)) return { told: [], unexplained: [cannotTell(scorer)] };
  return { told: [{ scorer, given: await scorer.explain(text) }], unexplained: [] };
}

async function explainByAll({ ports, log }: ServingContext, text: string): Promise<Told> {
  const ready = readyScorers(ports.scorers);
  const asides = await Promise.all(
    ready.filter(canTell).map((scorer) => askAside(scorer, () => scorer.explain(text), { log })),
  );
  const isTold = (aside: Aside<Explanation>) => aside.silence === null;
  return {
    told: asides.filter(isTold),
    unexplained: [
      ...asides.flatMap(({ silence }) => silence ?? []),
      ...ready.filter((scorer) => !canTell(scorer)).map(cannotTell),
      ...silentScorers(ports.scorers),
    ],
  };
}

function canTell(scorer: Scorer): scorer is Telling {
  return scorer.explain !== undefined;
}

function cannotTell({ family }: Scorer): SilentScorerView {
  return {
    scorer: family,
    reason: 'It cannot tell which words carried its score.',
    remedy: 'Ask another scorer; without a family all that can tell answer.',
  };
}

function toView(told: { scorer: Scorer; given: Explanation; arms: string[] }): ScorerExplanationView {
  const { scorer, given, arms } = told;
  const { sentiment, confidence, label } = given.score;
  return {
    scorer: scorer.family,
    version: `v${scorer.version}`,
    sentiment,
    confidence,
    label,
    unit: given.unit,
    parts: given.parts,
    readBy: arms.filter((arm) => readsScorer(arm, scorer.family)),
  };
}
