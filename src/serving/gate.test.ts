import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createGate } from './gate.ts';

describe('createGate', () => {
  it('lets in as many as its limit, and one more for each that leaves', () => {
    const gate = createGate(2);
    expect([gate.tryEnter(), gate.tryEnter(), gate.tryEnter()]).toEqual([true, true, false]);
    gate.leave();
    expect([gate.tryEnter(), gate.tryEnter()]).toEqual([true, false]);
  });

  it('never holds more than its limit, whoever comes and goes', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 5 }), fc.array(fc.boolean()), (limit, comings) => {
        const gate = createGate(limit);
        let inside = 0;
        for (const isComing of comings) {
          if (isComing) inside += gate.tryEnter() ? 1 : 0;
          else if (inside > 0) {
            gate.leave();
            inside -= 1;
          }
          expect(inside).toBeLessThanOrEqual(limit);
        }
      }),
    );
  });

  it('refuses a limit that would let nobody in', () => {
    expect(() => createGate(0)).toThrow(RangeError);
    expect(() => createGate(1.5)).toThrow(RangeError);
  });
});
