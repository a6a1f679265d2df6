import { z } from 'zod';
import { normalCdf } from '../stats/index.ts';
import { PAST_RETURN, type Model, type ModelFamily, type TrainingRows } from './model.ts';
import { columnPlaces } from './rows.ts';
import { parseSaved } from './saved.ts';

/** A line through two points leaves no residual to judge it by. */
const FEWEST_ROWS = 3;
/** Keeps the division finite where the line explains everything. */
const LEAST_SPREAD = 1e-12;

const SAVED = z.strictObject({
  family: z.literal('ar1'),
  format: z.literal(1),
  intercept: z.number(),
  slope: z.number(),
  /** Standard deviation of the residual, log return. */
  spread: z.number().positive(),
  /** Mean past return of the training rows; stands in for a missing one. */
  typicalPast: z.number(),
});

type Saved = z.infer<typeof SAVED>;

/**
 * First-order autoregression at the horizon: the future return is a + b * the past return by least squares, and
 * P(up) = Phi((a + b r) / s) with s the standard deviation of the residual. Without a past return the mean one is taken.
 */
export const ar1: ModelFamily = {
  name: 'ar1',
  columns: [PAST_RETURN],
  parameters: {},
  fit: (rows) => ar1Model(regress(rows)),
  load: (json) => ar1Model(parseSaved('ar1', SAVED, json)),
};

function ar1Model(saved: Saved): Model {
  const { intercept, slope, spread, typicalPast } = saved;
  return {
    family: 'ar1',
    predict(rows) {
      const [place = 0] = columnPlaces(rows, [PAST_RETURN]);
      return new Float64Array(rows.count).map((_, row) => {
        const past = rows.values[row * rows.columns.length + place] ?? NaN;
        return normalCdf((intercept + slope * (Number.isFinite(past) ? past : typicalPast)) / spread);
      });
    },
    toJson: () => ({ ...saved }),
  };
}

function regress(rows: TrainingRows): Saved {
  const [place = 0] = columnPlaces(rows, [PAST_RETURN]);
  const pairs: [number, number][] = [];
  rows.futureReturns.forEach((future, row) => {
    const past = rows.values[row * rows.columns.length + place] ?? NaN;
    if (Number.isFinite(past) && Number.isFinite(future)) pairs.push([past, future]);
  });
  const family = 'ar1';
  const format = 1;
  if (pairs.length < FEWEST_ROWS)
    return { family, format, intercept: 0, slope: 0, spread: 1, typicalPast: 0 };
  const mean = (pick: (pair: [number, number]) => number) =>
    pairs.reduce((sum, pair) => sum + pick(pair), 0) / pairs.length;
  const typicalPast = mean(([past]) => past);
  const typicalFuture = mean(([, future]) => future);
  const variance = mean(([past]) => (past - typicalPast) ** 2);
  const covariance = mean(([past, future]) => (past - typicalPast) * (future - typicalFuture));
  const slope = variance > 0 ? covariance / variance : 0;
  const intercept = typicalFuture - slope * typicalPast;
  const leftOver = mean(([past, future]) => (future - intercept - slope * past) ** 2);
  const spread = Math.max(LEAST_SPREAD, Math.sqrt((leftOver * pairs.length) / (pairs.length - 2)));
  return { family, format, intercept, slope, spread, typicalPast };
}
