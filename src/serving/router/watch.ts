import type { DeployedModels } from '../../prediction/index.ts';

/** How long new models are watched (whichever ends first), and how many failures are too many. */
export interface WatchBounds {
  failures: number;
  answers: number;
  forMs: number;
}

/** Counts the first answers of new models. */
export function createWatch(bounds: WatchBounds, stopwatch: () => number) {
  let watched: { models: DeployedModels; lastGood: number; until: number } | null = null;
  let failures = 0;
  let answers = 0;

  function isWatched(models: DeployedModels): boolean {
    if (watched !== null && (answers >= bounds.answers || stopwatch() > watched.until)) watched = null;
    return watched?.models === models;
  }

  return {
    begin(models: DeployedModels, lastGood: number): void {
      watched = { models, lastGood, until: stopwatch() + bounds.forMs };
      failures = 0;
      answers = 0;
    },
    answered(models: DeployedModels): void {
      if (watched?.models === models) answers += 1;
    },
    /** @returns the entry to go back to, once, when there were too many; else null */
    failed(models: DeployedModels): number | null {
      if (!isWatched(models) || watched === null) return null;
      answers += 1;
      failures += 1;
      if (failures < bounds.failures) return null;
      const { lastGood } = watched;
      watched = null;
      return lastGood;
    },
  };
}
