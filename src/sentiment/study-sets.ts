import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { gunzip } from 'node:zlib';
import { z } from 'zod';
import { dataUnreadable } from './errors.ts';
import { labelOfScore, readRatedTexts, SCORE_BORDER, type RatedText } from './rated-texts.ts';

/** A set of rated texts with a short name. */
export interface StudySet {
  name: string;
  rows: readonly RatedText[];
}

/** A set as it lies in a folder of labelled texts. */
export interface StudySource {
  name: string;
  /** Within the folder; several files are one set. */
  files: readonly string[];
  format: 'rated texts' | 'posts' | 'ground truth';
  /** For recorded scores: beyond this in size a text has a side, else it is neutral. */
  border?: number;
  /** What a reader of the results must know. */
  about: string;
}

/** Sets with labels, which families are trained and tested on. */
export const LABELLED_SOURCES: readonly StudySource[] = [
  {
    name: 'PhraseBank',
    files: ['phrasebank-dev.jsonl.gz'],
    format: 'rated texts',
    about:
      'Sentences of company news, three labels by people. ProsusAI/finbert was trained on this corpus: figures of FinBERT on it would be no test.',
  },
  {
    name: 'Twitter',
    files: ['twitter-financial-news-train.jsonl.gz'],
    format: 'rated texts',
    about: 'Tweets of financial news, three labels by people.',
  },
  {
    name: 'StockEmotions',
    files: ['stockemotions-train.jsonl.gz', 'stockemotions-val.jsonl.gz'],
    format: 'rated texts',
    about: "Traders' posts with their own bullish and bearish tags.",
  },
  {
    name: 'Bitcoin headlines',
    files: ['finbert-teacher-scores.jsonl.gz'],
    format: 'rated texts',
    border: SCORE_BORDER,
    about:
      'Scores recorded from ProsusAI/finbert, at least 0.33 positive, at most -0.33 negative: a model’s answers, not people’s. What learns from them is a distilled student of that model, and agreement with it is no proof of being right. That model learnt from PhraseBank, so what its student reaches there is no test either.',
  },
];

const GROUND_TRUTH = 'Texts that people rated when VADER was made.';
/** Sets with people's scores, which nothing in a study is trained on. */
export const SCORED_SOURCES: readonly StudySource[] = [
  {
    name: 'SemEval headlines',
    files: ['semeval2017-headlines.jsonl.gz'],
    format: 'rated texts',
    about: 'Headlines of company news.',
  },
  { name: 'FiQA posts', files: ['fiqa-posts.json'], format: 'posts', about: 'Posts on shares.' },
  ...['tweets', 'nytEditorialSnippets', 'amazonReviewSnippets', 'movieReviewSnippets'].map(
    (name): StudySource => ({
      name: `VADER ${name.replace(/(Editorial|Review)Snippets/, '').replace('nyt', 'NYT')}`,
      files: [`../vader/${name}_GroundTruth.tsv.gz`],
      format: 'ground truth',
      about: GROUND_TRUTH,
    }),
  ),
];

const postsSchema = z.record(
  z.string(),
  z.object({
    sentence: z.string(),
    info: z.array(z.object({ sentiment_score: z.coerce.number() })).min(1),
  }),
);

/** The files of a set that a folder does not hold. */
export function missingFiles(folder: string, { files }: StudySource): string[] {
  return files.filter((file) => !existsSync(join(folder, file)));
}

/**
 * Reads a set.
 * @returns null where the folder does not hold all its files
 * @throws AppError `SENTIMENT_DATA_*` when a file cannot be used
 */
export async function readStudySet(folder: string, source: StudySource): Promise<StudySet | null> {
  if (missingFiles(folder, source).length > 0) return null;
  const rows: RatedText[] = [];
  for (const file of source.files) rows.push(...(await readFileOf(join(folder, file), source)));
  return { name: source.name, rows };
}

async function readFileOf(path: string, { format, border }: StudySource): Promise<RatedText[]> {
  if (format === 'rated texts') {
    const rows = await readRatedTexts(path);
    return border === undefined ? rows : rows.map((row) => withLabel(row, border));
  }
  try {
    return format === 'posts' ? await readPosts(path) : await readGroundTruth(path);
  } catch (error) {
    throw dataUnreadable(path, error);
  }
}

/** A recorded score as a label, in its place: a family that read both would learn it twice. */
function withLabel({ text, score = 0, at }: RatedText, border: number): RatedText {
  return { text, label: labelOfScore(score, border), ...(at === undefined ? {} : { at }) };
}

/** FiQA: posts by id, each with the scores of its parts, which are averaged. */
async function readPosts(path: string): Promise<RatedText[]> {
  const posts = postsSchema.parse(JSON.parse(await readFile(path, 'utf8')));
  return Object.values(posts).map(({ sentence, info }) => ({
    text: sentence,
    score: info.reduce((sum, part) => sum + part.sentiment_score, 0) / info.length,
  }));
}

/** Lines of id, mean rating, text, as VADER's authors publish them. */
async function readGroundTruth(path: string): Promise<RatedText[]> {
  const content = (await promisify(gunzip)(await readFile(path))).toString('utf8');
  const lines = content.split('\n').filter((line) => line.trim() !== '');
  return lines.map((line, place) => {
    const [, rating = '', text] = line.split('\t');
    const score = rating.trim() === '' ? NaN : Number(rating);
    if (text === undefined || !Number.isFinite(score)) {
      throw new Error(`line ${place + 1} is not: id, rating, text, with tabs between them`);
    }
    return { text, score };
  });
}
