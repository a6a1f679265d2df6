import { parentPort } from 'node:worker_threads';
import { tellFitError, type ToldError } from './errors.ts';
import { MODEL_FAMILIES, type FamilyName } from './families.ts';
import type { TrainingRows } from './model.ts';

/** What a thread of the fit pool is asked to fit. */
export interface FitOrder {
  family: string;
  rows: TrainingRows;
  seed: number;
}

/** The saved model as JSON text, or what the fit threw. */
export type FitAnswer = { saved: string } | { error: ToldError };

parentPort?.on('message', (order: FitOrder) => {
  parentPort?.postMessage(answerTo(order));
});

function answerTo({ family, rows, seed }: FitOrder): FitAnswer {
  try {
    return { saved: JSON.stringify(MODEL_FAMILIES[family as FamilyName].fit(rows, { seed }).toJson()) };
  } catch (error) {
    return { error: tellFitError(error) };
  }
}
