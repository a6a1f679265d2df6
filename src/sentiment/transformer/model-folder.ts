import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { messageOf } from '../../core/index.ts';
import { SENTIMENTS, type SentimentLabel } from '../scorer.ts';
import { modelUnusable } from './errors.ts';
import { findModelFiles, type ModelFiles } from './model-files.ts';

/** A classifier of sentiment as its own files describe it. */
export interface ModelFolder {
  folder: string;
  files: ModelFiles;
  /** What each class of the network means, in the network's order. */
  classes: SentimentLabel[];
  /** The most ids of a text. */
  maxTokens: number;
  tokenizer: object;
  tokenizerSettings: object;
  /** The parsed `config.json`. */
  config: object;
}

/** What names of classes mean, traders' own words and short forms that exports use among them. */
const MEANINGS: Readonly<Record<string, SentimentLabel>> = {
  negative: 'negative',
  neutral: 'neutral',
  positive: 'positive',
  bearish: 'negative',
  bullish: 'positive',
  neg: 'negative',
  neu: 'neutral',
  pos: 'positive',
};
/** They count positions from behind the id of padding, so that so many rows of their table are never used. */
const OFFSET_KINDS: ReadonlySet<string> = new Set(['roberta', 'xlm-roberta', 'camembert']);
/** The reference library writes a number beyond this where a tokenizer has no limit of its own. */
const LARGEST_LIMIT = 1_000_000;
const SEARCH_DEPTH = 2;

const configSchema = z.looseObject({
  model_type: z.string().optional(),
  id2label: z.record(z.string(), z.string()).optional(),
  max_position_embeddings: z.number().int().positive().optional(),
  pad_token_id: z.number().int().nonnegative().nullish(),
});
const settingsSchema = z.looseObject({ model_max_length: z.number().positive().nullish() });

/**
 * Reads what a folder says of the model in it: order of the classes, most tokens, tokenizer. Nothing is assumed.
 * @throws AppError `SENTIMENT_MODEL_UNUSABLE` with what is missing and what to do
 */
export async function readModelFolder(folder: string): Promise<ModelFolder> {
  const paths = await listPaths(folder);
  const files = findModelFiles(paths);
  if ('problem' in files) throw modelUnusable({ place: folder, ...files });
  const config = await readObject(folder, files.config, configSchema);
  const tokenizer = await readObject(folder, files.tokenizer, z.looseObject({}));
  const settingsPath = files.companions.find((path) => path.endsWith('tokenizer_config.json'));
  const settings = settingsPath === undefined ? {} : await readObject(folder, settingsPath, settingsSchema);
  return {
    folder,
    files,
    classes: readClasses(folder, config.id2label ?? {}),
    maxTokens: readMaxTokens(folder, config, settings),
    tokenizer,
    tokenizerSettings: settings,
    config,
  };
}

async function listPaths(folder: string): Promise<string[]> {
  try {
    const entries = await readdir(folder, { recursive: true, withFileTypes: true });
    return entries
      .filter((entry) => !entry.isDirectory())
      .map((entry) =>
        join(entry.parentPath, entry.name).slice(folder.length).replaceAll('\\', '/').replace(/^\/+/, ''),
      )
      .filter((path) => path.split('/').length <= SEARCH_DEPTH);
  } catch (error) {
    const remedy = 'Check the folder in the settings.';
    throw modelUnusable({ place: folder, problem: messageOf(error), remedy, cause: error });
  }
}

async function readObject<Value>(folder: string, path: string, schema: z.ZodType<Value>): Promise<Value> {
  try {
    return schema.parse(JSON.parse(await readFile(join(folder, path), 'utf8')));
  } catch (error) {
    const problem = `${path} is not what its name says`;
    throw modelUnusable({ place: folder, problem, remedy: 'Fetch it again.', cause: error });
  }
}

function readClasses(folder: string, names: Readonly<Record<string, string>>): SentimentLabel[] {
  const count = Object.keys(names).length;
  const ordered = Array.from({ length: count }, (_, place) => names[String(place)] ?? '');
  const classes = ordered.map((name) => MEANINGS[name.toLowerCase()] ?? null);
  const remedy = `Copy the folder, write what each of them means into id2label of its config.json, for instance ${example(ordered)}, and name the copy in the settings.`;
  if (count === 0) {
    const problem = 'its config.json does not name its classes (id2label)';
    throw modelUnusable({
      place: folder,
      problem,
      remedy: 'Take a classifier whose configuration names them.',
    });
  }
  if (classes.includes(null)) {
    const problem = `its classes are ${ordered.join(', ')}, which do not say which of them is ${SENTIMENTS.join(', ')}`;
    throw modelUnusable({ place: folder, problem, remedy });
  }
  const known = classes.filter((meaning) => meaning !== null);
  if (!known.includes('negative') || !known.includes('positive')) {
    const problem = `none of its classes (${ordered.join(', ')}) is ${known.includes('negative') ? 'positive' : 'negative'}`;
    throw modelUnusable({ place: folder, problem, remedy });
  }
  return known;
}

function example(names: readonly string[]): string {
  const meanings = names.length === 2 ? (['negative', 'positive'] as const) : SENTIMENTS;
  return JSON.stringify(Object.fromEntries(meanings.map((meaning, place) => [place, meaning])));
}

function readMaxTokens(
  folder: string,
  config: z.infer<typeof configSchema>,
  { model_max_length }: z.infer<typeof settingsSchema>,
): number {
  const isOffset = OFFSET_KINDS.has(config.model_type ?? '');
  const unused = isOffset ? (config.pad_token_id ?? 1) + 1 : 0;
  const positions = (config.max_position_embeddings ?? Infinity) - unused;
  const limit = model_max_length ?? Infinity;
  const most = Math.min(positions, limit < LARGEST_LIMIT ? limit : Infinity);
  if (Number.isFinite(most) && most > 2) return Math.floor(most);
  const problem =
    'neither config.json (max_position_embeddings) nor tokenizer_config.json (model_max_length) says how long a text may be';
  throw modelUnusable({ place: folder, problem, remedy: 'Add one of them.' });
}
