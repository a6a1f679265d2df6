import { SCORER_FAMILIES } from '../../sentiment/index.ts';
import { ablationQuerySchema, ablationsSchema, errorSchema, toAblations } from '../contract.ts';
import { COMMON_ERRORS, type App, type ServingContext } from '../context.ts';
import { scorerUnknown } from '../errors.ts';
import { requireHorizon, resolveAsset } from '../questions.ts';

/** `GET /models/ablation`. */
export function ablationRoutes(app: App, { ports, options }: ServingContext): void {
  app.get(
    '/models/ablation',
    {
      schema: {
        tags: ['models'],
        summary:
          'Whether sentiment helps: each family with and without the columns of its scorer, same windows',
        querystring: ablationQuerySchema,
        response: { 200: ablationsSchema, 404: errorSchema, ...COMMON_ERRORS },
      },
    },
    async (request) => {
      const { horizon_minutes: horizonMinutes = null, scorer = null } = request.query;
      const asset = resolveAsset(options, request.query.asset);
      if (horizonMinutes !== null) requireHorizon(options, horizonMinutes);
      if (scorer !== null) requireFamily(scorer);
      return toAblations(await ports.ablations({ asset, horizonMinutes, scorer }), { asset });
    },
  );
}

/** A version may be one that is not there any more: what was measured of it stands. */
function requireFamily(scorer: string): void {
  const family = scorer.split('@', 1)[0] ?? scorer;
  if (!SCORER_FAMILIES.some((known) => known === family)) throw scorerUnknown(family, SCORER_FAMILIES);
}
