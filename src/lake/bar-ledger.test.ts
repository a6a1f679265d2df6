import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createBarLedger } from './bar-ledger.ts';

const STEP = 60_000;
const A = 'aaaaaaaaaaaa00000000000000000000';
const B = 'bbbbbbbbbbbb00000000000000000000';

describe('the ledger of bars', () => {
  it('tells a first bar from the same one and from another version of it', () => {
    const ledger = createBarLedger(STEP);
    expect([ledger.place(STEP, A), ledger.place(STEP, A), ledger.place(STEP, B)]).toEqual([
      'first',
      'same',
      'other',
    ]);
  });

  it('takes an id of zeros for a bar that has come', () => {
    const ledger = createBarLedger(STEP);
    const zeros = '0'.repeat(32);
    expect([ledger.place(0, zeros), ledger.place(0, zeros)]).toEqual(['first', 'same']);
  });

  it('finds exactly the missing bars, in whatever order the others came', () => {
    fc.assert(
      fc.property(fc.uniqueArray(fc.integer({ min: 350_000, max: 370_000 }), { minLength: 1 }), (bars) => {
        const ledger = createBarLedger(STEP);
        for (const bar of bars) ledger.place(bar * STEP, A);
        const missing = ledger
          .gaps()
          .flatMap(({ from, bars: count }) => Array.from({ length: count }, (_, n) => from / STEP + n));
        const present = new Set(bars);
        const first = Math.min(...bars);
        const all = Array.from({ length: Math.max(...bars) - first + 1 }, (_, n) => first + n);
        expect(missing).toEqual(all.filter((bar) => !present.has(bar)));
      }),
      { numRuns: 30 },
    );
  });

  it('knows that a bar is late when a later one has come', () => {
    const ledger = createBarLedger(STEP);
    ledger.place(5 * STEP, A);
    expect([ledger.isLate(4 * STEP), ledger.isLate(5 * STEP), ledger.isLate(6 * STEP)]).toEqual([
      true,
      false,
      false,
    ]);
  });
});
