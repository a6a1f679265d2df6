import { z } from 'zod';
import { EXPLAIN_ANSWER_EXAMPLES, EXPLAIN_REQUEST_EXAMPLES } from '../examples.ts';
import type { ExplainView } from '../views.ts';
import { asset, count, horizonFieldOrDefault } from './common.ts';
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

export const explainAnswerSchema = z
  .strictObject({
    explanations: z.array(explanationSchema),
    unexplained: silentScorers.describe('Scorers that cannot tell, or not now, and why.'),
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
    performance: { response_time_ms: view.responseTimeMs },
  };
}
