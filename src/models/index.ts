export { CALIBRATION_NAMES, type CalibrationName } from './calibration.ts';
export { directionOf, type Direction } from './direction.ts';
export {
  compareDirections,
  coverageCurve,
  type ComparisonRows,
  type CoveragePoint,
  type PairedComparison,
} from './comparison.ts';
export { fitDissimilarity, loadDissimilarity, type Dissimilarity } from './dissimilarity.ts';
export {
  accuracyInterval,
  blockRows,
  directionIntervals,
  evaluateDirection,
  scoredRows,
  type AccuracyInterval,
  type DirectionMetric,
  type DirectionScores,
} from './evaluation.ts';
export { BASELINE_NAMES, calibratedFamily, MODEL_FAMILIES, type FamilyName } from './families.ts';
export { createFitPool, type FitPool } from './fit-pool.ts';
export {
  PAST_RETURN,
  type ColumnImportance,
  type Contributions,
  type FeatureMatrix,
  type Model,
  type ModelFamily,
  type TrainingRows,
} from './model.ts';
export { coverageOutOfSample, type PastCoveragePoint } from './past-coverage.ts';
export { reliabilityOf, type Reliability } from './reliability-table.ts';
export {
  permutationImportance,
  type JudgedRows,
  type PermutationImportance,
} from './permutation-importance.ts';
export {
  selectColumns,
  selectMatured,
  VOID_LABEL,
  WEIGHTINGS,
  type DirectionRows,
  type Maturity,
  type Weighting,
} from './rows.ts';
export { refitTime, walkForward, type AnsweringFit, type Refit } from './walk-forward.ts';
export {
  searchDirection,
  type DirectionSearch,
  type SearchedFold,
  type SearchOptions,
  type TrialRecord,
} from './search.ts';
export { SEARCH_METHODS, type SearchMethod } from './samplers.ts';
export { SEARCH_SPACES, type SearchSpace, type Settings } from './search-space.ts';
export { combinatorialPaths, type CombinatorialPlan } from './combinatorial-cv.ts';
