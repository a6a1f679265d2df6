import { z } from 'zod';
import { artifactInvalid } from '../errors.ts';
import type { ScorerFiles } from '../scorer-family.ts';
import { thresholdsOf } from './calibration.ts';

export const VADER_FAMILY = 'vader';
/** The one file of a version. */
export const ARTIFACT_FILE = 'vader.json';

const MOST_TERMS = 50_000;
const LONGEST_TERM = 200;
const LARGEST_VALENCE = 16;
const TERM = /^\S+( \S+){0,2}$/u;

const valence = z.number().min(-LARGEST_VALENCE).max(LARGEST_VALENCE);
const count = z.number().int().min(0);

const termSchema = z.strictObject({
  /** One to three words in lower case. */
  term: z.string().max(LONGEST_TERM).regex(TERM, 'is one to three words'),
  /** What it was worth before: its rating, 0 for what was unknown. */
  base: valence,
  /** What it is worth now. A phrase counts on top of its words. */
  valence,
  /** Training rows that hold it, and how many of them were positive and negative. */
  rows: count,
  positive: count,
  negative: count,
  /** By how much it moved the compound of those rows, on average. */
  effect: z.number().min(-2).max(2),
});

const slope = z.number().positive().max(1_000);
const offset = z.number().min(-1_000).max(1_000);

const thresholdsSchema = z.strictObject({ positive: z.number(), negative: z.number() });

const artifactSchema = z.strictObject({
  format: z.literal('bellwether-vader'),
  formatVersion: z.literal(1),
  /** What the terms are learnt on top of. */
  reference: z.literal('vaderSentiment 3.3.2'),
  /** In words: what was learnt, and if nothing was, why. */
  outcome: z.string(),
  terms: z.array(termSchema).max(MOST_TERMS),
  calibration: z.strictObject({
    negativeSlope: slope,
    negativeOffset: offset,
    neutralOffset: offset,
    tickerOffset: offset,
    positiveSlope: slope,
    positiveOffset: offset,
  }),
  /** Compounds at which the label changes; they follow from the calibration. */
  thresholds: thresholdsSchema.extend({ withTicker: thresholdsSchema }),
});

/** A retrained VADER: what it learnt, and why. */
export type VaderArtifact = z.infer<typeof artifactSchema>;
export type LearntTerm = z.infer<typeof termSchema>;

const THRESHOLD_TOLERANCE = 1e-3;

/** One term a line, so that two versions can be compared by eye. */
export function encodeArtifact({ terms, ...rest }: VaderArtifact): Uint8Array {
  const head = JSON.stringify(rest, null, 2).slice(0, -2);
  const lines = terms.map((term) => `    ${JSON.stringify(term)}`);
  const list = lines.length === 0 ? '[]' : `[\n${lines.join(',\n')}\n  ]`;
  return new TextEncoder().encode(`${head},\n  "terms": ${list}\n}\n`);
}

/** @throws AppError `SENTIMENT_ARTIFACT_INVALID` when it is not the file of a retrained VADER */
export async function readArtifact(files: ScorerFiles): Promise<VaderArtifact> {
  if (!files.names.includes(ARTIFACT_FILE)) {
    throw artifactInvalid(VADER_FAMILY, `it has no file ${ARTIFACT_FILE}`);
  }
  return decodeArtifact(await files.read(ARTIFACT_FILE));
}

/** @throws AppError `SENTIMENT_ARTIFACT_INVALID` */
export function decodeArtifact(bytes: Uint8Array): VaderArtifact {
  let value: unknown;
  try {
    value = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes));
  } catch (error) {
    throw artifactInvalid(VADER_FAMILY, `${ARTIFACT_FILE} is no JSON`, error);
  }
  const parsed = artifactSchema.safeParse(value);
  if (!parsed.success) {
    const issue = parsed.error.issues[0];
    const place = issue?.path.join('.') ?? '';
    throw artifactInvalid(VADER_FAMILY, `${ARTIFACT_FILE}, ${place}: ${issue?.message ?? ''}`, parsed.error);
  }
  requireCoherent(parsed.data);
  return parsed.data;
}

function requireCoherent({ terms, calibration, thresholds }: VaderArtifact): void {
  const seen = new Set<string>();
  for (const { term } of terms) {
    if (seen.has(term)) throw artifactInvalid(VADER_FAMILY, `the term "${term}" stands there twice`);
    if (term !== term.toLowerCase()) {
      throw artifactInvalid(VADER_FAMILY, `the term "${term}" is not in lower case, so no text can hold it`);
    }
    seen.add(term);
  }
  const pairs = [
    [thresholds, thresholdsOf(calibration, false)],
    [thresholds.withTicker, thresholdsOf(calibration, true)],
  ] as const;
  for (const [written, due] of pairs) {
    const error = Math.max(
      Math.abs(written.positive - due.positive),
      Math.abs(written.negative - due.negative),
    );
    if (!(error <= THRESHOLD_TOLERANCE * Math.max(1, Math.abs(due.positive), Math.abs(due.negative)))) {
      throw artifactInvalid(VADER_FAMILY, 'the thresholds are not those of the calibration');
    }
  }
}
