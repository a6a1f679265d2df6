import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { groupCopies, splitRows } from './splits.ts';

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

describe('groupCopies', () => {
  it('keeps texts apart that are different', () => {
    expect([...groupCopies(DIFFERENT)]).toEqual(DIFFERENT.map((_, row) => row));
  });

  it('finds copies that differ in numbers, links, tickers, case and marks', () => {
    const groups = groupCopies([
      'Bitcoin climbs 5% to $40,000 as traders cheer https://t.co/abc',
      'something else entirely was said here',
      'BITCOIN climbs 7% to $43,500 as traders cheer!!!',
    ]);
    expect([...groups]).toEqual([0, 1, 0]);
  });

  it('finds a long text again that lost its last word', () => {
    const text =
      'the central bank said on friday that it will keep its main rate where it has been since the spring of last year';
    expect([...groupCopies([text, text.replace(' year', '')])]).toEqual([0, 0]);
  });

  it('takes texts without words for copies of each other', () => {
    expect([...groupCopies(['', '12', '!?'])]).toEqual([0, 0, 0]);
  });
});

describe('splitRows', () => {
  const rows = Array.from({ length: 60 }, (_, row) => ({
    text: `${DIFFERENT[row % 10]} ${'abcdefghijklmnopqrstuvwxyz'[Math.floor(row / 10)]?.repeat(9)} ${'qwertz'[Math.floor(row / 10)]?.repeat(7)}`,
  }));

  it('holds every row out once, and no copy of what is held out is learnt from', () => {
    const copied = [...rows, ...rows.slice(0, 20)];
    fc.assert(
      fc.property(fc.integer({ min: 2, max: 7 }), fc.integer(), (folds, seed) => {
        const splits = splitRows(copied, { folds, seed });
        expect(splits.flatMap(({ held }) => [...held]).sort((a, b) => a - b)).toEqual(
          copied.map((_, row) => row),
        );
        const groups = groupCopies(copied.map(({ text }) => text));
        for (const { train, held } of splits) {
          const learnt = new Set([...train].map((row) => groups[row]));
          expect([...held].filter((row) => learnt.has(groups[row]))).toEqual([]);
        }
      }),
      { seed: 9, numRuns: 20 },
    );
  });

  it('makes the same parts of the same seed, others of another', () => {
    const heldOf = (seed: number) => splitRows(rows, { folds: 3, seed }).map(({ held }) => [...held]);
    expect(heldOf(1)).toEqual(heldOf(1));
    expect(heldOf(1)).not.toEqual(heldOf(2));
  });

  it('holds out what is newer than all that is learnt from, where times are known', () => {
    const timed = rows.map(({ text }, row) => ({ text, at: (row * 37) % 60 }));
    const splits = splitRows(timed, { folds: 5, seed: 1 });
    expect(splits).toHaveLength(3);
    for (const { train, held } of splits) {
      const newest = Math.max(...[...train].map((row) => timed[row]!.at));
      expect(Math.min(...[...held].map((row) => timed[row]!.at))).toBeGreaterThan(newest);
    }
    expect(splits.flatMap(({ held }) => [...held])).toHaveLength(36);
  });
});
