import { describe, expect, it } from 'vitest';
import { createRandom, HOUR_MS } from '../core/index.ts';
import { PAST_RETURN, type AnsweringFit, type DirectionRows, type Model } from '../models/index.ts';
import { weighColumns } from './column-importances.ts';

const COUNT = 400;
const COLUMNS = ['told', 'noise', PAST_RETURN];

function studyOf(fits: AnsweringFit[]) {
  const dice = createRandom(5);
  const labels = Uint8Array.from({ length: COUNT }, () => dice.integer(2));
  const values = new Float64Array(COUNT * COLUMNS.length);
  labels.forEach((label, row) => values.set([label, dice.normal(), 0], row * COLUMNS.length));
  const windowEnds = Float64Array.from({ length: COUNT }, (_, row) => (row + 1) * HOUR_MS);
  const [probabilities, futureReturns] = [new Float64Array(COUNT), new Float64Array(COUNT)];
  const rows: DirectionRows = {
    ...{ columns: COLUMNS, values, count: COUNT, labels, windowEnds },
    ...{ labelKnownAt: windowEnds, futureReturns },
  };
  const judged = { probabilities, labels, windowEnds, barMinutes: 60, horizonMinutes: 60, seed: 1 };
  return { answering: { rows, fits }, judged };
}

/** Trusts the column `told` by so much, and keeps how many rows it was asked for. */
function trusting(trust: number, asked: number[] = []): Model {
  return {
    family: 'trusting',
    predict({ values, columns, count }) {
      asked.push(count);
      return Float64Array.from({ length: count }, (_, row) =>
        values[row * columns.length + columns.indexOf('told')] === 1 ? trust : 1 - trust,
      );
    },
    toJson: () => ({ trust }),
  };
}

describe('weighColumns', () => {
  it('asks each fit for its own rows alone, and finds the column that they trust', () => {
    const asked: [number[], number[]] = [[], []];
    const fits = [
      { model: trusting(0.9, asked[0]), first: 100, end: 220 },
      { model: trusting(0.6, asked[1]), first: 220, end: 390 },
    ];
    const { splits, permutation } = weighColumns(studyOf(fits));
    expect(splits).toBe(null);
    expect(permutation.n).toBe(290);
    expect(new Set(asked[0])).toEqual(new Set([120]));
    expect(new Set(asked[1])).toEqual(new Set([170]));
    const known = -(120 * Math.log(0.9) + 170 * Math.log(0.6)) / 290;
    expect(permutation.logLoss).toBeCloseTo(known, 12);
    const [first, ...others] = permutation.columns;
    expect(first!.column).toBe('told');
    // Exchanged at random, half of the answers turn to the other side.
    const half = (120 * Math.log(9) + 170 * Math.log(1.5)) / 290 / 2;
    expect(Math.abs(first!.rise - half)).toBeLessThan(0.1);
    expect(others.map(({ rise }) => rise)).toEqual([0, 0]);
  });

  it('tells the splits of the last fit where its family splits', () => {
    const told = { column: 'told', weight: 2, gain: 3, totalGain: 6, cover: 4, totalCover: 8 };
    const model = { ...trusting(0.6), importances: () => [told] };
    const fits = [
      { model: trusting(0.6), first: 0, end: 200 },
      { model, first: 200, end: COUNT },
    ];
    expect(weighColumns(studyOf(fits)).splits).toEqual([told]);
  });

  it('says nothing of no fit', () => {
    const { splits, permutation } = weighColumns(studyOf([]));
    expect([splits, permutation.n, permutation.logLoss]).toEqual([null, 0, NaN]);
  });
});
