export { directionOf, type Direction } from './direction.ts';
export {
  accuracyInterval,
  evaluateDirection,
  type AccuracyInterval,
  type DirectionEvaluation,
  type DirectionScores,
  type HitSeries,
} from './evaluation.ts';
export { BASELINE_NAMES, MODEL_FAMILIES, type FamilyName } from './families.ts';
export { PAST_RETURN, type FeatureMatrix, type Model, type ModelFamily, type TrainingRows } from './model.ts';
export { selectColumns, selectMatured, VOID_LABEL, type DirectionRows, type Maturity } from './rows.ts';
export { refitTime, walkForward, type WalkForward, type WalkForwardOptions } from './walk-forward.ts';
