import { availableParallelism } from 'node:os';
import { describe, expect, it } from 'vitest';
import { run } from './trees.ts';

describe('the benchmark of trees', () => {
  it('works at a small size and names each peer and bound in ratios or in missing', async () => {
    const context = { root: '/nowhere/project', stopwatch: () => performance.now(), progress: () => {} };
    const sizes = { small: 1_500, large: 3_000, tested: 400, predicted: 200, rounds: 5, seeds: 1, turns: 1 };
    const { figures, ratios, missing } = await run(context, sizes);
    expect([...Object.keys(ratios), ...missing].sort()).toEqual([
      'limit-15-us-predict-row',
      'one-thread-train-500k',
      'onnxruntime-predict-10k',
      'xgboost-predict-row',
      'xgboost-train-500k',
      'xgboost-train-50k',
    ]);
    expect(figures).toMatchObject({ small: 1_500, columns: 15, depth: 6 });
    expect(missing.includes('one-thread-train-500k')).toBe(availableParallelism() === 1);
    if (!missing.includes('xgboost-train-50k'))
      expect(Math.abs(Number(figures['auc-ahead-binned-mean']))).toBeLessThan(0.01);
  }, 120_000);
});
