import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { MODEL_FAMILIES } from './families.ts';
import { signalRows } from './model.contract.ts';
import { PAST_RETURN, type FeatureMatrix } from './model.ts';
import { permutationImportance } from './permutation-importance.ts';

const OPTIONS = { seed: 3, blockRows: 24 };

/** A model that trusts its first column, and keeps what it was shown of it. */
function trusting() {
  const shown: number[][] = [];
  const predict = ({ values, columns, count }: FeatureMatrix) => {
    const first = Array.from({ length: count }, (_, row) => values[row * columns.length]!);
    shown.push(first);
    return Float64Array.from(first, (value) => (value === 1 ? 0.9 : 0.1));
  };
  return { predict, shown };
}

function alternating(count: number) {
  const bits = Array.from({ length: count }, (_, row) => row % 2);
  return {
    columns: ['bit', 'other'],
    values: Float64Array.from(bits.flatMap((bit) => [bit, 7])),
    labels: Uint8Array.from(bits),
    count,
  };
}

describe('permutationImportance', () => {
  it('rises by ln 9 where a model that trusts a column by 9 to 1 is turned wholly wrong', () => {
    // One block: the alternating column is turned around the circle, by an odd number of rows or an even one.
    const rises = Array.from({ length: 12 }, (_, seed) => {
      const { columns, logLoss, n } = permutationImportance(trusting(), alternating(40), {
        ...{ seed, blockRows: 40, repeats: 1 },
      });
      expect([logLoss, n]).toEqual([expect.closeTo(-Math.log(0.9), 12), 40]);
      expect(columns.find(({ column }) => column === 'other')).toEqual({
        ...{ column: 'other', rise: 0, spread: NaN },
      });
      return columns.find(({ column }) => column === 'bit')!.rise;
    });
    const known = [0, Math.log(9)];
    for (const rise of rises) {
      expect(known.some((value) => Math.abs(rise - value) < 1e-12)).toBe(true);
    }
    expect(rises.some((rise) => rise > 1)).toBe(true);
    expect(rises.some((rise) => rise < 1)).toBe(true);
  });

  it('moves every value once, and blocks of neighbours as they are', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 60 }), fc.integer({ min: 1, max: 20 }), (count, blockRows) => {
        const values = Float64Array.from({ length: count }, (_, row) => row);
        const rows = { columns: ['row'], values, labels: new Uint8Array(count), count };
        const { predict, shown } = trusting();
        permutationImportance({ predict }, rows, { seed: count, blockRows, repeats: 2 });
        for (const order of shown.slice(1)) {
          expect([...order].sort((left, right) => left - right)).toEqual([...values]);
          const breaks = order.filter((row, place) => place > 0 && row !== (order[place - 1]! + 1) % count);
          expect(breaks.length).toBeLessThan(Math.ceil(count / blockRows));
        }
        expect(shown[0]).toEqual([...values]);
      }),
      { seed: 1 },
    );
  });

  it.each(['trees', 'logistic', 'ar1', 'majority'] as const)('tells what a %s model leans on', (name) => {
    const model = MODEL_FAMILIES[name].fit(signalRows(1, 12_000), { seed: 1 });
    const { columns, n } = permutationImportance(model, signalRows(2, 2_000), OPTIONS);
    expect(n).toBe(2_000);
    expect(columns.length).toBe(6);
    const [first] = columns;
    const leaning = { trees: 'momentum', logistic: 'momentum', ar1: PAST_RETURN, majority: null }[name];
    if (leaning !== null) {
      expect(first!.column).toBe(leaning);
      expect(first!.rise).toBeGreaterThan(3 * first!.spread);
    }
    const unread = columns.filter(({ column }) => ['constant', 'absent'].includes(column));
    for (const { rise, spread } of leaning === null ? columns : unread)
      expect([rise, spread]).toEqual([0, 0]);
  });

  it('is the same for the same seed, and leaves the rows as they were', () => {
    const rows = signalRows(2, 500);
    const before = rows.values.slice();
    const model = MODEL_FAMILIES.logistic.fit(signalRows(1, 500), { seed: 1 });
    const once = permutationImportance(model, rows, OPTIONS);
    expect(permutationImportance(model, rows, OPTIONS)).toEqual(once);
    expect(permutationImportance(model, rows, { ...OPTIONS, seed: 4 })).not.toEqual(once);
    expect(rows.values).toEqual(before);
  });

  it('counts only rows whose label is up or down', () => {
    const rows = alternating(40);
    rows.labels.fill(255, 0, 30);
    expect(permutationImportance(trusting(), rows, OPTIONS).n).toBe(10);
    rows.labels.fill(255);
    expect(permutationImportance(trusting(), rows, OPTIONS)).toMatchObject({ n: 0, logLoss: NaN });
  });

  it('refuses rows without a label each, and blocks and repeats that are no counts', () => {
    const rows = alternating(40);
    const refused = (change: object, options: object) => () =>
      permutationImportance(trusting(), { ...rows, ...change }, { ...OPTIONS, ...options });
    expect(refused({ labels: new Uint8Array(3) }, {})).toThrow('3 labels');
    expect(refused({}, { blockRows: 0 })).toThrow(RangeError);
    expect(refused({}, { repeats: 1.5 })).toThrow('repeats');
  });
});
