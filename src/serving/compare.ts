import { scorerName, type Score, type Scorer } from '../sentiment/index.ts';
import { keepAnswers } from './answer-cache.ts';
import { answered, type Made, type Question } from './answered.ts';
import { championScorers, readyScorers, silentScorers, type Aside } from './asked-scorers.ts';
import { aggregateOf, chooseChampion } from './choose-arm.ts';
import { agreementOf, compareSentiments, summarise } from './comparison.ts';
import type { ServingContext } from './context.ts';
import { keptCompare, type KeptCompare } from './kept-answers.ts';
import { createReadings, priceOrNull, sentimentOf, sentimentsBy, type Readings } from './readings.ts';
import type { ArmAnswerView, CompareView, PricedView, ScorerAnswerView, SilentScorerView } from './views.ts';

/** Every arm and every scorer on the same texts, side by side; whoever does not answer in time is left out. */
export function createComparing(context: ServingContext): (question: Question) => Promise<CompareView> {
  const kept = keepAnswers<KeptCompare>(context, keptCompare);
  return async (question) => {
    const scorers = readyScorers(context.ports.scorers);
    const failed: SilentScorerView[] = [];
    const { view, cacheHit, responseTimeMs } = await answered(context, question, {
      kind: 'compare',
      scorers: scorers.map(scorerName).join(' '),
      kept,
      make: () => make({ context, question, scorers, failed }),
    });
    return {
      ...view,
      unavailable: [...failed, ...silentScorers(context.ports.scorers)],
      items: Array.isArray(question.text) ? view.items : null,
      cacheHit,
      responseTimeMs,
    };
  };
}

interface Work {
  context: ServingContext;
  question: Question;
  /** All that are ready. */
  scorers: readonly Scorer[];
  /** Takes those of them that did not answer. */
  failed: SilentScorerView[];
}

async function make({ context, question, scorers, failed }: Work): Promise<Made<KeptCompare>> {
  const { ports, log } = context;
  const { key, text } = question;
  const readers = ports.readersOf(key);
  const readings = text === undefined ? null : createReadings([text].flat(), log);
  const asides = readings === null ? [] : await Promise.all(scorers.map((one) => readings.aside(one)));
  failed.push(...asides.flatMap(({ silence }) => silence ?? []));
  const sentiments = readings === null ? null : await sentimentsFor({ context, readings, asides, key });
  const priced = await priceOrNull(context, key, sentiments);
  const answers = readings === null ? aggregates(scorers, priced) : asides.flatMap(toAnswer);
  const main = [...championScorers(ports.scorers, readers)]
    .map((scorer) => asides.find((aside) => aside.scorer === scorer)?.given ?? null)
    .find((given) => given !== null);
  const { answer, isStandIn, isLasting } =
    priced === null ? NOBODY : chooseChampion(priced, readers.champion?.split('@', 1)[0] ?? '');
  const sentimentBy = (family: string) => answers.find(({ scorer }) => scorer === family)?.sentiment ?? null;
  const isShort = priced !== null && lacksArm(priced, readers.byArm.keys());
  return {
    view: {
      ...key,
      windowEnd: priced?.windowEnd ?? null,
      asOf: priced?.asOf ?? null,
      revision: priced?.revision ?? null,
      arms: (priced?.arms ?? []).toSorted((one, other) => isFirst(one) - isFirst(other)),
      scorers: answers,
      comparison: compareSentiments(sentimentBy('vader'), sentimentBy('finbert')),
      agreement: agreementOf(answers),
      degraded: failed.length > 0 || isShort || isStandIn || (answer?.degraded ?? true),
      items: main?.map(({ sentiment, confidence, label }) => ({ sentiment, confidence, label })) ?? null,
    },
    priced,
    isWhole: isLasting && !isShort && failed.length === 0,
  };
}

const NOBODY = { answer: null, isStandIn: false, isLasting: false };

function isFirst({ isChampion }: ArmAnswerView): number {
  return isChampion ? 0 : 1;
}

/** An arm that reads a scorer is left out where that scorer is not there. */
function lacksArm({ arms }: PricedView, live: Iterable<string>): boolean {
  const able = new Set(arms.map(({ arm }) => arm));
  return [...live].some((arm) => !able.has(arm));
}

/** By all that answered, and by older versions that are still read by a price model. */
async function sentimentsFor(found: {
  context: ServingContext;
  readings: Readings;
  asides: readonly Aside<Score[]>[];
  key: Question['key'];
}): Promise<Map<string, readonly number[]>> {
  const { context, readings, asides, key } = found;
  const { ports } = context;
  const asked = new Set(asides.map(({ scorer }) => scorerName(scorer)));
  const older = [...new Set(ports.readersOf(key).byArm.values())].filter((name) => !asked.has(name));
  const sentiments = await sentimentsBy(readings, ports.scorers, older);
  for (const { scorer, given } of asides) {
    if (given !== null) sentiments.set(scorerName(scorer), given.map(sentimentOf));
  }
  return sentiments;
}

function toAnswer({ scorer, given }: Aside<Score[]>): ScorerAnswerView[] {
  if (given === null) return [];
  return [{ scorer: scorer.family, version: `v${scorer.version}`, ...summarise(given) }];
}

/** Without text: what the arms that read a scorer know of the present news. */
function aggregates(scorers: readonly Scorer[], priced: PricedView | null): ScorerAnswerView[] {
  return scorers.map(({ family, version }) => ({
    scorer: family,
    version: `v${version}`,
    sentiment: aggregateOf(priced, family),
    confidence: null,
    label: null,
    probabilities: null,
  }));
}
