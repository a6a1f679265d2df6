import type { FastifyRequest } from 'fastify';
import { createAdmission, KEY_SCHEMES } from '../admission.ts';
import {
  deploymentSchema,
  deployRequestSchema,
  errorSchema,
  rollbackRequestSchema,
  selectRequestSchema,
  statusQuerySchema,
  statusSchema,
  toDeployment,
  toStatus,
} from '../contract.ts';
import { COMMON_ERRORS, type App, type ServingContext } from '../context.ts';
import { asOfInFuture } from '../errors.ts';
import { describeScorers } from '../scorer-states.ts';
import { requireHorizon, resolveAsset, resolveMoment } from '../questions.ts';
import type { DeploymentView } from '../views.ts';

/** What every action says of itself. */
const ACTION = {
  tags: ['models'],
  security: Object.keys(KEY_SCHEMES).map((scheme) => ({ [scheme]: [] })),
  response: {
    200: deploymentSchema,
    401: errorSchema,
    403: errorSchema,
    404: errorSchema,
    409: errorSchema,
    413: errorSchema,
    415: errorSchema,
    422: errorSchema,
    ...COMMON_ERRORS,
  },
};

/** `GET /models/status`, and with a key `POST /models/select`, `/models/deploy`, `/models/rollback`. */
export function modelRoutes(app: App, context: ServingContext): void {
  statusRoute(app, context);
  actionRoutes(app, context);
}

function statusRoute(app: App, context: ServingContext): void {
  const { ports, options } = context;
  app.get(
    '/models/status',
    {
      schema: {
        tags: ['models'],
        summary:
          'What is live and since when, what the gate decided, the ledger, and the scorers; now or at a moment',
        querystring: statusQuerySchema,
        response: { 200: statusSchema, ...COMMON_ERRORS },
      },
    },
    async (request) => {
      const asset = resolveAsset(options, request.query.asset);
      const asOf = resolveMoment('asOf', request.query.asOf);
      const now = ports.clock.now();
      if (asOf !== null && asOf > now) throw asOfInFuture(asOf, now);
      const question = { asset, asOf, limit: request.query.limit };
      const [status, deployments] = await Promise.all([
        ports.modelsStatus(question),
        ports.deployments(question),
      ]);
      return toStatus(status, {
        deployments,
        scorers: asOf === null ? describeScorers(context, asset) : null,
      });
    },
  );
}

function actionRoutes(app: App, context: ServingContext): void {
  const { ports, options } = context;
  const admission = createAdmission(context, 'operator');
  const guarded = {
    ...admission.hooks,
    // Who was let in is told what is wrong with a file of the registry.
    config: { tellsFaults: true },
  };
  const done = (request: FastifyRequest, entry: DeploymentView) => {
    const answer = toDeployment(entry);
    admission.note(request, { deployment: answer.id, changes: answer.changes, undoes: answer.undoes });
    return answer;
  };
  const actorOf = (request: FastifyRequest) => admission.holderOf(request).name;

  app.post(
    '/models/select',
    {
      ...guarded,
      schema: {
        ...ACTION,
        summary: 'Makes a deployed arm the champion of a horizon',
        description: 'Needs a key of role operator. Answers with the entry of the ledger.',
        body: selectRequestSchema,
      },
    },
    async (request) => {
      const { arm, horizon_minutes: horizonMinutes } = request.body;
      const asset = resolveAsset(options, request.body.asset);
      requireHorizon(options, horizonMinutes);
      const order = { asset, horizonMinutes, arm, actor: actorOf(request) };
      return done(request, await ports.selectChampion(order));
    },
  );

  app.post(
    '/models/deploy',
    {
      ...guarded,
      schema: {
        ...ACTION,
        summary: 'Verifies every file of a version and makes it live',
        description:
          'Needs a key of role operator. The files are held against their hashes again, also of the version that is live.',
        body: deployRequestSchema,
      },
    },
    async (request) => {
      const { family, version = null } = request.body;
      const asset = resolveAsset(options, request.body.asset);
      return done(request, await ports.deployVersion({ asset, family, version, actor: actorOf(request) }));
    },
  );

  app.post(
    '/models/rollback',
    {
      ...guarded,
      schema: {
        ...ACTION,
        summary: 'Takes back the newest entry of the ledger that was not taken back yet',
        description: 'Needs a key of role operator. When it answers, the state before is live.',
        body: rollbackRequestSchema,
      },
      preValidation: (request, _reply, next) => {
        (request as { body: unknown }).body ??= {};
        next();
      },
    },
    async (request) => {
      const asset = resolveAsset(options, request.body.asset);
      return done(request, await ports.rollBack({ asset, actor: actorOf(request) }));
    },
  );
}
