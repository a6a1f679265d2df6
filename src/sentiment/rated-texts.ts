import { readFile } from 'node:fs/promises';
import { promisify } from 'node:util';
import { gunzip } from 'node:zlib';
import { z } from 'zod';
import { dataEmpty, dataInvalid, dataUnreadable, type BadLine } from './errors.ts';
import { SENTIMENTS, type SentimentLabel } from './scorer.ts';

/** A text with what people said of it: a label, a score (any scale, only its order and spacing count), or both. */
export interface RatedText {
  text: string;
  label?: SentimentLabel;
  score?: number;
  /** When it was published, epoch milliseconds; a training that knows times keeps the newest rows to judge itself. */
  at?: number;
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
