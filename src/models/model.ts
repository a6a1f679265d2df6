/** Rows of features with names, row-major. Missing values are NaN. */
export interface FeatureMatrix {
  /** Names of the columns, in the order of `values`. Models look columns up by name, never by place. */
  readonly columns: readonly string[];
  /** shape (count, columns.length), row-major */
  readonly values: Float64Array;
  readonly count: number;
}

/** A feature matrix with its matured truth. Rows are in time order. */
export interface TrainingRows extends FeatureMatrix {
  /** 1 = up, 0 = down, shape (count). Void and unmatured rows are left out before. */
  readonly labels: Uint8Array;
  /** ln(close(T+h) / close(T)), shape (count); only `ar1` reads it. */
  readonly futureReturns: Float64Array;
  /** What each row counts in a fit, not negative, shape (count); 1 each where left out. `trees` and `logistic` read it. */
  readonly weights?: Float64Array;
}

/** The horizon-dependent column that the baselines read: ln(close(T) / close(T-h)); NaN where either is missing. */
export const PAST_RETURN = 'past_return';

/** A fitted model: rows in, P(up) out. */
export interface Model {
  readonly family: string;
  /** @returns P(up) per row in 0..1, shape (rows.count); missing values are accepted */
  predict(rows: FeatureMatrix): Float64Array;
  /** Plain JSON from which the family's `load` makes an identical model. */
  toJson(): unknown;
}

/** A way to learn: fits models and loads them back. Same rows and seed, same model. */
export interface ModelFamily {
  readonly name: string;
  /** The columns it reads; `null` = all columns but `past_return`. */
  readonly columns: readonly string[] | null;
  /** What decides a fit besides its rows and the seed, plain JSON by name; empty where there is nothing to choose. */
  readonly parameters: Readonly<Record<string, unknown>>;
  /**
   * @param rows - matured rows only, time order; may be empty (then the model says 0.5 or what it always says)
   * @param options.seed - the only randomness
   */
  fit(rows: TrainingRows, options: { seed: number }): Model;
  /** @throws AppError `MODEL_INVALID` when the JSON is not one of this family's */
  load(json: unknown): Model;
}
