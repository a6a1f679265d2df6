import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { describeHoldout, isHeldOut, parseHoldout } from './holdout.ts';
import { DAY_MS, HOUR_MS } from './time.ts';

const FROM = Date.UTC(2024, 0, 1);
const RANGE = { from: FROM, to: FROM + 10 * DAY_MS };

describe('a range that is kept back', () => {
  it('is read as two moments in UTC', () => {
    expect(parseHoldout('2024-01-01/2024-01-11T00:00:00Z')).toEqual(RANGE);
    expect(describeHoldout(RANGE)).toBe('2024-01-01T00:00:00Z/2024-01-11T00:00:00Z');
    expect(parseHoldout(describeHoldout(RANGE))).toEqual(RANGE);
  });

  it.each(['', '2024-01-01', '2024-01-11/2024-01-01', '2024-01-01/2024-01-01', '2024-01-01/x', 'a/b/c'])(
    'is none in "%s"',
    (text) => {
      expect(parseHoldout(text)).toBeNull();
    },
  );

  it('keeps back every label of which some time lies inside', () => {
    const label = (windowEnd: number, hours: number) => ({ windowEnd, end: windowEnd + hours * HOUR_MS });
    expect(isHeldOut(RANGE, label(RANGE.from - HOUR_MS, 1))).toBe(false);
    expect(isHeldOut(RANGE, label(RANGE.from - HOUR_MS, 2))).toBe(true);
    expect(isHeldOut(RANGE, label(RANGE.from, 1))).toBe(true);
    expect(isHeldOut(RANGE, label(RANGE.to - HOUR_MS, 24))).toBe(true);
    expect(isHeldOut(RANGE, label(RANGE.to, 1))).toBe(false);
    expect(isHeldOut(null, label(RANGE.from, 1))).toBe(false);
  });

  it('keeps back exactly the labels that share a moment with it', () => {
    const hour = fc.integer({ min: -300, max: 500 });
    fc.assert(
      fc.property(hour, fc.integer({ min: 1, max: 48 }), (start, length) => {
        const windowEnd = FROM + start * HOUR_MS;
        const hours = Array.from({ length }, (_, place) => windowEnd + (place + 0.5) * HOUR_MS);
        const shares = hours.some((moment) => moment > RANGE.from && moment < RANGE.to);
        expect(isHeldOut(RANGE, { windowEnd, end: windowEnd + length * HOUR_MS })).toBe(shares);
      }),
    );
  });
});
