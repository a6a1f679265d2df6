import { z } from 'zod';
import { PAST_RETURN, type FeatureMatrix, type Model, type ModelFamily, type TrainingRows } from './model.ts';
import { columnPlaces } from './rows.ts';
import { parseSaved } from './saved.ts';

/** P(up) of a model that always takes one side, where its rows would not bear that side out. */
const LEAST_CONVICTION = 0.501;

const SAVED = z.strictObject({
  family: z.string(),
  format: z.literal(1),
  afterUp: z.number().min(0).max(1),
  afterDown: z.number().min(0).max(1),
  otherwise: z.number().min(0).max(1),
});

/** P(up) by the sign of the past return; `otherwise` where that is zero or missing. */
interface SignTable {
  afterUp: number;
  afterDown: number;
  otherwise: number;
}

/** How often the price rose, by the sign before. */
interface SignCounts {
  afterUp: Count;
  afterDown: Count;
  all: Count;
}

interface Count {
  rows: number;
  ups: number;
}

/** Says the label that was more frequent in its rows; P(up) is their share of ups. */
export const majority = signFamily('majority', [], ({ all }) => constant(share(all)));

/** Always says up. */
export const alwaysUp = signFamily('always-up', [], ({ all }) => {
  return constant(Math.max(LEAST_CONVICTION, share(all)));
});

/**
 * Says that the last direction goes on; its conviction is the share of rows in which it did. Without a last direction
 * it says what the majority says.
 */
export const lastSign = signFamily('last-sign', [PAST_RETURN], ({ afterUp, afterDown, all }) => {
  const wentOn = { rows: afterUp.rows + afterDown.rows, ups: afterUp.ups + afterDown.rows - afterDown.ups };
  const conviction = Math.max(LEAST_CONVICTION, share(wentOn));
  return { afterUp: conviction, afterDown: 1 - conviction, otherwise: share(all) };
});

/** Says what followed the last direction more often in its rows; without a last direction what the majority says. */
export const signTable = signFamily('sign-table', [PAST_RETURN], ({ afterUp, afterDown, all }) => {
  return { afterUp: share(afterUp), afterDown: share(afterDown), otherwise: share(all) };
});

function signFamily(
  name: string,
  columns: readonly string[],
  learn: (counts: SignCounts) => SignTable,
): ModelFamily {
  return {
    name,
    columns,
    parameters: {},
    fit: (rows) => signModel(name, columns, learn(countSigns(rows, columns))),
    load(json) {
      const { afterUp, afterDown, otherwise } = parseSaved(
        name,
        SAVED.extend({ family: z.literal(name) }),
        json,
      );
      return signModel(name, columns, { afterUp, afterDown, otherwise });
    },
  };
}

function signModel(family: string, columns: readonly string[], table: SignTable): Model {
  return {
    family,
    predict: (rows) => pastReturns(rows, columns).map((past) => lookUp(table, past)),
    toJson: () => ({ family, format: 1, ...table }),
  };
}

function countSigns(rows: TrainingRows, columns: readonly string[]): SignCounts {
  const counts = { afterUp: none(), afterDown: none(), all: none() };
  pastReturns(rows, columns).forEach((past, row) => {
    const up = rows.labels[row] ?? 0;
    const before = past > 0 ? counts.afterUp : past < 0 ? counts.afterDown : null;
    for (const count of before === null ? [counts.all] : [counts.all, before]) {
      count.rows += 1;
      count.ups += up;
    }
  });
  return counts;
}

/** The past return of each row; NaN for families that do not read it. */
function pastReturns(rows: FeatureMatrix, columns: readonly string[]): Float64Array {
  const past = new Float64Array(rows.count).fill(NaN);
  const [place] = columnPlaces(rows, columns);
  if (place === undefined) return past;
  return past.map((_, row) => rows.values[row * rows.columns.length + place] ?? NaN);
}

function lookUp({ afterUp, afterDown, otherwise }: SignTable, past: number): number {
  return past > 0 ? afterUp : past < 0 ? afterDown : otherwise;
}

/** Laplace's rule of succession: never 0 or 1, and on the same side of 0.5 as the plain share. */
function share({ rows, ups }: Count): number {
  return (ups + 1) / (rows + 2);
}

function constant(probability: number): SignTable {
  return { afterUp: probability, afterDown: probability, otherwise: probability };
}

function none(): Count {
  return { rows: 0, ups: 0 };
}
