import { rename, rm, writeFile } from 'node:fs/promises';
import {
  agreementOf,
  classFiguresIn,
  confusionOf,
  confusionTable,
  countCells,
  reliabilityOf,
  totalOf,
  twoClassConfusionOf,
  type Agreement,
  type ClassFigures,
  type ReliabilityBin,
} from './compare-columns.ts';
import {
  comparePairs,
  measure,
  RESAMPLES,
  type Comparison,
  type Interval,
  type Measured,
} from './compare.ts';
import { resultsUnwritable } from './errors.ts';
import { nearDuplicates } from './near-duplicates.ts';
import { readRatedTexts, type RatedText } from './rated-texts.ts';
import { scoreTexts } from './score-texts.ts';
import { scorerName, type Score, type Scorer, type SentimentLabel } from './scorer.ts';

/** How well a scorer agrees with people; null where the data cannot say. */
export interface SentimentFigures {
  version: string;
  /** Needs labels, as do macroF1, ece, perClass, confusion, reliability and twoClass. */
  accuracy: number | null;
  macroF1: number | null;
  /** Expected calibration error, 15 bins of equal width. */
  ece: number | null;
  /** Of the scorer's sentiment with the scores; needs scores. */
  pearson: number | null;
  /** Rows; of them with a label, and with a score. */
  n: number;
  labelled: number;
  scored: number;
  /** Of scoring alone, warmed up; null when it was too quick for the stopwatch. */
  /** Over different texts after the first 64, which warm it up; null where there are no more. */
  textsPerSecond: number | null;
  /** 95 %, by a bootstrap over groups of near-duplicates; null where there are fewer than 8 groups. */
  intervals: Record<'accuracy' | 'macroF1' | 'ece' | 'pearson', Interval | null>;
  perClass: Record<SentimentLabel, ClassFigures> | null;
  /** Rows by label, then by what the scorer said. */
  confusion: Record<SentimentLabel, Record<SentimentLabel, number>> | null;
  reliability: ReliabilityBin[] | null;
  twoClass: TwoClassFigures | null;
}

/**
 * Over the rows labelled positive or negative: said is the larger of P(positive) and P(negative), and equal ones are
 * wrong. For files that know no neutral.
 */
export interface TwoClassFigures {
  accuracy: number | null;
  low: number | null;
  high: number | null;
  macroF1: number | null;
  macroF1Low: number | null;
  macroF1High: number | null;
  n: number;
}

/** What `evaluate sentiment` finds out. */
export interface SentimentEvaluation {
  /** By family; by `family@version` where a family is asked for in more than one version. */
  families: Record<string, SentimentFigures>;
  /** Every pair of scorers, in the order asked for. */
  comparisons: Comparison[];
  /** Groups of near-duplicates: what counts as independent texts. */
  independentTexts: number;
  resamples: number;
  seed: number;
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
const SEED = 1;

/**
 * Lets a scorer score rated texts and takes the time.
 * @returns scores in the order of the rows
 */
export async function scoreRated(
  scorer: Scorer,
  rows: readonly RatedText[],
  { stopwatch, onProgress = () => {} }: { stopwatch: Stopwatch; onProgress?: (done: number) => void },
): Promise<{ scores: Score[]; textsPerSecond: number | null }> {
  const texts = rows.map(({ text }) => text);
  // What a scorer loads and compiles at its first texts is no part of its rate.
  const scores = await scoreTexts(scorer, texts.slice(0, WARM_UP));
  onProgress(scores.length);
  let spentMs = 0;
  for (let from = WARM_UP; from < texts.length; from += BATCH) {
    const startedAt = stopwatch();
    scores.push(...(await scoreTexts(scorer, texts.slice(from, from + BATCH))));
    spentMs += stopwatch() - startedAt;
    onProgress(scores.length);
  }
  // The same text again may have been remembered.
  const known = new Set(texts.slice(0, WARM_UP));
  const different = new Set(texts.slice(WARM_UP).filter((text) => !known.has(text))).size;
  return { scores, textsPerSecond: spentMs > 0 && different > 0 ? (different * SECOND_MS) / spentMs : null };
}

/**
 * Holds scorers against people's ratings, each by itself and in pairs.
 * @param options.rows - each with a label, a score, or both
 * @param options.onScore - told every row's score, in order, scorer by scorer
 * @param options.onProgress - told how many rows a scorer has scored
 * @returns accuracy, macro-F1 and ECE over the labelled rows, Pearson over the scored ones
 * @throws RangeError when there are no rows
 */
export async function evaluateSentiment({
  scorers,
  rows,
  stopwatch,
  seed = SEED,
  onScore = () => {},
  onProgress = () => {},
}: {
  scorers: readonly Scorer[];
  rows: readonly RatedText[];
  stopwatch: Stopwatch;
  /** Of the resampling. */
  seed?: number;
  onScore?: (score: Score, index: number, scorer: Scorer) => void;
  onProgress?: (scorer: Scorer, done: number, total: number) => void;
}): Promise<SentimentEvaluation> {
  if (rows.length === 0) throw new RangeError('there are no rated texts to evaluate on');
  const answers: { name: string; agreement: Agreement; version: string; textsPerSecond: number | null }[] =
    [];
  for (const scorer of scorers) {
    const { scores, textsPerSecond } = await scoreRated(scorer, rows, {
      stopwatch,
      onProgress: (done) => {
        onProgress(scorer, done, rows.length);
      },
    });
    for (const [index, score] of scores.entries()) onScore(score, index, scorer);
    const name = keyOf(scorer, scorers);
    answers.push({ name, agreement: agreementOf(rows, scores), version: scorer.version, textsPerSecond });
  }
  const clusters = nearDuplicates(rows.map(({ text }) => text));
  const measured = measure(answers, { clusters, seed });
  return {
    families: Object.fromEntries(
      measured.map((one, place) => [
        one.name,
        toFigures(one, answers[place] ?? { version: '', textsPerSecond: null }),
      ]),
    ),
    comparisons: comparePairs(measured),
    independentTexts: clusters.reduce((most, cluster) => Math.max(most, cluster + 1), 0),
    resamples: RESAMPLES,
    seed,
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
  onProgress,
}: {
  dataFile: string;
  scorers: readonly Scorer[];
  outFile?: string;
  stopwatch: Stopwatch;
  onProgress?: (scorer: Scorer, done: number, total: number) => void;
}): Promise<SentimentEvaluation> {
  const rows = await readRatedTexts(dataFile);
  const resultsByRow: SentimentResult[][] = rows.map(() => []);
  const evaluation = await evaluateSentiment({
    scorers,
    rows,
    stopwatch,
    onProgress,
    onScore({ sentiment, confidence, probabilities }, index, { family, version }) {
      resultsByRow[index]?.push({ index, family, version, sentiment, confidence, probabilities });
    },
  });
  if (outFile !== undefined) await writeResults(outFile, resultsByRow.flat());
  return evaluation;
}

/** Two versions of one family must not take each other's place. */
function keyOf(scorer: Scorer, scorers: readonly Scorer[]): string {
  const isAlone = scorers.filter(({ family }) => family === scorer.family).length === 1;
  return isAlone ? scorer.family : scorerName(scorer);
}

function toFigures(
  { agreement, figures, intervals }: Measured,
  { version, textsPerSecond }: { version: string; textsPerSecond: number | null },
): SentimentFigures {
  const { accuracy, macroF1, ece, pearson } = figures;
  const counts = countCells(agreement, new Uint32Array(agreement.n).fill(1));
  const confusion = confusionOf(counts);
  const isLabelled = agreement.labelled > 0;
  const twoClassRows = totalOf(twoClassConfusionOf(counts));
  return {
    version,
    accuracy,
    macroF1,
    ece,
    pearson,
    n: agreement.n,
    labelled: agreement.labelled,
    scored: agreement.scored,
    textsPerSecond,
    intervals: {
      accuracy: intervals.accuracy,
      macroF1: intervals.macroF1,
      ece: intervals.ece,
      pearson: intervals.pearson,
    },
    perClass: isLabelled ? classFiguresIn(confusion) : null,
    confusion: isLabelled ? confusionTable(confusion) : null,
    reliability: isLabelled ? reliabilityOf(agreement) : null,
    twoClass:
      twoClassRows === 0
        ? null
        : {
            accuracy: figures.twoClassAccuracy,
            low: intervals.twoClassAccuracy?.low ?? null,
            high: intervals.twoClassAccuracy?.high ?? null,
            macroF1: figures.twoClassMacroF1,
            macroF1Low: intervals.twoClassMacroF1?.low ?? null,
            macroF1High: intervals.twoClassMacroF1?.high ?? null,
            n: twoClassRows,
          },
  };
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
