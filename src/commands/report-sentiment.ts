import { existsSync } from 'node:fs';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { gunzip } from 'node:zlib';
import {
  createVader,
  crossValidate,
  evaluateSentiment,
  linearFamily,
  readRatedTexts,
  trainOn,
  vaderFamily,
  type RatedText,
  type Scorer,
  type ScorerFamily,
  type SentimentEvaluation,
  type StudySet,
} from '../sentiment/index.ts';
import { requireOutFile, writeWhole } from './out-file.ts';
import { usageInvalid } from './errors.ts';
import type { CommandContext, ExitCode } from './program.ts';
import { describeStudy } from './sentiment-pages.ts';
import type { Terminal } from './terminal.ts';

interface Options {
  data: string;
  out: string;
  seed: number;
  json?: boolean;
}

/** A file of the folder as the study uses it. */
interface Source {
  name: string;
  file: string;
  /** Labels of teacher scores: beyond this in size a text has a side, else it is neutral. */
  border?: number;
}

/** Everything that the page tells. */
export interface Study {
  seed: number;
  folds: number;
  /** Five-fold, per set with labels. */
  unseen: { name: string; n: number; evaluation: SentimentEvaluation }[];
  /** Trained on one set, tested on another. */
  across: { trainedOn: string; testedOn: string; evaluation: SentimentEvaluation }[];
  /** Sets with scores. */
  scored: { name: string; trainedOn: string; evaluation: SentimentEvaluation }[];
  missing: string[];
}

const FOLDS = 5;
const FAMILIES: readonly ScorerFamily[] = [vaderFamily, linearFamily];
const LABELLED: readonly Source[] = [
  { name: 'PhraseBank', file: 'phrasebank-dev.jsonl.gz' },
  { name: 'Twitter', file: 'twitter-financial-news-train.jsonl.gz' },
  { name: 'StockEmotions', file: 'stockemotions-train.jsonl.gz' },
  { name: 'Bitcoin headlines', file: 'finbert-teacher-scores.jsonl.gz', border: 0.33 },
];
const SCORED: readonly Source[] = [
  { name: 'SemEval headlines', file: 'semeval2017-headlines.jsonl.gz' },
  { name: 'FiQA posts', file: 'fiqa-posts.json' },
  { name: 'VADER tweets', file: '../vader/tweets_GroundTruth.tsv.gz' },
  { name: 'VADER NYT', file: '../vader/nytEditorialSnippets_GroundTruth.tsv.gz' },
  { name: 'VADER Amazon', file: '../vader/amazonReviewSnippets_GroundTruth.tsv.gz' },
  { name: 'VADER movies', file: '../vader/movieReviewSnippets_GroundTruth.tsv.gz' },
];
/** What the versions for scored sets learn from. */
const TEACHERS = ['Bitcoin headlines', 'StockEmotions'];

/**
 * `report sentiment`: trains every family on parts of labelled sets, tests it on what it has not seen, and writes the
 * page of results with intervals and paired tests.
 */
export async function reportSentimentCommand(
  options: Options,
  { terminal }: CommandContext,
): Promise<ExitCode> {
  await requireOutFile(options.out);
  const study = await runStudy(options, terminal);
  const page = describeStudy(study);
  await writeWhole(options.out, (draft) => writeFile(draft, page));
  terminal.result(`The results stand in ${options.out}.`, { out: options.out, ...study });
  return 0;
}

async function runStudy({ data, seed }: Options, terminal: Terminal): Promise<Study> {
  const missing = [...LABELLED, ...SCORED].filter(({ file }) => !existsSync(join(data, file)));
  const sets = await readSets(data, LABELLED);
  if (sets.length === 0) {
    throw usageInvalid(
      `${data} holds none of the labelled files: ${LABELLED.map(({ file }) => file).join(', ')}.`,
    );
  }
  const study: Study = {
    seed,
    folds: FOLDS,
    unseen: [],
    across: [],
    scored: [],
    missing: missing.map(({ file }) => file),
  };
  const common = { families: FAMILIES, fixed: [createVader()], seed, stopwatch: () => performance.now() };
  for (const set of sets) {
    const evaluation = await crossValidate(set, {
      ...common,
      folds: FOLDS,
      onProgress: (phrase, done, total) => {
        terminal.progress(`${set.name}: ${phrase}`, done, total);
      },
    });
    study.unseen.push({ name: set.name, n: set.rows.length, evaluation });
  }
  for (const [place, trained] of sets.entries()) {
    terminal.progress(`training on ${trained.name} for the others`, place, sets.length);
    const scorers = [createVader(), ...(await trainAll(trained.rows, seed))];
    for (const tested of sets.filter((set) => set !== trained)) {
      const evaluation = await evaluateSentiment({ ...common, scorers, rows: tested.rows });
      study.across.push({ trainedOn: trained.name, testedOn: tested.name, evaluation });
    }
  }
  const teachers = sets.filter(({ name }) => TEACHERS.includes(name));
  if (teachers.length > 0) {
    const rows = teachers.flatMap((set) => set.rows);
    const scorers = [createVader(), ...(await trainAll(rows, seed))];
    for (const set of await readSets(data, SCORED)) {
      terminal.say(`  holding against ${set.name}`);
      const evaluation = await evaluateSentiment({ ...common, scorers, rows: set.rows });
      study.scored.push({
        name: set.name,
        trainedOn: teachers.map(({ name }) => name).join(' and '),
        evaluation,
      });
    }
  }
  return study;
}

async function trainAll(rows: readonly RatedText[], seed: number): Promise<Scorer[]> {
  const scorers: Scorer[] = [];
  for (const family of FAMILIES) {
    const scorer = await trainOn(family, rows, seed);
    scorers.push({ ...scorer, family: family.name === 'vader' ? 'vader-retrained' : family.name });
  }
  return scorers;
}

async function readSets(folder: string, sources: readonly Source[]): Promise<StudySet[]> {
  const sets: StudySet[] = [];
  for (const { name, file, border } of sources) {
    const path = join(folder, file);
    if (!existsSync(path)) continue;
    const rows = file.endsWith('.tsv.gz')
      ? await readGroundTruth(path)
      : file.endsWith('.json')
        ? await readPosts(path)
        : await readRatedTexts(path);
    sets.push({ name, rows: border === undefined ? rows : rows.map((row) => labelled(row, border)) });
  }
  return sets;
}

/** A recorded score as a label; the score itself would be trained on twice. */
function labelled({ text, score = 0, at }: RatedText, border: number): RatedText {
  const label = score >= border ? 'positive' : score <= -border ? 'negative' : 'neutral';
  return { text, label, ...(at === undefined ? {} : { at }) };
}

/** Lines of id, mean rating, text, as VADER's authors publish them. */
async function readGroundTruth(path: string): Promise<RatedText[]> {
  const content = (await promisify(gunzip)(await readFile(path))).toString('utf8');
  return content.split('\n').flatMap((line) => {
    const [, score, text] = line.split('\t');
    return text === undefined ? [] : [{ text, score: Number(score) }];
  });
}

/** FiQA: posts by id, each with the scores of its parts, which are averaged. */
async function readPosts(path: string): Promise<RatedText[]> {
  const posts = JSON.parse(await readFile(path, 'utf8')) as Record<
    string,
    { sentence: string; info: { sentiment_score: string }[] }
  >;
  return Object.values(posts).map(({ sentence, info }) => ({
    text: sentence,
    score: info.reduce((sum, part) => sum + Number(part.sentiment_score), 0) / info.length,
  }));
}
