import { z } from 'zod';
import { ABLATION_EXAMPLES } from '../examples.ts';
import type { AblationVariantView, AblationView } from '../views.ts';
import { asset, count, horizonMinutesParameter, iso, isoOrNull, moment, probability } from './common.ts';

const SCORER_WORDS = 'is a family of scorers like vader, or one version of it like vader@1.0.0';
const NOTE =
  'Each training fits the family without its scorer (price), with its news (price+sentiment), with its posts (price+social) and with both (all), on the same rows, and compares them with price on the same eight weeks that none of them has seen. Above 0 the further columns help; an interval that covers 0 shows nothing. Nothing here is investment advice.';
const NOTHING_YET =
  'No training that could compare its columns is recorded here, or none at the horizon and of the scorer that were asked for. Each training of an arm that reads a scorer does; the command retrain makes one now.';

export const ablationQuerySchema = z.strictObject({
  horizon_minutes: horizonMinutesParameter.optional().describe('Minutes ahead; every horizon when left out.'),
  scorer: z
    .string()
    .regex(/^[a-z][a-z0-9-]{0,39}(?:@\d{1,9}\.\d{1,9}\.\d{1,9})?$/, SCORER_WORDS)
    .optional()
    .describe('A family of scorers, or one version of it; all of them when left out.'),
  asset,
});

const difference = z.number().nullable();

const variantSchema = z.strictObject({
  columns: z
    .enum(['price', 'price+sentiment', 'price+social', 'all'])
    .describe('What it was fitted with: price is everything that needs no scorer.'),
  accuracy: probability.nullable(),
  log_loss: z.number().nullable().describe('Nats a window.'),
  accuracy_difference: difference.describe('Accuracy less that of price; null for price itself.'),
  low: difference.describe(
    '95 % interval of the difference, block bootstrap; null where there is too little.',
  ),
  high: difference,
  gain: difference.describe('Log loss of price less its own, nats a window: above 0 is better.'),
  gain_low: difference.describe('95 % interval of the gain, block bootstrap.'),
  gain_high: difference,
  mcnemar_p: probability
    .nullable()
    .describe('Two-sided p of equal accuracy, exact; null too where windows overlap.'),
  diebold_mariano_p: probability.nullable().describe('Two-sided p of equal Brier scores.'),
  reason: z
    .string()
    .nullable()
    .describe('Why figures are missing or another fit stands for it; null where it was measured.'),
});

const ablationSchema = z.strictObject({
  at: moment.describe('When it was recorded.'),
  model_version: z.string().describe('The version whose training it belongs to.'),
  arm: z.string(),
  scorer: z.string(),
  horizon_minutes: count,
  windows: z
    .strictObject({ from: moment.nullable(), to: moment.nullable(), n: count })
    .describe('The first and the last window that count, and how many: the same ones for all variants.'),
  seed: z.number().int(),
  variants: z.array(variantSchema),
});

export const ablationsSchema = z
  .strictObject({
    asset: z.string(),
    ablations: z.array(ablationSchema).describe('The newest of each horizon and arm.'),
    note: z.string(),
  })
  .meta({ id: 'ModelsAblation', examples: ABLATION_EXAMPLES });
export type ModelsAblation = z.infer<typeof ablationsSchema>;

export function toAblations(
  views: readonly AblationView[],
  { asset: named }: { asset: string },
): ModelsAblation {
  return {
    asset: named,
    ablations: views.map((view) => ({
      at: iso(view.at),
      model_version: view.modelVersion,
      arm: view.arm,
      scorer: view.scorer,
      horizon_minutes: view.horizonMinutes,
      windows: { from: isoOrNull(view.from), to: isoOrNull(view.to), n: view.n },
      seed: view.seed,
      variants: view.variants.map(toVariant),
    })),
    note: views.length === 0 ? NOTHING_YET : NOTE,
  };
}

function toVariant(view: AblationVariantView): z.infer<typeof variantSchema> {
  return {
    columns: view.columns,
    accuracy: view.accuracy,
    log_loss: view.logLoss,
    accuracy_difference: view.accuracyDifference,
    low: view.low,
    high: view.high,
    gain: view.gain,
    gain_low: view.gainLow,
    gain_high: view.gainHigh,
    mcnemar_p: view.mcnemar,
    diebold_mariano_p: view.dieboldMariano,
    reason: view.reason,
  };
}
