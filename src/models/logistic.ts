import { z } from 'zod';
import { logisticRegression, sigmoid } from '../stats/index.ts';
import {
  CALIBRATION,
  calibrated,
  fitCalibration,
  requireCalibration,
  rowsBetween,
  type CalibrationParameters,
} from './calibration.ts';
import {
  PAST_RETURN,
  type Contributions,
  type FeatureMatrix,
  type Model,
  type ModelFamily,
  type TrainingRows,
} from './model.ts';
import { columnPlaces } from './rows.ts';
import { parseSaved } from './saved.ts';

/**
 * Penalty on the squared coefficients of standardised columns. It is the normal prior with a standard deviation of 0.1:
 * one standard deviation of a feature is expected to move P(up) by about 2.5 points, as much as these horizons bear.
 */
const L2 = 100;

/** How the family `logistic` learns. */
export interface LogisticParameters {
  /** Strength of the ridge penalty on the coefficients of standardised columns. */
  l2: number;
  /** Corrects probabilities by what the newest rows say of a fit without them; left out: not at all. */
  calibration?: CalibrationParameters;
  /** The newest share of the rows, on which a calibration is fitted; as trees hold rows back where left out. */
  judgingShare?: number;
  /** Rows left out before those, whose labels may reach into them; as with trees where left out. */
  gapRows?: number;
}

/** As `trees` hold rows back. */
const HELD_BACK = { judgingShare: 0.15, gapRows: 96 };

export const LOGISTIC_DEFAULTS: LogisticParameters = { l2: L2 };

/** Standardised values end here, in training and in prediction, so that no outlier carries a prediction alone. */
const FURTHEST = 8;

/** Its hours run in a circle of 168; a straight line through them would put Monday opposite Sunday. */
const HOUR_OF_WEEK = 'hour_of_week';

const HOUR_ANGLE = { week: (2 * Math.PI) / 168, day: (2 * Math.PI) / 24 };

/** What the terms of a circle make of an hour. */
const FORMS = {
  weekSine: (hour: number) => Math.sin(hour * HOUR_ANGLE.week),
  weekCosine: (hour: number) => Math.cos(hour * HOUR_ANGLE.week),
  daySine: (hour: number) => Math.sin(hour * HOUR_ANGLE.day),
  dayCosine: (hour: number) => Math.cos(hour * HOUR_ANGLE.day),
};

const CIRCLE = ['weekSine', 'weekCosine', 'daySine', 'dayCosine'] as const;

const TERM = z.strictObject({
  column: z.string().min(1),
  /** `missing` is the indicator: 1 where the value is missing, else 0. */
  form: z.enum(['value', 'missing', ...CIRCLE]),
  /** Mean and standard deviation of the form over the training rows. */
  centre: z.number(),
  spread: z.number().positive(),
  coefficient: z.number(),
});

const SAVED = z.strictObject({
  family: z.literal('logistic'),
  format: z.literal(1),
  intercept: z.number(),
  terms: z.array(TERM),
  /** Where it was asked for. */
  calibration: CALIBRATION.optional(),
});

type Saved = z.infer<typeof SAVED>;
type Term = Omit<z.infer<typeof TERM>, 'coefficient'>;

/**
 * A family of logistic regressions with a penalty of its own, calibrated where asked for: a fit without the newest rows
 * says how its probabilities are off on them, and the fit on all rows is corrected by that.
 * @throws RangeError when the penalty is negative or not finite, or a calibration is none
 */
export function createLogistic(parameters: LogisticParameters): ModelFamily {
  const { l2, ...others } = parameters;
  const { calibration } = others;
  if (!(l2 >= 0 && l2 < Infinity)) throw new RangeError(`l2 is a finite number from 0, got ${l2}`);
  if (calibration !== undefined) requireCalibration(calibration);
  const heldBack = calibration === undefined ? {} : HELD_BACK;
  return {
    name: 'logistic',
    columns: null,
    parameters: { l2, furthest: FURTHEST, ...heldBack, ...others },
    fit: (rows) => logisticModel(fitLogistic(rows, parameters)),
    load: (json) => logisticModel(parseSaved('logistic', SAVED, json)),
  };
}

/**
 * Logistic regression on all columns but `past_return`. Each is standardised by the training rows and ends at eight
 * standard deviations; a missing (or infinite) value becomes the mean, and where the training rows had one, an
 * indicator column says so. A column that is constant or missing throughout is dropped. `hour_of_week` enters as sine
 * and cosine of the week and of the day. Ridge penalty of strength 100 on the coefficients, free intercept.
 */
export const logistic: ModelFamily = createLogistic(LOGISTIC_DEFAULTS);

/** `logistic` with calibrated probabilities. */
export function calibratedLogistic(calibration: CalibrationParameters): ModelFamily {
  return createLogistic({ ...LOGISTIC_DEFAULTS, calibration });
}

function fitLogistic(rows: TrainingRows, parameters: LogisticParameters): Saved {
  const { l2, calibration, judgingShare, gapRows } = { ...HELD_BACK, ...parameters };
  const saved = fitTerms(rows, l2);
  if (calibration === undefined) return saved;
  const first = rows.count - Math.floor(rows.count * judgingShare);
  const learnt = fitTerms(rowsBetween(rows, 0, Math.max(0, first - gapRows)), l2);
  const held = rowsBetween(rows, first, rows.count);
  const probabilities = logisticModel(learnt).predict(held);
  return { ...saved, calibration: fitCalibration(calibration, { probabilities, labels: held.labels }) };
}

function fitTerms(rows: TrainingRows, l2: number): Saved {
  const planned = planColumns(rows);
  const { intercept, coefficients } = logisticRegression({
    columns: planned.map(({ values }) => values),
    labels: rows.labels,
    weights: rows.weights,
    l2,
  });
  const terms = planned.map(({ term }, place) => ({ ...term, coefficient: coefficients[place] ?? 0 }));
  return { family: 'logistic', format: 1, intercept, terms };
}

function logisticModel(saved: Saved): Model {
  const plain: Model = {
    family: 'logistic',
    predict(rows) {
      const logOdds = new Float64Array(rows.count).fill(saved.intercept);
      for (const term of saved.terms) {
        const values = standardised(shaped(rawColumn(rows, term.column), term.form), term);
        for (let row = 0; row < rows.count; row += 1) {
          logOdds[row] = (logOdds[row] ?? 0) + term.coefficient * (values[row] ?? 0);
        }
      }
      return logOdds.map(sigmoid);
    },
    contributions: (rows) => contributionsOf(saved, rows),
    columnWeights: () => weightsOf(saved),
    toJson: () => structuredClone(saved),
  };
  return calibrated(plain, saved.calibration ?? null);
}

/** Sizes of the coefficients of standardised forms, those of a column added up. */
function weightsOf({ terms }: Saved): Map<string, number> {
  const weights = new Map<string, number>();
  for (const { column, coefficient } of terms) {
    weights.set(column, (weights.get(column) ?? 0) + Math.abs(coefficient));
  }
  return weights;
}

/** Coefficient times standardised form, the terms of a column added up; a row of means has 0 throughout. */
function contributionsOf({ intercept, terms }: Saved, rows: FeatureMatrix): Contributions {
  const columns = [...new Set(terms.map(({ column }) => column))];
  const values = new Float64Array(rows.count * columns.length);
  for (const term of terms) {
    const place = columns.indexOf(term.column);
    const own = standardised(shaped(rawColumn(rows, term.column), term.form), term);
    for (let row = 0; row < rows.count; row += 1) {
      const at = row * columns.length + place;
      values[at] = (values[at] ?? 0) + term.coefficient * (own[row] ?? 0);
    }
  }
  return { columns, values, bias: intercept };
}

/** The terms of a fit with their columns; sorted by name, so that the order of the columns does not reach the arithmetic. */
function planColumns(rows: TrainingRows): { term: Term; values: Float64Array }[] {
  const columns = rows.columns.filter((column) => column !== PAST_RETURN).sort();
  return columns.flatMap((column) => {
    const raw = rawColumn(rows, column);
    const forms = column === HOUR_OF_WEEK ? CIRCLE : (['value'] as const);
    const planned = forms.flatMap((form) => {
      const values = shaped(raw, form);
      const term = { column, form, ...momentsOf(values) };
      const varies = Number.isFinite(term.spread) && term.spread > 1e-12 * Math.abs(term.centre);
      return varies ? [{ term, values: standardised(values, term) }] : [];
    });
    const missing = shaped(raw, 'missing');
    const missesSome = missing.includes(1) && missing.includes(0);
    const indicator = { column, form: 'missing', centre: 0, spread: 1 } as const;
    return missesSome ? [...planned, { term: indicator, values: missing }] : planned;
  });
}

/** Mean and standard deviation of the values that are there. */
function momentsOf(values: Float64Array): { centre: number; spread: number } {
  let count = 0;
  let sum = 0;
  for (let row = 0; row < values.length; row += 1) {
    const value = values[row] ?? NaN;
    if (Number.isNaN(value)) continue;
    count += 1;
    sum += value;
  }
  const centre = sum / count;
  let squares = 0;
  for (let row = 0; row < values.length; row += 1) {
    const value = values[row] ?? NaN;
    if (!Number.isNaN(value)) squares += (value - centre) ** 2;
  }
  return { centre, spread: Math.sqrt(squares / count) };
}

/** A form of the raw values, a missing one staying NaN. */
function shaped(raw: Float64Array, form: Term['form']): Float64Array {
  if (form === 'value') return raw;
  return form === 'missing' ? raw.map((value) => (Number.isNaN(value) ? 1 : 0)) : raw.map(FORMS[form]);
}

function standardised(values: Float64Array, { centre, spread }: Term): Float64Array {
  const scaled = new Float64Array(values.length);
  for (let row = 0; row < values.length; row += 1) {
    const distance = ((values[row] ?? NaN) - centre) / spread;
    scaled[row] = Number.isNaN(distance) ? 0 : Math.max(-FURTHEST, Math.min(FURTHEST, distance));
  }
  return scaled;
}

/** A column by its name; infinities count as missing. */
function rawColumn(rows: FeatureMatrix, column: string): Float64Array {
  const [place = 0] = columnPlaces(rows, [column]);
  const width = rows.columns.length;
  const raw = new Float64Array(rows.count);
  for (let row = 0; row < rows.count; row += 1) {
    const value = rows.values[row * width + place] ?? NaN;
    raw[row] = Number.isFinite(value) ? value : NaN;
  }
  return raw;
}
