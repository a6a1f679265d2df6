import { ar1 } from './ar1.ts';
import { trees } from './boosted-trees/trees.ts';
import { logistic } from './logistic.ts';
import { alwaysUp, lastSign, majority, signTable } from './sign-baselines.ts';

/** Every price family by its name; the word before the `+` of an arm, or after its `baseline-`. */
export const MODEL_FAMILIES = {
  majority,
  'last-sign': lastSign,
  'sign-table': signTable,
  'always-up': alwaysUp,
  ar1,
  logistic,
  trees,
} as const;

/** Name of a price family. */
export type FamilyName = keyof typeof MODEL_FAMILIES;

/** The families that a model has to beat. */
export const BASELINE_NAMES = [
  'majority',
  'last-sign',
  'sign-table',
  'always-up',
  'ar1',
] as const satisfies FamilyName[];
