import type { BinnedRows } from './bins.ts';
import type { BoostingParameters } from './parameters.ts';

/** XGBoost takes no split that gains less; below it rounding decides. */
const LEAST_GAIN = 1e-6;

/** Below this a sum of hessians is what rounding left of nothing. */
const LEAST_HESSIAN = 1e-6;

/** Sums over the rows of a node. */
export interface Sums {
  gradient: number;
  hessian: number;
}

/** Rows go left when their bin is at most `bin`, missing ones when `defaultLeft`. */
export interface Split {
  column: number;
  bin: number;
  defaultLeft: boolean;
  gain: number;
  left: Sums;
}

type Penalties = Pick<BoostingParameters, 'lambda' | 'alpha' | 'minChildWeight'>;

/** Where a node may be split. */
export interface SplitSearch {
  binned: Pick<BinnedRows, 'offsets'>;
  /** Ascending. */
  columns: readonly number[];
  parameters: Penalties & Pick<BoostingParameters, 'gamma'>;
}

/**
 * The weight that a leaf would best have: -G / (H + lambda), the gradient shortened by alpha.
 * @see Chen, Guestrin (2016), equation 5
 */
export function leafWeight(sums: Sums, { lambda, alpha, minChildWeight }: Penalties): number {
  const { gradient, hessian } = sums;
  if (hessian < minChildWeight || hessian <= 0) return 0;
  return -shortened(gradient, alpha) / (hessian + lambda);
}

/**
 * The best split of a node, or null where none gains enough. For each column every bin is tried as the last one on the
 * left: going up with the missing values on the right, then going down with them on the left. The last bin is among
 * them: all that is present left, only the missing right. (Its mirror image is the same split.) Gains are compared in
 * float32 and the first of equals wins, as in XGBoost, so that ties fall as there.
 * @see Chen, Guestrin (2016), equation 7 and algorithm 3 (sparsity-aware split finding)
 */
export function findSplit(histogram: Float64Array, node: Sums, search: SplitSearch): Split | null {
  const scan = createScan(histogram, node, search.parameters);
  for (const column of search.columns) {
    const first = search.binned.offsets[column] ?? 0;
    const missing = (search.binned.offsets[column + 1] ?? 0) - 1;
    scan.up(column, first, missing);
    if ((histogram[2 * missing + 1] ?? 0) >= LEAST_HESSIAN) scan.down(column, first, missing);
  }
  const { best } = scan;
  return best !== null && best.gain > LEAST_GAIN && best.gain >= search.parameters.gamma ? best : null;
}

/** Tries the bins of a column, whose slots are first..end-1, and keeps the best split of all it was shown. */
function createScan(histogram: Float64Array, node: Sums, { lambda, alpha, minChildWeight }: Penalties) {
  const least = Math.max(minChildWeight, LEAST_HESSIAN);
  const score = (gradient: number, hessian: number) => {
    const pull = shortened(gradient, alpha);
    return Math.fround((pull * pull) / (hessian + lambda));
  };
  const whole = score(node.gradient, node.hessian);
  /** What parting a node gains, by the sums of either side. */
  const gainOf = (gradient: number, hessian: number) => {
    const parts = score(gradient, hessian) + score(node.gradient - gradient, node.hessian - hessian);
    return Math.fround(Math.fround(parts) - whole);
  };
  const scan = {
    best: null as Split | null,
    up(column: number, first: number, end: number): void {
      let [gradient, hessian] = [0, 0];
      for (let slot = first; slot < end; slot += 1) {
        gradient += histogram[2 * slot] as number;
        hessian += histogram[2 * slot + 1] as number;
        if (hessian < least) continue;
        if (node.hessian - hessian < least) break;
        const gain = gainOf(gradient, hessian);
        if (gain <= (scan.best?.gain ?? -Infinity)) continue;
        scan.best = { column, bin: slot - first, defaultLeft: false, gain, left: { gradient, hessian } };
      }
    },
    down(column: number, first: number, end: number): void {
      let [gradient, hessian] = [0, 0];
      for (let slot = end - 1; slot > first; slot -= 1) {
        gradient += histogram[2 * slot] as number;
        hessian += histogram[2 * slot + 1] as number;
        if (hessian < least) continue;
        if (node.hessian - hessian < least) break;
        const gain = gainOf(gradient, hessian);
        if (gain <= (scan.best?.gain ?? -Infinity)) continue;
        const left = { gradient: node.gradient - gradient, hessian: node.hessian - hessian };
        scan.best = { column, bin: slot - 1 - first, defaultLeft: true, gain, left };
      }
    },
  };
  return scan;
}

function shortened(gradient: number, alpha: number): number {
  if (gradient > alpha) return gradient - alpha;
  return gradient < -alpha ? gradient + alpha : 0;
}
