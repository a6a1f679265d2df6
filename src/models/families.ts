import { ar1 } from './ar1.ts';
import { calibratedTrees, trees } from './boosted-trees/trees.ts';
import { calibrationParameters, type CalibrationName } from './calibration.ts';
import { calibratedLogistic, logistic } from './logistic.ts';
import type { ModelFamily } from './model.ts';
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

/** Families whose probabilities can be calibrated. */
const CALIBRATED = { trees: calibratedTrees, logistic: calibratedLogistic } as const;

/**
 * A family with calibrated probabilities; `none` is the family as it is.
 * @throws RangeError when the family cannot be calibrated
 */
export function calibratedFamily(name: FamilyName, calibration: CalibrationName): ModelFamily {
  const parameters = calibrationParameters(calibration);
  if (parameters === null) return MODEL_FAMILIES[name];
  if (name !== 'trees' && name !== 'logistic') {
    throw new RangeError(`${name} is not calibrated; these can be: ${Object.keys(CALIBRATED).join(', ')}`);
  }
  return CALIBRATED[name](parameters);
}
