import {
  historyQuerySchema,
  historySchema,
  signalQuerySchema,
  signalSchema,
  errorSchema,
  toHistory,
  toSignal,
} from '../contract.ts';
import { ageSeconds, COMMON_ERRORS, type App, type ServingContext } from '../context.ts';
import { asOfInFuture, beforeFirstWindow, noWindowYet, requestInvalid } from '../errors.ts';
import { nameSource } from '../provenance.ts';
import { resolveKey, resolveMoment } from '../questions.ts';

/** `GET /signal` and `GET /signal/history`. */
export function signalRoutes(app: App, { ports, options }: ServingContext): void {
  app.get(
    '/signal',
    {
      schema: {
        tags: ['signal'],
        summary: 'The present prediction, or the one that stood at a moment',
        querystring: signalQuerySchema,
        response: { 200: signalSchema, 404: errorSchema, ...COMMON_ERRORS },
      },
    },
    async (request, reply) => {
      const key = resolveKey(options, request.query);
      const asOf = resolveMoment('asOf', request.query.asOf);
      const now = ports.clock.now();
      // Only once there is a present: until then a replay's clock stands before windows that were decided earlier.
      if (asOf !== null && asOf > now && (await ports.latestSignal({ ...key, asOf: null })) !== null) {
        throw asOfInFuture(asOf, now);
      }
      const view = await ports.latestSignal({ ...key, asOf });
      if (view !== null) {
        nameSource(reply, view);
        return toSignal(view, ageSeconds(asOf ?? now, view.windowEnd));
      }
      const first = asOf === null ? null : await ports.firstSignalAt(key);
      throw asOf === null || first === null ? noWindowYet(key.asset) : beforeFirstWindow(asOf, first);
    },
  );

  app.get(
    '/signal/history',
    {
      schema: {
        tags: ['signal'],
        summary: 'Past predictions with their closes and outcomes, from < window_end <= to',
        querystring: historyQuerySchema,
        response: { 200: historySchema, ...COMMON_ERRORS },
      },
    },
    async (request) => {
      const key = resolveKey(options, request.query);
      const from = resolveMoment('from', request.query.from);
      const to = resolveMoment('to', request.query.to);
      if (from !== null && to !== null && from >= to) {
        throw requestInvalid([`query.from: ${request.query.from} is not before to = ${request.query.to}`]);
      }
      return toHistory(await ports.signalHistory({ ...key, from, to, limit: request.query.limit }), key);
    },
  );
}
