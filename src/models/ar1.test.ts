import { describe, expect, it } from 'vitest';
import { ar1 } from './ar1.ts';
import { PAST_RETURN, type TrainingRows } from './model.ts';

function rowsOf(past: number[], future: number[]): TrainingRows {
  return {
    columns: [PAST_RETURN],
    values: Float64Array.from(past),
    count: past.length,
    labels: Uint8Array.from(future, (value) => (value > 0 ? 1 : 0)),
    futureReturns: Float64Array.from(future),
  };
}

describe('ar1', () => {
  it('is the least-squares line through past and future (normal equations by hand), judged by its residual', () => {
    // Means 0 and 1; slope 10/10; residuals 1, -1, 0, -1, 1 over five rows less two parameters.
    const model = ar1.fit(rowsOf([-2, -1, 0, 1, 2], [0, -1, 1, 1, 4]), { seed: 1 });
    expect(model.toJson()).toMatchObject({ intercept: 1, slope: 1, typicalPast: 0 });
    expect((model.toJson() as { spread: number }).spread).toBeCloseTo(Math.sqrt(4 / 3), 14);
    // At -1 the line crosses zero: even odds. One residual deviation above: Phi(1).
    const [even, one, missing] = model.predict(rowsOf([-1, -1 + Math.sqrt(4 / 3), NaN], [0, 0, 0]));
    expect(even).toBe(0.5);
    expect(one).toBeCloseTo(0.8413447460685429, 14);
    expect(missing).toBe(model.predict(rowsOf([0], [0]))[0]);
  });

  it('says even odds with fewer than three pairs, and leaves rows without a past out', () => {
    const model = ar1.fit(rowsOf([1, 2, NaN], [1, 2, 3]), { seed: 1 });
    expect([...model.predict(rowsOf([5, NaN], [0, 0]))]).toEqual([0.5, 0.5]);
  });

  it('falls back on the mean return where the past never changes', () => {
    const model = ar1.fit(rowsOf([1, 1, 1, 1], [0.1, -0.1, 0.1, 0.1]), { seed: 1 });
    expect(model.toJson()).toMatchObject({ slope: 0, intercept: expect.closeTo(0.05, 12) });
  });
});
