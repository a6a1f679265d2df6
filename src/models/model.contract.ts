import { describe, expect, it } from 'vitest';
import { createRandom, isAppError } from '../core/index.ts';
import { directionOf } from './direction.ts';
import { PAST_RETURN, type FeatureMatrix, type Model, type ModelFamily, type TrainingRows } from './model.ts';

const COLUMNS = ['momentum', 'mood', 'hour_of_week', 'constant', 'absent', PAST_RETURN];

/** Rows in which momentum and the past return tell something of the label; a tenth of the moods is missing. */
export function signalRows(seed: number, count: number): TrainingRows {
  const random = createRandom(seed);
  const values = new Float64Array(count * COLUMNS.length);
  const labels = new Uint8Array(count);
  const futureReturns = new Float64Array(count);
  for (let row = 0; row < count; row += 1) {
    const momentum = random.normal();
    const past = random.normal() * 0.01;
    const mood = random.uniform() < 0.1 ? NaN : random.normal();
    values.set([momentum, mood, row % 168, 7, NaN, past], row * COLUMNS.length);
    futureReturns[row] = 0.002 * momentum - 0.3 * past + 0.01 * random.normal();
    labels[row] = futureReturns[row]! > 0 ? 1 : 0;
  }
  return { columns: COLUMNS, values, count, labels, futureReturns };
}

/** A family with rows to fit it on, and others that it has not seen. */
interface Trial {
  family: ModelFamily;
  training: TrainingRows;
  fresh: TrainingRows;
  fit(rows?: TrainingRows): Model;
}

/** What every family of price models must keep. Call it inside a test file. */
export function describeModelFamily(family: ModelFamily): void {
  const training = signalRows(1, 600);
  const fresh = signalRows(2, 200);
  const fit = (rows: TrainingRows = training) => family.fit(rows, { seed: 5 });
  const trial = { family, training, fresh, fit };
  describe(`${family.name} as a model family`, () => {
    keepsItsBytes(trial);
    readsColumnsByName(trial);
    tellsWhy(trial);
    bearsAnyRows(trial);
    findsNothingInNoise(trial);
  });
}

function keepsItsBytes({ family, training, fresh, fit }: Trial): void {
  it('gives the same model for the same rows and seed', () => {
    expect(fit().toJson()).toEqual(fit().toJson());
    expect(fit().predict(fresh)).toEqual(fit().predict(fresh));
  });

  it('says what decides a fit as plain JSON', () => {
    expect(JSON.parse(JSON.stringify(family.parameters))).toEqual(family.parameters);
  });

  it('is the same model after it was saved and loaded', () => {
    const model = fit();
    const loaded = family.load(JSON.parse(JSON.stringify(model.toJson())));
    expect(loaded.family).toBe(family.name);
    expect(loaded.predict(fresh)).toEqual(model.predict(fresh));
    expect(loaded.toJson()).toEqual(model.toJson());
  });

  it('refuses JSON that is none of its own with MODEL_INVALID', () => {
    const saved = fit().toJson() as Record<string, unknown>;
    const broken = [
      null,
      {},
      [],
      { ...saved, family: 'other' },
      { ...saved, format: 2 },
      { ...saved, more: 1 },
    ];
    for (const json of broken) {
      expect(codeOf(() => family.load(json))).toBe('MODEL_INVALID');
    }
  });

  it('leaves its rows as they were', () => {
    const before = training.values.slice();
    fit().predict(training);
    expect(training.values).toEqual(before);
  });
}

function readsColumnsByName({ family, training, fresh, fit }: Trial): void {
  it('finds columns by name, in whatever order they stand', () => {
    const turned = fit(withColumns(training, [...COLUMNS].reverse()));
    expect(turned.toJson()).toEqual(fit().toJson());
    expect(fit().predict(withColumns(fresh, [...COLUMNS].reverse()))).toEqual(fit().predict(fresh));
  });

  it('names the column that is missing', () => {
    for (const needed of family.columns ?? ['momentum', 'mood']) {
      const without = withColumns(
        fresh,
        COLUMNS.filter((column) => column !== needed),
      );
      expect(() => fit().predict(without)).toThrow(RangeError);
      expect(() => fit().predict(without)).toThrow(needed);
    }
  });
}

function tellsWhy({ fresh, fit }: Trial): void {
  it('explains, where it can, by parts that sum to the log-odds of what it predicts', () => {
    const model = fit();
    const patchy = { ...fresh, values: fresh.values.map((value, place) => (place % 7 ? value : NaN)) };
    const told = model.contributions?.(patchy);
    if (told === undefined) return;
    const { columns, values, bias } = told;
    expect(values.length).toBe(patchy.count * columns.length);
    expect(columns).not.toContain(PAST_RETURN);
    model.predict(patchy).forEach((probability, row) => {
      const own = values.subarray(row * columns.length, (row + 1) * columns.length);
      const sum = own.reduce((all, part) => all + part, bias);
      expect(1 / (1 + Math.exp(-sum))).toBeCloseTo(probability, 6);
    });
    const turned = withColumns(patchy, [...COLUMNS].reverse());
    expect(model.contributions?.(turned)).toEqual(told);
  });
}

function bearsAnyRows({ family, training, fresh, fit }: Trial): void {
  it('gives probabilities for missing, infinite and huge values', () => {
    for (const value of [NaN, Infinity, -Infinity, 1e300, -1e300, 0]) {
      expectProbabilities(fit(), { ...fresh, values: fresh.values.map(() => value) });
    }
    const patchy = {
      ...training,
      values: training.values.map((value, place) => (place % 3 ? value : NaN)),
    };
    expectProbabilities(fit(patchy), fresh);
  });

  it('accepts training rows that are empty, few or of one class', () => {
    const one = {
      ...training,
      labels: new Uint8Array(600).fill(1),
      futureReturns: new Float64Array(600).fill(0.01),
    };
    for (const rows of [signalRows(1, 0), signalRows(1, 1), signalRows(1, 2), one]) {
      const model = fit(rows);
      expectProbabilities(model, fresh);
      expect(family.load(JSON.parse(JSON.stringify(model.toJson()))).predict(fresh)).toEqual(
        model.predict(fresh),
      );
    }
  });

  it('predicts no rows as no probabilities, and each row by itself', () => {
    expect(fit().predict(signalRows(3, 0))).toEqual(new Float64Array(0));
    const together = fit().predict(fresh);
    const single = { columns: COLUMNS, values: fresh.values.slice(0, COLUMNS.length), count: 1 };
    expect(fit().predict(single)[0]).toBe(together[0]);
  });
}

/** For a family that reads weights. */
export function describeWeights(family: ModelFamily): void {
  describe(`${family.name} with weights`, () => {
    const rows = signalRows(3, 600);
    const saved = (training: TrainingRows) => family.fit(training, { seed: 5 }).toJson();

    it('learns the same from weights of one as from none', () => {
      expect(saved({ ...rows, weights: new Float64Array(600).fill(1) })).toEqual(saved(rows));
    });

    it('learns something else where some rows count more', () => {
      const weights = Float64Array.from(rows.labels, (label) => (label === 1 ? 3 : 1));
      const mean = (training: TrainingRows) =>
        family
          .fit(training, { seed: 5 })
          .predict(rows)
          .reduce((sum, p) => sum + p, 0) / 600;
      expect(mean({ ...rows, weights })).toBeGreaterThan(mean(rows) + 0.1);
    });

    it('bears rows that count nothing, all of them included', () => {
      for (const rest of [0, 1]) {
        const weights = Float64Array.from(rows.labels, (_, row) => (row % 2) * rest);
        expectProbabilities(family.fit({ ...rows, weights }, { seed: 5 }), rows);
      }
    });
  });
}

function findsNothingInNoise({ fit }: Trial): void {
  it('has no skill on shuffled labels', () => {
    const shuffled = withShuffledTruth(signalRows(7, 8000), 11);
    const half = 4000;
    const model = fit(sliced(shuffled, 0, half));
    const unseen = sliced(shuffled, half, 2 * half);
    const hits = [...model.predict(unseen)].filter(
      (probability, row) => (directionOf(probability) === 'up' ? 1 : 0) === unseen.labels[row],
    ).length;
    // Four standard errors of a fair coin thrown 4,000 times.
    expect(Math.abs(hits / half - 0.5)).toBeLessThan((4 * 0.5) / Math.sqrt(half));
  });
}

function expectProbabilities(model: Model, rows: FeatureMatrix): void {
  const probabilities = model.predict(rows);
  expect(probabilities.length).toBe(rows.count);
  expect(probabilities.every((probability) => probability >= 0 && probability <= 1)).toBe(true);
}

function codeOf(action: () => unknown): string {
  try {
    action();
  } catch (error) {
    return isAppError(error) ? error.code : 'no code';
  }
  return 'no error';
}

function withColumns<Rows extends FeatureMatrix>(rows: Rows, columns: readonly string[]): Rows {
  const values = new Float64Array(rows.count * columns.length);
  for (let row = 0; row < rows.count; row += 1) {
    columns.forEach((column, place) => {
      values[row * columns.length + place] =
        rows.values[row * rows.columns.length + rows.columns.indexOf(column)] ?? NaN;
    });
  }
  return { ...rows, columns, values };
}

function sliced(rows: TrainingRows, first: number, end: number): TrainingRows {
  const width = rows.columns.length;
  return {
    columns: rows.columns,
    values: rows.values.slice(first * width, end * width),
    count: end - first,
    labels: rows.labels.slice(first, end),
    futureReturns: rows.futureReturns.slice(first, end),
  };
}

/** Labels and future returns in an order of their own (Fisher, Yates). */
function withShuffledTruth(rows: TrainingRows, seed: number): TrainingRows {
  const random = createRandom(seed);
  const order = Array.from({ length: rows.count }, (_, row) => row);
  for (let row = rows.count - 1; row > 0; row -= 1) {
    const other = random.integer(row + 1);
    [order[row], order[other]] = [order[other]!, order[row]!];
  }
  return {
    ...rows,
    labels: Uint8Array.from(order, (row) => rows.labels[row]!),
    futureReturns: Float64Array.from(order, (row) => rows.futureReturns[row]!),
  };
}
