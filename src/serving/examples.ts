/* One true example a shape, as `/docs` shows them; a test holds each against its schema. */

export * from './examples/ablation.ts';
export * from './examples/predict.ts';

const EXAMPLE_PREDICTION = {
  window_end: '2022-11-05T00:00:00Z',
  as_of: '2022-11-05T00:01:00Z',
  model_version: 'trees@1.0.3',
  probability_up: 0.518,
  price_direction: 'bullish' as const,
  sentiment: 0.12,
  predicted_at: '2022-11-05T00:01:00Z',
  matures_at: '2022-11-05T01:00:00Z',
  outcome: null,
  degraded: false,
};

export const SIGNAL_EXAMPLES = [
  {
    asset: 'BTC-USD',
    horizon_minutes: 60,
    arm: 'trees+vader',
    ...EXAMPLE_PREDICTION,
    data_age_seconds: 60,
  },
];

export const HISTORY_EXAMPLES = [
  {
    asset: 'BTC-USD',
    horizon_minutes: 60,
    arm: 'trees+vader',
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

export const SELECT_REQUEST_EXAMPLES = [{ horizon_minutes: 60, arm: 'trees+none' }];

export const DEPLOY_REQUEST_EXAMPLES = [{ family: 'trees', version: '1.0.3' }, { family: 'logistic' }];

export const ROLLBACK_REQUEST_EXAMPLES = [{}];

export const DEPLOYMENT_EXAMPLES = [
  {
    id: 14,
    at: '2022-10-31T00:01:00.001Z',
    kind: 'retraining' as const,
    actor: 'system',
    reason: 'The retraining that was due promoted 2 of 8 candidates.',
    changes: [
      {
        kind: 'model' as const,
        arm: 'trees+none',
        horizon_minutes: 60,
        from: 'trees@1.0.2',
        to: 'trees@1.0.3',
      },
      {
        kind: 'model' as const,
        arm: 'trees+vader',
        horizon_minutes: 60,
        from: 'trees@1.0.2',
        to: 'trees@1.0.3',
      },
    ],
    undoes: null,
  },
];

export const STATUS_EXAMPLES = [
  {
    asset: 'BTC-USD',
    at: '2022-11-05T00:01:00Z',
    horizons: [{ horizon_minutes: 60, champion: 'trees+vader', since: '2022-06-06T00:01:00.001Z' }],
    models: [
      {
        arm: 'trees+none',
        horizon_minutes: 60,
        model_version: 'trees@1.0.3',
        since: '2022-10-31T00:01:00.001Z',
        trained_at: '2022-10-31T00:01:00Z',
        expires_at: '2023-05-01T00:01:00Z',
        is_expired: false,
        is_champion: false,
        rows: 42_310,
        metrics: {
          n: 1_343,
          accuracy: 0.516,
          accuracy_low: 0.489,
          accuracy_high: 0.543,
          log_loss: 0.6925,
          brier: 0.2496,
          auc: 0.527,
          agreement: 0.011,
        },
      },
      {
        arm: 'trees+vader',
        horizon_minutes: 60,
        model_version: 'trees@1.0.3',
        since: '2022-10-31T00:01:00.001Z',
        trained_at: '2022-10-31T00:01:00Z',
        expires_at: '2023-05-01T00:01:00Z',
        is_expired: false,
        is_champion: true,
        rows: 42_310,
        metrics: {
          n: 1_343,
          accuracy: 0.521,
          accuracy_low: 0.494,
          accuracy_high: 0.548,
          log_loss: 0.6921,
          brier: 0.2496,
          auc: 0.527,
          agreement: 0.011,
        },
      },
    ],
    gate: [
      {
        at: '2022-10-31T00:01:00.001Z',
        horizon_minutes: 60,
        arm: 'trees+vader',
        kind: 'refresh' as const,
        candidate: 'trees@1.0.3',
        incumbent_arm: 'trees+vader',
        incumbent: 'trees@1.0.2',
        n: 1_343,
        gain: 0.0002,
        low: -0.0006,
        high: 0.0011,
        threshold: -0.002,
        agreement: 0.011,
        verdict: 'promoted' as const,
        reason:
          'The refresh is not worse by 0.002 nats a window. Over 1343 windows it gains +0.0002 nats a window (95 % bounds -0.0006 and +0.0011; the lower has to exceed -0.002).',
      },
    ],
    deployments: DEPLOYMENT_EXAMPLES,
    scorers: [
      {
        family: 'vader',
        state: 'ready' as const,
        version: 'v1.0.0',
        read_by: ['trees+vader'],
      },
      {
        family: 'finbert',
        state: 'loading' as const,
        progress: 'model_quantized.onnx: 61 of 110 MB',
        read_by: [],
      },
    ],
    router: { revision: 14, last_swap: '2022-10-31T00:01:00.412Z', problem: null },
  },
];

export const PERFORMANCE_EXAMPLES = [
  {
    asset: 'BTC-USD',
    windows: { from: '2022-10-08T00:00:00Z', to: '2022-11-05T00:00:00Z', n: 672 },
    arms: [
      {
        arm: 'trees+vader',
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
    predictions: 12_096,
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
