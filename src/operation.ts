import type { Models, Storage } from './compose.ts';
import type { Clock, Config, EpochMs, Log } from './core/index.ts';
import type { LearningSettings } from './learning.ts';
import type { FitPool } from './models/index.ts';
import type { PresentWindow } from './pricing.ts';
import type { ModelRouter } from './serving/index.ts';
import type { OpenScorers } from './scorers.ts';
import type { WorkspaceRun } from './window-run.ts';

/** Why windows are not being decided. */
export interface OperationFailure {
  reason: string;
  remedy: string;
  /** True when nothing is tried again until somebody does something. */
  isLasting: boolean;
}

/** A running system as the API sees it: what it is doing, and where its parts are once they stand. */
export interface Operation {
  readonly config: Config;
  readonly mode: 'live' | 'history' | 'simulated';
  readonly isSimulated: boolean;
  readonly barMinutes: number;
  /** The lanes and arms of this run; what its scorers are is settled before its storage is. */
  models: Models;
  readonly scorers: OpenScorers;
  readonly workspaceName: string;
  readonly settings: LearningSettings;
  readonly pool: FitPool;
  readonly log: Log;
  clock: Clock;
  /** How the clock moves: by itself, window by window, or not at all. */
  pace: { state: 'running' | 'playing' | 'standing'; windowsPerSecond: number | null };
  storage: Storage | null;
  run: WorkspaceRun | null;
  /** The newest window with predictions; null before the first. */
  lastWindow: EpochMs | null;
  /** What a text is tried on; null before the first window. */
  present: PresentWindow | null;
  /** What answers come from once the catch-up is over. */
  router: ModelRouter | null;
  /** Windows and predictions in the workspace. */
  windows: number;
  predictions: number;
  /** What is being worked on before the first answer. */
  progress: { phrase: string; share: number } | null;
  /** Why windows are not being decided, and what to do; null while they are. */
  failure: OperationFailure | null;
}
