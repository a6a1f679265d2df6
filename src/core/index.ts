export { AppError, isAppError, messageOf, type ErrorFacts } from './errors.ts';
export { createRealClock, createVirtualClock, type Clock, type VirtualClock } from './clock.ts';
export { createRandom, type Random } from './random.ts';
export { createLog, silentLog, type Log, type LogLevel } from './log.ts';
export {
  childEnvironment,
  proxyEnvironment,
  readConfig,
  readProcessConfig,
  surveyVariables,
  VARIABLES,
  type Config,
  type Variable,
} from './config.ts';
export * from './time.ts';
export { describeHoldout, isHeldOut, type Holdout } from './holdout.ts';
export { erasePostgres, findDatabase, openPostgres, releasePostgres, type Postgres } from './postgres.ts';
export {
  dropWorkspace,
  findWorkspace,
  listWorkspaces,
  LIVE_WORKSPACE,
  openWorkspace,
  type Workspace,
} from './workspaces.ts';
export { packagedBinaries } from './postgres-home.ts';
export {
  findMigrationDrift,
  migrateWorkspace,
  type MigrationDrift,
  type ModuleMigrations,
} from './migrate.ts';
export {
  bringUpToDate,
  makeTablesOf,
  modulesAhead,
  readMigrationLevel,
  type MigrationLevel,
} from './migration-level.ts';
export {
  countRows,
  dumpRows,
  holdsRows,
  holdTables,
  listTables,
  loadRows,
  readSequences,
  setSequences,
  type SequencePosition,
  type TableShape,
} from './table-dump.ts';
export { inSnapshot, inTransaction, type Queryable } from './queryable.ts';
export { readFact, writeFact } from './facts.ts';
export {
  acquireFence,
  commitWindows,
  countWindows,
  latestWindow,
  missingWindows,
  type WindowKey,
  type WindowRange,
} from './windows.ts';
export { raiseEvent, readEvents, type DomainEvent, type EventSeverity, type StoredEvent } from './events.ts';
export { createCache, type Cache } from './cache.ts';
export { acquireProcessLock, readProcessLock, type ProcessFacts, type ProcessLock } from './process-lock.ts';
export { requireReadable } from './folders.ts';
export { createHttp, type Http, type HttpAnswer, type HttpHop, type HttpOptions } from './http.ts';
export { withExclusiveLock } from './exclusive.ts';
export { readJsonFile, writeJsonFile } from './json-file.ts';
export { decodeOnnx } from './onnx/decode.ts';
export { encodeOnnx, encodeOnnxPieces } from './onnx/encode.ts';
export { createGraphBuilder, nodeOf, valueOf, type GraphBuilder } from './onnx/graph-builder.ts';
export {
  ELEMENT,
  floatsOf,
  lazyFloats,
  tensorOf,
  type OnnxGraph,
  type OnnxModel,
  type OnnxNode,
  type OnnxTensor,
} from './onnx/model.ts';
export { onnxUnsupported } from './onnx/errors.ts';
export { quantiseToInt8 } from './onnx/quantise.ts';
export { readSafetensors, toFloats, type SafeTensor } from './onnx/safetensors.ts';
