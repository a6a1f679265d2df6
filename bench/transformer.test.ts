import { describe, expect, it } from 'vitest';
import type { BertShape } from '../src/sentiment/transformer/bert-shape.ts';
import { run } from './transformer.ts';

/** As large as the tokenizer of the tests. */
const SHAPE: BertShape = {
  kind: 'bert',
  vocabulary: 600,
  hidden: 32,
  layers: 1,
  heads: 2,
  intermediate: 64,
  positions: 128,
  types: 2,
  padId: 0,
  epsilon: 1e-12,
  activation: 'gelu',
  labels: 3,
};

describe('the transformer benchmark', () => {
  it('works without shared data and names each peer and bound in ratios or in missing', async () => {
    const context = { root: '/nowhere/project', stopwatch: () => performance.now(), progress: () => {} };
    const size = { rounds: 1, texts: 12, memoryTexts: 20, loadMs: 500, shape: SHAPE };
    const { figures, ratios, missing } = await run(context, size);
    expect(figures).toMatchObject({
      texts: 12,
      tokenizer: 'tiny, 600 words',
      threads: 1,
      'memory-texts': 20,
      'event-loop-failed': 0,
    });
    expect([...Object.keys(ratios), ...missing].sort()).toEqual([
      'bare-session-run',
      'bare-session-run-single',
      'limit-20-ms-event-loop',
      'limit-512-mb',
      'transformers-js',
    ]);
    expect(figures['memory-mb']).toBeGreaterThan(50);
  }, 120_000);
});
