export { type KnownRange, type RawRecord, type RawValue, type RecordKind, type Source } from './source.ts';
export { openHistoryFolder, type HistoryFile, type HistoryFolder } from './history-folder.ts';
export {
  createSimulator,
  type Injection,
  type SimulatedFeed,
  type Simulator,
  type SimulatorOptions,
} from './simulator.ts';
export { strengthForAccuracy } from './market.ts';
