import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createRandom } from '../core/index.ts';
import { countClusters, resampleClusters } from './cluster-bootstrap.ts';
import { diceOf, mixed } from './fixtures/mixed.ts';
import reference from './fixtures/metrics-reference.json' with { type: 'json' };
import { quantile } from './quantile.ts';

/** Width of the 95 % interval of a mean. */
function widthOf(values: Float64Array, clusters: Uint32Array): number {
  const means: number[] = [];
  const { uniform } = createRandom(5);
  resampleClusters({ clusters, resamples: 2_000, uniform }, (weights) => {
    let sum = 0;
    let count = 0;
    weights.forEach((weight, row) => {
      sum += weight * values[row]!;
      count += weight;
    });
    means.push(sum / count);
  });
  return quantile(means, 0.975) - quantile(means, 0.025);
}

describe('resampleClusters', () => {
  it('gives a share of one half over n rows the width that theory gives it', () => {
    const n = 400;
    const values = Float64Array.from({ length: n }, (_, row) => row % 2);
    const width = widthOf(
      values,
      Uint32Array.from(values, (_, row) => row),
    );
    // 2 * 1.96 * sqrt(p (1 - p) / n)
    expect(width).toBeCloseTo((2 * 1.96 * 0.5) / Math.sqrt(n), 2);
  });

  it('gives the quantiles that NumPy gives of means over the same clusters', () => {
    for (const known of reference.clusters) {
      const values = mixed(known.seed, known.rows);
      const clusters = Uint32Array.from(values, (_, row) => row % known.clusters);
      const means: number[] = [];
      const uniform = diceOf(mixed(known.seed + 1, known.resamples * known.clusters));
      resampleClusters({ clusters, resamples: known.resamples, uniform }, (weights) => {
        const count = weights.reduce((sum, weight) => sum + weight, 0);
        means.push(values.reduce((sum, value, row) => sum + weights[row]! * value, 0) / count);
      });
      [0.025, 0.5, 0.975].forEach((probability, place) => {
        expect(quantile(means, probability)).toBeCloseTo(known.quantiles[place]!, 12);
      });
    }
  });

  it('is not taken in by copies: the interval is that of the rows without them', () => {
    const plain = Float64Array.from({ length: 200 }, (_, row) => row % 2);
    const copied = Float64Array.from({ length: 800 }, (_, row) => plain[row % 200]!);
    const ids = (rows: number) => Uint32Array.from({ length: rows }, (_, row) => row % 200);
    expect(widthOf(copied, ids(800))).toBeCloseTo(widthOf(plain, ids(200)), 12);
  });

  it('draws whole clusters, as many as there are', () => {
    const anyClusters = fc
      .array(fc.nat(9), { minLength: 1, maxLength: 40 })
      .map((ids) => Uint32Array.from(ids, (id) => [...new Set(ids)].indexOf(id)));
    fc.assert(
      fc.property(anyClusters, fc.integer(), (clusters, seed) => {
        const { uniform } = createRandom(seed);
        resampleClusters({ clusters, resamples: 3, uniform }, (weights) => {
          const byCluster = new Map<number, number>();
          clusters.forEach((cluster, row) => {
            expect(byCluster.get(cluster) ?? weights[row]).toBe(weights[row]);
            byCluster.set(cluster, weights[row]!);
          });
          expect([...byCluster.values()].reduce((sum, one) => sum + one, 0)).toBe(countClusters(clusters));
        });
      }),
      { seed: 1 },
    );
  });

  it('refuses no resamples and clusters with gaps in their numbers', () => {
    const { uniform } = createRandom(1);
    const clusters = Uint32Array.of(0, 1);
    expect(() => resampleClusters({ clusters, resamples: 0, uniform }, () => {})).toThrow('got 0');
    expect(() => countClusters(Uint32Array.of(0, 2))).toThrow('without a gap');
    expect(() => countClusters(Uint32Array.of(0, 2, 2))).toThrow('without a gap');
    expect(countClusters(new Uint32Array())).toBe(0);
  });
});
