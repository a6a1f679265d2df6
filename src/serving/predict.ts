import { messageOf } from '../core/index.ts';
import { keepAnswers, keptCompare, keptPredict, type KeptAnswers } from './answer-cache.ts';
import { chooseChampion, chooseWithScorer, type ChosenArm } from './choose-arm.ts';
import type { ServingContext } from './context.ts';
import type { SignalKey } from './ports.ts';
import type {
  ArmAnswerView,
  CompareView,
  ComparisonView,
  PredictView,
  PricedView,
  TextScoreView,
} from './views.ts';

/** The feature that stands for the news of the last four hours. */
const PRESENT_SENTIMENT = 'news_sentiment_4h';

interface Question {
  key: SignalKey;
  text: string | string[] | undefined;
}

type Untimed<View> = Omit<View, 'responseTimeMs' | 'cacheHit'>;

/** What the answers of all predict routes are made of. */
interface Findings {
  /** One a text; null without text. */
  scores: TextScoreView[] | null;
  /** null while nothing can be priced. */
  priced: PricedView | null;
}

/** What the predict routes answer with. */
export interface Answering {
  /**
   * Sentiment of the texts (or of the present news), and what an arm says of the latest window with them in it. Without
   * a window the sentiment is answered all the same.
   * @param question.answering - the champion of the horizon, or the arm beside it that reads the default scorer
   */
  predict(question: Question & { answering: 'champion' | 'scorer' }): Promise<PredictView>;
  /** Every arm and every scorer on the same texts, side by side. */
  compare(question: Question): Promise<CompareView>;
}

export function createAnswering(context: ServingContext): Answering {
  const predicted = keepAnswers<Untimed<PredictView>>(context, keptPredict);
  const compared = keepAnswers<Untimed<CompareView>>(context, keptCompare);
  return {
    predict: (question) =>
      answered<PredictView>(context, {
        question,
        kind: question.answering,
        kept: predicted,
        compose: (findings) => composePrediction(context, question, findings),
      }),
    compare: (question) =>
      answered<CompareView>(context, {
        question,
        kind: 'compare',
        kept: compared,
        compose: (findings) => composeComparison(context, question, findings),
      }),
  };
}

async function composePrediction(
  context: ServingContext,
  question: Question & { answering: 'champion' | 'scorer' },
  findings: Findings,
): Promise<Untimed<PredictView>> {
  const { scorer } = context.ports;
  const wanted = question.answering === 'scorer' ? scorer.family : null;
  const { answer, isStandIn } = choose(findings.priced, wanted);
  const sentiment = await sentimentOf(context, { question, findings, answer });
  return {
    sentiment,
    confidence: findings.scores === null ? null : mean(findings.scores, 'confidence'),
    answer,
    revision: findings.priced?.revision ?? null,
    modelUsed: scorer.family,
    modelVersion: `v${scorer.version}`,
    featuresCount: answer?.featuresCount ?? context.options.featuresCount,
    comparison: comparisonOf(context, sentiment),
    degraded: isStandIn || (answer?.degraded ?? true),
    items: findings.scores,
  };
}

async function composeComparison(
  context: ServingContext,
  question: Question,
  findings: Findings,
): Promise<Untimed<CompareView>> {
  const { scorer } = context.ports;
  const { priced, scores } = findings;
  const { answer, isStandIn } = choose(priced, null);
  const sentiment = await sentimentOf(context, { question, findings, answer });
  const confidence = scores === null ? null : mean(scores, 'confidence');
  const isFirst = ({ isChampion }: ArmAnswerView) => (isChampion ? 0 : 1);
  return {
    ...question.key,
    windowEnd: priced?.windowEnd ?? null,
    asOf: priced?.asOf ?? null,
    revision: priced?.revision ?? null,
    arms: (priced?.arms ?? []).toSorted((one, other) => isFirst(one) - isFirst(other)),
    scorers: [{ scorer: scorer.family, version: `v${scorer.version}`, sentiment, confidence }],
    comparison: comparisonOf(context, sentiment),
    degraded: isStandIn || (answer?.degraded ?? true),
    items: scores,
  };
}

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

/** From the cache, or computed and kept: with how long it took, and which of the two it was. */
async function answered<View extends PredictView | CompareView>(
  context: ServingContext,
  asked: {
    question: Question;
    kind: string;
    kept: KeptAnswers<Untimed<View>>;
    compose: (findings: Findings) => Promise<Untimed<View>>;
  },
): Promise<Untimed<View> & { responseTimeMs: number; cacheHit: boolean }> {
  const { ports } = context;
  const { question, kind, kept, compose } = asked;
  const began = ports.stopwatch();
  const timed = (view: Untimed<View>, cacheHit: boolean) => ({
    ...view,
    // Kept for one text and for a list of it alike.
    items: Array.isArray(question.text) ? view.items : null,
    cacheHit,
    responseTimeMs: Math.max(0, Math.round((ports.stopwatch() - began) * 1_000) / 1_000),
  });
  const about = { key: question.key, text: question.text, kind };
  const present = ports.present({ asset: question.key.asset });
  if (present !== null) {
    const found = kept.read({ ...about, ...present });
    const view = found instanceof Promise ? await found : found;
    if (view !== null) return timed(view, true);
  }
  const findings = await find(context, question);
  const view = await compose(findings);
  const { priced } = findings;
  // Where the champion did not answer it may do so at the next request.
  if (priced?.arms.some(({ isChampion }) => isChampion)) {
    const { windowEnd, revision } = priced;
    const keeping = kept.keep({ ...about, windowEnd, revision }, view);
    if (keeping !== undefined) await keeping;
  }
  return timed(view, false);
}

async function find(context: ServingContext, { key, text }: Question): Promise<Findings> {
  const { ports, log } = context;
  const scores = text === undefined ? null : await scoreTexts(context, [text].flat());
  const sentiments = scores?.map(({ sentiment }) => sentiment) ?? [];
  try {
    return { scores, priced: await ports.priceWithTexts({ ...key, sentiments }) };
  } catch (error) {
    log.warn({ reason: messageOf(error), ...key }, 'no direction is to be had, the text is answered without');
    return { scores, priced: null };
  }
}

async function scoreTexts({ ports }: ServingContext, texts: string[]): Promise<TextScoreView[]> {
  const scores = await ports.scorer.score(texts);
  return scores.map(({ sentiment, confidence, label }) => ({ sentiment, confidence, label }));
}

function choose(priced: PricedView | null, scorerFamily: string | null): ChosenArm {
  if (priced === null) return { answer: null, isStandIn: false };
  return scorerFamily === null ? chooseChampion(priced) : chooseWithScorer(priced, scorerFamily);
}

/** Of the texts; without text the arm's own aggregate, or the default scorer's where the arm reads none. */
async function sentimentOf(
  { ports }: ServingContext,
  { question, findings, answer }: { question: Question; findings: Findings; answer: ArmAnswerView | null },
): Promise<number | null> {
  if (findings.scores !== null) return mean(findings.scores, 'sentiment');
  const own = answer?.sentiment ?? null;
  if (own !== null) return own;
  const view = await ports.latestFeatures({ asset: question.key.asset });
  const present = view?.features[PRESENT_SENTIMENT] ?? NaN;
  return Number.isFinite(present) ? present : null;
}

function comparisonOf({ ports }: ServingContext, sentiment: number | null): ComparisonView {
  return compareSentiments(ports.scorer.family === 'vader' ? sentiment : null, null);
}

function mean(scores: readonly TextScoreView[], field: 'sentiment' | 'confidence'): number {
  const total = scores.reduce((sum, score) => sum + score[field], 0);
  return total / scores.length;
}
