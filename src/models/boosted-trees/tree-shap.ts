import { gaussLegendre, type Quadrature } from '../../stats/index.ts';
import type { Contributions, FeatureMatrix } from '../model.ts';
import { marginOf } from './boost.ts';
import type { Forest } from './forest.ts';
import type { Tree } from './tree.ts';
import { floatRows } from './values.ts';

/** What the way to a leaf asks of one column, all its splits on that column taken together. */
interface Condition {
  /** The value lies at or above this ... */
  lowest: number;
  /** ... and below this, */
  below: number;
  /** or is missing, and that is let through. */
  takesMissing: boolean;
  /** Share of the cover that goes this way at those splits: what counts while the column is not known. */
  share: number;
}

/** The leaves of a forest that stand behind a split, each with its conditions in a run of flat arrays. */
interface Ways {
  /** What each leaf adds to the log-odds. */
  answers: Float64Array;
  /** Where the conditions of each leaf begin, and behind the last where they end, shape (leaves + 1). */
  starts: Uint32Array;
  columns: Uint32Array;
  conditions: Condition[];
  /** The forest's answer while no column is known. */
  bias: number;
}

/**
 * Exact path-dependent Shapley values of a forest in log-odds, equal to what XGBoost calls `pred_contribs`: while a column
 * is not known, a split on it is gone down both ways, each weighted by its share of the hessians.
 *
 * In place of the sum over all subsets stands, leaf by leaf, the integral of the multilinear extension, a polynomial
 * whose degree is below the number of columns on the way: a Gauss-Legendre rule gives it exactly. With d columns on the
 * way that is O(d^2) a leaf and row, as in algorithm 2 of TreeSHAP, without the differences in which its unwinding loses
 * digits.
 * @returns what explains rows. Its values have the shape (rows.count, forest.columns.length); with the bias those of a
 *   row sum to its log-odds, up to the 32-bit sums that `predictForest` makes; a column on which nothing splits has 0
 * @throws RangeError naming a column that is not there
 * @see Lundberg, Erion, Lee (2018), Consistent individualized feature attribution for tree ensembles, arXiv:1802.03888
 * @see Lundberg et al. (2020), From local explanations to global understanding, Nature Machine Intelligence 2
 * @see Owen (1972), Multilinear extensions of games, Management Science 18 (the integral)
 */
export function createForestExplainer(forest: Forest): (matrix: FeatureMatrix) => Contributions {
  const { columns } = forest;
  const ways = waysOf(forest);
  const explainRow = createExplainer(ways);
  return (matrix) => {
    const { values, width, count } = floatRows(matrix, columns);
    const contributions = new Float64Array(count * width);
    for (let row = 0; row < count; row += 1) {
      const [first, end] = [row * width, (row + 1) * width];
      explainRow(values.subarray(first, end), contributions.subarray(first, end));
    }
    return { columns, values: contributions, bias: ways.bias };
  };
}

/** Room for one leaf and row, shape (columns on the way) each. */
interface Leaf {
  shares: Float64Array;
  /** 1 where the row meets the condition, else 0, less the share. */
  steps: Float64Array;
  integrals: Float64Array;
}

/** @returns what adds the contributions of one row to its columns */
function createExplainer({
  answers,
  starts,
  columns,
  conditions,
}: Ways): (row: Float32Array, into: Float64Array) => void {
  const most = starts.reduce((longest, end, leaf) => Math.max(longest, end - (starts[leaf - 1] ?? end)), 0);
  const rules = Array.from({ length: most + 1 }, (_, length) =>
    gaussLegendre(Math.max(1, Math.ceil(length / 2))),
  );
  const [shares, steps, integrals] = [0, 0, 0].map(() => new Float64Array(most)) as [
    Float64Array,
    Float64Array,
    Float64Array,
  ];
  return (row, into) => {
    for (let leaf = 0; leaf < answers.length; leaf += 1) {
      const start = starts[leaf] as number;
      const length = (starts[leaf + 1] as number) - start;
      let isReachable = true;
      for (let place = 0; place < length; place += 1) {
        const condition = conditions[start + place] as Condition;
        const isMet = meets(row[columns[start + place] as number] as number, condition);
        shares[place] = condition.share;
        steps[place] = (isMet ? 1 : 0) - condition.share;
        isReachable &&= isMet || condition.share > 0;
      }
      // Neither met nor ever covered: no set of known columns leads here.
      if (!isReachable) continue;
      integrate(rules[length] as Quadrature, { shares, steps, integrals }, length);
      for (let place = 0; place < length; place += 1) {
        const column = columns[start + place] as number;
        const added = (answers[leaf] as number) * (steps[place] as number) * (integrals[place] as number);
        into[column] = (into[column] as number) + added;
      }
    }
  };
}

function meets(value: number, { lowest, below, takesMissing }: Condition): boolean {
  return Number.isNaN(value) ? takesMissing : value >= lowest && value < below;
}

/** For each place, the integral over t in 0..1 of the product of share + t * step over all other places. */
function integrate({ nodes, weights }: Quadrature, { shares, steps, integrals }: Leaf, length: number): void {
  integrals.fill(0, 0, length);
  for (let look = 0; look < nodes.length; look += 1) {
    const t = nodes[look] as number;
    let product = weights[look] as number;
    for (let place = 0; place < length; place += 1) {
      product *= (shares[place] as number) + t * (steps[place] as number);
    }
    for (let place = 0; place < length; place += 1) {
      // Never 0: strictly between 0 and 1, t leaves something of the share or of the step.
      const own = (shares[place] as number) + t * (steps[place] as number);
      integrals[place] = (integrals[place] as number) + product / own;
    }
  }
}

function waysOf({ baseScore, trees }: Forest): Ways {
  const answers: number[] = [];
  const starts = [0];
  const columns: number[] = [];
  const conditions: Condition[] = [];
  let bias = marginOf(baseScore);
  for (const tree of trees) {
    for (const { answer, asked } of leavesOf(tree)) {
      let share = 1;
      for (const condition of asked.values()) share *= condition.share;
      bias += answer * share;
      if (asked.size === 0) continue;
      answers.push(answer);
      columns.push(...asked.keys());
      conditions.push(...asked.values());
      starts.push(columns.length);
    }
  }
  return {
    answers: Float64Array.from(answers),
    starts: Uint32Array.from(starts),
    columns: Uint32Array.from(columns),
    conditions,
    bias,
  };
}

/** By column. */
type Asked = ReadonlyMap<number, Condition>;

function leavesOf(tree: Tree): { answer: number; asked: Asked }[] {
  const { columns, thresholds, lefts } = tree;
  const leaves: { answer: number; asked: Asked }[] = [];
  const open: { node: number; asked: Asked }[] = [{ node: 0, asked: new Map() }];
  for (let at = open.pop(); at !== undefined; at = open.pop()) {
    const { node, asked } = at;
    const left = lefts[node] as number;
    if (left < 0) {
      leaves.push({ answer: thresholds[node] as number, asked });
      continue;
    }
    const column = columns[node] as number;
    for (const side of [left + 1, left]) {
      const condition = narrowed(asked.get(column), tree, { node, side });
      open.push({ node: side, asked: new Map(asked).set(column, condition) });
    }
  }
  return leaves;
}

/** A condition after one more split on its column. */
function narrowed(
  { lowest, below, takesMissing, share }: Condition = {
    lowest: -Infinity,
    below: Infinity,
    takesMissing: true,
    share: 1,
  },
  { thresholds, defaultLefts, hessians, lefts }: Tree,
  { node, side }: { node: number; side: number },
): Condition {
  const isLeft = side === lefts[node];
  const threshold = thresholds[node] as number;
  const cover = hessians[node] as number;
  return {
    lowest: isLeft ? lowest : Math.max(lowest, threshold),
    below: isLeft ? Math.min(below, threshold) : below,
    takesMissing: takesMissing && (defaultLefts[node] === 1) === isLeft,
    // A node that nothing ever reached says nothing of its sides.
    share: share * (cover > 0 ? Math.max(0, hessians[side] as number) / cover : 0.5),
  };
}
