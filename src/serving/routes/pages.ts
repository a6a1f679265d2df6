import fastifyStatic from '@fastify/static';
import type { FastifyReply } from 'fastify';
import { messageOf } from '../../core/index.ts';
import type { App, ServingContext } from '../context.ts';
import { createPageReader, type Page } from '../page-files.ts';
import { pagePolicy } from '../security-headers.ts';
import { waitingPage } from '../waiting-page.ts';

/** Files below this have a hash of their content in their names. */
const HASHED_FILES = '_next/static/';
const YEAR_SECONDS = 31_536_000;

/** The page at `/` with its files; until it is built, a page that says what is happening. */
export async function pageRoutes(app: App, context: ServingContext): Promise<void> {
  const { ports, options, log } = context;
  const readPage = createPageReader(options.dashboardDir);
  await app.register(fastifyStatic, {
    root: options.dashboardDir,
    serve: false,
    suppressWarning: true,
    dotfiles: 'ignore',
    index: false,
    cacheControl: false,
  });

  app.get('/', { schema: { hide: true } }, async (_request, reply) => {
    const page = ports.dashboard().state === 'ready' ? await readPage('index') : null;
    if (page !== null) return sendPage(reply, page);
    const health = await ports.health().catch((error: unknown) => {
      log.warn({ reason: messageOf(error) }, 'health could not be asked for the waiting page');
      return null;
    });
    return sendPage(reply, { html: waitingPage(ports.dashboard(), health), policy: pagePolicy([]) });
  });

  app.get('/*', { schema: { hide: true } }, async (request, reply) => {
    const path = (request.params as { '*': string })['*'];
    if (ports.dashboard().state !== 'ready') return reply.callNotFound();
    const page = await readPage(path);
    if (page !== null) return sendPage(reply, page);
    reply.header(
      'cache-control',
      path.startsWith(HASHED_FILES) ? `public, max-age=${YEAR_SECONDS}, immutable` : 'no-cache',
    );
    return reply.sendFile(path);
  });
}

function sendPage(reply: FastifyReply, page: Page): FastifyReply {
  return reply
    .type('text/html; charset=utf-8')
    .header('cache-control', 'no-cache')
    .header('content-security-policy', page.policy)
    .send(page.html);
}
