/*
 * The wire format: what may come in, what goes out, and the one place where camelCase becomes snake_case.
 * The page takes its types from here, so nothing of it imports anything of the server's but views and examples.
 */

export {
  assetQuerySchema,
  featuresSchema,
  historyQuerySchema,
  historySchema,
  signalQuerySchema,
  signalSchema,
  toFeatures,
  toHistory,
  toSignal,
  type LatestFeatures,
  type Signal,
  type SignalHistory,
  type SignalHistoryItem,
} from './contract/signal.ts';
export {
  compareAnswerSchema,
  predictAnswerSchema,
  predictRequestSchema,
  textScoreSchema,
  toCompareAnswer,
  toPredictAnswer,
  type ArmAnswer,
  type CompareAnswer,
  type PredictAnswer,
  type ScorerAnswer,
} from './contract/predict.ts';
export {
  explainAnswerSchema,
  explainRequestSchema,
  toExplainAnswer,
  type ExplainAnswer,
  type ScorerExplanation,
} from './contract/explain.ts';
export type { ScorerStatus } from './contract/scorers.ts';
export {
  deploymentSchema,
  deployRequestSchema,
  performanceQuerySchema,
  performanceSchema,
  rollbackRequestSchema,
  selectRequestSchema,
  statusQuerySchema,
  statusSchema,
  toDeployment,
  toPerformance,
  toStatus,
  type ArmPerformance,
  type Deployment,
  type GateDecision,
  type LiveChange,
  type LiveModel,
  type ModelsPerformance,
  type ModelsStatus,
} from './contract/models.ts';
export {
  ablationQuerySchema,
  ablationsSchema,
  toAblations,
  type ModelsAblation,
} from './contract/ablation.ts';
export {
  errorSchema,
  healthSchema,
  noQuerySchema,
  toErrorBody,
  toHealth,
  type ErrorBody,
  type Health,
} from './contract/health.ts';
