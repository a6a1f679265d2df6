import { z } from 'zod';
import {
  DEPLOY_REQUEST_EXAMPLES,
  DEPLOYMENT_EXAMPLES,
  PERFORMANCE_EXAMPLES,
  ROLLBACK_REQUEST_EXAMPLES,
  SELECT_REQUEST_EXAMPLES,
  STATUS_EXAMPLES,
} from '../examples.ts';
import type {
  DeploymentView,
  GateDecisionView,
  LiveChangeView,
  LiveModelView,
  ModelsStatusView,
  PerformanceView,
  ScorerStateView,
} from '../views.ts';
import {
  asset,
  count,
  finiteOrNull,
  finiteValues,
  horizonField,
  iso,
  isoOrNull,
  moment,
  momentParameter,
  probability,
  wholeParameter,
} from './common.ts';
import { scorerStateSchema, toScorerState } from './scorers.ts';

const PERFORMANCE_DAYS_DEFAULT = 28;
const PERFORMANCE_DAYS_MAX = 36_500;
const STATUS_LIMIT_DEFAULT = 20;
const STATUS_LIMIT_MAX = 500;
const VERSION_WORDS = 'is a version like 1.0.3';

export const performanceQuerySchema = z.strictObject({
  days: wholeParameter(`is a whole number of days from 1 to ${PERFORMANCE_DAYS_MAX}`, PERFORMANCE_DAYS_MAX)
    .default(PERFORMANCE_DAYS_DEFAULT)
    .describe('Windows of the last so many days, counted back from the newest.'),
  asset,
});

export const statusQuerySchema = z.strictObject({
  asOf: momentParameter
    .optional()
    .describe('What was live at this moment, and what had been decided by then. Not after the present one.'),
  limit: wholeParameter(`is a whole number from 1 to ${STATUS_LIMIT_MAX}`, STATUS_LIMIT_MAX)
    .default(STATUS_LIMIT_DEFAULT)
    .describe('At most this many decisions of the gate and entries of the ledger, the newest.'),
  asset,
});

const name = z.string().min(1).max(100);

export const selectRequestSchema = z
  .strictObject({
    horizon_minutes: horizonField,
    arm: name.describe('A deployed arm, such as trees+vader.'),
    asset,
  })
  .meta({ id: 'SelectRequest', examples: SELECT_REQUEST_EXAMPLES });

export const deployRequestSchema = z
  .strictObject({
    family: name.describe('A price family, such as trees.'),
    version: z
      .string()
      .regex(/^\d{1,9}\.\d{1,9}\.\d{1,9}$/, VERSION_WORDS)
      .optional()
      .describe('The newest version when left out.'),
    asset,
  })
  .meta({ id: 'DeployRequest', examples: DEPLOY_REQUEST_EXAMPLES });

export const rollbackRequestSchema = z
  .strictObject({ asset })
  .meta({ id: 'RollbackRequest', examples: ROLLBACK_REQUEST_EXAMPLES });

const armPerformanceSchema = z.strictObject({
  arm: z.string(),
  horizon_minutes: count,
  accuracy: probability.nullable().describe('null until something has matured.'),
  accuracy_one_bar_later: probability.nullable().describe('The same direction, entered one bar later.'),
  n: count.describe('Matured and scored predictions.'),
  low: probability.nullable().describe('95 % interval, block bootstrap.'),
  high: probability.nullable(),
  baselines: z.record(z.string(), probability.nullable()).describe('Each baseline on the same windows.'),
  pending: count,
  voids: count,
});
export type ArmPerformance = z.infer<typeof armPerformanceSchema>;

export const performanceSchema = z
  .strictObject({
    asset: z.string(),
    windows: z.strictObject({ from: moment.nullable(), to: moment.nullable(), n: count }),
    arms: z.array(armPerformanceSchema),
    note: z.string(),
  })
  .meta({ id: 'ModelsPerformance', examples: PERFORMANCE_EXAMPLES });
export type ModelsPerformance = z.infer<typeof performanceSchema>;

const liveModelSchema = z.strictObject({
  arm: z.string(),
  horizon_minutes: count,
  model_version: z.string(),
  since: moment.describe('It has answered from this moment on.'),
  trained_at: moment.nullable().describe('Nothing known later is in it.'),
  expires_at: moment.nullable().describe('After this its answers are degraded.'),
  is_expired: z.boolean(),
  is_champion: z.boolean(),
  rows: count.nullable().describe('Matured rows that it learnt from.'),
  metrics: z.record(z.string(), z.number().nullable()),
});
export type LiveModel = z.infer<typeof liveModelSchema>;

const nats = z.number().nullable();

const gateDecisionSchema = z.strictObject({
  at: moment,
  horizon_minutes: count,
  arm: z.string().describe('The arm that the candidate belongs to.'),
  kind: z
    .enum(['first', 'refresh', 'change', 'champion'])
    .describe(
      'first: nothing was live; refresh: the same recipe on newer data; change: another recipe; champion: another arm.',
    ),
  candidate: z.string(),
  incumbent_arm: z.string().nullable(),
  incumbent: z.string().nullable().describe('null where nothing was live.'),
  n: count.describe('Windows that were compared.'),
  gain: nats.describe('Mean log loss of the incumbent less that of the candidate: above 0 is better.'),
  low: nats.describe('One-sided 95 % bound of the gain, block bootstrap; null where there is too little.'),
  high: nats,
  threshold: z.number().describe('What low has to exceed.'),
  agreement: z.number().nullable().describe('Mean distance of P(up) between what ships and what was judged.'),
  verdict: z.enum(['promoted', 'refused']),
  reason: z.string(),
});
export type GateDecision = z.infer<typeof gateDecisionSchema>;

const liveChangeSchema = z.discriminatedUnion('kind', [
  z.strictObject({
    kind: z.literal('model'),
    arm: z.string(),
    horizon_minutes: count,
    from: z.string().nullable().describe('Version that stood there before.'),
    to: z.string().nullable(),
  }),
  z.strictObject({
    kind: z.literal('champion'),
    horizon_minutes: count,
    from: z.string().nullable().describe('Arm that answered before.'),
    to: z.string().nullable(),
  }),
]);
export type LiveChange = z.infer<typeof liveChangeSchema>;

export const deploymentSchema = z
  .strictObject({
    id: count.describe('Rises in the order of writing; answers carry it in the header x-deployment.'),
    at: moment,
    kind: z.enum(['retraining', 'deploy', 'select', 'rollback']),
    actor: z.string().describe('system, operator (the command line), or the name of an API key.'),
    reason: z.string(),
    changes: z.array(liveChangeSchema).describe('Empty where all stood as asked already.'),
    undoes: count.nullable().describe('The entry that a rollback takes back.'),
  })
  .meta({ id: 'Deployment', examples: DEPLOYMENT_EXAMPLES });
export type Deployment = z.infer<typeof deploymentSchema>;

export const statusSchema = z
  .strictObject({
    asset: z.string(),
    at: moment.describe('The moment that is told about: asOf, or now.'),
    horizons: z.array(
      z.strictObject({
        horizon_minutes: count,
        champion: z.string().nullable().describe('The arm that answers; null before the first deployment.'),
        since: moment.nullable(),
      }),
    ),
    models: z.array(liveModelSchema).describe('Everything live, by horizon, then arm.'),
    gate: z.array(gateDecisionSchema).describe('Newest first.'),
    deployments: z.array(deploymentSchema).describe('The ledger, newest first.'),
    scorers: z
      .array(scorerStateSchema)
      .nullable()
      .describe('Every family of scorers as it stands now; null for a moment of the past.'),
    router: z
      .strictObject({
        revision: count.describe('Ledger entry that is being answered from; 0 before the first.'),
        last_swap: moment.nullable(),
        problem: z
          .strictObject({ at: moment, revision: count, code: z.string(), message: z.string() })
          .nullable()
          .describe(
            'The newest entry that was refused, be it taken back or not; null once something new is live.',
          ),
      })
      .nullable()
      .describe('How things stand now; null for a moment of the past.'),
  })
  .meta({ id: 'ModelsStatus', examples: STATUS_EXAMPLES });
export type ModelsStatus = z.infer<typeof statusSchema>;

export function toPerformance(view: PerformanceView): ModelsPerformance {
  return {
    asset: view.asset,
    windows: { from: isoOrNull(view.windows.from), to: isoOrNull(view.windows.to), n: view.windows.n },
    arms: view.arms.map((arm) => ({
      arm: arm.arm,
      horizon_minutes: arm.horizonMinutes,
      accuracy: finiteOrNull(arm.accuracy),
      accuracy_one_bar_later: finiteOrNull(arm.accuracyOneBarLater),
      n: arm.n,
      low: finiteOrNull(arm.low),
      high: finiteOrNull(arm.high),
      baselines: finiteValues(arm.baselines),
      pending: arm.pending,
      voids: arm.voids,
    })),
    note: view.note,
  };
}

/** @param parts.scorers - null for a moment of the past */
export function toStatus(
  view: ModelsStatusView,
  parts: { deployments: readonly DeploymentView[]; scorers: readonly ScorerStateView[] | null },
): ModelsStatus {
  const { router } = view;
  const { deployments, scorers } = parts;
  return {
    asset: view.asset,
    at: iso(view.at),
    horizons: view.horizons.map(({ horizonMinutes, champion, since }) => ({
      horizon_minutes: horizonMinutes,
      champion,
      since: isoOrNull(since),
    })),
    models: view.models.map((model) => toLiveModel(model, view.at)),
    gate: view.gate.map(toGateDecision),
    deployments: deployments.map(toDeployment),
    scorers: scorers?.map(toScorerState) ?? null,
    router:
      router === null
        ? null
        : {
            revision: router.revision,
            last_swap: isoOrNull(router.lastSwapAt),
            problem:
              router.problem === null
                ? null
                : {
                    at: iso(router.problem.at),
                    revision: router.problem.revision,
                    code: router.problem.code,
                    message: router.problem.message,
                  },
          },
  };
}

export function toDeployment(view: DeploymentView): Deployment {
  return {
    id: view.id,
    at: iso(view.at),
    kind: view.kind,
    actor: view.actor,
    reason: view.reason,
    changes: view.changes.map(toLiveChange),
    undoes: view.undoes,
  };
}

function toLiveModel(view: LiveModelView, at: number): LiveModel {
  return {
    arm: view.arm,
    horizon_minutes: view.horizonMinutes,
    model_version: view.modelVersion,
    since: iso(view.since),
    trained_at: isoOrNull(view.trainedAt),
    expires_at: isoOrNull(view.expiresAt),
    is_expired: view.expiresAt !== null && at > view.expiresAt,
    is_champion: view.isChampion,
    rows: view.rows,
    metrics: finiteValues(
      Object.fromEntries(Object.entries(view.metrics).map(([name, figure]) => [snakeCase(name), figure])),
    ),
  };
}

function toGateDecision(view: GateDecisionView): GateDecision {
  return {
    at: iso(view.at),
    horizon_minutes: view.horizonMinutes,
    arm: view.arm,
    kind: view.kind,
    candidate: view.candidate,
    incumbent_arm: view.incumbentArm,
    incumbent: view.incumbent,
    n: view.n,
    gain: finiteOrNull(view.gain),
    low: finiteOrNull(view.low),
    high: finiteOrNull(view.high),
    threshold: view.threshold,
    agreement: finiteOrNull(view.agreement),
    verdict: view.verdict,
    reason: view.reason,
  };
}

function toLiveChange(view: LiveChangeView): LiveChange {
  const { from, to } = view;
  return view.kind === 'model'
    ? { kind: 'model', arm: view.arm, horizon_minutes: view.horizonMinutes, from, to }
    : { kind: 'champion', horizon_minutes: view.horizonMinutes, from, to };
}

function snakeCase(name: string): string {
  return name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
}
