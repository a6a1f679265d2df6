import { evaluateSentiment, type SentimentEvaluation, type Stopwatch } from './evaluate.ts';
import { nearDuplicates } from './near-duplicates.ts';
import type { RatedText } from './rated-texts.ts';
import { scoreTexts } from './score-texts.ts';
import type { ScorerFamily, ScorerFiles } from './scorer-family.ts';
import type { Score, Scorer } from './scorer.ts';
import { splitByHash } from './splits.ts';
import type { StudySet } from './study-sets.ts';

/** What was trained for a study and is nowhere stored. */
const UNSTORED = '0.0.0';

/** How a study trains and tests. */
export interface StudyOptions {
  families: readonly ScorerFamily[];
  /** Scorers that learn nothing here; they come first in every evaluation. */
  fixed: readonly Scorer[];
  seed: number;
  stopwatch: Stopwatch;
  /** Told before each training: what, and which of how many. */
  onProgress?: (phrase: string, done: number, total: number) => void;
}

/** Figures of the fixed scorers and of one version per family, each with the rows that it was tested on. */
export interface StudyTest {
  testedOn: string;
  evaluation: SentimentEvaluation;
  /** Rows that were left out of the test because a near-duplicate of theirs was trained on. */
  leftOut: number;
}

/**
 * What trainable families reach on texts that they have not seen: every row is scored by a version that was trained on
 * the other folds, near-duplicates of a text lying in its own fold. The answers of all folds are judged together.
 * @param options.folds - parts of the data
 * @returns figures over all rows, fixed scorers first; what was trained has the version 0.0.0
 */
export async function crossValidate(
  { rows }: StudySet,
  { folds, ...options }: StudyOptions & { folds: number },
): Promise<SentimentEvaluation> {
  const { families, fixed, seed, stopwatch, onProgress } = options;
  const foldOf = splitByHash(rows, { folds, seed });
  const learnt: Scorer[] = [];
  for (const [place, family] of families.entries()) {
    const scores = new Map<string, Score>();
    for (let fold = 0; fold < folds; fold += 1) {
      onProgress?.(`${family.name}, fold ${fold + 1}`, place * folds + fold, families.length * folds);
      const texts = rows.filter((_, row) => foldOf[row] === fold).map(({ text }) => text);
      const scorer = await trainOn(
        family,
        rows.filter((_, row) => foldOf[row] !== fold),
        seed,
      );
      const said = await scoreTexts(scorer, texts);
      for (const [at, text] of texts.entries()) if (said[at] !== undefined) scores.set(text, said[at]);
      await scorer.close?.();
    }
    learnt.push(recalling(family.name, scores));
  }
  return evaluateSentiment({ scorers: [...fixed, ...learnt], rows, stopwatch, seed });
}

/**
 * One version per family, trained on all rows of one set, against other sets.
 * @returns one test a set; rows with a near-duplicate in the training are left out, a set with nothing else is skipped
 */
export async function transfer(
  trained: StudySet,
  tested: readonly StudySet[],
  options: StudyOptions,
): Promise<StudyTest[]> {
  const scorers = await trainAll(trained, options);
  return testAll({ scorers, trained: trained.rows, tested }, options);
}

/**
 * One version per family that was taught by several sets at once, without a fold of each: against that fold, set by
 * set, and against sets that nothing is trained on.
 * @param options.folds - one of so many parts is kept out
 */
export async function trainTogether(
  sets: readonly StudySet[],
  foreign: readonly StudySet[],
  { folds, ...options }: StudyOptions & { folds: number },
): Promise<{ trainedRows: number; unseen: StudyTest[]; foreign: StudyTest[] }> {
  const rows = sets.flatMap((set) => set.rows);
  const foldOf = splitByHash(rows, { folds, seed: options.seed });
  const held = new Set(rows.filter((_, row) => foldOf[row] === 0));
  const taught = rows.filter((row) => !held.has(row));
  const trained = { name: sets.map(({ name }) => name).join(' and '), rows: taught };
  const scorers = await trainAll(trained, options);
  const kept = sets.map((set) => ({ ...set, rows: set.rows.filter((row) => held.has(row)) }));
  return {
    trainedRows: taught.length,
    unseen: await testAll({ scorers, trained: taught, tested: kept }, options),
    foreign: await testAll({ scorers, trained: taught, tested: foreign }, options),
  };
}

async function trainAll(
  { name, rows }: StudySet,
  { families, seed, onProgress }: StudyOptions,
): Promise<Scorer[]> {
  const scorers: Scorer[] = [];
  for (const [place, family] of families.entries()) {
    onProgress?.(`${family.name} on ${name}`, place, families.length);
    scorers.push(await trainOn(family, rows, seed));
  }
  return scorers;
}

async function testAll(
  {
    scorers,
    trained,
    tested,
  }: { scorers: readonly Scorer[]; trained: readonly RatedText[]; tested: readonly StudySet[] },
  { fixed, seed, stopwatch }: StudyOptions,
): Promise<StudyTest[]> {
  const tests: StudyTest[] = [];
  for (const { name, rows } of tested) {
    const fresh = withoutCopies(rows, trained);
    if (fresh.length === 0) continue;
    const evaluation = await evaluateSentiment({
      scorers: [...fixed, ...scorers],
      rows: fresh,
      stopwatch,
      seed,
    });
    tests.push({ testedOn: name, evaluation, leftOut: rows.length - fresh.length });
  }
  return tests;
}

/** Rows without a near-duplicate among others: what may test a model that those others taught. */
export function withoutCopies(rows: readonly RatedText[], of: readonly RatedText[]): RatedText[] {
  const groups = nearDuplicates([...of, ...rows].map(({ text }) => text));
  const taught = new Set(groups.subarray(0, of.length));
  return rows.filter((_, row) => !taught.has(groups[of.length + row] ?? -1));
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
  return family.load(filesInMemory(files), UNSTORED);
}

/** Answers with what was said before; a text that nobody scored is a bug. */
function recalling(family: string, scores: ReadonlyMap<string, Score>): Scorer {
  return {
    family,
    version: UNSTORED,
    score: async (texts) =>
      texts.map((text) => {
        const score = scores.get(text);
        if (score === undefined) throw new RangeError(`no fold scored "${text.slice(0, 40)}"`);
        return score;
      }),
  };
}

function filesInMemory(files: ReadonlyMap<string, Uint8Array>): ScorerFiles {
  const bytesOf = (name: string): Uint8Array => {
    const bytes = files.get(name);
    if (bytes === undefined) throw new RangeError(`there is no file ${name}`);
    return bytes;
  };
  return {
    names: [...files.keys()],
    read: async (name) => bytesOf(name),
    locate: async (name) => {
      throw new RangeError(`${name} lies in memory alone`);
    },
  };
}
