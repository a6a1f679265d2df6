import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { nearDuplicates } from './near-duplicates.ts';
import { splitByHash, splitRows } from './splits.ts';

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

const DIFFERENT = [
  'The miners of the north went home early',
  'An exchange opens its doors in Lisbon today',
  'Nobody expects the price to stay where it is',
  'Quarterly figures of the bank were published',
  'A wallet with a lost key was found at sea',
  'Regulators met again behind closed doors',
  'The network was upgraded without any trouble',
  'Twelve developers left the foundation in May',
  'Stable coins are as stable as their reserves',
  'A farm of graphics cards burned down at night',
];

describe('splitRows', () => {
  const many = Array.from({ length: 60 }, (_, row) => ({
    text: `${DIFFERENT[row % 10]} ${'abcdefghijklmnopqrstuvwxyz'[Math.floor(row / 10)]?.repeat(9)} ${'qwertz'[Math.floor(row / 10)]?.repeat(7)}`,
  }));

  it('holds every row out once, and no copy of what is held out is learnt from', () => {
    const copied = [...many, ...many.slice(0, 20)];
    fc.assert(
      fc.property(fc.integer({ min: 2, max: 7 }), fc.integer(), (folds, seed) => {
        const splits = splitRows(copied, { folds, seed });
        expect(splits.flatMap(({ held }) => [...held]).sort((a, b) => a - b)).toEqual(
          copied.map((_, row) => row),
        );
        const groups = nearDuplicates(copied.map(({ text }) => text));
        for (const { train, held } of splits) {
          const learnt = new Set([...train].map((row) => groups[row]));
          expect([...held].filter((row) => learnt.has(groups[row]))).toEqual([]);
        }
      }),
      { seed: 9, numRuns: 20 },
    );
  });

  it('makes the same parts of the same seed, others of another', () => {
    const heldOf = (seed: number) => splitRows(many, { folds: 3, seed }).map(({ held }) => [...held]);
    expect(heldOf(1)).toEqual(heldOf(1));
    expect(heldOf(1)).not.toEqual(heldOf(2));
  });

  it('holds out what is newer than all that is learnt from, where times are known', () => {
    const timed = many.map(({ text }, row) => ({ text, at: (row * 37) % 60 }));
    const splits = splitRows(timed, { folds: 5, seed: 1 });
    expect(splits).toHaveLength(3);
    for (const { train, held } of splits) {
      const newest = Math.max(...[...train].map((row) => timed[row]!.at));
      expect(Math.min(...[...held].map((row) => timed[row]!.at))).toBeGreaterThan(newest);
    }
    expect(splits.flatMap(({ held }) => [...held])).toHaveLength(36);
  });
});
