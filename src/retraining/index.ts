export { retrain } from './pipeline.ts';
export { retrainingDue, type DueRetraining, type RetrainingSchedule } from './policy.ts';
export { recordRetraining, saveArtifacts } from './record.ts';
export type {
  Incumbent,
  RetrainedFamily,
  Retraining,
  RetrainingRequest,
  RetrainingTrigger,
  TrainedModel,
} from './retraining.ts';
