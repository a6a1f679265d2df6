import { assetQuerySchema, featuresSchema, toFeatures } from '../contract.ts';
import { COMMON_ERRORS, type App, type ServingContext } from '../context.ts';
import { noWindowYet } from '../errors.ts';
import { resolveAsset } from '../questions.ts';

/** `GET /features/latest`. */
export function featureRoutes(app: App, { ports, options }: ServingContext): void {
  app.get(
    '/features/latest',
    {
      schema: {
        tags: ['features'],
        summary: 'The feature vector of the newest window',
        querystring: assetQuerySchema,
        response: { 200: featuresSchema, ...COMMON_ERRORS },
      },
    },
    async (request) => {
      const asset = resolveAsset(options, request.query.asset);
      const view = await ports.latestFeatures({ asset });
      if (view === null) throw noWindowYet(asset);
      return toFeatures(view);
    },
  );
}
