import { expect, it } from 'vitest';
import type { Ablation, AblationVariant } from '../registry/index.ts';
import { ablationLines } from './ablation-lines.ts';

const NONE: Omit<AblationVariant, 'columns'> = {
  ...{ accuracy: null, logLoss: null, accuracyDifference: null, low: null, high: null },
  ...{ gain: null, gainLow: null, gainHigh: null, mcnemar: null, dieboldMariano: null, reason: null },
};
const REASON = 'Nobody posted.';

const ablation: Ablation = {
  ...{ at: 0, modelVersion: 'trees@1.0.3', arm: 'trees+vader', scorer: 'vader@1.0.0', horizonMinutes: 60 },
  ...{ from: 0, to: 1, n: 1_343, seed: 1 },
  variants: [
    { ...NONE, columns: 'price', accuracy: 0.516, logLoss: 0.6925 },
    {
      ...{ columns: 'price+sentiment', accuracy: 0.521, logLoss: 0.6921, accuracyDifference: 0.005 },
      ...{ low: -0.007, high: 0.017, gain: 0.0004, gainLow: -0.0005, gainHigh: 0.0013 },
      ...{ mcnemar: 0.44, dieboldMariano: 0.38, reason: null },
    },
    { ...NONE, columns: 'price+social', reason: REASON },
    { ...NONE, columns: 'all', accuracy: 0.51, accuracyDifference: -0.006, gain: -0.001, reason: REASON },
  ],
};

it('shows the four groups under each other, with intervals where there are some, and each reason once', () => {
  const [title, ...lines] = ablationLines([ablation]);
  expect(title).toContain('above 0 they help');
  expect(lines.map((line) => line.split(/\s{2,}/))).toEqual([
    ['arm', 'minutes', 'columns', 'accuracy', 'points above price (95 %)', 'gain in nats (95 %)'].concat([
      'McNemar p',
      'Diebold-Mariano p',
      'n',
    ]),
    ['trees+vader', '60', 'price', '51.60 %', '-', '-', '-', '-', '1343'],
    ['trees+vader', '60', 'price+sentiment', '52.10 %', '+0.50 (-0.70 .. +1.70)'].concat([
      '+0.00040 (-0.00050 .. +0.00130)',
      '0.440',
      '0.380',
      '1343',
    ]),
    ['trees+vader', '60', 'price+social', '-', '-', '-', '-', '-', '1343'],
    ['trees+vader', '60', 'all', '51.00 %', '-0.60', '-0.00100', '-', '-', '1343'],
    ['', `trees+vader at 60 minutes, price+social, all: ${REASON}`],
  ]);
});

it('is silent where nothing was measured', () => {
  expect(ablationLines([])).toEqual([]);
});
