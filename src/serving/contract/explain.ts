import { z } from 'zod';
import { EXPLAIN_ANSWER_EXAMPLES, EXPLAIN_REQUEST_EXAMPLES } from '../examples.ts';
import type { ExplainedDirectionView, ExplainView } from '../views.ts';
import {
  asset,
  count,
  finiteOrNull,
  horizonFieldOrDefault,
  isoOrNull,
  moment,
  probability,
} from './common.ts';
import { responseTime, silentScorers, text, textScoreSchema, toTextScore } from './predict.ts';

const FAMILY_LENGTH_MAX = 40;

export const explainRequestSchema = z
  .strictObject({
    text: text.describe('One text.'),
    family: z
      .string()
      .min(1)
      .max(FAMILY_LENGTH_MAX)
      .optional()
      .describe('A family of scorers, such as linear; every one that can tell when left out.'),
    horizon_minutes: horizonFieldOrDefault,
    asset,
  })
  .meta({ id: 'ExplainRequest', examples: EXPLAIN_REQUEST_EXAMPLES });

const partSchema = z.strictObject({
  text: z.string().describe('As it stands in the text.'),
  from: count.describe('Where it begins, in UTF-16 code units (as JavaScript counts).'),
  to: count.describe('Where it ends; not part of it.'),
  weight: z.number().describe('Above 0: towards positive; below: towards negative. In the unit.'),
  note: z.string().nullable().describe('Why, where there is more to say than the weight.'),
});

const explanationSchema = z.strictObject({
  scorer: z.string(),
  version: z.string(),
  ...textScoreSchema.shape,
  unit: z.string().describe('What the weights are; those of two scorers cannot be compared.'),
  parts: z.array(partSchema).describe('The heaviest first.'),
  read_by: z.array(z.string()).describe('Live arms at this horizon whose price model reads this scorer.'),
});
export type ScorerExplanation = z.infer<typeof explanationSchema>;

const directionSchema = z
  .strictObject({
    horizon_minutes: z.number().int(),
    window_end: moment.nullable(),
    as_of: moment.nullable(),
    arm: z.string().nullable().describe('The champion; null before the first deployment.'),
    model_version: z.string().nullable(),
    probability_up: probability.nullable().describe('Of the latest window as it is, without the text.'),
    base_probability: probability
      .nullable()
      .describe(
        'Before any feature speaks: its log-odds and all contributions sum to those of probability_up.',
      ),
    contributions: z
      .array(
        z.strictObject({
          feature: z.string(),
          value: z.number().nullable().describe('As the model was given it; null where it is missing.'),
          contribution: z.number().describe('Log-odds; above 0: towards up.'),
        }),
      )
      .nullable()
      .describe(
        'The largest first, whatever its sign: exact Shapley values of trees (TreeSHAP), coefficient times standardised value of a logistic regression.',
      ),
    reason: z
      .string()
      .nullable()
      .describe('Why there are no contributions, such as a baseline for a champion.'),
  })
  .describe('Why the champion says what it says of the latest window; the text is not in it.');

export const explainAnswerSchema = z
  .strictObject({
    explanations: z.array(explanationSchema),
    unexplained: silentScorers.describe('Scorers that cannot tell, or not now, and why.'),
    direction: directionSchema,
    performance: z.strictObject({ response_time_ms: responseTime }),
  })
  .meta({ id: 'ExplainAnswer', examples: EXPLAIN_ANSWER_EXAMPLES });
export type ExplainAnswer = z.infer<typeof explainAnswerSchema>;

export function toExplainAnswer(view: ExplainView): ExplainAnswer {
  return {
    explanations: view.explanations.map((explanation) => ({
      scorer: explanation.scorer,
      version: explanation.version,
      ...toTextScore(explanation),
      unit: explanation.unit,
      parts: explanation.parts.map(({ text, from, to, weight, note }) => ({ text, from, to, weight, note })),
      read_by: [...explanation.readBy],
    })),
    unexplained: view.unexplained.map(({ scorer, reason, remedy }) => ({ scorer, reason, remedy })),
    direction: toDirection(view.direction),
    performance: { response_time_ms: view.responseTimeMs },
  };
}

function toDirection(direction: ExplainedDirectionView): ExplainAnswer['direction'] {
  const { contributions } = direction;
  return {
    horizon_minutes: direction.horizonMinutes,
    window_end: isoOrNull(direction.windowEnd),
    as_of: isoOrNull(direction.asOf),
    arm: direction.arm,
    model_version: direction.modelVersion,
    probability_up: direction.probabilityUp,
    base_probability: direction.baseProbability,
    contributions:
      contributions?.map(({ feature, value, contribution }) => ({
        feature,
        value: finiteOrNull(value),
        contribution,
      })) ?? null,
    reason: direction.reason,
  };
}
