export {
  scoreObservations,
  scoreSideBySide,
  type LaneInput,
  type LaneScore,
  type LaneScorer,
  type ScoredInputs,
  type ScoringTroubles,
} from './inputs.ts';
export { judgeAbstention, reasonToAbstain, type Abstention } from './abstention.ts';
export { armsOf, HORIZONS_MINUTES, type Arm } from './arms.ts';
export { NOTHING_DEPLOYED, type DeployedModel, type DeployedModels } from './deployed.ts';
export {
  aggregateOf,
  createPredictor,
  probabilityOf,
  rowMatrices,
  type ArmFailure,
  type Fit,
  type Prediction,
  type Predictor,
} from './predictor.ts';
export type { SettledOutcome } from './truth.ts';
export {
  analyzeLedger,
  countPredictions,
  firstPredictedAt,
  predictionLine,
  predictionMigrations,
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
export {
  compareStudy,
  foldAll,
  foldHistory,
  studyDirection,
  WARM_UP_SHARE,
  type DirectionStudy,
  type DirectionStudyOptions,
  type FoldedHistory,
  type StudyComparison,
} from './direction-study.ts';
export { weighColumns, type StudyImportances } from './column-importances.ts';
export {
  foldForSearch,
  studySearch,
  type DirectionSearchStudy,
  type SearchableHistory,
} from './direction-search.ts';
export {
  reportDirection,
  type DirectionReport,
  type ReportedArm,
  type ReportedPair,
} from './direction-report.ts';
export { studyPaths } from './path-study.ts';
