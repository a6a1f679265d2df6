import type { FastifyRequest, onRequestHookHandler } from 'fastify';

/** Whose pages may read an answer in a browser: everybody's, those whose origin fits, or those that are named. */
export type Origins = '*' | RegExp | readonly string[];

const METHODS = 'GET, HEAD, POST';

/**
 * Cross-origin resource sharing (https://fetch.spec.whatwg.org/#http-cors-protocol), without credentials: who may read an
 * answer, a refusal too. With `preflightHook` it says what @fastify/cors says, which makes its options anew at every
 * request, a tenth of the time that an answer from memory takes.
 * @param options.originsOf - by the request
 * @param options.exposedHeaders - of an answer, which pages may read
 */
export function originsHook(options: {
  originsOf: (request: FastifyRequest) => Origins;
  exposedHeaders: readonly string[];
}): onRequestHookHandler {
  const { originsOf } = options;
  const exposed = options.exposedHeaders.join(', ');
  return (request, reply, done) => {
    const allowed = allowedOrigin(request.headers.origin, originsOf(request));
    if (allowed !== null) reply.header('access-control-allow-origin', allowed);
    reply.header('vary', 'Origin').header('access-control-expose-headers', exposed);
    done();
  };
}

/** Answers every OPTIONS, be it a browser's preflight or not. It stands behind what limits requests: it is one. */
export function preflightHook(): onRequestHookHandler {
  return (request, reply, done) => {
    if (request.method !== 'OPTIONS') {
      done();
      return;
    }
    const wanted = request.headers['access-control-request-headers'];
    reply
      .code(204)
      .header('vary', 'Origin, Access-Control-Request-Headers')
      .header('access-control-allow-methods', METHODS)
      .header('content-length', '0');
    if (wanted !== undefined) reply.header('access-control-allow-headers', wanted);
    reply.send();
  };
}

function allowedOrigin(origin: string | undefined, origins: Origins): string | null {
  if (origins === '*') return '*';
  if (origin === undefined) return null;
  return (origins instanceof RegExp ? origins.test(origin) : origins.includes(origin)) ? origin : null;
}
