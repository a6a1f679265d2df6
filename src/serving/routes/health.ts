import { errorSchema, healthSchema, noQuerySchema, toHealth } from '../contract.ts';
import type { App, ServingContext } from '../context.ts';

const RETRY_AFTER_SECONDS = 5;

/** `GET /health`: 200 while anything works, 503 when it is failing. */
export function healthRoutes(app: App, { ports }: ServingContext): void {
  app.get(
    '/health',
    {
      schema: {
        tags: ['operation'],
        summary: 'How the system is, what it is doing, and what it works on',
        querystring: noQuerySchema,
        response: {
          200: healthSchema,
          400: errorSchema,
          429: errorSchema,
          500: errorSchema,
          503: healthSchema,
        },
      },
    },
    async (_request, reply) => {
      const view = await ports.health();
      reply.header('cache-control', 'no-store');
      if (view.status === 'failing') reply.code(503).header('retry-after', RETRY_AFTER_SECONDS);
      return reply.send(toHealth(view));
    },
  );
}
