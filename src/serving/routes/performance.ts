import { performanceQuerySchema, performanceSchema, toPerformance } from '../contract.ts';
import { COMMON_ERRORS, type App, type ServingContext } from '../context.ts';
import { resolveAsset } from '../questions.ts';

/** `GET /models/performance`. */
export function performanceRoutes(app: App, { ports, options }: ServingContext): void {
  app.get(
    '/models/performance',
    {
      schema: {
        tags: ['models'],
        summary: 'Accuracy of every arm and horizon beside the baselines, with intervals',
        querystring: performanceQuerySchema,
        response: { 200: performanceSchema, ...COMMON_ERRORS },
      },
    },
    async (request) => {
      const asset = resolveAsset(options, request.query.asset);
      return toPerformance(await ports.performance({ asset, days: request.query.days }));
    },
  );
}
