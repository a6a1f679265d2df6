import { z } from 'zod';
import { FEATURES_EXAMPLES, HISTORY_EXAMPLES, SIGNAL_EXAMPLES } from '../examples.ts';
import type { FeaturesView, HistoryRowView, HistoryView, SignalView } from '../views.ts';
import {
  asset,
  count,
  finiteOrNull,
  finiteValues,
  horizonParameter,
  iso,
  moment,
  momentParameter,
  probability,
  seconds,
  sentiment,
  wholeParameter,
} from './common.ts';

const HISTORY_LIMIT_DEFAULT = 672;
const HISTORY_LIMIT_MAX = 5_000;

export const signalQuerySchema = z.strictObject({
  horizon_minutes: horizonParameter,
  asOf: momentParameter
    .optional()
    .describe(
      'Answer as it stood at this moment: newest prediction decided by then, outcome only if known by then. Not after the present moment.',
    ),
  asset,
});

export const historyQuerySchema = z.strictObject({
  horizon_minutes: horizonParameter,
  from: momentParameter.optional().describe('Windows that closed after this moment.'),
  to: momentParameter.optional().describe('Windows that closed at or before this moment.'),
  limit: wholeParameter(`is a whole number from 1 to ${HISTORY_LIMIT_MAX}`, HISTORY_LIMIT_MAX)
    .default(HISTORY_LIMIT_DEFAULT)
    .describe('At most this many, the newest.'),
  asset,
});

export const assetQuerySchema = z.strictObject({ asset });

export const priceDirection = z
  .enum(['bullish', 'neutral', 'bearish'])
  .describe(
    'From the probability: neutral within the band around 0.5 that /health states (neutral_band), and where the model abstains.',
  );

/** Only in an answer without a direction. */
export const abstentionFields = {
  abstained: z
    .literal(true)
    .optional()
    .describe('Only when the model gives no direction, whatever the probability: then it is neutral.'),
  reason: z
    .string()
    .optional()
    .describe('Why it abstained: the input is unlike the training data, or the model is past its expiry.'),
};

export function toAbstention(reason: string | null = null): { abstained?: true; reason?: string } {
  return reason === null ? {} : { abstained: true, reason };
}

const predictionFields = {
  window_end: moment.describe('Close of the bar that was decided on.'),
  as_of: moment.describe('Moment of the decision; nothing known later is in it.'),
  model_version: z.string(),
  probability_up: probability,
  price_direction: priceDirection,
  ...abstentionFields,
  sentiment: sentiment.nullable().describe('null where the arm reads none, or none is known.'),
  predicted_at: moment,
  matures_at: moment,
  outcome: z.enum(['up', 'down', 'void']).nullable().describe('null while the truth is not known.'),
  degraded: z.boolean().describe('A part was missing; the next best was answered.'),
};

export const signalSchema = z
  .strictObject({
    asset: z.string(),
    horizon_minutes: count,
    arm: z.string(),
    ...predictionFields,
    data_age_seconds: seconds.describe('From the close of the window to now, or to asOf.'),
  })
  .meta({ id: 'Signal', examples: SIGNAL_EXAMPLES });
export type Signal = z.infer<typeof signalSchema>;

const historyItemSchema = z.strictObject({
  ...predictionFields,
  close: z
    .number()
    .nullable()
    .describe('Price at the close of the window; null where its candle is missing.'),
});
export type SignalHistoryItem = z.infer<typeof historyItemSchema>;

export const historySchema = z
  .strictObject({
    asset: z.string(),
    horizon_minutes: count,
    arm: z.string(),
    items: z.array(historyItemSchema).describe('Oldest first, newest last.'),
  })
  .meta({ id: 'SignalHistory', examples: HISTORY_EXAMPLES });
export type SignalHistory = z.infer<typeof historySchema>;

export const featuresSchema = z
  .strictObject({
    asset: z.string(),
    feature_set: z.string().describe('Version hash of definitions, bar and scorer.'),
    window_end: moment,
    as_of: moment,
    degraded: z.boolean(),
    features: z.record(z.string(), z.number().nullable()).describe('By name; null = missing, never 0.'),
    units: z.record(z.string(), z.string()),
  })
  .meta({ id: 'LatestFeatures', examples: FEATURES_EXAMPLES });
export type LatestFeatures = z.infer<typeof featuresSchema>;

/** @param dataAgeSeconds - from the close of the window to the moment that was asked about */
export function toSignal(view: SignalView, dataAgeSeconds: number): Signal {
  return {
    asset: view.asset,
    horizon_minutes: view.horizonMinutes,
    arm: view.arm,
    ...toPredictionFields(view),
    data_age_seconds: dataAgeSeconds,
  };
}

export function toHistory(
  view: HistoryView,
  asked: { asset: string; horizonMinutes: number },
): SignalHistory {
  return {
    asset: asked.asset,
    horizon_minutes: asked.horizonMinutes,
    arm: view.arm,
    items: view.items.map(toHistoryItem),
  };
}

export function toFeatures(view: FeaturesView): LatestFeatures {
  return {
    asset: view.asset,
    feature_set: view.featureSet,
    window_end: iso(view.windowEnd),
    as_of: iso(view.asOf),
    degraded: view.degraded,
    features: finiteValues(view.features),
    units: view.units,
  };
}

function toHistoryItem(row: HistoryRowView): SignalHistoryItem {
  return { ...toPredictionFields(row), close: finiteOrNull(row.close) };
}

function toPredictionFields(view: SignalView): Omit<SignalHistoryItem, 'close'> {
  return {
    window_end: iso(view.windowEnd),
    as_of: iso(view.asOf),
    model_version: view.modelVersion,
    probability_up: view.probabilityUp,
    price_direction: view.priceDirection,
    ...toAbstention(view.abstention),
    sentiment: view.sentiment === null ? null : finiteOrNull(view.sentiment),
    predicted_at: iso(view.predictedAt),
    matures_at: iso(view.maturesAt),
    outcome: view.outcome,
    degraded: view.degraded,
  };
}
