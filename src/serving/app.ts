import { randomUUID } from 'node:crypto';
import { STATUS_CODES, type IncomingHttpHeaders } from 'node:http';
import type { Socket } from 'node:net';
import Fastify, { type FastifyInstance, type FastifyRequest, type FastifyServerOptions } from 'fastify';
import { serializerCompiler, validatorCompiler, type ZodTypeProvider } from 'fastify-type-provider-zod';
import { messageOf, type Log } from '../core/index.ts';
import type { App, ServingContext } from './context.ts';
import { toErrorBody } from './contract.ts';
import { createErrorAnswer, sendError, unknownRoute } from './error-answers.ts';
import { httpUnreadable, urlUnreadable } from './errors.ts';
import { createGate, gateHook } from './gate.ts';
import { createMetrics } from './metrics.ts';
import { registerDocs } from './openapi.ts';
import { originsHook, preflightHook, type Origins } from './origins.ts';
import type { ServingLimits, ServingOptions, ServingPorts } from './ports.ts';
import { PROVENANCE_HEADERS } from './provenance.ts';
import { rateLimitHook } from './rate-limit.ts';
import { ablationRoutes } from './routes/ablation.ts';
import { explainRoutes } from './routes/explain.ts';
import { featureRoutes } from './routes/features.ts';
import { healthRoutes } from './routes/health.ts';
import { metricsRoutes } from './routes/metrics.ts';
import { pageRoutes } from './routes/pages.ts';
import { modelRoutes } from './routes/models.ts';
import { performanceRoutes } from './routes/performance.ts';
import { predictRoutes } from './routes/predict.ts';
import { signalRoutes } from './routes/signal.ts';
import { securityHeaders } from './security-headers.ts';

const DEFAULT_LIMITS: ServingLimits = {
  // 64 texts of 10,000 plain letters fit.
  bodyBytes: 1_048_576,
  requestsPerMinute: 600,
  loopbackRequestsPerMinute: 10_000_000,
  inFlight: 512,
  // Above what a load of a hundred connections has under way at once.
  scoringInFlight: 256,
};
const REQUEST_TIMEOUT_MS = 30_000;
/** Somebody who asks how an overloaded system is must get an answer. */
const UNCOUNTED_ROUTES = new Set(['/health', '/metrics']);
const LOOPBACK = /^(?:127\.|::1$|::ffff:127\.)/;
const LOOPBACK_ORIGIN = /^https?:\/\/(?:localhost|127\.0\.0\.1|\[::1\])(?::\d+)?$/;
/** Paths at which something is changed; see routes/models.ts. */
const KEYED_PATH = /^\/models\/(?:select|deploy|rollback)\b/;
const CLIENT_REQUEST_ID = /^[\w.-]{1,64}$/;
/** Of a UUID's last group. */
const COUNT_DIGITS = 12;

/**
 * The whole API and the page at `/`, not yet listening.
 * @param parts.ports - what it needs from the rest of the system
 * @param parts.options - facts that do not change while it runs
 * @returns a Fastify instance: `listen` it, or `inject` into it; `close` lets answers under way finish
 * @throws RangeError when a limit is not a positive integer
 * @example const app = await createApp({ ports, options, log }); await app.listen({ port: 8080 });
 */
export async function createApp(parts: {
  ports: ServingPorts;
  options: ServingOptions;
  log: Log;
}): Promise<FastifyInstance> {
  const limits = { ...DEFAULT_LIMITS, ...parts.options.limits };
  const context: ServingContext = { ...parts, limits };
  const app: App = Fastify(serverOptions(limits)).withTypeProvider<ZodTypeProvider>();

  app.setValidatorCompiler(validatorCompiler);
  // What leaves is built by contract.ts with the types of its schema; holding it against them again is for tests.
  app.setSerializerCompiler(parts.options.checkAnswers ? serializerCompiler : () => JSON.stringify);
  // Fastify would read a text/plain body as a string; only JSON is understood.
  app.removeContentTypeParser('text/plain');
  app.setErrorHandler(createErrorAnswer(parts.log, limits.bodyBytes));

  const headers = await securityHeaders();
  app.addHook('onRequest', (request, reply, done) => {
    reply.headers(headers).header('x-request-id', request.id);
    done();
  });
  app.addHook('onRequest', gateHook(createGate(limits.inFlight), UNCOUNTED_ROUTES));
  hangAccess(app, context);
  app.setNotFoundHandler((request, reply) => sendError(reply, request.id, unknownRoute(request)));

  await registerDocs(app as unknown as FastifyInstance, parts.options.version);
  const metrics = createMetrics(context);
  app.addHook('onClose', () => metrics.close());
  metricsRoutes(app, metrics);
  signalRoutes(app, context);
  featureRoutes(app, context);
  // All that scores texts shares one bound.
  const scoring = { onRequest: gateHook(createGate(limits.scoringInFlight)) };
  predictRoutes(app, context, scoring);
  explainRoutes(app, context, scoring);
  modelRoutes(app, context);
  performanceRoutes(app, context);
  ablationRoutes(app, context);
  healthRoutes(app, context);
  await pageRoutes(app, context);
  return app as unknown as FastifyInstance;
}

function serverOptions(limits: ServingLimits): FastifyServerOptions {
  return {
    bodyLimit: limits.bodyBytes,
    requestTimeout: REQUEST_TIMEOUT_MS,
    // What came in before the end is answered; `close` waits for it and then shuts idle connections.
    return503OnClosing: false,
    forceCloseConnections: 'idle',
    // A proxy on this machine may name the real client; nobody else is believed.
    trustProxy: 'loopback',
    genReqId: createRequestIds(),
    frameworkErrors: (error, request, reply) => {
      sendError(reply, request.id, urlUnreadable(messageOf(error)));
    },
    clientErrorHandler: (error, socket) => answerBrokenHttp(error.code, socket),
  };
}

/**
 * A client's own id is taken over when it is short and plain, so that two logs can be laid side by side. Else the
 * beginning of one UUID and a count: an id has to be unlike all others, not secret, and chance costs a system call.
 */
function createRequestIds(): (request: { headers: IncomingHttpHeaders }) => string {
  const beginning = randomUUID().slice(0, -COUNT_DIGITS);
  let count = 0;
  return ({ headers }) => {
    const given = headers['x-request-id'];
    if (typeof given === 'string' && CLIENT_REQUEST_ID.test(given)) return given;
    count += 1;
    return beginning + count.toString(16).padStart(COUNT_DIGITS, '0');
  };
}

/** What is not HTTP never becomes a request: the answer is written on the line itself. */
function answerBrokenHttp(code: string, socket: Socket): void {
  if (code === 'ECONNRESET' || !socket.writable) {
    socket.destroy();
    return;
  }
  const { status, code: ownCode, message } = httpUnreadable(code);
  const body = JSON.stringify(toErrorBody(ownCode, message, randomUUID()));
  const head = [
    `HTTP/1.1 ${status} ${STATUS_CODES[status] ?? 'Bad Request'}`,
    'content-type: application/json; charset=utf-8',
    `content-length: ${Buffer.byteLength(body)}`,
    'connection: close',
  ];
  socket.end(`${head.join('\r\n')}\r\n\r\n${body}`);
}

function hangAccess(app: App, { ports, options, limits }: ServingContext): void {
  const open = allowedOrigins(options.corsOrigins);
  const kept = trustedOrigins(options.corsOrigins);
  app.addHook(
    'onRequest',
    originsHook({
      originsOf: (request) => (KEYED_PATH.test(pathOf(request)) ? kept : open),
      exposedHeaders: [
        ...['x-request-id', 'retry-after', 'x-ratelimit-limit', 'x-ratelimit-remaining'],
        ...PROVENANCE_HEADERS,
      ],
    }),
  );
  const { loopbackRequestsPerMinute, requestsPerMinute } = limits;
  app.addHook(
    'onRequest',
    rateLimitHook({
      maxFor: (ip) => (LOOPBACK.test(ip) ? loopbackRequestsPerMinute : requestsPerMinute),
      stopwatch: ports.stopwatch,
    }),
  );
  app.addHook('onRequest', preflightHook());
}

/** As the router reads it, however it was written; an OPTIONS, which has no route, has only what was written. */
function pathOf({ routeOptions, url }: FastifyRequest): string {
  if (routeOptions.url !== undefined) return routeOptions.url;
  try {
    return decodeURIComponent(url);
  } catch {
    return url;
  }
}

/** What needs a key is for pages of this origin, and for those that are named; `*` names nobody. */
function trustedOrigins(given: ServingOptions['corsOrigins']): Origins {
  return given === undefined || given === '*' ? [] : given;
}

function allowedOrigins(given: ServingOptions['corsOrigins']): Origins {
  return given ?? LOOPBACK_ORIGIN;
}
