const PRICE = {
  columns: 'price' as const,
  accuracy: 0.516,
  log_loss: 0.6925,
  accuracy_difference: null,
  low: null,
  high: null,
  gain: null,
  gain_low: null,
  gain_high: null,
  mcnemar_p: null,
  diebold_mariano_p: null,
  reason: null,
};

const ALL = {
  columns: 'all' as const,
  accuracy: 0.521,
  log_loss: 0.6921,
  accuracy_difference: 0.005,
  low: -0.007,
  high: 0.017,
  gain: 0.0004,
  gain_low: -0.0005,
  gain_high: 0.0013,
  mcnemar_p: 0.44,
  diebold_mariano_p: 0.38,
  reason: null,
};

export const ABLATION_EXAMPLES = [
  {
    asset: 'BTC-USD',
    ablations: [
      {
        at: '2022-10-31T00:01:00.001Z',
        model_version: 'trees@1.0.3',
        arm: 'trees+vader',
        scorer: 'vader@1.0.0',
        horizon_minutes: 60,
        windows: { from: '2022-09-05T01:00:00Z', to: '2022-10-30T23:00:00Z', n: 1_343 },
        seed: 1,
        variants: [
          PRICE,
          {
            ...ALL,
            columns: 'price+sentiment' as const,
            reason:
              'No window that was learnt from has anything that vader@1.0.0 says of posts. So the fit of all stands for this one.',
          },
          {
            ...PRICE,
            columns: 'price+social' as const,
            accuracy: null,
            log_loss: null,
            reason:
              'No window that was learnt from has anything that vader@1.0.0 says of posts. So nothing can be seen of it.',
          },
          ALL,
        ],
      },
    ],
    note: 'Each training fits the family without its scorer (price), with its news (price+sentiment), with its posts (price+social) and with both (all), on the same rows, and compares them with price on the same eight weeks that none of them has seen. Above 0 the further columns help; an interval that covers 0 shows nothing. Nothing here is investment advice.',
  },
];
