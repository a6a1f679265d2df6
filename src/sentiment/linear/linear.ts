import type { ScorerFamily } from '../scorer-family.ts';
import type { Scorer } from '../scorer.ts';
import { readArtifact, writeArtifact } from './artifact.ts';
import { createLinearModel } from './model.ts';
import { trainLinear } from './train.ts';

/**
 * Hashed word and character n-grams under a multinomial logistic regression: the baseline that a deep model must beat.
 * A version is linear.json and weights.safetensors, about a megabyte; loading needs nothing else.
 *
 * Rows teach by their label, else by their score (at least 0.33 positive, at most -0.33 negative, else neutral). A
 * sentiment that no row has gets probability 0. A training begins anew each time; `base` is not looked at.
 */
export const linearFamily: ScorerFamily = {
  name: 'linear',
  async train(rows, training) {
    const { weights, parameters, metrics } = await trainLinear(rows, training);
    return { files: writeArtifact(weights), parameters, metrics };
  },
  async load(files, version): Promise<Scorer> {
    const model = createLinearModel(await readArtifact(files));
    return {
      family: 'linear',
      version,
      score: async (texts) => texts.map(model.score),
      explain: async (text) => model.explain(text),
    };
  },
};
