import type { Moment } from './signal.ts';

/** A fit with some groups of columns, held against `price`; the registry's `AblationVariant` fits. null: not to be had. */
export interface AblationVariantView {
  columns: 'price' | 'price+sentiment' | 'price+social' | 'all';
  accuracy: number | null;
  logLoss: number | null;
  accuracyDifference: number | null;
  low: number | null;
  high: number | null;
  gain: number | null;
  gainLow: number | null;
  gainHigh: number | null;
  mcnemar: number | null;
  dieboldMariano: number | null;
  reason: string | null;
}

/** What the columns of a scorer are worth to an arm at a horizon; the registry's `Ablation` fits. */
export interface AblationView {
  at: Moment;
  modelVersion: string;
  arm: string;
  scorer: string;
  horizonMinutes: number;
  /** The first and the last window that count; null without any. */
  from: Moment | null;
  to: Moment | null;
  n: number;
  seed: number;
  variants: readonly AblationVariantView[];
}
