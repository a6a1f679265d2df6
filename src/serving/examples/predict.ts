export const PREDICT_REQUEST_EXAMPLES = [
  { text: 'Bitcoin rallies as confidence grows', horizon_minutes: 60 },
  { text: ['Exchange halts withdrawals after a hack', 'Miners are upbeat about the upgrade'] },
  {},
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

export const COMPARE_ANSWER_EXAMPLES = [
  {
    asset: 'BTC-USD',
    horizon_minutes: 60,
    window_end: '2022-11-05T00:00:00Z',
    as_of: '2022-11-05T00:01:00Z',
    deployment: 14,
    arms: [
      {
        arm: 'trees+vader',
        model_version: 'trees@1.0.3',
        probability_up: 0.524,
        price_direction: 'bullish' as const,
        sentiment: 0.18,
        is_champion: true,
        degraded: false,
      },
      {
        arm: 'trees+none',
        model_version: 'trees@1.0.3',
        probability_up: 0.507,
        price_direction: 'neutral' as const,
        sentiment: null,
        is_champion: false,
        degraded: false,
      },
    ],
    scorers: [
      {
        scorer: 'vader',
        version: 'v1.0.0',
        sentiment: 0.5106,
        confidence: 0.8509,
        label: 'positive' as const,
        probabilities: { negative: 0.0143, neutral: 0.1348, positive: 0.8509 },
      },
      {
        scorer: 'finbert',
        version: 'v1.0.0',
        sentiment: 0.72,
        confidence: 0.79,
        label: 'positive' as const,
        probabilities: { negative: 0.07, neutral: 0.14, positive: 0.79 },
      },
    ],
    unavailable: [
      {
        scorer: 'linear',
        reason: 'No version of linear was trained yet.',
        remedy: 'Train one: npm run bellwether -- retrain --family linear --data FILE.jsonl',
      },
    ],
    comparison: {
      vader_sentiment: 0.5106,
      finbert_sentiment: 0.72,
      agreement: true,
      confidence_delta: 0.2094,
    },
    agreement: { label: 'positive' as const, share: 1, scorers: 2, disagreements: [] },
    performance: { response_time_ms: 1.9, cache_hit: false },
  },
];

export const EXPLAIN_REQUEST_EXAMPLES = [
  { text: 'Bitcoin rallies as confidence grows', family: 'vader' },
  { text: 'Exchange halts withdrawals after a hack', horizon_minutes: 1_440 },
];

export const EXPLAIN_ANSWER_EXAMPLES = [
  {
    explanations: [
      {
        scorer: 'vader',
        version: 'v1.0.0',
        sentiment: 0.5106,
        confidence: 0.8509,
        label: 'positive' as const,
        unit: 'valence',
        parts: [{ text: 'confidence', from: 19, to: 29, weight: 2.3, note: null }],
        read_by: ['logistic+vader', 'trees+vader'],
      },
    ],
    unexplained: [],
    direction: {
      horizon_minutes: 60,
      window_end: '2022-11-05T00:00:00Z',
      as_of: '2022-11-05T00:01:00Z',
      arm: 'trees+vader',
      model_version: 'trees@1.0.3',
      probability_up: 0.518,
      base_probability: 0.5063,
      contributions: [
        { feature: 'return_1bar', value: -0.0042, contribution: 0.0561 },
        { feature: 'fear_greed', value: null, contribution: -0.0206 },
        { feature: 'news_sentiment_4h', value: 0.18, contribution: 0.0113 },
      ],
      reason: null,
    },
    performance: { response_time_ms: 0.4 },
  },
];
