import { rename, rm, writeFile } from 'node:fs/promises';
import { accuracyOf, calibrationErrorOf, macroF1Of, pearsonOf, type Judgement } from './agreement.ts';
import { resultsUnwritable } from './errors.ts';
import { readRatedTexts, type RatedText } from './rated-texts.ts';
import { scoreTexts } from './score-texts.ts';
import type { Score, Scorer } from './scorer.ts';

/** How well a scorer agrees with people; null where the data cannot say. */
export interface SentimentFigures {
  version: string;
  /** Needs labels, as do macroF1 and ece. */
  accuracy: number | null;
  macroF1: number | null;
  /** Expected calibration error, 15 bins of equal width. */
  ece: number | null;
  /** Of the scorer's sentiment with the scores; needs scores. */
  pearson: number | null;
  /** Rows. */
  n: number;
  /** Of scoring alone, warmed up; null when it was too quick for the stopwatch. */
  textsPerSecond: number | null;
}

/** One line of `--out`. */
interface SentimentResult extends Pick<Score, 'sentiment' | 'confidence' | 'probabilities'> {
  /** 0-based number of the row in the data. */
  index: number;
  family: string;
  version: string;
}

/** Milliseconds from any beginning, never going back. */
export type Stopwatch = () => number;

const BATCH = 1_024;
const WARM_UP = 64;
const SECOND_MS = 1_000;

/**
 * Holds a scorer against people's ratings.
 * @param rows - each with a label, a score, or both; read once
 * @param onScore - told every row's score, in order
 * @returns figures; accuracy, macro-F1 and ECE over the labelled rows, Pearson over the scored ones
 * @throws RangeError when there are no rows
 */
export async function evaluateSentiment({
  scorer,
  rows,
  stopwatch,
  onScore = () => {},
}: {
  scorer: Scorer;
  rows: AsyncIterable<RatedText> | Iterable<RatedText>;
  stopwatch: Stopwatch;
  onScore?: (score: Score, index: number) => void;
}): Promise<SentimentFigures> {
  const judgements: Judgement[] = [];
  const pairs: [number, number][] = [];
  let n = 0;
  let spentMs = 0;
  for await (const batch of batchesOf(rows)) {
    // What a scorer loads and compiles at its first texts is no part of its rate.
    if (n === 0)
      await scoreTexts(
        scorer,
        batch.slice(0, WARM_UP).map(({ text }) => text),
      );
    const startedAt = stopwatch();
    const texts = batch.map(({ text }) => text);
    const scores = await scoreTexts(scorer, texts);
    spentMs += stopwatch() - startedAt;
    for (const [place, score] of scores.entries()) {
      const { label, score: rating } = batch[place] ?? {};
      if (label !== undefined)
        judgements.push({ said: score.label, truth: label, confidence: score.confidence });
      if (rating !== undefined) pairs.push([score.sentiment, rating]);
      onScore(score, n + place);
    }
    n += batch.length;
  }
  if (n === 0) throw new RangeError('there are no rated texts to evaluate on');
  const ifLabelled = (figure: (given: Judgement[]) => number) =>
    judgements.length === 0 ? null : figure(judgements);
  return {
    version: scorer.version,
    accuracy: ifLabelled(accuracyOf),
    macroF1: ifLabelled(macroF1Of),
    ece: ifLabelled(calibrationErrorOf),
    pearson: pearsonOf(pairs),
    n,
    textsPerSecond: spentMs > 0 ? (n * SECOND_MS) / spentMs : null,
  };
}

/**
 * The `evaluate sentiment` command without its command line: every scorer on the same file.
 * @param dataFile - JSON Lines of {text, label} or {text, score}, plain or gzip
 * @param outFile - if given, one `SentimentResult` a line, by row, then by scorer; written whole or not at all
 * @throws AppError `SENTIMENT_DATA_*` when the data cannot be used, `SENTIMENT_RESULTS_UNWRITABLE`
 */
export async function runSentimentEvaluation({
  dataFile,
  scorers,
  outFile,
  stopwatch,
}: {
  dataFile: string;
  scorers: readonly Scorer[];
  outFile?: string;
  stopwatch: Stopwatch;
}): Promise<{ families: Record<string, SentimentFigures> }> {
  const rows = await readRatedTexts(dataFile);
  const families: Record<string, SentimentFigures> = {};
  const resultsByRow: SentimentResult[][] = rows.map(() => []);
  for (const scorer of scorers) {
    const { family, version } = scorer;
    const onScore = ({ sentiment, confidence, probabilities }: Score, index: number) => {
      resultsByRow[index]?.push({ index, family, version, sentiment, confidence, probabilities });
    };
    families[family] = await evaluateSentiment({ scorer, rows, stopwatch, onScore });
  }
  if (outFile !== undefined) await writeResults(outFile, resultsByRow.flat());
  return { families };
}

async function* batchesOf(
  rows: AsyncIterable<RatedText> | Iterable<RatedText>,
): AsyncGenerator<RatedText[], void, undefined> {
  let batch: RatedText[] = [];
  for await (const row of rows) {
    batch.push(row);
    if (batch.length < BATCH) continue;
    yield batch;
    batch = [];
  }
  if (batch.length > 0) yield batch;
}

/** Written beside its place and moved there, so that a reader never sees half of it. */
async function writeResults(file: string, results: readonly SentimentResult[]): Promise<void> {
  const partial = `${file}.partial`;
  try {
    await writeFile(partial, results.map((result) => `${JSON.stringify(result)}\n`).join(''));
    await rename(partial, file);
  } catch (error) {
    await rm(partial, { force: true }).catch(() => {});
    throw resultsUnwritable(file, error);
  }
}
