import { describe, expect, it } from 'vitest';
import { createRandom } from '../core/index.ts';
import { areaUnderRoc } from '../stats/index.ts';
import reference from './fixtures/logistic-reference.json' with { type: 'json' };
import { describeWeights, signalRows } from './model.contract.ts';
import { logistic } from './logistic.ts';
import type { TrainingRows } from './model.ts';

interface Saved {
  terms: { column: string; form: string; coefficient: number }[];
}

function savedOf(rows: TrainingRows): Saved {
  return logistic.fit(rows, { seed: 1 }).toJson() as Saved;
}

function rowsOf(columns: Record<string, number[]>, labels: number[]): TrainingRows {
  const names = Object.keys(columns);
  return {
    columns: names,
    values: Float64Array.from(labels.flatMap((_, row) => names.map((name) => columns[name]![row]!))),
    count: labels.length,
    labels: Uint8Array.from(labels),
    futureReturns: new Float64Array(labels.length),
  };
}

describeWeights(logistic);

describe('logistic', () => {
  it('equals a scikit-learn pipeline of the same scaling, indicators and penalty', () => {
    const withGaps = reference.columns.map((column) => column.map((value) => value ?? NaN));
    const rows = rowsOf(
      { first: withGaps[0]!, second: withGaps[1]!, hour_of_week: withGaps[2]! },
      reference.labels,
    );
    const probabilities = logistic.fit(rows, { seed: 1 }).predict(rows);
    reference.probabilities.forEach((expected, row) => expect(probabilities[row]).toBeCloseTo(expected, 10));
  });

  it('drops columns that tell nothing and adds an indicator only where training values were missing', () => {
    const terms = savedOf(signalRows(1, 500)).terms.map(({ column, form }) => `${column} ${form}`);
    expect(terms).toEqual([
      'hour_of_week weekSine',
      'hour_of_week weekCosine',
      'hour_of_week daySine',
      'hour_of_week dayCosine',
      'momentum value',
      'mood value',
      'mood missing',
    ]);
  });

  it('takes an unseen missing value as the mean', () => {
    const random = createRandom(4);
    const values = Array.from({ length: 200 }, () => random.normal());
    const rows = rowsOf(
      { x: values },
      values.map((value) => (value + random.normal() > 0 ? 1 : 0)),
    );
    const model = logistic.fit(rows, { seed: 1 });
    const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
    const [atMean, atMissing] = model.predict(rowsOf({ x: [mean, NaN] }, [0, 0]));
    expect(atMissing).toBeCloseTo(atMean!, 12);
  });

  it('lets no value carry a prediction further than eight standard deviations do', () => {
    const rows = signalRows(1, 500);
    const model = logistic.fit(rows, { seed: 1 });
    const at = (momentum: number) =>
      model.predict({
        columns: rows.columns,
        values: Float64Array.of(momentum, 0, 0, 7, NaN, 0),
        count: 1,
      })[0]!;
    expect(at(1e9)).toBe(at(100));
    expect(at(1e9)).toBeGreaterThan(at(5));
  });

  it('finds a planted signal', () => {
    const fresh = signalRows(9, 2000);
    const probabilities = logistic.fit(signalRows(1, 2000), { seed: 1 }).predict(fresh);
    // Momentum correlates by 0.19 with the return: an accuracy of 0.5 + asin(0.19) / pi = 0.56, an area above that.
    expect(areaUnderRoc(probabilities, fresh.labels)).toBeGreaterThan(0.55);
  });

  it('learns an hour of the week as a point on a circle', () => {
    const hours = Array.from({ length: 168 * 20 }, (_, row) => row % 168);
    // Up around Monday 00:00 on both sides of the turn of the week, down opposite.
    const labels = hours.map((hour) => (hour < 42 || hour >= 126 ? 1 : 0));
    const model = logistic.fit(rowsOf({ hour_of_week: hours }, labels), { seed: 1 });
    const [first, last, middle] = model.predict(rowsOf({ hour_of_week: [0, 167, 84] }, [0, 0, 0]));
    expect(first).toBeGreaterThan(0.8);
    expect(last).toBeGreaterThan(0.8);
    expect(middle).toBeLessThan(0.2);
  });

  it('explains a row by coefficient times standardised value, the parts of a column added up', () => {
    const rows = signalRows(1, 500);
    const model = logistic.fit(rows, { seed: 1 });
    const { terms, intercept } = model.toJson() as {
      intercept: number;
      terms: { column: string; form: string; centre: number; spread: number; coefficient: number }[];
    };
    const { columns, values, bias } = model.contributions!(rows);
    expect(bias).toBe(intercept);
    expect(columns).toEqual(['hour_of_week', 'momentum', 'mood']);
    const momentum = terms.find(({ column }) => column === 'momentum')!;
    const raw = rows.values[rows.columns.indexOf('momentum')]!;
    const expected = (momentum.coefficient * (raw - momentum.centre)) / momentum.spread;
    expect(values[1]).toBeCloseTo(expected, 12);
    // A missing mood: the mean, and what its indicator adds.
    const gap = Array.from({ length: 500 }, (_, row) => row).find((row) =>
      Number.isNaN(rows.values[row * rows.columns.length + rows.columns.indexOf('mood')]),
    )!;
    const indicator = terms.find(({ form }) => form === 'missing')!;
    expect(values[gap * 3 + 2]).toBeCloseTo(indicator.coefficient, 12);
  });
});
