import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import reference from './fixtures/multinomial-reference.json' with { type: 'json' };
import {
  multinomialLogistic,
  multinomialLogisticSteps,
  type MultinomialFit,
  type MultinomialProblem,
  type SparseRows,
} from './multinomial-logistic.ts';

/** Leaves zeros out. */
function sparse(rows: readonly (readonly number[])[], columnCount: number): SparseRows {
  const starts = [0];
  const columns: number[] = [];
  const values: number[] = [];
  for (const row of rows) {
    row.forEach((value, column) => {
      if (value === 0) return;
      columns.push(column);
      values.push(value);
    });
    starts.push(columns.length);
  }
  return {
    starts: Uint32Array.from(starts),
    columns: Uint32Array.from(columns),
    values: Float32Array.from(values),
    columnCount,
  };
}

const problem = (over: Partial<MultinomialProblem> = {}): MultinomialProblem => ({
  rows: sparse(reference.rows, 4),
  labels: Uint8Array.from(reference.labels),
  classes: 3,
  l2: 1,
  ...over,
});

/** Slope of the objective by each coefficient and intercept, written out plainly. */
function gradientAt({ rows, labels, classes, l2 }: MultinomialProblem, fit: MultinomialFit): number[] {
  const slopes = [...fit.coefficients.map((value) => l2 * value), ...fit.intercepts.map(() => 0)];
  labels.forEach((label, row) => {
    const places = Array.from(
      { length: rows.starts[row + 1]! - rows.starts[row]! },
      (_, k) => rows.starts[row]! + k,
    );
    const odds = Array.from(fit.intercepts, (intercept, k) =>
      places.reduce(
        (sum, at) => sum + rows.values[at]! * fit.coefficients[k * rows.columnCount + rows.columns[at]!]!,
        intercept,
      ),
    );
    const total = odds.reduce((sum, one) => sum + Math.exp(one), 0);
    odds.forEach((one, k) => {
      const residual = Math.exp(one) / total - (k === label ? 1 : 0);
      for (const at of places)
        slopes[k * rows.columnCount + rows.columns[at]!]! += residual * rows.values[at]!;
      slopes[classes * rows.columnCount + k]! += residual;
    });
  });
  return slopes;
}

describe('multinomialLogistic', () => {
  it('finds the coefficients of scikit-learn, whatever the penalty and the weights', () => {
    for (const expected of reference.fits) {
      const weights = expected.weighted ? { weights: Float64Array.from(reference.weights) } : {};
      const fit = multinomialLogistic(problem({ l2: expected.l2, tolerance: 1e-10, ...weights }));
      expect(fit.converged).toBe(true);
      expected.intercepts.forEach((value, place) => expect(fit.intercepts[place]).toBeCloseTo(value, 6));
      expected.coefficients.forEach((value, place) => expect(fit.coefficients[place]).toBeCloseTo(value, 6));
    }
  });

  it('stands where the gradient of the penalised likelihood is zero, whatever the data', () => {
    const row = fc.tuple(fc.integer({ min: -3, max: 3 }), fc.integer({ min: 0, max: 2 }), fc.nat(2));
    fc.assert(
      fc.property(fc.array(row, { minLength: 6, maxLength: 40 }), (drawn) => {
        fc.pre(new Set(drawn.map(([, , label]) => label)).size === 3);
        const given = problem({
          rows: sparse(
            drawn.map(([a, b]) => [a, b]),
            2,
          ),
          labels: Uint8Array.from(drawn, ([, , label]) => label),
          l2: 0.5,
          tolerance: 1e-9,
        });
        for (const slope of gradientAt(given, multinomialLogistic(given)))
          expect(Math.abs(slope)).toBeLessThan(1e-6);
      }),
      { seed: 11, numRuns: 40 },
    );
  });

  it('comes to the same end from the fit of another penalty, in fewer steps', () => {
    const start = multinomialLogistic(problem({ l2: 1.1 }));
    const cold = multinomialLogistic(problem({ tolerance: 1e-9 }));
    const warm = multinomialLogistic(problem({ tolerance: 1e-9, start }));
    expect(warm.steps).toBeLessThan(cold.steps);
    cold.coefficients.forEach((value, place) => expect(warm.coefficients[place]).toBeCloseTo(value, 6));
  });

  it('can be driven a step at a time, each nearer to the end', () => {
    const lengths = [...multinomialLogisticSteps(problem())];
    expect(lengths[0]).toBe(1);
    expect(lengths.at(-1)).toBeLessThan(0.01);
  });

  it('ends and says so where the tolerance is out of reach', () => {
    const fit = multinomialLogistic(problem({ l2: 2, tolerance: 0 }));
    expect(fit.converged).toBe(false);
    expect(fit.coefficients[0]).toBeCloseTo(reference.fits[1]!.coefficients[0]!, 6);
  });

  it.each([
    ['no penalty', { l2: 0 }, 'l2 must be above 0'],
    ['one class', { classes: 1 }, 'at least 2 classes'],
    ['no rows', { labels: new Uint8Array() }, 'no rows'],
    ['labels of another length', { labels: new Uint8Array(3) }, '3 labels need 4 row starts'],
    ['weights of another length', { weights: new Float64Array(3) }, 'as many weights'],
    ['a label that is no class', { classes: 2 }, 'a label is not below 2'],
    ['a column that is not there', { rows: sparse(reference.rows, 3) }, 'a column is not below 3'],
    [
      'a start of another shape',
      {
        start: {
          intercepts: new Float64Array(3),
          coefficients: new Float64Array(3),
          converged: true,
          steps: 0,
        },
      },
      'must have its columns and classes',
    ],
  ] as [string, Partial<MultinomialProblem>, string][])('refuses %s', (_, over, reason) => {
    expect(() => multinomialLogistic(problem(over))).toThrow(reason);
  });
});
