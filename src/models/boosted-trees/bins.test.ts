import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { binRows, placeOfBin, type BinnedRows } from './bins.ts';
import { orderedKey, sortKeyed } from './sort.ts';
import { BEYOND_ALL, floatRows } from './values.ts';

function binColumn(values: readonly number[], maxBin: number, weights?: readonly number[]) {
  const rows = { values: Float32Array.from(values), width: 1, count: values.length };
  const binned = binRows(rows, { maxBin, weights: weights && Float32Array.from(weights) });
  return { cuts: [...binned.thresholds[0]!], bins: binsOf(binned, 0) };
}

function binsOf({ bins, count }: BinnedRows, column: number): number[] {
  return Array.from({ length: count }, (_, row) => bins[placeOfBin({ row, column, count })]!);
}

describe('binRows', () => {
  it('gives each value a bin of its own where there are few, and the missing the one behind', () => {
    const { cuts, bins } = binColumn([3, 1, NaN, 2, 3], 255);
    expect(cuts).toEqual([2, 3, BEYOND_ALL]);
    expect(bins).toEqual([2, 0, 3, 1, 2]);
  });

  it('cuts many values into bins of the same weight', () => {
    const thousand = Array.from({ length: 1_000 }, (_, place) => place);
    expect(binColumn(thousand, 4).cuts).toEqual([250, 500, 750, BEYOND_ALL]);
    // The first hundred count nine times: half of all weight.
    const weights = thousand.map((value) => (value < 100 ? 9 : 1));
    expect(binColumn(thousand, 2, weights).cuts).toEqual([100, BEYOND_ALL]);
  });

  it('leaves the bins of the others to them where one value outweighs several', () => {
    const values = [
      ...new Array<number>(900).fill(0),
      ...Array.from({ length: 100 }, (_, place) => place + 1),
    ];
    const { cuts } = binColumn(values, 11);
    expect(cuts).toEqual([1, 11, 21, 31, 41, 51, 61, 71, 81, 91, BEYOND_ALL]);
  });

  it('has no bin where all is missing', () => {
    const rows = { values: Float32Array.of(NaN, 5, NaN, 6), width: 2, count: 2 };
    const binned = binRows(rows, { maxBin: 8 });
    expect(binned.thresholds.map((cuts) => cuts.length)).toEqual([0, 2]);
    expect([binsOf(binned, 0), binsOf(binned, 1)]).toEqual([
      [0, 0],
      [0, 1],
    ]);
  });

  it('puts every value below its threshold and not below the one before', () => {
    fc.assert(
      fc.property(
        fc.array(fc.oneof(fc.float({ noDefaultInfinity: true }), fc.constant(1)), { maxLength: 200 }),
        fc.integer({ min: 2, max: 20 }),
        (values, maxBin) => {
          const rows = floatRows(
            { columns: ['c'], values: Float64Array.from(values), count: values.length },
            ['c'],
          );
          const binned = binRows(rows, { maxBin });
          const cuts = binned.thresholds[0]!;
          const bins = binsOf(binned, 0);
          expect(cuts.length).toBeLessThanOrEqual(maxBin);
          rows.values.forEach((value, row) => {
            const bin = bins[row]!;
            if (Number.isNaN(value)) return expect(bin).toBe(cuts.length);
            expect(value).toBeLessThan(cuts[bin]!);
            if (bin > 0) expect(value).toBeGreaterThanOrEqual(cuts[bin - 1]!);
          });
        },
      ),
      { numRuns: 200 },
    );
  });

  it('puts four columns of a row side by side', () => {
    const [width, count] = [6, 3];
    const values = new Float32Array(width * count).map((_, place) => Math.floor(place / width));
    const { bins } = binRows({ values, width, count }, { maxBin: 255 });
    expect([...bins.subarray(0, 12)]).toEqual([0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 2, 2]);
    // Two columns are left for the second group, and two places stay empty.
    expect([...bins.subarray(12)]).toEqual([0, 0, 0, 0, 1, 1, 0, 0, 2, 2, 0, 0]);
  });
});

describe('floatRows', () => {
  it('rounds to float32, keeps the missing, and brings what is infinite down to what a threshold can exceed', () => {
    const values = Float64Array.of(0.1, NaN, Infinity, -1e300, -1e-60);
    const rows = floatRows({ columns: ['c'], values, count: 5 }, ['c']);
    expect([...rows.values.subarray(0, 2)]).toEqual([Math.fround(0.1), NaN]);
    expect(rows.values[2]).toBeLessThan(BEYOND_ALL);
    expect(rows.values[2]).toBeGreaterThan(3.4028e38);
    expect(rows.values[3]).toBe(-rows.values[2]!);
    expect(Object.is(rows.values[4], 0)).toBe(true);
  });

  it('names a column that is missing', () => {
    expect(() => floatRows({ columns: ['a'], values: new Float64Array(1), count: 1 }, ['b'])).toThrow(
      /b is missing/,
    );
  });
});

describe('sortKeyed', () => {
  it('orders float32 values with their rows as a comparison would', () => {
    fc.assert(
      fc.property(fc.array(fc.float({ noNaN: true }), { maxLength: 300 }), (numbers) => {
        // Without signs on zeros, which a comparison does not see.
        const values = Float32Array.from(numbers, (value) => value + 0);
        const keys = Uint32Array.from(new Int32Array(values.buffer), orderedKey);
        const keyed = { keys, rows: Uint32Array.from(values.keys()) };
        sortKeyed(keyed, values.length);
        expect(Array.from(keyed.rows, (row) => values[row])).toEqual([...values].sort((a, b) => a - b));
      }),
      { numRuns: 100 },
    );
  });
});
