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
export { selectColumns, selectMatured, VOID_LABEL, type DirectionRows } from './rows.ts';
export { coverageOutOfSample, type PastCoveragePoint } from './past-coverage.ts';
export { reliabilityOf, type Reliability } from './reliability-table.ts';
export {
  permutationImportance,
  type JudgedRows,
  type PermutationImportance,
} from './permutation-importance.ts';
export { refitTime, walkForward, type AnsweringFit } from './walk-forward.ts';
