import { z } from 'zod';
import { COMMON_ERRORS, type App } from '../context.ts';
import { noQuerySchema } from '../contract.ts';
import type { Metrics } from '../metrics.ts';

/** `GET /metrics`, and the measuring of every other request. */
export function metricsRoutes(app: App, metrics: Metrics): void {
  app.addHook('onResponse', (request, reply, done) => {
    metrics.observeRequest({
      method: request.method,
      // The pattern, not the path: a path could be anything and would make a series each.
      route: request.routeOptions.url ?? 'unmatched',
      status: reply.statusCode,
      seconds: reply.elapsedTime / 1_000,
    });
    done();
  });
  app.get(
    '/metrics',
    {
      schema: {
        tags: ['operation'],
        summary: 'Figures for Prometheus',
        querystring: noQuerySchema,
        response: {
          200: { description: 'Prometheus text format', content: { 'text/plain': { schema: z.string() } } },
          ...COMMON_ERRORS,
        },
      },
    },
    async (_request, reply) => reply.type(metrics.contentType).send(await metrics.collect()),
  );
}
