import { messageOf } from '../core/index.ts';
import { scorerName, type Score, type Scorer } from '../sentiment/index.ts';
import { keepAnswers } from './answer-cache.ts';
import { answered, type Made, type Question } from './answered.ts';
import { championScorers, PLAIN_SCORER, readyScorer, requireScorer } from './asked-scorers.ts';
import { aggregateOf, chooseChampion, chooseWithScorer, readsScorer, type ChosenArm } from './choose-arm.ts';
import { compareSentiments, mean } from './comparison.ts';
import type { ServingContext } from './context.ts';
import { keptPredict, type KeptPredict } from './kept-answers.ts';
import type { PriceReaders } from './ports.ts';
import { createReadings, priceOrNull, sentimentOf, sentimentsBy, type Readings } from './readings.ts';
import type { ArmAnswerView, ComparisonView, PredictView, PricedView } from './views.ts';

/** The feature that stands for the news of the last four hours. */
const PRESENT_SENTIMENT = 'news_sentiment_4h';
const COMPARED = 'finbert';

/** A question, and who is to answer it: a family of scorers, or null for the champion. */
type Asked = Question & { family: string | null };

/** How a question is worked on. */
interface Work {
  context: ServingContext;
  asked: Asked;
  /** Who should read the text. */
  scorer: Scorer;
  readers: PriceReaders;
  /** null without text. */
  readings: Readings | null;
}

/** What a scorer says of the texts; no scores without text. */
interface Read {
  scorer: Scorer;
  scores: Score[] | null;
  /** Another one should have read it, and could not. */
  isStandIn: boolean;
}

/**
 * Sentiment of the texts (or of the present news), and what an arm says of the latest window with them in it. Without
 * a window the sentiment is answered all the same.
 * @returns a function that throws what `requireScorer` and the scorer that was asked for throw
 */
export function createPredicting(context: ServingContext): (asked: Asked) => Promise<PredictView> {
  const kept = keepAnswers<KeptPredict>(context, keptPredict);
  return async (asked) => {
    const { family, text } = asked;
    const scorer = scorerFor(context, asked);
    const { view, cacheHit, responseTimeMs } = await answered(context, asked, {
      kind: family ?? 'champion',
      scorers: versionsOf(context, scorer),
      kept,
      make: () => make({ context, asked, scorer }),
    });
    // Kept for one text and for a list of it alike.
    return { ...view, items: Array.isArray(text) ? view.items : null, cacheHit, responseTimeMs };
  };
}

function scorerFor({ ports }: ServingContext, { family, key }: Asked): Scorer {
  if (family !== null) return requireScorer(ports.scorers, family);
  for (const scorer of championScorers(ports.scorers, ports.readersOf(key))) return scorer;
  return requireScorer(ports.scorers, PLAIN_SCORER);
}

/** Of the one that reads the text, and of the one that is always compared with. */
function versionsOf({ ports }: ServingContext, scorer: Scorer): string {
  if (scorer.family === PLAIN_SCORER) return scorerName(scorer);
  const plain = readyScorer(ports.scorers, PLAIN_SCORER);
  return plain === null ? scorerName(scorer) : `${scorerName(scorer)} ${scorerName(plain)}`;
}

async function make(given: Pick<Work, 'context' | 'asked' | 'scorer'>): Promise<Made<KeptPredict>> {
  const { context, asked } = given;
  const work: Work = {
    ...given,
    readers: context.ports.readersOf(asked.key),
    readings: asked.text === undefined ? null : createReadings([asked.text].flat(), context.log),
  };
  const read = await readText(work);
  const { priced, chosen } = await price(work, read);
  const { answer, isStandIn, isLasting } = chosen;
  const sentiment = await sentimentOfAll(work, read, answer);
  const comparison = await comparisonOf(work, { read, sentiment, priced });
  return {
    view: {
      sentiment,
      confidence: read.scores === null ? null : mean(read.scores, 'confidence'),
      answer,
      revision: priced?.revision ?? null,
      modelUsed: read.scorer.family,
      modelVersion: `v${read.scorer.version}`,
      featuresCount: answer?.featuresCount ?? context.options.featuresCount,
      comparison,
      degraded: read.isStandIn || isStandIn || (answer?.degraded ?? true),
      items:
        read.scores?.map(({ sentiment, confidence, label }) => ({ sentiment, confidence, label })) ?? null,
    },
    priced,
    isWhole: isLasting && !read.isStandIn,
  };
}

/** Whoever asked for a scorer by name is told why that one cannot; the champion's is stood in for. */
async function readText(work: Work): Promise<Read> {
  const { asked, scorer, readers, readings } = work;
  const meant = asked.family === null ? readers.champion : null;
  const isStandIn = meant !== null && scorerName(scorer) !== meant;
  if (readings === null) return { scorer, scores: null, isStandIn };
  if (asked.family !== null) return { scorer, scores: await readings.ask(scorer), isStandIn };
  try {
    return { scorer, scores: await readings.ask(scorer), isStandIn };
  } catch (error) {
    return readByNext(work, readings, error);
  }
}

async function readByNext(work: Work, readings: Readings, refusal: unknown): Promise<Read> {
  const { context, readers, scorer: refused } = work;
  context.log.debug(
    { scorer: scorerName(refused), reason: messageOf(refusal) },
    'the next best scorer reads',
  );
  for (const scorer of championScorers(context.ports.scorers, readers)) {
    const { given } = scorer === refused ? { given: null } : await readings.aside(scorer);
    if (given !== null) return { scorer, scores: given, isStandIn: true };
  }
  throw refusal;
}

/** By the arms that read what was asked for; where none of them answers, by the champion with its own scorer. */
async function price(work: Work, read: Read): Promise<{ priced: PricedView | null; chosen: ChosenArm }> {
  const { context, asked, readers } = work;
  const first = await priceBy(work, read, namesFor(asked.family, readers));
  const chosen = choose(work, read, first);
  const { champion } = readers;
  const isDone = chosen.answer !== null && (!chosen.isStandIn || chosen.answer.isChampion);
  if (first === null || read.scores === null || champion === null || asked.family === null || isDone) {
    return { priced: first, chosen };
  }
  const second = await priceBy(work, read, [champion]);
  context.log.debug({ ...asked.key, family: asked.family }, 'the champion stands in for an arm');
  return { priced: second, chosen: choose(work, read, second) };
}

/** Of the arms that read a family; where none does, of the champion. */
function namesFor(family: string | null, { champion, byArm }: PriceReaders): string[] {
  const names: string[] = [];
  if (family !== null) {
    for (const [arm, name] of byArm) if (readsScorer(arm, family) && !names.includes(name)) names.push(name);
  }
  if (names.length === 0 && champion !== null) names.push(champion);
  return names;
}

async function priceBy(
  { context, asked, readings }: Work,
  { scorer, scores }: Read,
  names: readonly string[],
): Promise<PricedView | null> {
  if (scores === null || readings === null) return priceOrNull(context, asked.key, null);
  const own = scorerName(scorer);
  // Also where no price model reads it: how many texts there are counts by itself.
  const sentiments = new Map<string, readonly number[]>([[own, scores.map(sentimentOf)]]);
  const others = names.filter((name) => name !== own);
  if (others.length > 0) {
    for (const entry of await sentimentsBy(readings, context.ports.scorers, others)) sentiments.set(...entry);
  }
  return priceOrNull(context, asked.key, sentiments);
}

function choose({ asked, readers }: Work, { scorer }: Read, priced: PricedView | null): ChosenArm {
  if (priced === null) return { answer: null, isStandIn: false, isLasting: false };
  return asked.family === null
    ? chooseChampion(priced, scorer.family)
    : chooseWithScorer(priced, asked.family, readers.byArm.keys());
}

/** Of the texts; without text the arm's own aggregate, or the plain scorer's where the arm reads none. */
async function sentimentOfAll(
  { context, asked }: Work,
  { scorer, scores }: Read,
  answer: ArmAnswerView | null,
): Promise<number | null> {
  if (scores !== null) return mean(scores, 'sentiment');
  const own = answer !== null && readsScorer(answer.arm, scorer.family) ? answer.sentiment : null;
  if (own !== null || scorer.family !== PLAIN_SCORER) return own;
  const view = await context.ports.latestFeatures({ asset: asked.key.asset });
  const present = view?.features[PRESENT_SENTIMENT] ?? NaN;
  return Number.isFinite(present) ? present : null;
}

async function comparisonOf(
  { context, readings }: Work,
  found: { read: Read; sentiment: number | null; priced: PricedView | null },
): Promise<ComparisonView> {
  const { read, sentiment, priced } = found;
  const { family } = read.scorer;
  const sideOf = (wanted: string) => {
    if (family === wanted) return sentiment;
    return readings === null ? aggregateOf(priced, wanted) : null;
  };
  const finbert = sideOf(COMPARED);
  const plain = readyScorer(context.ports.scorers, PLAIN_SCORER);
  if (readings === null || family === PLAIN_SCORER || plain === null) {
    return compareSentiments(sideOf(PLAIN_SCORER), finbert);
  }
  const { given } = await readings.aside(plain);
  return compareSentiments(given === null ? null : mean(given, 'sentiment'), finbert);
}
