/** What a bootstrap over clusters of rows needs. */
export interface ClusterProblem {
  /** Cluster of each row, 0..clusters-1, shape (n): rows that are no evidence of their own share one. */
  clusters: Uint32Array;
  /** How often the rows are drawn anew; 1,000 to 2,000 for a 95 % interval. */
  resamples: number;
  /** Seeded dice, uniform in [0, 1). */
  uniform: () => number;
}

/**
 * Draws rows anew by whole clusters: as many clusters as there are, with replacement. Every figure that is taken from
 * the same draw is paired with the others, so the difference of two figures has the interval of a paired comparison.
 * @param visit - told once a resample how often each row was drawn, shape (n); the array is used again for the next
 * @throws RangeError when the number of resamples is no positive integer, or a cluster's number leaves a gap
 * @see Field, Welsh (2007), Bootstrapping clustered data, Journal of the Royal Statistical Society B 69
 */
export function resampleClusters(
  { clusters, resamples, uniform }: ClusterProblem,
  visit: (weights: Uint32Array, resample: number) => void,
): void {
  if (!Number.isInteger(resamples) || resamples < 1) {
    throw new RangeError(`a bootstrap needs a positive whole number of resamples, got ${resamples}`);
  }
  const count = countClusters(clusters);
  const drawn = new Uint32Array(count);
  const weights = new Uint32Array(clusters.length);
  for (let resample = 0; resample < resamples; resample += 1) {
    drawn.fill(0);
    for (let draw = 0; draw < count; draw += 1) {
      const cluster = Math.floor(uniform() * count);
      drawn[cluster] = (drawn[cluster] ?? 0) + 1;
    }
    for (let row = 0; row < weights.length; row += 1) weights[row] = drawn[clusters[row] ?? 0] ?? 0;
    visit(weights, resample);
  }
}

/**
 * How many clusters there are.
 * @throws RangeError when they are not numbered 0, 1, 2, … without a gap
 */
export function countClusters(clusters: Uint32Array): number {
  const count = clusters.reduce((most, cluster) => Math.max(most, cluster + 1), 0);
  const seen = new Uint8Array(Math.min(count, clusters.length));
  for (const cluster of clusters) if (cluster < seen.length) seen[cluster] = 1;
  if (count > seen.length || seen.includes(0)) {
    throw new RangeError('clusters are numbered from 0 without a gap');
  }
  return count;
}
