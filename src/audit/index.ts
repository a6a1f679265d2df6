export {
  auditLeaks,
  CHECK_COUNT,
  FEWEST_CHECKS,
  openCase,
  type CheckReport,
  type LeakAudit,
  type LeakFinding,
} from './leaks.ts';
export { holdoutLearnt } from './errors.ts';
export { judgeHeldOut } from './holdout-evaluation.ts';
export { createHoldoutLedger, type HoldoutOpening, type HoldoutResult } from './holdout-ledger.ts';
export { createAuditedPipeline, type AuditedPipeline, type PipelineParts } from './pipeline.ts';
export { PLANT_NAMES, plantObstacle, withPlant, type PlantName } from './plants.ts';
export { limitHistory, type LimitedHistory } from './limit-history.ts';
