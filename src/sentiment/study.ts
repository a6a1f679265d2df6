import { evaluateSentiment, type SentimentEvaluation, type Stopwatch } from './evaluate.ts';
import type { RatedText } from './rated-texts.ts';
import { scoreTexts } from './score-texts.ts';
import type { ScorerFamily, ScorerFiles } from './scorer-family.ts';
import type { Score, Scorer } from './scorer.ts';
import { splitByHash } from './splits.ts';

/** A set of rated texts with a short name. */
export interface StudySet {
  name: string;
  rows: readonly RatedText[];
}

/** Told before each training: what, and which of how many. */
export type StudyProgress = (phrase: string, done: number, total: number) => void;

/** How a study trains. */
export interface StudyOptions {
  families: readonly ScorerFamily[];
  /** Scorers that learn nothing here; they come first in every table. */
  fixed: readonly Scorer[];
  seed: number;
  stopwatch: Stopwatch;
  onProgress?: StudyProgress;
}

/**
 * What trainable families reach on texts that they have not seen: every row is scored by a version that was trained on
 * the other folds, near-duplicates of a text lying in its own fold.
 * @param options.folds - parts of the data
 * @returns figures over all rows, fixed scorers first; a family's key is its name
 */
export async function crossValidate(
  { rows }: StudySet,
  { families, fixed, seed, stopwatch, folds, onProgress }: StudyOptions & { folds: number },
): Promise<SentimentEvaluation> {
  const foldOf = splitByHash(rows, { folds, seed });
  const learnt: Scorer[] = [];
  for (const [place, family] of families.entries()) {
    const scores = new Map<string, Score>();
    for (let fold = 0; fold < folds; fold += 1) {
      onProgress?.(`${family.name}, fold ${fold + 1}`, place * folds + fold, families.length * folds);
      const held = rows.filter((_, row) => foldOf[row] === fold);
      const scorer = await trainOn(
        family,
        rows.filter((_, row) => foldOf[row] !== fold),
        seed,
      );
      const texts = held.map(({ text }) => text);
      const said = await scoreTexts(scorer, texts);
      for (const [at, text] of texts.entries()) if (said[at] !== undefined) scores.set(text, said[at]);
      await scorer.close?.();
    }
    learnt.push(recalling(family.name, scores));
  }
  return evaluateSentiment({ scorers: [...fixed, ...learnt], rows, stopwatch, seed });
}

/**
 * A version of a family trained on some rows, without a store.
 * @throws AppError `SENTIMENT_TRAINING_REFUSED`
 */
export async function trainOn(
  family: ScorerFamily,
  rows: readonly RatedText[],
  seed: number,
): Promise<Scorer> {
  const { files } = await family.train(rows, { seed, base: null });
  return family.load(filesInMemory(files), '0.0.0');
}

/** Answers with what was said before; a text that nobody scored is a bug. */
function recalling(family: string, scores: ReadonlyMap<string, Score>): Scorer {
  return {
    family,
    version: '0.0.0',
    score: async (texts) =>
      texts.map((text) => {
        const score = scores.get(text);
        if (score === undefined) throw new RangeError(`no fold scored "${text.slice(0, 40)}"`);
        return score;
      }),
  };
}

function filesInMemory(files: ReadonlyMap<string, Uint8Array>): ScorerFiles {
  return {
    names: [...files.keys()],
    read: async (name) => {
      const bytes = files.get(name);
      if (bytes === undefined) throw new RangeError(`there is no file ${name}`);
      return bytes;
    },
    locate: async (name) => {
      throw new RangeError(`${name} lies in memory alone`);
    },
  };
}
