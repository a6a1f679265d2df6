export { scoreObservations, type ScoredInputs } from './inputs.ts';
export { armsOf, HORIZONS_MINUTES, type Arm } from './arms.ts';
export { createPredictor, type Fit, type Prediction, type Predictor } from './predictor.ts';
export { createRowHistory, type RowHistory, type WindowRow } from './row-history.ts';
export { createTruth, type SettledOutcome, type Truth } from './truth.ts';
export {
  countPredictions,
  firstPredictedAt,
  predictionLine,
  readArm,
  readPredictions,
  readScored,
  writeOutcomes,
  writePredictions,
  type JudgedPrediction,
  type ScoredPrediction,
} from './store.ts';
export {
  createWindowMemory,
  type DecidedRow,
  type RememberedRun,
  type WindowMemory,
} from './window-memory.ts';
export { studyDirection, type DirectionStudy, type DirectionStudyOptions } from './direction-study.ts';
