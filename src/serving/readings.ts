import { messageOf, type Log } from '../core/index.ts';
import { scorerName, type Score, type Scorer, type Scorers } from '../sentiment/index.ts';
import { askAside, type Aside } from './asked-scorers.ts';
import type { ServingContext } from './context.ts';
import type { SignalKey } from './ports.ts';
import type { PricedView } from './views.ts';

/** What scorers say of the texts of one request; each is asked once, however many need it. */
export interface Readings {
  /** @throws whatever the scorer throws */
  ask(scorer: Scorer): Promise<Score[]>;
  /** Never throws, never takes long. */
  aside(scorer: Scorer): Promise<Aside<Score[]>>;
}

export function createReadings(texts: readonly string[], log: Log): Readings {
  const asked = new Map<string, Promise<Score[]>>();
  function ask(scorer: Scorer): Promise<Score[]> {
    const name = scorerName(scorer);
    const known = asked.get(name);
    if (known !== undefined) return known;
    const scores = scorer.score(texts);
    asked.set(name, scores);
    return scores;
  }
  return { ask, aside: (scorer) => askAside(scorer, () => ask(scorer), { log }) };
}

/**
 * What price models are given: the sentiments by the scorers that they were trained on.
 * @param names - `family@version`; one that is not loaded, or does not answer, is left out
 */
export async function sentimentsBy(
  readings: Readings,
  scorers: Scorers,
  names: Iterable<string>,
): Promise<Map<string, readonly number[]>> {
  const read = [...names].map(async (name) => {
    const scorer = scorers.named(name);
    const scores = scorer === null ? null : (await readings.aside(scorer)).given;
    return [name, scores] as const;
  });
  const sentiments = new Map<string, readonly number[]>();
  for (const [name, scores] of await Promise.all(read)) {
    if (scores !== null) sentiments.set(name, scores.map(sentimentOf));
  }
  return sentiments;
}

export function sentimentOf({ sentiment }: Score): number {
  return sentiment;
}

/** What is live says of the latest window with the texts; null where that is not to be had, because a text is answered without. */
export async function priceOrNull(
  { ports, log }: ServingContext,
  key: SignalKey,
  sentiments: ReadonlyMap<string, readonly number[]> | null,
): Promise<PricedView | null> {
  try {
    return await ports.priceWithTexts({ ...key, sentiments });
  } catch (error) {
    log.warn({ reason: messageOf(error), ...key }, 'no direction is to be had, the text is answered without');
    return null;
  }
}
