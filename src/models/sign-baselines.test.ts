import { describe, expect, it } from 'vitest';
import { directionOf } from './direction.ts';
import { PAST_RETURN, type ModelFamily, type TrainingRows } from './model.ts';
import { alwaysUp, lastSign, majority, signTable } from './sign-baselines.ts';

/** Rows of past return and label. */
function rowsOf(pairs: [past: number, label: number][]): TrainingRows {
  return {
    columns: [PAST_RETURN],
    values: Float64Array.from(pairs, ([past]) => past),
    count: pairs.length,
    labels: Uint8Array.from(pairs, ([, label]) => label),
    futureReturns: Float64Array.from(pairs, ([, label]) => label - 0.5),
  };
}

/** P(up) after a rise, a fall, no change and no known past. */
function answers(family: ModelFamily, training: TrainingRows): number[] {
  const asked = rowsOf([0.01, -0.01, 0, NaN].map((past) => [past, 0]));
  return [...family.fit(training, { seed: 1 }).predict(asked)];
}

/** A market that reverses: 4 of 5 rises are followed by a fall, 3 of 3 falls by a rise. */
const REVERSING = rowsOf([
  [1, 0],
  [1, 0],
  [1, 0],
  [1, 0],
  [1, 1],
  [-1, 1],
  [-1, 1],
  [-1, 1],
]);

describe('the sign baselines', () => {
  it('majority says the share of ups, by the rule of succession', () => {
    expect(answers(majority, REVERSING)).toEqual([0.5, 0.5, 0.5, 0.5]);
    expect(
      answers(
        majority,
        rowsOf([
          [1, 0],
          [1, 0],
        ]),
      ),
    ).toEqual([0.25, 0.25, 0.25, 0.25]);
  });

  it('always-up says up whatever its rows say', () => {
    const falling = rowsOf([
      [1, 0],
      [-1, 0],
    ]);
    expect(answers(alwaysUp, falling)).toEqual([0.501, 0.501, 0.501, 0.501]);
    expect(
      answers(
        alwaysUp,
        rowsOf([
          [1, 1],
          [1, 1],
        ]),
      ),
    ).toEqual([0.75, 0.75, 0.75, 0.75]);
  });

  it('last-sign repeats the last sign even where that was mostly wrong, and the majority without one', () => {
    const [afterUp, afterDown, ...otherwise] = answers(lastSign, REVERSING);
    expect(afterUp).toBe(0.501);
    expect(afterDown).toBeCloseTo(0.499, 12);
    expect(otherwise).toEqual([0.5, 0.5]);
    const trending = rowsOf([
      [1, 1],
      [-1, 0],
      [-1, 0],
    ]);
    expect(answers(lastSign, trending)).toEqual([0.8, expect.closeTo(0.2, 12), 0.4, 0.4]);
  });

  it('sign-table learns that a market reverses', () => {
    expect(answers(signTable, REVERSING)).toEqual([2 / 7, 4 / 5, 0.5, 0.5]);
  });
});

describe('directionOf', () => {
  it('is up from one half on, and down below', () => {
    expect([0, 0.4999, 0.5, 1].map(directionOf)).toEqual(['down', 'down', 'up', 'up']);
  });

  it('refuses what is no probability', () => {
    for (const value of [NaN, -0.1, 1.1]) expect(() => directionOf(value)).toThrow(RangeError);
  });
});
