export { directionOf, type Direction } from './direction.ts';
export {
  compareDirections,
  coverageCurve,
  type ComparisonRows,
  type CoveragePoint,
  type PairedComparison,
} from './comparison.ts';
export { evaluateDirection, type DirectionScores } from './evaluation.ts';
export { BASELINE_NAMES, MODEL_FAMILIES, type FamilyName } from './families.ts';
export { createFitPool, type FitPool } from './fit-pool.ts';
export { PAST_RETURN, type FeatureMatrix, type Model, type ModelFamily, type TrainingRows } from './model.ts';
export { selectColumns, selectMatured, VOID_LABEL, type DirectionRows, type Maturity } from './rows.ts';
export { refitTime, walkForward } from './walk-forward.ts';
