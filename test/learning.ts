import { createLearning, type Learning, type LearningOptions } from '../src/learning.ts';
import { createFitPool } from '../src/models/index.ts';
import { NOTHING_LIVE } from '../src/registry/index.ts';

/** Learning that begins at nothing and is written down nowhere; it fits in this thread. */
export function learnInMemory(
  options: Pick<LearningOptions, 'featureSets' | 'arms' | 'firstFitAt' | 'graceMs'> &
    Partial<LearningOptions>,
): Learning {
  return createLearning(
    {
      asset: 'BTC-USD',
      cadenceDays: 7,
      expiryDays: 182,
      firstChampion: 'logistic+vader',
      seed: 1,
      pool: createFitPool({ threads: 0 }),
      ...options,
    },
    { revision: 0, state: NOTHING_LIVE, standing: [], lastTrainedAt: null },
    {
      load: ({ modelVersion }) => Promise.reject(new Error(`${modelVersion} was written down nowhere`)),
      versions: () => Promise.resolve([]),
    },
  );
}
