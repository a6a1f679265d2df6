import { errorSchema, predictAnswerSchema, predictRequestSchema, toPredictAnswer } from '../contract.ts';
import { COMMON_ERRORS, type App, type ServingContext } from '../context.ts';
import { createGate, gateHook } from '../gate.ts';
import { predict } from '../predict.ts';
import { resolveKey } from '../questions.ts';

/** `POST /predict/vader`. */
export function predictRoutes(app: App, context: ServingContext): void {
  const gate = createGate(context.limits.scoringInFlight);
  app.post(
    '/predict/vader',
    {
      onRequest: gateHook(gate),
      preValidation: (request, _reply, done) => {
        // No body at all asks what `{}` asks.
        (request as { body: unknown }).body ??= {};
        done();
      },
      schema: {
        tags: ['predict'],
        summary: 'Sentiment of a text by VADER, beside the present direction',
        description:
          'For one text: its sentiment and confidence. For several: their means, and each one in items. ' +
          'Without text: the present 4 h news aggregate, confidence null. ' +
          'Direction and probability are those of GET /signal.',
        body: predictRequestSchema,
        response: { 200: predictAnswerSchema, 413: errorSchema, 415: errorSchema, ...COMMON_ERRORS },
      },
    },
    async (request) => {
      const { text } = request.body;
      const key = resolveKey(context.options, request.body);
      return toPredictAnswer(await predict(context, { key, text }));
    },
  );
}
