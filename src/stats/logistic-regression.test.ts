import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { sigmoid } from './classification.ts';
import reference from './fixtures/reference.json' with { type: 'json' };
import { logisticRegression, type LogisticProblem } from './logistic-regression.ts';

const columns = reference.columns.map((column) => Float64Array.from(column));
const labels = Uint8Array.from(reference.labels);
const weights = Float64Array.from(reference.weights);

/** Slope of the objective by each parameter, intercept first, written out plainly. */
function gradientAt(problem: LogisticProblem): number[] {
  const { intercept, coefficients } = logisticRegression(problem);
  const residuals = [...problem.labels].map((label, row) => {
    const odds = problem.columns.reduce(
      (sum, column, place) => sum + column[row]! * coefficients[place]!,
      intercept,
    );
    return (problem.weights?.[row] ?? 1) * (sigmoid(odds) - label);
  });
  const slopes = problem.columns.map((column, place) =>
    residuals.reduce(
      (sum, residual, row) => sum + residual * column[row]!,
      problem.l2 * coefficients[place]!,
    ),
  );
  return [residuals.reduce((sum, residual) => sum + residual, 0), ...slopes];
}

describe('logisticRegression', () => {
  it('finds the coefficients of scikit-learn, with and without penalty and weights', () => {
    for (const expected of reference.logistic) {
      const fit = logisticRegression({
        columns,
        labels,
        l2: expected.l2,
        ...(expected.weighted ? { weights } : {}),
      });
      expect(fit.converged).toBe(true);
      expect(fit.intercept).toBeCloseTo(expected.intercept, 9);
      expected.coefficients.forEach((value, place) => expect(fit.coefficients[place]).toBeCloseTo(value, 9));
    }
  });

  it('stands where the gradient of the penalised likelihood is zero, whatever the data', () => {
    const row = fc.tuple(
      fc.double({ min: -5, max: 5, noNaN: true }),
      fc.integer({ min: -2, max: 2 }),
      fc.integer({ min: 0, max: 1 }),
    );
    fc.assert(
      fc.property(fc.array(row, { minLength: 2, maxLength: 40 }), (rows) => {
        const ups = rows.filter(([, , label]) => label === 1).length;
        fc.pre(ups > 0 && ups < rows.length);
        const problem = {
          columns: [Float64Array.from(rows, ([a]) => a), Float64Array.from(rows, ([, b]) => b)],
          labels: Uint8Array.from(rows, ([, , label]) => label),
          l2: 0.5,
        };
        for (const slope of gradientAt(problem)) expect(Math.abs(slope)).toBeLessThan(1e-7);
      }),
      { seed: 1 },
    );
  });

  it('gives the same answer for any number of rows around the size of a block', () => {
    for (const rows of [127, 128, 129, 300]) {
      const wave = Float64Array.from({ length: rows }, (_, row) => Math.sin(row * 1.7));
      const other = Float64Array.from({ length: rows }, (_, row) => Math.cos(row * row));
      const ups = Uint8Array.from({ length: rows }, (_, row) => (Math.sin(row * row * 3) > 0 ? 1 : 0));
      for (const slope of gradientAt({ columns: [wave, other], labels: ups, l2: 3 })) {
        expect(Math.abs(slope)).toBeLessThan(1e-9);
      }
    }
  });

  it('shares a coefficient between equal columns when penalised, and leaves a copy out when not', () => {
    const [column] = columns;
    const doubled = { columns: [column!, column!], labels };
    const shared = logisticRegression({ ...doubled, l2: 1 });
    expect(shared.coefficients[0]).toBeCloseTo(shared.coefficients[1]!, 12);
    const single = logisticRegression({ columns: [column!], labels, l2: 0 });
    const free = logisticRegression({ ...doubled, l2: 0 });
    expect(free.coefficients[0]! + free.coefficients[1]!).toBeCloseTo(single.coefficients[0]!, 9);
  });

  it('gives a constant column no weight beside the intercept', () => {
    const constant = new Float64Array(labels.length).fill(7);
    for (const l2 of [0, 1]) {
      const fit = logisticRegression({ columns: [constant, columns[0]!], labels, l2 });
      const without = logisticRegression({ columns: [columns[0]!], labels, l2 });
      expect(fit.converged).toBe(true);
      expect(fit.coefficients[0]).toBeCloseTo(0, 9);
      expect(fit.coefficients[1]).toBeCloseTo(without.coefficients[0]!, 9);
    }
  });

  it('stays finite when the classes can be separated', () => {
    const problem = { columns: [Float64Array.of(-2, -1, 1, 2)], labels: Uint8Array.of(0, 0, 1, 1) };
    const penalised = logisticRegression({ ...problem, l2: 1 });
    expect(penalised.converged).toBe(true);
    const free = logisticRegression({ ...problem, l2: 0 });
    expect(free.coefficients[0]).toBeGreaterThan(5);
    expect(Number.isFinite(free.coefficients[0])).toBe(true);
  });

  it('follows the rule of succession when a class is absent or there are no rows', () => {
    const fit = logisticRegression({ columns: [Float64Array.of(1, 2)], labels: Uint8Array.of(1, 1), l2: 1 });
    expect(sigmoid(fit.intercept)).toBeCloseTo(3 / 4, 14);
    expect(fit.coefficients).toEqual(Float64Array.of(0));
    const empty = logisticRegression({ columns: [], labels: new Uint8Array(0), l2: 1 });
    expect(empty.intercept).toBe(0);
  });

  it('refuses shapes that differ, values that are not finite and a negative penalty', () => {
    const problem = { columns: [Float64Array.of(1, 2)], labels: Uint8Array.of(0, 1), l2: 1 };
    expect(() => logisticRegression({ ...problem, labels: Uint8Array.of(0) })).toThrow('1 labels');
    expect(() => logisticRegression({ ...problem, columns: [Float64Array.of(1, NaN)] })).toThrow(
      'row 1: NaN',
    );
    expect(() => logisticRegression({ ...problem, l2: -1 })).toThrow('got -1');
  });
});
