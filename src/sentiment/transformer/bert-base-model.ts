import { createRandom, lazyFloats, type OnnxModel } from '../../core/index.ts';
import { bertGraph, type BertWeights } from './bert-graph.ts';
import type { BertShape } from './bert-shape.ts';

/** Spread of a fresh BERT's weights. @see Devlin and others (2019), initializer_range */
const WEIGHT_SPREAD = 0.02;

/** The sizes of BERT-base, uncased, with three classes. @see Devlin and others (2019), section 3 */
export const BERT_BASE: BertShape = {
  kind: 'bert',
  vocabulary: 30_522,
  hidden: 768,
  layers: 12,
  heads: 12,
  intermediate: 3072,
  positions: 512,
  types: 2,
  padId: 0,
  epsilon: 1e-12,
  activation: 'gelu',
  labels: 3,
};

/**
 * A classifier of BERT's form with random weights: it takes as long as a real one and knows nothing.
 * The weights are drawn when the model is written, tensor by tensor, so that it never lies in memory as a whole.
 * @param options.seed - the only randomness
 * @param options.shape - sizes; BERT-base where none are given
 */
export function randomBert({ seed, shape = BERT_BASE }: { seed: number; shape?: BertShape }): OnnxModel {
  const dice = createRandom(seed);
  const draw = (name: string, dims: readonly number[]) =>
    lazyFloats(name, dims, () => {
      const values = new Float32Array(dims.reduce((product, size) => product * size, 1));
      if (name.endsWith('.bias')) return values;
      if (name.endsWith('LayerNorm.weight')) return values.fill(1);
      const normal = dice.fork(name).normal;
      for (let place = 0; place < values.length; place += 1) values[place] = WEIGHT_SPREAD * normal();
      return values;
    });
  const weights: BertWeights = { tensor: draw, dense: (name, from, to) => draw(name, [from, to]) };
  return bertGraph(shape, weights);
}
