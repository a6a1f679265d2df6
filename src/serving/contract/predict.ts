import { z } from 'zod';
import { COMPARE_ANSWER_EXAMPLES, PREDICT_ANSWER_EXAMPLES, PREDICT_REQUEST_EXAMPLES } from '../examples.ts';
import type { ArmAnswerView, CompareView, ComparisonView, PredictView, TextScoreView } from '../views.ts';
import {
  asset,
  count,
  finiteOrNull,
  horizonFieldOrDefault,
  isoOrNull,
  moment,
  probability,
  sentiment,
} from './common.ts';
import { abstentionFields, priceDirection, toAbstention } from './signal.ts';

const TEXTS_MAX = 64;
const TEXT_LENGTH_MAX = 10_000;

/** A text that is scored. */
export const text = z.string().min(1).max(TEXT_LENGTH_MAX);

export const predictRequestSchema = z
  .strictObject({
    text: z
      .union([text, z.array(text).min(1).max(TEXTS_MAX)], 'expected a text or a list of texts')
      .optional()
      .describe('One text, or up to 64; without it the present 4 h news aggregate answers.'),
    horizon_minutes: horizonFieldOrDefault,
    asset,
  })
  .meta({ id: 'PredictRequest', examples: PREDICT_REQUEST_EXAMPLES });

export const label = z.enum(['negative', 'neutral', 'positive']);

export const textScoreSchema = z.strictObject({ sentiment, confidence: probability, label });

export const responseTime = z.number().min(0);
export const silentScorers = z.array(
  z.strictObject({ scorer: z.string(), reason: z.string(), remedy: z.string() }),
);

const comparisonSchema = z.strictObject({
  vader_sentiment: sentiment.nullable(),
  finbert_sentiment: sentiment
    .nullable()
    .describe(
      'null where that scorer is unavailable, and where it was not asked: it is at /predict/finbert, at /predict/compare, and at /predict while the champion reads it, because waiting for it would slow down every other answer.',
    ),
  agreement: z.boolean().nullable().describe('Both have the same sign; null while one is missing.'),
  confidence_delta: z
    .number()
    .min(0)
    .max(2)
    .nullable()
    .describe('Absolute difference of the two; null while one is missing.'),
});

export const degradedFlag = z
  .literal(true)
  .optional()
  .describe(
    'Only when a part was missing (such as a window), a model is past its expiry, or another arm or scorer stood in: the rest is answered all the same.',
  );

const items = z.array(textScoreSchema).optional().describe('One entry a text, only when an array was sent.');

export const predictAnswerSchema = z
  .strictObject({
    prediction: z.strictObject({
      sentiment: sentiment
        .nullable()
        .describe('Of the text (mean over several), or the present 4 h aggregate.'),
      confidence: probability.nullable().describe('Mean over the texts; null without text.'),
      price_direction: priceDirection.nullable().describe('null until a window exists.'),
      ...abstentionFields,
      probability_up: probability
        .nullable()
        .describe('Of the latest window, the texts added to it as articles known now; nothing is stored.'),
      model_used: z
        .string()
        .describe('The scorer that answered; the price model stands in the header x-price-model.'),
      features_count: count,
    }),
    performance: z.strictObject({
      response_time_ms: responseTime,
      model_version: z.string().describe("The scorer's."),
      cache_hit: z.boolean(),
    }),
    comparison: comparisonSchema,
    degraded: degradedFlag,
    items,
  })
  .meta({ id: 'PredictAnswer', examples: PREDICT_ANSWER_EXAMPLES });
export type PredictAnswer = z.infer<typeof predictAnswerSchema>;

const armAnswerSchema = z.strictObject({
  arm: z.string(),
  model_version: z.string(),
  probability_up: probability,
  price_direction: priceDirection,
  ...abstentionFields,
  sentiment: sentiment
    .nullable()
    .describe('Its 4 h news aggregate with the texts in it; null where the arm reads none.'),
  is_champion: z.boolean(),
  degraded: z.boolean(),
});
export type ArmAnswer = z.infer<typeof armAnswerSchema>;

const scorerAnswerSchema = z.strictObject({
  scorer: z.string(),
  version: z.string(),
  sentiment: sentiment
    .nullable()
    .describe('Of the text (mean over several), or the present 4 h aggregate of an arm that reads it.'),
  confidence: probability.nullable().describe('Mean over the texts; null without text.'),
  label: label.nullable().describe('The likeliest by the probabilities; null without text.'),
  probabilities: z
    .strictObject({ negative: probability, neutral: probability, positive: probability })
    .nullable()
    .describe('Means over the texts; null without text.'),
});
export type ScorerAnswer = z.infer<typeof scorerAnswerSchema>;

const agreementSchema = z.strictObject({
  label: label.describe('The one that most scorers give; of equals, the one with more probability.'),
  share: probability.describe('Share of the scorers that give it.'),
  scorers: count.describe('Scorers that gave a label.'),
  disagreements: z
    .array(
      z.strictObject({
        scorers: z.tuple([z.string(), z.string()]),
        distance: z.number().min(0).max(2).describe('Absolute difference of their sentiments.'),
      }),
    )
    .describe('Pairs that read it with opposite signs, the widest apart first.'),
});

export const compareAnswerSchema = z
  .strictObject({
    asset: z.string(),
    horizon_minutes: count,
    window_end: moment.nullable().describe('null until a window exists; then no arm answers.'),
    as_of: moment.nullable(),
    deployment: count.nullable().describe('Ledger entry that all these answers come from.'),
    arms: z.array(armAnswerSchema).describe('Every arm that could answer; the champion first.'),
    scorers: z.array(scorerAnswerSchema).describe('Every scorer that answered.'),
    unavailable: silentScorers.describe('Every scorer that did not, and why.'),
    comparison: comparisonSchema,
    agreement: agreementSchema.nullable().describe('null while fewer than two scorers gave a label.'),
    performance: z.strictObject({ response_time_ms: responseTime, cache_hit: z.boolean() }),
    degraded: degradedFlag,
    items,
  })
  .meta({ id: 'CompareAnswer', examples: COMPARE_ANSWER_EXAMPLES });
export type CompareAnswer = z.infer<typeof compareAnswerSchema>;

export function toPredictAnswer(view: PredictView): PredictAnswer {
  return {
    prediction: {
      sentiment: view.sentiment,
      confidence: view.confidence,
      price_direction: view.answer?.priceDirection ?? null,
      ...toAbstention(view.answer?.abstention),
      probability_up: view.answer?.probabilityUp ?? null,
      model_used: view.modelUsed,
      features_count: view.featuresCount,
    },
    performance: {
      response_time_ms: view.responseTimeMs,
      model_version: view.modelVersion,
      cache_hit: view.cacheHit,
    },
    comparison: toComparison(view.comparison),
    ...(view.degraded ? { degraded: true as const } : {}),
    ...(view.items === null ? {} : { items: view.items.map(toTextScore) }),
  };
}

export function toCompareAnswer(view: CompareView): CompareAnswer {
  return {
    asset: view.asset,
    horizon_minutes: view.horizonMinutes,
    window_end: isoOrNull(view.windowEnd),
    as_of: isoOrNull(view.asOf),
    deployment: view.revision,
    arms: view.arms.map(toArmAnswer),
    scorers: view.scorers.map(({ scorer, version, sentiment, confidence, label, probabilities }) => ({
      scorer,
      version,
      sentiment,
      confidence,
      label,
      probabilities: probabilities === null ? null : { ...probabilities },
    })),
    unavailable: view.unavailable.map(({ scorer, reason, remedy }) => ({ scorer, reason, remedy })),
    comparison: toComparison(view.comparison),
    agreement: toAgreement(view.agreement),
    performance: { response_time_ms: view.responseTimeMs, cache_hit: view.cacheHit },
    ...(view.degraded ? { degraded: true as const } : {}),
    ...(view.items === null ? {} : { items: view.items.map(toTextScore) }),
  };
}

function toArmAnswer(view: ArmAnswerView): ArmAnswer {
  return {
    arm: view.arm,
    model_version: view.modelVersion,
    probability_up: view.probabilityUp,
    price_direction: view.priceDirection,
    ...toAbstention(view.abstention),
    sentiment: view.sentiment === null ? null : finiteOrNull(view.sentiment),
    is_champion: view.isChampion,
    degraded: view.degraded,
  };
}

function toComparison(view: ComparisonView): PredictAnswer['comparison'] {
  return {
    vader_sentiment: view.vaderSentiment,
    finbert_sentiment: view.finbertSentiment,
    agreement: view.agreement,
    confidence_delta: view.confidenceDelta,
  };
}

/** The scorer's probabilities, where it brought them along, are not part of it. */
export function toTextScore({ sentiment, confidence, label }: TextScoreView) {
  return { sentiment, confidence, label };
}

function toAgreement(view: CompareView['agreement']): CompareAnswer['agreement'] {
  if (view === null) return null;
  const { label, share, scorers, disagreements } = view;
  return {
    label,
    share,
    scorers,
    disagreements: disagreements.map(({ scorers: [one, other], distance }) => ({
      scorers: [one, other],
      distance,
    })),
  };
}
