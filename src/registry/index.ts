export { registryMigrations } from './migrations.ts';
export { isFamilyName, type Manifest, type ManifestModel, type VersionDraft } from './manifest.ts';
export type {
  Deployment,
  DeploymentDraft,
  DeploymentKind,
  GateDecision,
  LiveChange,
  LiveModel,
  LiveState,
  ModelVersion,
  TrainingRun,
} from './records.ts';
export {
  createArtifactStore,
  type ArtifactFolder,
  type ArtifactStore,
  type OpenVersion,
  type SavedVersion,
} from './artifact-store.ts';
export { armNotLive, modelNotFound } from './errors.ts';
export { requireAsset, requireFeatureSets } from './feature-set.ts';
export { modelVersionOf, parseModelVersion } from './version-name.ts';
export { applyChanges, championArm, changesToDeploy, liveVersion, NOTHING_LIVE } from './live-state.ts';
export {
  claimVersions,
  countLearning,
  findVersion,
  listVersions,
  numberAfter,
  readDecisions,
  readRuns,
  recordDecisions,
  recordRun,
  recordVersion,
  type VersionRecord,
} from './versions.ts';
export { readLiveSince, type LiveSince } from './live-since.ts';
export {
  appendDeployment,
  everLive,
  latestDeployment,
  liveAt,
  planRollback,
  readDeployments,
  type RollbackPlan,
} from './deployments.ts';
export {
  createScorerStore,
  type ListedScorer,
  type OpenScorerVersion,
  type ScorerStore,
} from './scorer-store.ts';
export type { ScorerDeployment } from './scorer-ledger.ts';
export type { ScorerManifest } from './scorer-manifest.ts';
export { appendToChain, readChain, type ChainedLines } from './chained-lines.ts';
