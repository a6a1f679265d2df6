import cors from '@fastify/cors';
import fc from 'fast-check';
import Fastify, { type FastifyInstance, type FastifyRequest, type InjectOptions } from 'fastify';
import { afterAll, describe, expect, it } from 'vitest';
import { originsHook, preflightHook, type Origins } from './origins.ts';

const EXPOSED = ['x-request-id', 'retry-after'];
const HOME = /^https?:\/\/localhost(?::\d+)?$/;
const CHOICES: Origins[] = ['*', HOME, ['https://one.example', 'https://two.example'], []];
const open: FastifyInstance[] = [];
afterAll(() => Promise.all(open.map((app) => app.close())));

function withRoutes(app: FastifyInstance): FastifyInstance {
  app.get('/signal', () => ({ up: true }));
  app.post('/signal', () => ({ up: true }));
  open.push(app);
  return app;
}

async function makePair(origins: Origins): Promise<[FastifyInstance, FastifyInstance]> {
  const ours = Fastify();
  ours.addHook('onRequest', originsHook({ originsOf: () => origins, exposedHeaders: EXPOSED }));
  ours.addHook('onRequest', preflightHook());
  const peer = Fastify();
  await peer.register(cors, {
    origin: typeof origins === 'string' || origins instanceof RegExp ? origins : [...origins],
    methods: ['GET', 'HEAD', 'POST'],
    strictPreflight: false,
    exposedHeaders: EXPOSED,
  });
  return [withRoutes(ours), withRoutes(peer)];
}

type Answer = Awaited<ReturnType<FastifyInstance['inject']>>;

/** An answer without what differs from one to the next. */
function told({ statusCode, body, headers }: Answer) {
  return { statusCode, body, headers: { ...headers, date: undefined, vary: undefined } };
}

describe('originsHook and preflightHook', () => {
  it('answer what @fastify/cors answers', async () => {
    const pairs = await Promise.all(CHOICES.map(makePair));
    const asked = fc.record({
      choice: fc.nat(CHOICES.length - 1),
      method: fc.constantFrom('GET', 'POST', 'OPTIONS'),
      url: fc.constantFrom('/signal', '/nothing'),
      headers: fc.record(
        {
          origin: fc.constantFrom(
            'http://localhost:3000',
            'http://localhost.evil.example',
            'https://one.example',
            'https://two.example',
            'https://three.example',
            'null',
            '',
          ),
          'access-control-request-method': fc.constantFrom('POST', 'DELETE'),
          'access-control-request-headers': fc.constantFrom('x-api-key', 'authorization, content-type'),
        },
        { requiredKeys: [] },
      ),
    });
    await fc.assert(
      fc.asyncProperty(asked, async ({ choice, ...request }) => {
        const answers = pairs[choice]!.map((app) => app.inject(request as InjectOptions));
        const [ours, theirs] = await Promise.all(answers as [Promise<Answer>, Promise<Answer>]);
        expect(told(ours)).toEqual(told(theirs));
        // Where the peer's answer is the same for all, ours says nevertheless that it may depend on who asks.
        expect(String(ours.headers['vary'])).toContain(String(theirs.headers['vary'] ?? ''));
      }),
      { numRuns: 200 },
    );
  });

  it('let each address have its own origins', async () => {
    const originsOf = ({ url }: FastifyRequest): Origins => (url.startsWith('/keys') ? [] : '*');
    const app = Fastify();
    open.push(app);
    app.addHook('onRequest', originsHook({ originsOf, exposedHeaders: EXPOSED }));
    app.get('/signal', () => '');
    app.get('/keys', () => '');
    const allowed = async (url: string) =>
      (await app.inject({ url, headers: { origin: 'https://one.example' } })).headers[
        'access-control-allow-origin'
      ];
    expect(await allowed('/signal')).toBe('*');
    expect(await allowed('/keys')).toBeUndefined();
  });
});
