import type {
  FastifyBaseLogger,
  FastifyInstance,
  RawReplyDefaultExpression,
  RawRequestDefaultExpression,
  RawServerDefault,
} from 'fastify';
import type { ZodTypeProvider } from 'fastify-type-provider-zod';
import type { Log } from '../core/index.ts';
import { errorSchema } from './contract.ts';
import type { ServingLimits, ServingOptions, ServingPorts } from './ports.ts';

/** A Fastify whose routes are typed by their zod schemas. */
export type App = FastifyInstance<
  RawServerDefault,
  RawRequestDefaultExpression,
  RawReplyDefaultExpression,
  FastifyBaseLogger,
  ZodTypeProvider
>;

/** What every route is given. */
export interface ServingContext {
  ports: ServingPorts;
  options: ServingOptions;
  limits: ServingLimits;
  log: Log;
}

/** The errors that any route may answer. */
export const COMMON_ERRORS = {
  400: errorSchema,
  429: errorSchema,
  500: errorSchema,
  503: errorSchema,
} as const;

/** Age in seconds, to the millisecond, never negative: a virtual clock may stand a little before the window it serves. */
export function ageSeconds(moment: number, windowEnd: number): number {
  return Math.max(0, (moment - windowEnd) / 1_000);
}
