import { errorSchema, explainAnswerSchema, explainRequestSchema, toExplainAnswer } from '../contract.ts';
import { COMMON_ERRORS, type App, type ServingContext } from '../context.ts';
import { explain } from '../explain.ts';
import type { GuardHooks } from '../gate.ts';
import { resolveKey } from '../questions.ts';

/** `POST /explain`. */
export function explainRoutes(app: App, context: ServingContext, gate: GuardHooks): void {
  app.post(
    '/explain',
    {
      ...gate,
      schema: {
        tags: ['predict'],
        summary:
          'Which words of a text carried its sentiment, by one scorer or by every one that can tell, and which features carry the direction',
        description:
          'Parts of the text with their weights, the heaviest first. A family that was asked for and is not there is ' +
          '503 with why and what to do; one that cannot tell is named under unexplained, as is every family that is ' +
          'not there when none was asked for. Beside it, under direction: what each feature adds to the log-odds that the ' +
          'champion of the horizon gives the latest window, without the text; where it cannot tell, the reason.',
        body: explainRequestSchema,
        response: {
          200: explainAnswerSchema,
          404: errorSchema,
          413: errorSchema,
          415: errorSchema,
          ...COMMON_ERRORS,
        },
      },
    },
    async (request) => {
      const { text, family = null } = request.body;
      const key = resolveKey(context.options, request.body);
      return toExplainAnswer(await explain(context, { key, text, family }));
    },
  );
}
