import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createRealClock, createVirtualClock } from './clock.ts';

describe('the virtual clock', () => {
  it('stands still until it is moved', () => {
    const clock = createVirtualClock(1_000);
    expect(clock.now()).toBe(1_000);
    expect(clock.now()).toBe(1_000);
    clock.advanceTo(2_500);
    expect(clock.now()).toBe(2_500);
    expect(clock.isVirtual).toBe(true);
  });

  it('never runs backwards, whatever it is told', () => {
    fc.assert(
      fc.property(fc.array(fc.integer()), (moments) => {
        const clock = createVirtualClock(0);
        for (const moment of moments) {
          const before = clock.now();
          if (moment >= before) clock.advanceTo(moment);
          else expect(() => clock.advanceTo(moment)).toThrow(RangeError);
          expect(clock.now()).toBe(Math.max(before, moment));
        }
      }),
      { numRuns: 50, seed: 1 },
    );
  });

  it('may be moved to where it is', () => {
    const clock = createVirtualClock(5);
    clock.advanceTo(5);
    expect(clock.now()).toBe(5);
  });

  it('refuses what is no moment', () => {
    expect(() => createVirtualClock(0).advanceTo(NaN)).toThrow(/cannot move to NaN/);
  });
});

describe('the real clock', () => {
  it('tells the time of the machine and says that it is real', () => {
    const clock = createRealClock();
    const before = Date.now();
    const now = clock.now();
    expect(now).toBeGreaterThanOrEqual(before);
    expect(now).toBeLessThanOrEqual(Date.now());
    expect(clock.isVirtual).toBe(false);
  });
});
