import type { FastifyReply, onRequestHookHandler, preValidationHookHandler } from 'fastify';
import { SCORER_FAMILIES } from '../../sentiment/index.ts';
import { createComparing } from '../compare.ts';
import {
  compareAnswerSchema,
  errorSchema,
  predictAnswerSchema,
  predictRequestSchema,
  toCompareAnswer,
  toPredictAnswer,
} from '../contract.ts';
import { COMMON_ERRORS, type App, type ServingContext } from '../context.ts';
import { scorerUnknown } from '../errors.ts';
import type { GuardHooks } from '../gate.ts';
import { createPredicting } from '../predict.ts';
import { nameSource } from '../provenance.ts';
import { resolveKey } from '../questions.ts';

const TEXT_WORDS =
  'For one text: its sentiment and confidence. For several: their means, and each one in items. ' +
  'Direction and probability are the answer for the latest window with the texts added as articles known now, ' +
  'computed on a copy and stored nowhere. Without text: the present 4 h news aggregate, confidence null, and the ' +
  'latest window as it is. Headers: x-price-model names the price model, x-deployment the ledger entry that it is from.';

const SCORER_WORDS: Record<(typeof SCORER_FAMILIES)[number], string> = {
  vader: 'VADER',
  linear: 'the linear model',
  finbert: 'FinBERT',
  cryptobert: 'CryptoBERT',
  ensemble: 'the ensemble',
};

/** No body at all asks what `{}` asks. */
const emptyBody: preValidationHookHandler = (request, _reply, done) => {
  (request as { body: unknown }).body ??= {};
  done();
};

/** Before a body is read, like any path that nothing stands at. */
const refuseFamily: onRequestHookHandler = (request, _reply, done) => {
  done(scorerUnknown((request.params as { family: string }).family, SCORER_FAMILIES));
};

/** `POST /predict`, `POST /predict/{scorer}` for each family, `POST /predict/compare`. */
export function predictRoutes(app: App, context: ServingContext, gate: GuardHooks): void {
  const predict = createPredicting(context);
  const guards = { ...gate, preValidation: emptyBody };
  const errors = { 413: errorSchema, 415: errorSchema, ...COMMON_ERRORS };
  const single = {
    tags: ['predict'],
    body: predictRequestSchema,
    response: { 200: predictAnswerSchema, ...errors },
  };

  app.post(
    '/predict',
    {
      ...guards,
      schema: {
        ...single,
        summary: 'Sentiment of a text, and the direction that the champion sees with it',
        description: `${TEXT_WORDS} The text is read by the scorer that the champion was trained on, or by VADER where it reads none; while that scorer cannot answer the next best does. model_used names it.`,
      },
    },
    (request, reply) => answer(request.body, { reply, family: null }),
  );

  for (const family of SCORER_FAMILIES) {
    const words = SCORER_WORDS[family];
    app.post(
      `/predict/${family}`,
      {
        ...guards,
        schema: {
          ...single,
          summary: `Sentiment of a text by ${words}, and the direction that the arm with it sees`,
          description: `${TEXT_WORDS} The arm is the one of the champion's price family that reads ${words}, else another that does, else the champion with its own scorer. Where ${words} is not there the answer is 503, with why and what to do.`,
        },
      },
      (request, reply) => answer(request.body, { reply, family }),
    );
  }

  app.post('/predict/:family', { onRequest: refuseFamily, schema: { hide: true } }, emptyAnswer);

  compareRoute(app, context, { guards, errors });

  async function answer(
    body: { text?: string | string[] | undefined; horizon_minutes: number; asset?: string | undefined },
    { reply, family }: { reply: FastifyReply; family: string | null },
  ) {
    const key = resolveKey(context.options, body);
    const view = await predict({ key, text: body.text, family });
    nameSource(reply, { modelVersion: view.answer?.modelVersion, revision: view.revision });
    return toPredictAnswer(view);
  }
}

function compareRoute(
  app: App,
  context: ServingContext,
  {
    guards,
    errors,
  }: {
    guards: GuardHooks & { preValidation: preValidationHookHandler };
    errors: typeof COMMON_ERRORS & { 413: typeof errorSchema; 415: typeof errorSchema };
  },
): void {
  const compare = createComparing(context);
  app.post(
    '/predict/compare',
    {
      ...guards,
      schema: {
        tags: ['predict'],
        summary: 'Every arm and every scorer on the same text, side by side',
        description: `${TEXT_WORDS} A scorer that is not there, or takes too long, is named under unavailable.`,
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
}

/** Never comes: the hook before it refuses. */
function emptyAnswer(): null {
  return null;
}
