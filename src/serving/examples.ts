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
    data_age_seconds: 60,
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
    feature_set: '60a87e90d64f',
    window_end: '2022-11-05T00:00:00Z',
    as_of: '2022-11-05T00:01:00Z',
    degraded: false,
    features: {
      return_1bar: 0.0021,
      return_4h: -0.0034,
      return_24h: 0.0312,
      volatility_24h: 0.0057,
      rsi_14: 61.4,
      macd_histogram: 0.0008,
      bollinger_b_20: 0.73,
      volume_z_24h: -0.41,
      news_sentiment_4h: 0.12,
      news_sentiment_24h: 0.08,
      news_count_24h: 0.19,
      news_dispersion_24h: 0.36,
      social_sentiment_24h: null,
      fear_greed: 31,
      hour_of_week: 120,
    },
    units: {
      return_1bar: 'log return',
      return_4h: 'log return',
      return_24h: 'log return',
      volatility_24h: 'log return per bar',
      rsi_14: 'points',
      macd_histogram: 'share of the close',
      bollinger_b_20: "share of the band's width",
      volume_z_24h: 'standard deviations',
      news_sentiment_4h: 'sentiment',
      news_sentiment_24h: 'sentiment',
      news_count_24h: 'log ratio',
      news_dispersion_24h: 'sentiment',
      social_sentiment_24h: 'sentiment',
      fear_greed: 'points',
      hour_of_week: 'hours',
    },
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
        baselines: {
          majority: 0.503,
          'last-sign': 0.482,
          'sign-table': 0.519,
          'always-up': 0.503,
          ar1: 0.496,
        },
        pending: 1,
        voids: 1,
      },
    ],
    note: 'Share of right directions on matured windows, with a 95 % block-bootstrap interval and every baseline on the same windows. At these horizons 51 to 54 % (an hour) and 52 to 55 % (a day) is what can be had. Nothing here is investment advice.',
  },
];

export const HEALTH_EXAMPLES = [
  {
    status: 'ok',
    simulated: false,
    mode: 'history',
    version: '0.1.0',
    workspace: 'history_1f2e54f74f516315',
    asset: 'BTC-USD',
    bar_minutes: 60,
    neutral_band: 0.01,
    now: '2022-11-05T00:01:00Z',
    clock: { kind: 'virtual', state: 'standing', windows_per_second: null },
    last_window: '2022-11-05T00:00:00Z',
    data_age_seconds: 60,
    windows: 672,
    predictions: 9_408,
    checks: [
      { name: 'database', status: 'ok', detail: 'built-in Postgres answers' },
      { name: 'windows', status: 'ok', detail: 'the clock stands' },
      { name: 'cache', status: 'ok', detail: 'in process' },
    ],
    dashboard: { state: 'ready', detail: 'The page is built.' },
    progress: null,
    sources: [{ name: 'history:candles-60m', last_known_at: '2022-11-05T00:00:05Z', rows: 48_500 }],
  },
];

export const ERROR_EXAMPLES = [
  {
    error: {
      code: 'SERVING_HORIZON_UNKNOWN',
      message: 'horizon_minutes: no prediction is made 45 minutes ahead. Ask for one of: 60, 1440.',
      request_id: '0f4c1b1e-6a53-4a0e-9a59-3f1f5c1a7c11',
    },
  },
];
