import type { DeployedModels } from '../../prediction/index.ts';

/** How long new models are watched (whichever ends first), and how many failures are too many. */
export interface WatchBounds {
  failures: number;
  answers: number;
  forMs: number;
}

/** Counts the first answers of new models. */
export function createWatch(bounds: WatchBounds, stopwatch: () => number) {
  let watched: { models: DeployedModels; until: number } | null = null;
  let failures = 0;
  let answers = 0;

  function isWatched(models: DeployedModels): boolean {
    if (watched !== null && (answers >= bounds.answers || stopwatch() > watched.until)) watched = null;
    return watched?.models === models;
  }

  return {
    begin(models: DeployedModels): void {
      watched = { models, until: stopwatch() + bounds.forMs };
      failures = 0;
      answers = 0;
    },
    answered(models: DeployedModels): void {
      if (watched?.models === models) answers += 1;
    },
    /** @returns true once, when there were too many */
    failed(models: DeployedModels): boolean {
      if (!isWatched(models)) return false;
      answers += 1;
      failures += 1;
      if (failures < bounds.failures) return false;
      watched = null;
      return true;
    },
  };
}
