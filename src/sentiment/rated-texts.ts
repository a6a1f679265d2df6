import { readFile } from 'node:fs/promises';
import { promisify } from 'node:util';
import { gunzip } from 'node:zlib';
import { z } from 'zod';
import { dataEmpty, dataInvalid, dataUnreadable, trainingRefused, type BadLine } from './errors.ts';
import { SENTIMENTS, type SentimentLabel } from './scorer.ts';

/** A text with what people said of it: a label, a score (on a scale around 0; for a correlation any scale will do), or both. */
export interface RatedText {
  text: string;
  label?: SentimentLabel;
  score?: number;
  /** When it was published, epoch milliseconds; a training that knows times keeps the newest rows to judge itself. */
  at?: number;
}

/** A score has a direction from about a third of the way from 0 to the end of its scale. */
export const SCORE_BORDER = 0.33;
/** Fewer scores may all be above 0 by chance. */
const FEWEST_ONE_SIDED = 20;

/**
 * What rows say, each as a label: its own where it has one, else by the sign and size of its score, at least 0.33 of the
 * scale positive, at most -0.33 of it negative. The scale is -1..1, or up to the largest score where one goes beyond.
 * @param family - for messages
 * @throws AppError `SENTIMENT_TRAINING_REFUSED` where no score lies below 0: a scale such as 1..5 does not say where its
 *   middle is
 */
export function labelsOf(family: string, rows: readonly RatedText[]): SentimentLabel[] {
  const scores = rows.flatMap(({ label, score }) =>
    label === undefined && score !== undefined ? score : [],
  );
  const least = scores.reduce((low, score) => Math.min(low, score), Infinity);
  const most = scores.reduce((high, score) => Math.max(high, Math.abs(score)), 0);
  if (scores.length >= FEWEST_ONE_SIDED && least >= 0) {
    throw trainingRefused(
      family,
      `its ${scores.length} scores go from ${least} to ${most}, and nothing below 0 says which texts are negative`,
      'Give scores around 0, negative ones for what is bad, or labels.',
    );
  }
  const border = SCORE_BORDER * Math.max(1, most);
  return rows.map(({ label, score = 0 }) => label ?? labelOfScore(score, border));
}

/** @param border - beyond this in size a score has a side, else it is neutral */
export function labelOfScore(score: number, border: number): SentimentLabel {
  if (score >= border) return 'positive';
  return score <= -border ? 'negative' : 'neutral';
}

/** Names under which known data sets carry the same thing; the first that is there counts. */
const TEXT_FIELDS = ['text', 'sentence', 'headline', 'title'];
const TIME_FIELDS = ['at', 'published_at', 'created_at', 'time'];
const SCORE_FIELDS = ['score', 'sentiment_score', 'finbert_positive_minus_negative'];
/** Traders' own tags: a bull expects what a positive text announces. */
const SYNONYMS: Readonly<Record<string, SentimentLabel>> = { bullish: 'positive', bearish: 'negative' };
const LABEL_HELP = `${SENTIMENTS.join(', ')} (${Object.keys(SYNONYMS).join(' and ')} are read as ${Object.values(SYNONYMS).join(' and ')})`;
const VALUE_SHOWN = 80;
const BYTE_ORDER_MARK = '\uFEFF';

const labelSchema = z
  .string('the label must be a text')
  .transform((given) => given.trim().toLowerCase())
  .transform((given) => SYNONYMS[given] ?? given)
  .pipe(z.enum(SENTIMENTS, { error: `the label must be one of ${LABEL_HELP}` }));

const timeSchema = z.iso
  .datetime({ offset: true, error: 'the time must be ISO 8601 with a zone, such as 2022-01-31T12:00:00Z' })
  .transform((given) => Date.parse(given));

const rowSchema = z
  .object({
    text: z.string('there must be a text in the field "text"'),
    label: labelSchema.optional(),
    score: z.number('the score must be a finite number').optional(),
    at: timeSchema.optional(),
  })
  .refine(
    (row) => row.label !== undefined || row.score !== undefined,
    'there must be a "label" or a "score"',
  );

/**
 * Reads rated texts: JSON Lines, plain or gzip (told by content, not by name). Blank lines are passed over.
 * @throws AppError `SENTIMENT_DATA_UNREADABLE`, `SENTIMENT_DATA_EMPTY`, or `SENTIMENT_DATA_INVALID` naming the lines
 */
export async function readRatedTexts(file: string): Promise<RatedText[]> {
  const rows: RatedText[] = [];
  const badLines: BadLine[] = [];
  const lines = (await readTextFile(file)).split('\n');
  for (const [place, line] of lines.entries()) {
    if (line.trim() === '') continue;
    const parsed = parseLine(line);
    if ('problem' in parsed) badLines.push({ line: place + 1, problem: parsed.problem });
    else rows.push(parsed);
  }
  if (badLines.length > 0) throw dataInvalid(file, badLines);
  if (rows.length === 0) throw dataEmpty(file);
  return rows;
}

async function readTextFile(file: string): Promise<string> {
  try {
    const bytes = await readFile(file);
    const isGzip = bytes[0] === 0x1f && bytes[1] === 0x8b;
    const text = (isGzip ? await promisify(gunzip)(bytes) : bytes).toString('utf8');
    return text.startsWith(BYTE_ORDER_MARK) ? text.slice(1) : text;
  } catch (error) {
    throw dataUnreadable(file, error);
  }
}

function parseLine(line: string): RatedText | { problem: string } {
  let value: unknown;
  try {
    value = JSON.parse(line);
  } catch {
    return { problem: `this is no JSON object: ${shorten(line)}` };
  }
  if (typeof value !== 'object' || value === null) {
    return { problem: `this is no JSON object: ${shorten(line)}` };
  }
  const fields = value as Record<string, unknown>;
  const parsed = rowSchema.safeParse({
    text: firstOf(fields, TEXT_FIELDS),
    label: fields['label'] ?? undefined,
    score: firstOf(fields, SCORE_FIELDS),
    at: firstOf(fields, TIME_FIELDS),
  });
  if (parsed.success) return parsed.data;
  const issue = parsed.error.issues[0];
  return { problem: `${issue?.message ?? 'not understood'}, but the line is ${shorten(line)}` };
}

/** A field that is null counts as not there. */
function firstOf(fields: Record<string, unknown>, names: readonly string[]): unknown {
  const name = names.find((candidate) => fields[candidate] !== undefined && fields[candidate] !== null);
  return name === undefined ? undefined : fields[name];
}

function shorten(line: string): string {
  const trimmed = line.trim();
  return trimmed.length > VALUE_SHOWN ? `${trimmed.slice(0, VALUE_SHOWN)}…` : trimmed;
}
