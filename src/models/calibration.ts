import { z } from 'zod';
import { isotonicRegression, isotonicValue, plattScaling, sigmoid } from '../stats/index.ts';
import type { FeatureMatrix, Model, TrainingRows } from './model.ts';

/** Ways to calibrate what a family says; `none` leaves it as it is. */
export const CALIBRATION_NAMES = ['none', 'platt', 'isotonic'] as const;
export type CalibrationName = (typeof CALIBRATION_NAMES)[number];

/** How a family calibrates: on the newest rows, which it has not learnt from. */
export interface CalibrationParameters {
  method: Exclude<CalibrationName, 'none'>;
  /** With fewer held-back rows than this nothing is calibrated, and the model says so. */
  fewestRows: number;
}

/** What is asked for where nobody says otherwise: two numbers are learnt from some hundred rows, a free curve is not. */
const FEWEST_ROWS = { platt: 500, isotonic: 2_000 } as const;

const held = { rows: z.number().int().min(0) };
const curve = z.array(z.number()).min(1);

/** A calibration as models save it. `rows`: how many held-back ones it was fitted on, or would have been. */
export const CALIBRATION = z.discriminatedUnion('method', [
  z.strictObject({ method: z.literal('identity'), ...held }),
  z.strictObject({ method: z.literal('platt'), slope: z.number().min(0), intercept: z.number(), ...held }),
  z
    .strictObject({ method: z.literal('isotonic'), x: curve, y: curve, ...held })
    .refine(({ x, y }) => x.length === y.length && rises(x) && rises(y) && isShare(y), {
      error: 'is no curve of probabilities that never falls',
    }),
]);
export type Calibration = z.infer<typeof CALIBRATION>;

/** What a model says of rows that it has not learnt from, and what was true. */
export interface HeldBackRows {
  /** P(up), shape (n). */
  probabilities: Float64Array;
  /** 1 = up, 0 = down, shape (n). */
  labels: Uint8Array;
}

/** The parameters of a method, null for `none`. */
export function calibrationParameters(name: CalibrationName): CalibrationParameters | null {
  return name === 'none' ? null : { method: name, fewestRows: FEWEST_ROWS[name] };
}

/** @throws RangeError naming what is out of its range */
export function requireCalibration({ method, fewestRows }: CalibrationParameters): void {
  if (!(['platt', 'isotonic'] as string[]).includes(method)) {
    throw new RangeError(`a calibration is platt or isotonic, got ${method}`);
  }
  if (!(Number.isInteger(fewestRows) && fewestRows >= 2)) {
    throw new RangeError(`fewestRows of a calibration is an integer from 2 on, got ${fewestRows}`);
  }
}

/**
 * Learns how probabilities are to be corrected. Platt's sigmoid is laid over the log-odds; one that falls would turn the
 * model's order around, so the best constant takes its place. The isotonic curve ends where Laplace's rule of succession
 * does, since no hundred rows show that something cannot happen.
 * @returns the identity where there are too few rows, or where the model says the same of all of them
 * @throws RangeError when the shapes differ or a probability is none
 * @see Platt (1999), Probabilistic Outputs for Support Vector Machines; Zadrozny, Elkan (2002), Transforming classifier
 *   scores into accurate multiclass probability estimates, KDD
 */
export function fitCalibration(
  { method, fewestRows }: CalibrationParameters,
  { probabilities, labels }: HeldBackRows,
): Calibration {
  const rows = labels.length;
  if (probabilities.length !== rows) {
    throw new RangeError(`${probabilities.length} probabilities, but ${rows} labels`);
  }
  const odd = probabilities.find((probability) => !(probability >= 0 && probability <= 1));
  if (odd !== undefined) throw new RangeError(`a probability lies in 0..1, got ${odd}`);
  const isConstant = probabilities.every((probability) => probability === probabilities[0]);
  if (rows < fewestRows || isConstant) return { method: 'identity', rows };
  if (method === 'isotonic') {
    const least = 1 / (rows + 2);
    const { x, y } = isotonicRegression({ x: probabilities, y: labels });
    return { method, x: [...x], y: Array.from(y, (value) => within(value, least)), rows };
  }
  const scores = probabilities.map(logOddsOf);
  const rising = plattScaling({ scores, labels });
  const { slope, intercept } =
    rising.slope > 0 ? rising : { ...plattScaling({ scores: scores.fill(0), labels }), slope: 0 };
  return { method, slope, intercept, rows };
}

/** Corrects probabilities. @returns shape (n), in 0..1; they never change places */
export function calibrate(calibration: Calibration | null, probabilities: Float64Array): Float64Array {
  if (calibration === null || calibration.method === 'identity') return probabilities;
  if (calibration.method === 'platt') {
    const { slope, intercept } = calibration;
    return probabilities.map((probability) => sigmoid(slope * logOddsOf(probability) + intercept));
  }
  const curve = { x: Float64Array.from(calibration.x), y: Float64Array.from(calibration.y) };
  return probabilities.map((probability) => isotonicValue(curve, probability));
}

/**
 * A model whose answers are corrected. What its columns do to the log-odds is stretched along by Platt's sigmoid; a
 * curve is no sum of parts, so that an isotonic one leaves no exact answer.
 */
export function calibrated(model: Model, calibration: Calibration | null): Model {
  if (calibration === null || calibration.method === 'identity') return model;
  const { contributions, ...rest } = model;
  const corrected = {
    ...rest,
    predict: (rows: FeatureMatrix) => calibrate(calibration, model.predict(rows)),
  };
  if (contributions === undefined || calibration.method === 'isotonic') return corrected;
  const { slope, intercept } = calibration;
  return {
    ...corrected,
    contributions(rows) {
      const { columns, values, bias } = contributions(rows);
      return { columns, values: values.map((value) => slope * value), bias: slope * bias + intercept };
    },
  };
}

/** Rows from `first` on and before `end`, as views. */
export function rowsBetween(rows: TrainingRows, first: number, end: number): TrainingRows {
  const width = rows.columns.length;
  return {
    columns: rows.columns,
    values: rows.values.subarray(first * width, end * width),
    count: end - first,
    labels: rows.labels.subarray(first, end),
    futureReturns: rows.futureReturns.subarray(first, end),
    ...(rows.weights && { weights: rows.weights.subarray(first, end) }),
  };
}

/** Of exactly 0 or 1 those of the double beside it, which are finite. */
function logOddsOf(probability: number): number {
  const inside = within(probability, Number.EPSILON);
  return Math.log(inside / (1 - inside));
}

function within(value: number, least: number): number {
  return Math.min(1 - least, Math.max(least, value));
}

function rises(values: readonly number[]): boolean {
  return values.every((value, place) => place === 0 || value >= (values[place - 1] ?? NaN));
}

function isShare(values: readonly number[]): boolean {
  return values.every((value) => value >= 0 && value <= 1);
}
