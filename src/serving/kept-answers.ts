import { z } from 'zod';
import { textScoreSchema } from './contract.ts';
import type { CompareView, PredictView } from './views.ts';

/* Answers as they come back from a cache that may hold anything. */

const nullableNumber = z.number().nullable();
const { label } = textScoreSchema.shape;

const armAnswer = z.object({
  arm: z.string(),
  horizonMinutes: z.number(),
  modelVersion: z.string(),
  probabilityUp: z.number(),
  priceDirection: z.enum(['bullish', 'neutral', 'bearish']),
  abstention: z.string().nullable().optional(),
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

/** What of a `PredictView` is kept: all but its time. */
export type KeptPredict = Omit<PredictView, 'responseTimeMs' | 'cacheHit'>;

/** What of a `CompareView` is kept: neither its time nor who is unavailable, which changes while it is kept. */
export type KeptCompare = Omit<CompareView, 'responseTimeMs' | 'cacheHit' | 'unavailable'>;

export const keptPredict: z.ZodType<KeptPredict> = z.object({
  ...shared,
  sentiment: nullableNumber,
  confidence: nullableNumber,
  answer: armAnswer.nullable(),
  modelUsed: z.string(),
  modelVersion: z.string(),
  featuresCount: z.number(),
});

export const keptCompare: z.ZodType<KeptCompare> = z.object({
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
      label: label.nullable(),
      probabilities: z.object({ negative: z.number(), neutral: z.number(), positive: z.number() }).nullable(),
    }),
  ),
  agreement: z
    .object({
      label,
      share: z.number(),
      scorers: z.number(),
      disagreements: z.array(z.object({ scorers: z.tuple([z.string(), z.string()]), distance: z.number() })),
    })
    .nullable(),
});
