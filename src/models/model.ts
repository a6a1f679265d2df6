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

/** What each column does to the log-odds of each row. */
export interface Contributions {
  readonly columns: readonly string[];
  /** shape (count, columns.length), row-major; with the bias a row's values sum to the log-odds of its P(up) */
  readonly values: Float64Array;
  /** The log-odds before any column speaks. */
  readonly bias: number;
}

/** How much a fit leaned on a column. */
export interface ColumnImportance {
  readonly column: string;
  /** Splits on it. */
  readonly weight: number;
  /** Fall of the training loss that a split on it brought, mean and total. */
  readonly gain: number;
  readonly totalGain: number;
  /** Sum of hessians that a split on it divided, mean and total. */
  readonly cover: number;
  readonly totalCover: number;
}

/** A fitted model: rows in, P(up) out. */
export interface Model {
  readonly family: string;
  /** @returns P(up) per row in 0..1, shape (rows.count); missing values are accepted */
  predict(rows: FeatureMatrix): Float64Array;
  /** Why it says what it says; absent where a family has no exact answer. */
  contributions?(rows: FeatureMatrix): Contributions;
  /** How much each column that it reads counts, not negative, in a unit of its own; absent where nothing is weighed. */
  columnWeights?(): ReadonlyMap<string, number>;
  /** The columns it splits on, the largest total gain first; absent where a family does not split. */
  importances?(): ColumnImportance[];
  /**
   * One ONNX file that predicts the same; absent where a family has none.
   * @param metadata - properties that the file is to carry
   */
  toOnnx?(metadata?: Readonly<Record<string, string>>): Uint8Array;
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
