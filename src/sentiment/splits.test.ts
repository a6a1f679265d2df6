import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { splitByHash } from './splits.ts';

const rows = Array.from({ length: 4_000 }, (_, row) => {
  const letters = row.toString(26).replace(/./g, (digit) => String.fromCharCode(97 + parseInt(digit, 26)));
  return { text: `event ${letters} moves ${letters}x and ${letters}y` };
});

describe('splitByHash', () => {
  it('fills the folds evenly, as chance has it', () => {
    const sizes = [0, 0, 0, 0, 0];
    for (const fold of splitByHash(rows, { folds: 5, seed: 1 })) sizes[fold]! += 1;
    // Five standard deviations of a binomial share around 800.
    for (const size of sizes) expect(Math.abs(size - 800)).toBeLessThan(127);
  });

  it('keeps the fold of a text wherever it stands and whoever stands beside it', () => {
    const all = splitByHash(rows, { folds: 5, seed: 1 });
    const backwards = splitByHash([...rows].reverse(), { folds: 5, seed: 1 });
    expect([...backwards].reverse()).toEqual([...all]);
    expect([...splitByHash(rows.slice(0, 50), { folds: 5, seed: 1 })]).toEqual([...all.subarray(0, 50)]);
  });

  it('never parts near-duplicates', () => {
    fc.assert(
      fc.property(fc.nat(3_999), fc.integer(), (row, seed) => {
        const { text } = rows[row]!;
        const copies = [
          text,
          `${text.toUpperCase()}!`,
          `${text} https://example.org/${row}`,
          `${text} today`,
        ];
        const given = copies.map((copy) => ({ text: copy }));
        expect(new Set(splitByHash(given, { folds: 7, seed })).size).toBe(1);
      }),
      { seed: 1, numRuns: 50 },
    );
  });

  it('is another split for another seed', () => {
    const [one, other] = [1, 2].map((seed) => splitByHash(rows, { folds: 2, seed }));
    const same = one!.filter((fold, row) => fold === other![row]).length;
    expect(Math.abs(same / rows.length - 0.5)).toBeLessThan(0.05);
  });

  it('refuses one fold, and groups of other rows', () => {
    expect(() => splitByHash(rows, { folds: 1, seed: 1 })).toThrow('got 1');
    expect(() => splitByHash(rows, { folds: 2, seed: 1, groups: new Uint32Array(3) })).toThrow(
      'groups for 3',
    );
  });
});
