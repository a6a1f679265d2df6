import type { FastifyReply, preValidationHookHandler } from 'fastify';
import {
  compareAnswerSchema,
  errorSchema,
  predictAnswerSchema,
  predictRequestSchema,
  toCompareAnswer,
  toPredictAnswer,
} from '../contract.ts';
import { COMMON_ERRORS, type App, type ServingContext } from '../context.ts';
import { createGate, gateHook } from '../gate.ts';
import { createAnswering } from '../predict.ts';
import { nameSource } from '../provenance.ts';
import { resolveKey } from '../questions.ts';

const TEXT_WORDS =
  'For one text: its sentiment and confidence. For several: their means, and each one in items. ' +
  'Direction and probability are the answer for the latest window with the texts added as articles known now, ' +
  'computed on a copy and stored nowhere. Without text: the present 4 h news aggregate, confidence null, and the ' +
  'latest window as it is. Headers: x-price-model names the price model, x-deployment the ledger entry that it is from.';

/** No body at all asks what `{}` asks. */
const emptyBody: preValidationHookHandler = (request, _reply, done) => {
  (request as { body: unknown }).body ??= {};
  done();
};

/** `POST /predict`, `POST /predict/vader`, `POST /predict/compare`. */
export function predictRoutes(app: App, context: ServingContext): void {
  const { predict, compare } = createAnswering(context);
  const gate = createGate(context.limits.scoringInFlight);
  const guards = { onRequest: gateHook(gate), preValidation: emptyBody };
  const errors = { 413: errorSchema, 415: errorSchema, ...COMMON_ERRORS };
  const single = { body: predictRequestSchema, response: { 200: predictAnswerSchema, ...errors } };

  app.post(
    '/predict',
    {
      ...guards,
      schema: {
        ...single,
        tags: ['predict'],
        summary: 'Sentiment of a text, and the direction that the champion sees with it',
        description: `${TEXT_WORDS} A champion that reads no sentiment is not moved by a text; the default scorer, named in model_used, scores it all the same.`,
      },
    },
    (request, reply) => answer(request.body, { reply, answering: 'champion' }),
  );

  app.post(
    '/predict/vader',
    {
      ...guards,
      schema: {
        ...single,
        tags: ['predict'],
        summary: 'Sentiment of a text by VADER, and the direction that the arm with VADER sees with it',
        description: `${TEXT_WORDS} The arm is the one of the champion's price family that reads VADER, else another that does.`,
      },
    },
    (request, reply) => answer(request.body, { reply, answering: 'scorer' }),
  );

  app.post(
    '/predict/compare',
    {
      ...guards,
      schema: {
        tags: ['predict'],
        summary: 'Every arm and every scorer on the same text, side by side',
        description: TEXT_WORDS,
        body: predictRequestSchema,
        response: { 200: compareAnswerSchema, ...errors },
      },
    },
    async (request, reply) => {
      const key = resolveKey(context.options, request.body);
      const view = await compare({ key, text: request.body.text });
      nameSource(reply, {
        modelVersion: view.arms.find(({ isChampion }) => isChampion)?.modelVersion,
        revision: view.revision,
      });
      return toCompareAnswer(view);
    },
  );

  async function answer(
    body: { text?: string | string[] | undefined; horizon_minutes: number; asset?: string | undefined },
    how: { reply: FastifyReply; answering: 'champion' | 'scorer' },
  ) {
    const key = resolveKey(context.options, body);
    const view = await predict({ key, text: body.text, answering: how.answering });
    nameSource(how.reply, { modelVersion: view.answer?.modelVersion, revision: view.revision });
    return toPredictAnswer(view);
  }
}
