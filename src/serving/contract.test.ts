import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { isoUtc, parseUtc } from '../core/index.ts';
import * as contract from './contract.ts';
import * as examples from './examples.ts';
import { FAKE_HEALTH } from './fake-ports.ts';
import type { PredictView, SignalView } from './views.ts';

const SIGNAL: SignalView = {
  asset: 'BTC-USD',
  windowEnd: parseUtc('2022-11-05T00:00:00Z'),
  asOf: parseUtc('2022-11-05T00:01:00Z'),
  horizonMinutes: 60,
  arm: 'trees+vader',
  modelVersion: 'trees@1.0.3',
  probabilityUp: 0.518,
  priceDirection: 'bullish',
  sentiment: 0.12,
  predictedAt: parseUtc('2022-11-05T00:01:00Z'),
  maturesAt: parseUtc('2022-11-05T01:00:00Z'),
  outcome: null,
  degraded: false,
  revision: 14,
};

const PREDICT: PredictView = {
  sentiment: 0.4,
  confidence: 0.7,
  answer: { ...SIGNAL, featuresCount: 15, isChampion: true },
  revision: 14,
  modelUsed: 'vader',
  modelVersion: 'v1.0.0',
  featuresCount: 15,
  comparison: { vaderSentiment: 0.4, finbertSentiment: null, agreement: null, confidenceDelta: null },
  degraded: false,
  responseTimeMs: 2,
  cacheHit: false,
  items: null,
};

const EXAMPLES = [
  [contract.predictRequestSchema, examples.PREDICT_REQUEST_EXAMPLES],
  [contract.signalSchema, examples.SIGNAL_EXAMPLES],
  [contract.historySchema, examples.HISTORY_EXAMPLES],
  [contract.featuresSchema, examples.FEATURES_EXAMPLES],
  [contract.predictAnswerSchema, examples.PREDICT_ANSWER_EXAMPLES],
  [contract.explainRequestSchema, examples.EXPLAIN_REQUEST_EXAMPLES],
  [contract.explainAnswerSchema, examples.EXPLAIN_ANSWER_EXAMPLES],
  [contract.compareAnswerSchema, examples.COMPARE_ANSWER_EXAMPLES],
  [contract.statusSchema, examples.STATUS_EXAMPLES],
  [contract.deploymentSchema, examples.DEPLOYMENT_EXAMPLES],
  [contract.selectRequestSchema, examples.SELECT_REQUEST_EXAMPLES],
  [contract.deployRequestSchema, examples.DEPLOY_REQUEST_EXAMPLES],
  [contract.rollbackRequestSchema, examples.ROLLBACK_REQUEST_EXAMPLES],
  [contract.performanceSchema, examples.PERFORMANCE_EXAMPLES],
  [contract.healthSchema, examples.HEALTH_EXAMPLES],
  [contract.errorSchema, examples.ERROR_EXAMPLES],
] as const;

describe('the wire contract', () => {
  it('shows only examples that fit their own schema', () => {
    for (const [schema, shown] of EXAMPLES) {
      for (const example of shown) expect(schema.safeParse(example).error).toBeUndefined();
    }
  });

  it('names the fields of a signal as clients know them', () => {
    expect(Object.keys(contract.toSignal(SIGNAL, 60)).sort()).toEqual(
      [
        ...['asset', 'window_end', 'as_of', 'horizon_minutes', 'arm', 'model_version', 'probability_up'],
        ...['price_direction', 'sentiment', 'predicted_at', 'matures_at', 'outcome', 'degraded'],
        'data_age_seconds',
      ].sort(),
    );
  });

  it('writes the example of the docs from the view it stands for', () => {
    expect(contract.toSignal(SIGNAL, 60)).toEqual(examples.SIGNAL_EXAMPLES[0]);
  });

  it('writes moments exactly as core does', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 4e12 }), (moment) => {
        expect(contract.toSignal({ ...SIGNAL, windowEnd: moment }, 0).window_end).toBe(isoUtc(moment));
      }),
    );
  });

  it('writes whatever is missing as null, never as 0', () => {
    const history = contract.toHistory(
      { arm: 'a', items: [{ ...SIGNAL, sentiment: NaN, close: NaN }] },
      { asset: 'BTC-USD', horizonMinutes: 60 },
    );
    expect(history.items[0]).toMatchObject({ close: null, sentiment: null });
    const features = contract.toFeatures({
      ...SIGNAL,
      featureSet: 'v1',
      features: { rsi_14: NaN },
      units: {},
    });
    expect(features.features).toEqual({ rsi_14: null });
    const performance = contract.toPerformance({
      asset: 'BTC-USD',
      windows: { from: null, to: null, n: 0 },
      arms: [],
      note: '',
    });
    expect(performance.windows).toEqual({ from: null, to: null, n: 0 });
    const health = contract.toHealth({ ...FAKE_HEALTH, lastWindow: null, dataAgeSeconds: null });
    expect(contract.healthSchema.parse(health)).toMatchObject({ last_window: null, data_age_seconds: null });
  });

  it('writes the names of figures as clients know them', () => {
    const status = contract.toStatus(
      {
        asset: 'BTC-USD',
        at: SIGNAL.asOf,
        horizons: [],
        models: [
          {
            ...SIGNAL,
            since: SIGNAL.asOf,
            trainedAt: null,
            expiresAt: null,
            isChampion: true,
            rows: null,
            metrics: { logLoss: 0.69, accuracyLow: NaN, n: 3, auc: null },
          },
        ],
        gate: [],
        router: { revision: 2, lastSwapAt: null, problem: { at: 0, revision: 3, code: 'X', message: 'no' } },
      },
      { deployments: [], scorers: null },
    );
    expect(contract.statusSchema.parse(status)).toMatchObject({
      models: [{ is_expired: false, metrics: { log_loss: 0.69, accuracy_low: null, n: 3, auc: null } }],
      router: { problem: { at: '1970-01-01T00:00:00Z', revision: 3 } },
    });
  });

  it('gives the three objects of design section 6 exactly their keys', () => {
    const answer = contract.toPredictAnswer(PREDICT);
    expect(Object.keys(answer.prediction)).toEqual([
      ...['sentiment', 'confidence', 'price_direction', 'probability_up', 'model_used', 'features_count'],
    ]);
    expect(Object.keys(answer.performance)).toEqual(['response_time_ms', 'model_version', 'cache_hit']);
    expect(answer.comparison).toEqual({
      vader_sentiment: 0.4,
      finbert_sentiment: null,
      agreement: null,
      confidence_delta: null,
    });
    expect(answer).not.toHaveProperty('items');
  });

  it('calls an answer without a window degraded and leaves direction and probability open', () => {
    const answer = contract.toPredictAnswer({ ...PREDICT, answer: null, degraded: true });
    expect(answer.prediction).toMatchObject({ sentiment: 0.4, price_direction: null, probability_up: null });
    expect(answer.degraded).toBe(true);
    expect(contract.toPredictAnswer(PREDICT)).not.toHaveProperty('degraded');
  });

  it('refuses a list of 65 texts, an empty list and a text of 10,001 characters', () => {
    const fits = (text: unknown) => contract.predictRequestSchema.safeParse({ text }).success;
    expect(fits(Array.from({ length: 64 }, () => 'x'.repeat(10_000)))).toBe(true);
    expect(fits(Array.from({ length: 65 }, () => 'x'))).toBe(false);
    expect(fits([])).toBe(false);
    expect(fits('x'.repeat(10_001))).toBe(false);
  });
});
