import { writeFile } from 'node:fs/promises';
import { dirname, relative } from 'node:path';
import {
  createVader,
  crossValidate,
  LABELLED_SOURCES,
  linearFamily,
  missingFiles,
  readStudySet,
  SCORED_SOURCES,
  trainTogether,
  transfer,
  vaderFamily,
  type ScorerFamily,
  type SentimentEvaluation,
  type StudyOptions,
  type StudySet,
  type StudySource,
  type StudyTest,
} from '../sentiment/index.ts';
import { usageInvalid } from './errors.ts';
import { requireOutFile, writeWhole } from './out-file.ts';
import type { CommandContext, ExitCode } from './program.ts';
import { drawReliability } from './reliability-picture.ts';
import { describeStudy } from './sentiment-pages.ts';
import type { Terminal } from './terminal.ts';

interface Options {
  data: string;
  out: string;
  picture?: string;
  seed: number;
  json?: boolean;
}

/** Everything that the page tells. */
export interface Study {
  seed: number;
  folds: number;
  /** A set with labels: every row answered by a version that was not taught its fold. */
  unseen: { name: string; about: string; evaluation: SentimentEvaluation }[];
  /** Taught by one set, tested on the others. */
  across: { trainedOn: string; tests: StudyTest[] }[];
  /** One version per family, taught by several sets without a fold of each. */
  together: { trainedOn: string[]; trainedRows: number; unseen: StudyTest[]; foreign: StudyTest[] } | null;
  /** What is to be known of sets with scores, by name. */
  about: Record<string, string>;
  missing: string[];
}

const FOLDS = 5;
/** What the version that is tested on everything learns from: the texts that this system reads. */
const TAUGHT_TOGETHER = ['Bitcoin headlines', 'StockEmotions'];
/** A head on a transformer's encoder needs that encoder, which is not reachable from everywhere. */
const FAMILIES: readonly ScorerFamily[] = [vaderFamily, linearFamily];

/**
 * `report sentiment`: trains every family on parts of labelled sets, tests it on what it has not seen, and writes the
 * page of results with intervals and paired tests.
 * @throws AppError `USAGE_INVALID` when the folder holds no labelled set, `OUT_FILE_UNWRITABLE`, `SENTIMENT_DATA_*`
 */
export async function reportSentimentCommand(
  options: Options,
  { terminal }: CommandContext,
): Promise<ExitCode> {
  const { out, picture } = options;
  await requireOutFile(out);
  if (picture !== undefined) await requireOutFile(picture);
  const study = await runStudy(options, terminal);
  if (picture !== undefined) {
    await writeWhole(picture, (draft) => writeFile(draft, drawReliability(study.unseen)));
  }
  const page = describeStudy(study, picture === undefined ? null : relative(dirname(out), picture));
  await writeWhole(out, (draft) => writeFile(draft, page));
  terminal.result(`The results stand in ${out}.`, { out, ...study });
  return 0;
}

async function runStudy({ data, seed }: Options, terminal: Terminal): Promise<Study> {
  const labelled = await readSets(data, LABELLED_SOURCES);
  if (labelled.length === 0) {
    const files = LABELLED_SOURCES.flatMap((source) => source.files);
    throw usageInvalid(`${data} holds none of the labelled sets: ${files.join(', ')}.`);
  }
  const scored = await readSets(data, SCORED_SOURCES);
  const options: StudyOptions = {
    families: FAMILIES,
    fixed: [createVader()],
    seed,
    stopwatch: () => performance.now(),
  };
  const telling = (what: string): StudyOptions => ({
    ...options,
    onProgress: (phrase, done, total) => {
      terminal.progress(`${what}: ${phrase}`, done, total);
    },
  });
  const unseen: Study['unseen'] = [];
  for (const set of labelled) {
    const evaluation = await crossValidate(set, { ...telling(set.name), folds: FOLDS });
    unseen.push({ name: set.name, about: aboutOf(set.name), evaluation });
  }
  const across: Study['across'] = [];
  for (const set of labelled) {
    const others = labelled.filter((other) => other !== set);
    if (others.length === 0) continue;
    across.push({ trainedOn: set.name, tests: await transfer(set, others, telling('for other sets')) });
  }
  const teachers = labelled.filter(({ name }) => TAUGHT_TOGETHER.includes(name));
  const together =
    teachers.length === 0
      ? null
      : {
          trainedOn: teachers.map(({ name }) => name),
          ...(await trainTogether(teachers, scored, { ...telling('one version'), folds: FOLDS })),
        };
  return {
    seed,
    folds: FOLDS,
    unseen,
    across,
    together,
    about: Object.fromEntries(scored.map(({ name }) => [name, aboutOf(name)])),
    missing: [...LABELLED_SOURCES, ...SCORED_SOURCES].flatMap((source) => missingFiles(data, source)),
  };
}

async function readSets(folder: string, sources: readonly StudySource[]): Promise<StudySet[]> {
  const sets = [];
  for (const source of sources) sets.push(await readStudySet(folder, source));
  return sets.filter((set) => set !== null);
}

function aboutOf(name: string): string {
  return [...LABELLED_SOURCES, ...SCORED_SOURCES].find((source) => source.name === name)?.about ?? '';
}
