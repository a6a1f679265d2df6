/* One true example a shape, as `/docs` shows them; a test holds each against its schema. */

const EXAMPLE_PREDICTION = {
  window_end: '2022-11-05T00:00:00Z',
  as_of: '2022-11-05T00:01:00Z',
  model_version: 'logistic@2022-10-31',
  probability_up: 0.518,
  price_direction: 'bullish' as const,
  sentiment: 0.12,
  predicted_at: '2022-11-05T00:01:00Z',
  matures_at: '2022-11-05T01:00:00Z',
  outcome: null,
  degraded: false,
};

export const PREDICT_REQUEST_EXAMPLES = [
  { text: 'Bitcoin rallies as confidence grows', horizon_minutes: 60 },
  { text: ['Exchange halts withdrawals after a hack', 'Miners are upbeat about the upgrade'] },
  {},
];

export const SIGNAL_EXAMPLES = [
  {
    asset: 'BTC-USD',
    horizon_minutes: 60,
    arm: 'logistic+vader',
    ...EXAMPLE_PREDICTION,
    data_age_seconds: 75,
  },
];

export const HISTORY_EXAMPLES = [
  {
    asset: 'BTC-USD',
    horizon_minutes: 60,
    arm: 'logistic+vader',
    items: [{ ...EXAMPLE_PREDICTION, outcome: 'up', close: 21_148.3 }],
  },
];

export const FEATURES_EXAMPLES = [
  {
    asset: 'BTC-USD',
    feature_set: 'v1-3f0c9a71',
    window_end: '2022-11-05T00:00:00Z',
    as_of: '2022-11-05T00:01:00Z',
    degraded: false,
    features: { return_1bar: 0.0021, rsi_14: 61.4, news_sentiment_4h: null },
    units: { return_1bar: 'log return', rsi_14: '0..100', news_sentiment_4h: '-1..1' },
  },
];

export const PREDICT_ANSWER_EXAMPLES = [
  {
    prediction: {
      sentiment: 0.5106,
      confidence: 0.8509,
      price_direction: 'bullish',
      probability_up: 0.518,
      model_used: 'vader',
      features_count: 15,
    },
    performance: { response_time_ms: 1.2, model_version: 'v1.0.0', cache_hit: false },
    comparison: {
      vader_sentiment: 0.5106,
      finbert_sentiment: null,
      agreement: null,
      confidence_delta: null,
    },
  },
];

export const PERFORMANCE_EXAMPLES = [
  {
    asset: 'BTC-USD',
    windows: { from: '2022-10-08T00:00:00Z', to: '2022-11-05T00:00:00Z', n: 672 },
    arms: [
      {
        arm: 'logistic+vader',
        horizon_minutes: 60,
        accuracy: 0.521,
        accuracy_one_bar_later: 0.508,
        n: 670,
        low: 0.486,
        high: 0.557,
        baselines: { 'baseline-sign-table': 0.519, 'baseline-always-up': 0.503 },
        pending: 1,
        voids: 1,
      },
    ],
    note: 'Intervals are 95 % block bootstraps; an interval that holds the baseline shows no skill.',
  },
];

export const HEALTH_EXAMPLES = [
  {
    status: 'ok',
    simulated: false,
    mode: 'history',
    version: '0.1.0',
    workspace: 'w_5f2c81d09a3e',
    asset: 'BTC-USD',
    bar_minutes: 60,
    neutral_band: 0.01,
    now: '2022-11-05T00:01:15Z',
    clock: { kind: 'virtual', state: 'standing', windows_per_second: null },
    last_window: '2022-11-05T00:00:00Z',
    data_age_seconds: 75,
    windows: 672,
    predictions: 9_408,
    checks: [{ name: 'postgres', status: 'ok', detail: 'answers in 1 ms' }],
    dashboard: { state: 'ready', detail: 'built' },
    progress: null,
    sources: [{ name: 'history:candles-60m', last_known_at: '2022-11-05T00:00:05Z', rows: 48_500 }],
  },
];

export const ERROR_EXAMPLES = [
  {
    error: {
      code: 'SERVING_HORIZON_UNKNOWN',
      message: 'No prediction is made 45 minutes ahead. Ask for one of: 60, 1440.',
      request_id: '0f4c1b1e-6a53-4a0e-9a59-3f1f5c1a7c11',
    },
  },
];
