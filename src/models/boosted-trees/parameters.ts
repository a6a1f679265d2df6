/** How trees are boosted. The names are XGBoost's, in this project's spelling; so are the meanings. */
export interface BoostingParameters {
  /** Trees at most. */
  rounds: number;
  /** Share of each tree's answer that is added. */
  eta: number;
  /** Splits between root and leaf at most. */
  maxDepth: number;
  /** L2 penalty on a leaf's weight. */
  lambda: number;
  /** L1 penalty on a leaf's weight. */
  alpha: number;
  /** A split gains at least this much. */
  gamma: number;
  /** Sum of hessians (for even odds a quarter a row) that each side of a split keeps at least. */
  minChildWeight: number;
  /** Share of the rows that a tree sees. */
  subsample: number;
  /** Share of the columns that a tree may split on. */
  colsampleByTree: number;
  /** Bins a column at most; missing values have one of their own. */
  maxBin: number;
  /** Weight of the rows with label 1. */
  scalePosWeight: number;
  /** Probability to start from; null: the weighted mean of the labels. */
  baseScore: number | null;
}

/** XGBoost's own defaults, but for the base score of its versions before 2. */
export const XGBOOST_DEFAULTS: BoostingParameters = {
  rounds: 100,
  eta: 0.3,
  maxDepth: 6,
  lambda: 1,
  alpha: 0,
  gamma: 0,
  minChildWeight: 1,
  subsample: 1,
  colsampleByTree: 1,
  maxBin: 255,
  scalePosWeight: 1,
  baseScore: null,
};

type Bound = (value: number) => boolean;

const integerIn =
  (least: number, most: number): Bound =>
  (value) =>
    Number.isInteger(value) && value >= least && value <= most;
const share: Bound = (value) => value > 0 && value <= 1;
const notNegative: Bound = (value) => value >= 0 && value < Infinity;

const BOUNDS: Record<Exclude<keyof BoostingParameters, 'baseScore'>, { holds: Bound; says: string }> = {
  rounds: { holds: integerIn(0, 100_000), says: 'an integer of 0..100,000' },
  eta: { holds: share, says: 'above 0, at most 1' },
  // Nodes double with each level, and so does the memory for their histograms.
  maxDepth: { holds: integerIn(1, 16), says: 'an integer of 1..16' },
  lambda: { holds: notNegative, says: 'at least 0' },
  alpha: { holds: notNegative, says: 'at least 0' },
  gamma: { holds: notNegative, says: 'at least 0' },
  minChildWeight: { holds: notNegative, says: 'at least 0' },
  subsample: { holds: share, says: 'above 0, at most 1' },
  colsampleByTree: { holds: share, says: 'above 0, at most 1' },
  maxBin: { holds: integerIn(2, 255), says: 'an integer of 2..255' },
  scalePosWeight: { holds: (value) => value > 0 && value < Infinity, says: 'above 0' },
};

/** @throws RangeError naming every parameter that is out of its range */
export function requireParameters(parameters: BoostingParameters): void {
  const wrong = Object.entries(BOUNDS).flatMap(([name, { holds, says }]) => {
    const value = parameters[name as keyof typeof BOUNDS];
    return holds(value) ? [] : [`${name} is ${says}, got ${value}`];
  });
  const { baseScore } = parameters;
  if (baseScore !== null && !(baseScore > 0 && baseScore < 1)) {
    wrong.push(`baseScore is null or lies between 0 and 1, got ${baseScore}`);
  }
  if (wrong.length > 0) throw new RangeError(wrong.join('; '));
}
