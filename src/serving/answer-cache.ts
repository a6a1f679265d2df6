import { hash } from 'node:crypto';
import { z } from 'zod';
import { messageOf, type EpochMs } from '../core/index.ts';
import { scorerName } from '../sentiment/index.ts';
import type { ServingContext } from './context.ts';
import { textScoreSchema } from './contract.ts';
import type { SignalKey } from './ports.ts';

/** A window and a ledger entry stand in the key, so nothing is kept too long; an hour only keeps the cache small. */
const CACHE_SECONDS = 3_600;
const PARSED_MAX = 256;

const nullableNumber = z.number().nullable();

const armAnswer = z.object({
  arm: z.string(),
  horizonMinutes: z.number(),
  modelVersion: z.string(),
  probabilityUp: z.number(),
  priceDirection: z.enum(['bullish', 'neutral', 'bearish']),
  sentiment: nullableNumber,
  featuresCount: z.number(),
  isChampion: z.boolean(),
  degraded: z.boolean(),
});

const comparison = z.object({
  vaderSentiment: nullableNumber,
  finbertSentiment: nullableNumber,
  agreement: z.boolean().nullable(),
  confidenceDelta: nullableNumber,
});

const shared = {
  revision: nullableNumber,
  comparison,
  degraded: z.boolean(),
  items: z.array(textScoreSchema).nullable(),
};

/** A `PredictView` without its time, as it is kept. */
export const keptPredict = z.object({
  ...shared,
  sentiment: nullableNumber,
  confidence: nullableNumber,
  answer: armAnswer.nullable(),
  modelUsed: z.string(),
  modelVersion: z.string(),
  featuresCount: z.number(),
});

/** A `CompareView` without its time, as it is kept. */
export const keptCompare = z.object({
  ...shared,
  asset: z.string(),
  horizonMinutes: z.number(),
  windowEnd: nullableNumber,
  asOf: nullableNumber,
  arms: z.array(armAnswer),
  scorers: z.array(
    z.object({
      scorer: z.string(),
      version: z.string(),
      sentiment: nullableNumber,
      confidence: nullableNumber,
    }),
  ),
});

/** All that an answer depends on. The port puts the workspace before it. */
export function answerKey(
  { ports }: ServingContext,
  about: {
    kind: string;
    key: SignalKey;
    windowEnd: EpochMs;
    revision: number;
    text: string | string[] | undefined;
  },
): string {
  const { kind, key, windowEnd, revision, text } = about;
  const digest = hash('sha256', JSON.stringify(text === undefined ? null : [text].flat()), 'base64url');
  const parts = [kind, key.asset, windowEnd, revision, key.horizonMinutes, scorerName(ports.scorer), digest];
  return `predict:${parts.join(':')}`;
}

/** Reads and writes answers that are kept. */
export interface KeptAnswers<View> {
  /** null where nothing that fits is kept. */
  read(key: string): Promise<View | null>;
  keep(key: string, view: View): Promise<void>;
}

/** The cache may be away or hold anything: then it is as if it held nothing. */
export function keepAnswers<View extends object>(
  { ports, log }: ServingContext,
  schema: { parse(value: unknown): View },
): KeptAnswers<View> {
  // What is asked again and again is not parsed again and again; the cache alone decides what is still kept.
  const parsed = new Map<string, View>();

  function parse(text: string): View {
    const known = parsed.get(text);
    if (known !== undefined) return known;
    const view = schema.parse(JSON.parse(text));
    if (parsed.size >= PARSED_MAX) parsed.clear();
    parsed.set(text, view);
    return view;
  }

  return {
    async read(key) {
      try {
        const text = await ports.cache.get(key);
        return text === null ? null : parse(text);
      } catch (error) {
        log.warn({ reason: messageOf(error) }, 'the cache could not be read');
        return null;
      }
    },
    async keep(key, view) {
      try {
        await ports.cache.set(key, JSON.stringify(view), CACHE_SECONDS);
      } catch (error) {
        log.warn({ reason: messageOf(error) }, 'the cache could not be written');
      }
    },
  };
}
