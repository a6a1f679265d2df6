import { z } from 'zod';
import { ERROR_EXAMPLES, HEALTH_EXAMPLES } from '../examples.ts';
import type { HealthView } from '../views.ts';
import { count, iso, isoOrNull, moment, probability, seconds } from './common.ts';

export const noQuerySchema = z.strictObject({});

export const healthSchema = z
  .strictObject({
    status: z.enum(['ok', 'degraded', 'starting', 'failing']),
    simulated: z.boolean().describe('True when the market is invented.'),
    mode: z.enum(['live', 'history', 'simulated']),
    version: z.string(),
    workspace: z.string(),
    asset: z.string(),
    bar_minutes: z.number().positive(),
    neutral_band: probability.describe('P(up) within 0.5 ± this is called neutral.'),
    now: moment.describe("The system's clock, which may be virtual."),
    clock: z.strictObject({
      kind: z.enum(['real', 'virtual']),
      state: z.enum(['running', 'playing', 'standing']),
      windows_per_second: z.number().nullable(),
    }),
    last_window: moment.nullable(),
    data_age_seconds: seconds.nullable(),
    windows: count,
    predictions: count,
    checks: z.array(
      z.strictObject({
        name: z.string(),
        status: z.enum(['ok', 'degraded', 'failing']),
        detail: z.string(),
        remedy: z.string().optional(),
      }),
    ),
    dashboard: z.strictObject({
      state: z.enum(['ready', 'building', 'failed', 'off']),
      detail: z.string(),
    }),
    progress: z
      .strictObject({ phrase: z.string(), share: probability })
      .nullable()
      .describe('What is being worked on before the first answer.'),
    sources: z.array(z.strictObject({ name: z.string(), last_known_at: moment.nullable(), rows: count })),
  })
  .meta({ id: 'Health', examples: HEALTH_EXAMPLES });
export type Health = z.infer<typeof healthSchema>;

export const errorSchema = z
  .strictObject({
    error: z.strictObject({
      code: z.string().describe('Stable; all of them stand in docs/errors.md.'),
      message: z.string().describe('What happened, and what to do.'),
      request_id: z.string(),
    }),
  })
  .meta({ id: 'Error', examples: ERROR_EXAMPLES });
export type ErrorBody = z.infer<typeof errorSchema>;

export function toHealth(view: HealthView): Health {
  return {
    status: view.status,
    simulated: view.simulated,
    mode: view.mode,
    version: view.version,
    workspace: view.workspace,
    asset: view.asset,
    bar_minutes: view.barMinutes,
    neutral_band: view.neutralBand,
    now: iso(view.now),
    clock: {
      kind: view.clock.kind,
      state: view.clock.state,
      windows_per_second: view.clock.windowsPerSecond,
    },
    last_window: isoOrNull(view.lastWindow),
    data_age_seconds: view.dataAgeSeconds,
    windows: view.windows,
    predictions: view.predictions,
    checks: view.checks.map(({ name, status, detail, remedy }) =>
      remedy === undefined ? { name, status, detail } : { name, status, detail, remedy },
    ),
    dashboard: { state: view.dashboard.state, detail: view.dashboard.detail },
    progress: view.progress === null ? null : { phrase: view.progress.phrase, share: view.progress.share },
    sources: view.sources.map(({ name, lastKnownAt, rows }) => ({
      name,
      last_known_at: isoOrNull(lastKnownAt),
      rows,
    })),
  };
}

export function toErrorBody(code: string, message: string, requestId: string): ErrorBody {
  return { error: { code, message, request_id: requestId } };
}
