import type { Model, TrainingRows } from './model.ts';

/** Fits families away from the event loop. */
export interface FitPool {
  /**
   * Fits a family by its name in `MODEL_FAMILIES` in a worker thread; as many at once as there are threads.
   * @returns the model, loaded from what the worker saved: the same as a fit in this thread
   */
  fit(family: string, rows: TrainingRows, options: { seed: number }): Promise<Model>;
  /** Ends the threads. */
  close(): Promise<void>;
}
