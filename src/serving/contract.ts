import { z } from 'zod';
import {
  ERROR_EXAMPLES,
  FEATURES_EXAMPLES,
  HEALTH_EXAMPLES,
  HISTORY_EXAMPLES,
  PERFORMANCE_EXAMPLES,
  PREDICT_ANSWER_EXAMPLES,
  PREDICT_REQUEST_EXAMPLES,
  SIGNAL_EXAMPLES,
} from './examples.ts';
import type {
  FeaturesView,
  HealthView,
  HistoryRowView,
  HistoryView,
  PerformanceView,
  PredictView,
  SignalView,
} from './views.ts';

/*
 * The wire format: what may come in, what goes out, and the one place where camelCase becomes snake_case.
 * The page takes its types from here, so this file imports nothing of the server's.
 */

const DEFAULT_HORIZON_MINUTES = 60;
const HISTORY_LIMIT_DEFAULT = 672;
const HISTORY_LIMIT_MAX = 5_000;
const TEXTS_MAX = 64;
const TEXT_LENGTH_MAX = 10_000;
const PERFORMANCE_DAYS_DEFAULT = 28;
const PERFORMANCE_DAYS_MAX = 36_500;

const moment = z.iso.datetime();
const probability = z.number().min(0).max(1);
const sentiment = z.number().min(-1).max(1);
const count = z.number().int().min(0);
const seconds = z.number().min(0);

const asset = z
  .string()
  .regex(/^[A-Z0-9]{1,20}-[A-Z0-9]{1,20}$/, 'looks like BTC-USD')
  .optional()
  .describe('Asset pair; the measured one when left out.');

const MOMENT_WORDS = 'is a moment like 2021-11-05T00:00:00Z, or a day like 2021-11-05';
/** What is left of `+02:00` when an address is read: there, a plain + stands for a space. */
const LOST_PLUS = / \d{2}:\d{2}$/;

/** ISO 8601 with a zone, or a date alone (its 00:00 UTC); what it is exactly is decided where it is parsed. */
const momentParameter = z
  .string()
  .regex(/^\d{4}-\d{2}-\d{2}(?:T\d{2}:\d{2}(?::\d{2}(?:\.\d{1,9})?)?(?:Z|[+-]\d{2}:\d{2}))?$/, {
    error: ({ input }) =>
      LOST_PLUS.test(String(input))
        ? `${MOMENT_WORDS}; the + of a zone is written %2B in an address`
        : MOMENT_WORDS,
  });

const MINUTES_WORDS = 'is a whole number of minutes, such as 60';
const HORIZON_MAX = 1_000_000;

const horizonMinutes = wholeParameter(MINUTES_WORDS, HORIZON_MAX)
  .default(DEFAULT_HORIZON_MINUTES)
  .describe('Minutes ahead; which ones are served stands in the 400 for any other.');

export const signalQuerySchema = z.strictObject({
  horizon_minutes: horizonMinutes,
  asOf: momentParameter
    .optional()
    .describe(
      'Answer as it stood at this moment: newest prediction decided by then, outcome only if known by then. Not after the present moment.',
    ),
  asset,
});

export const historyQuerySchema = z.strictObject({
  horizon_minutes: horizonMinutes,
  from: momentParameter.optional().describe('Windows that closed after this moment.'),
  to: momentParameter.optional().describe('Windows that closed at or before this moment.'),
  limit: wholeParameter(`is a whole number from 1 to ${HISTORY_LIMIT_MAX}`, HISTORY_LIMIT_MAX)
    .default(HISTORY_LIMIT_DEFAULT)
    .describe('At most this many, the newest.'),
  asset,
});

export const assetQuerySchema = z.strictObject({ asset });
export const noQuerySchema = z.strictObject({});

export const performanceQuerySchema = z.strictObject({
  days: wholeParameter(`is a whole number of days from 1 to ${PERFORMANCE_DAYS_MAX}`, PERFORMANCE_DAYS_MAX)
    .default(PERFORMANCE_DAYS_DEFAULT)
    .describe('Windows of the last so many days, counted back from the newest.'),
  asset,
});

const text = z.string().min(1).max(TEXT_LENGTH_MAX);

export const predictRequestSchema = z
  .strictObject({
    text: z
      .union([text, z.array(text).min(1).max(TEXTS_MAX)], 'expected a text or a list of texts')
      .optional()
      .describe('One text, or up to 64; without it the present 4 h news aggregate answers.'),
    horizon_minutes: z
      .number(MINUTES_WORDS)
      .int(MINUTES_WORDS)
      .min(1, MINUTES_WORDS)
      .max(HORIZON_MAX, MINUTES_WORDS)
      .default(DEFAULT_HORIZON_MINUTES),
    asset,
  })
  .meta({ id: 'PredictRequest', examples: PREDICT_REQUEST_EXAMPLES });

const predictionFields = {
  window_end: moment.describe('Close of the bar that was decided on.'),
  as_of: moment.describe('Moment of the decision; nothing known later is in it.'),
  model_version: z.string(),
  probability_up: probability,
  price_direction: z
    .enum(['bullish', 'neutral', 'bearish'])
    .describe('From the probability: neutral within the stated band around 0.5.'),
  sentiment: sentiment.nullable().describe('null where the arm reads none, or none is known.'),
  predicted_at: moment,
  matures_at: moment,
  outcome: z.enum(['up', 'down', 'void']).nullable().describe('null while the truth is not known.'),
  degraded: z.boolean().describe('A part was missing; the next best was answered.'),
};

export const signalSchema = z
  .strictObject({
    asset: z.string(),
    horizon_minutes: count,
    arm: z.string(),
    ...predictionFields,
    data_age_seconds: seconds.describe('From the close of the window to now, or to asOf.'),
  })
  .meta({ id: 'Signal', examples: SIGNAL_EXAMPLES });
export type Signal = z.infer<typeof signalSchema>;

const historyItemSchema = z.strictObject({
  ...predictionFields,
  close: z
    .number()
    .nullable()
    .describe('Price at the close of the window; null where its candle is missing.'),
});
export type SignalHistoryItem = z.infer<typeof historyItemSchema>;

export const historySchema = z
  .strictObject({
    asset: z.string(),
    horizon_minutes: count,
    arm: z.string(),
    items: z.array(historyItemSchema).describe('Oldest first, newest last.'),
  })
  .meta({ id: 'SignalHistory', examples: HISTORY_EXAMPLES });
export type SignalHistory = z.infer<typeof historySchema>;

export const featuresSchema = z
  .strictObject({
    asset: z.string(),
    feature_set: z.string().describe('Version hash of definitions, bar and scorer.'),
    window_end: moment,
    as_of: moment,
    degraded: z.boolean(),
    features: z.record(z.string(), z.number().nullable()).describe('By name; null = missing, never 0.'),
    units: z.record(z.string(), z.string()),
  })
  .meta({ id: 'LatestFeatures', examples: FEATURES_EXAMPLES });
export type LatestFeatures = z.infer<typeof featuresSchema>;

export const textScoreSchema = z.strictObject({
  sentiment,
  confidence: probability,
  label: z.enum(['negative', 'neutral', 'positive']),
});

export const predictAnswerSchema = z
  .strictObject({
    prediction: z.strictObject({
      sentiment: sentiment
        .nullable()
        .describe('Of the text (mean over several), or the present 4 h aggregate.'),
      confidence: probability.nullable().describe('Mean over the texts; null without text.'),
      price_direction: predictionFields.price_direction.nullable().describe('null until a window exists.'),
      probability_up: probability.nullable(),
      model_used: z.string().describe('The scorer.'),
      features_count: count,
    }),
    performance: z.strictObject({
      response_time_ms: z.number().min(0),
      model_version: z.string().describe("The scorer's."),
      cache_hit: z.boolean(),
    }),
    comparison: z.strictObject({
      vader_sentiment: sentiment.nullable(),
      finbert_sentiment: sentiment.nullable(),
      agreement: z.boolean().nullable(),
      confidence_delta: z.number().min(0).max(2).nullable(),
    }),
    degraded: z
      .literal(true)
      .optional()
      .describe('Only when a part was missing, such as a window: the rest is answered all the same.'),
    items: z.array(textScoreSchema).optional().describe('One entry a text, only when an array was sent.'),
  })
  .meta({ id: 'PredictAnswer', examples: PREDICT_ANSWER_EXAMPLES });
export type PredictAnswer = z.infer<typeof predictAnswerSchema>;

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

/**
 * A whole number from 1 on in a query, where everything is text; one complaint, in plain words, whatever is wrong.
 * Nothing at all would be read as 0, which is refused like any other.
 */
function wholeParameter(words: string, most: number) {
  return z.coerce.number(words).int(words).min(1, words).max(most, words);
}

/** @param dataAgeSeconds - from the close of the window to the moment that was asked about */
export function toSignal(view: SignalView, dataAgeSeconds: number): Signal {
  return {
    asset: view.asset,
    horizon_minutes: view.horizonMinutes,
    arm: view.arm,
    ...toPredictionFields(view),
    data_age_seconds: dataAgeSeconds,
  };
}

export function toHistory(
  view: HistoryView,
  asked: { asset: string; horizonMinutes: number },
): SignalHistory {
  return {
    asset: asked.asset,
    horizon_minutes: asked.horizonMinutes,
    arm: view.arm,
    items: view.items.map(toHistoryItem),
  };
}

export function toFeatures(view: FeaturesView): LatestFeatures {
  return {
    asset: view.asset,
    feature_set: view.featureSet,
    window_end: iso(view.windowEnd),
    as_of: iso(view.asOf),
    degraded: view.degraded,
    features: finiteValues(view.features),
    units: view.units,
  };
}

export function toPredictAnswer(view: PredictView): PredictAnswer {
  return {
    prediction: {
      sentiment: view.sentiment,
      confidence: view.confidence,
      price_direction: view.signal?.priceDirection ?? null,
      probability_up: view.signal?.probabilityUp ?? null,
      model_used: view.modelUsed,
      features_count: view.featuresCount,
    },
    performance: {
      response_time_ms: view.responseTimeMs,
      model_version: view.modelVersion,
      cache_hit: view.cacheHit,
    },
    comparison: {
      vader_sentiment: view.sentiment,
      finbert_sentiment: null,
      agreement: null,
      confidence_delta: null,
    },
    ...((view.signal?.degraded ?? true) ? { degraded: true as const } : {}),
    ...(view.items === null ? {} : { items: view.items.map(({ ...score }) => score) }),
  };
}

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

function toHistoryItem(row: HistoryRowView): SignalHistoryItem {
  return { ...toPredictionFields(row), close: finiteOrNull(row.close) };
}

function toPredictionFields(view: SignalView): Omit<SignalHistoryItem, 'close'> {
  return {
    window_end: iso(view.windowEnd),
    as_of: iso(view.asOf),
    model_version: view.modelVersion,
    probability_up: view.probabilityUp,
    price_direction: view.priceDirection,
    sentiment: view.sentiment === null ? null : finiteOrNull(view.sentiment),
    predicted_at: iso(view.predictedAt),
    matures_at: iso(view.maturesAt),
    outcome: view.outcome,
    degraded: view.degraded,
  };
}

/** Not core's `isoUtc`: the page's build would pull all of core in with it. The texts are the same. */
function iso(epochMs: number): string {
  const written = new Date(epochMs).toISOString();
  return written.endsWith('.000Z') ? `${written.slice(0, 19)}Z` : written;
}

function isoOrNull(epochMs: number | null): string | null {
  return epochMs === null ? null : iso(epochMs);
}

/** JSON knows no NaN: what is missing is null. */
function finiteOrNull(value: number): number | null {
  return Number.isFinite(value) ? value : null;
}

function finiteValues(values: Readonly<Record<string, number>>): Record<string, number | null> {
  return Object.fromEntries(Object.entries(values).map(([name, value]) => [name, finiteOrNull(value)]));
}
