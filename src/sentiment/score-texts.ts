import { setImmediate as yieldToOthers } from 'node:timers/promises';
import type { Score, Scorer } from './scorer.ts';

/** At most this many texts hold the event loop at once: a few milliseconds of VADER. */
const BATCH = 1_024;

/**
 * Scores any number of texts in batches and lets other work in between, so that an import does not silence the API.
 * @returns one score a text, in the same order
 * @throws RangeError when the scorer breaks its contract and answers with another number of scores
 */
export async function scoreTexts(scorer: Scorer, texts: readonly string[]): Promise<Score[]> {
  const scores: Score[] = [];
  for (let from = 0; from < texts.length; from += BATCH) {
    if (from > 0) await yieldToOthers();
    const batch = texts.slice(from, from + BATCH);
    const answered = await scorer.score(batch);
    if (answered.length !== batch.length) {
      throw new RangeError(
        `${scorer.family} gave ${answered.length} scores for ${batch.length} texts; it must give one each`,
      );
    }
    scores.push(...answered);
  }
  return scores;
}
