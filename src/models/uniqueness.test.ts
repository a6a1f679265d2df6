import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { averageUniqueness } from './uniqueness.ts';

const labels = fc.array(fc.tuple(fc.integer({ min: 0, max: 60 }), fc.integer({ min: 1, max: 20 })), {
  maxLength: 40,
});

/** Starts and ends of labels of whole length, in the order of their starts. */
function spansOf(given: readonly (readonly [number, number])[]): {
  starts: Float64Array;
  ends: Float64Array;
} {
  const sorted = given.toSorted(([left], [right]) => left - right);
  return {
    starts: Float64Array.from(sorted, ([start]) => start),
    ends: Float64Array.from(sorted, ([start, length]) => start + length),
  };
}

describe('averageUniqueness', () => {
  it('is what the table of concurrency gives by hand', () => {
    // Concurrency of the units of time 0..4: 1, 2, 1, 0, 1 (chapter 4.3), so that the first owns 1 and a half of its two.
    expect([...averageUniqueness(Float64Array.of(0, 1, 4), Float64Array.of(2, 3, 5))]).toEqual([
      0.75, 0.75, 1,
    ]);
  });

  it('is one for labels that only touch, and a share for labels that are alike', () => {
    expect([...averageUniqueness(Float64Array.of(0, 2, 4), Float64Array.of(2, 4, 6))]).toEqual([1, 1, 1]);
    expect([...averageUniqueness(Float64Array.of(3, 3, 3, 3), Float64Array.of(9, 9, 9, 9))]).toEqual([
      0.25, 0.25, 0.25, 0.25,
    ]);
  });

  it('is a twenty-fourth for hourly labels of a day, but for those at either end', () => {
    const starts = Float64Array.from({ length: 200 }, (_, hour) => hour);
    const weights = averageUniqueness(
      starts,
      starts.map((hour) => hour + 24),
    );
    for (const weight of weights.subarray(24, 176)) expect(weight).toBeCloseTo(1 / 24, 12);
    expect(weights[0]).toBeGreaterThan(2 / 24);
    expect(weights[199]).toBeCloseTo(weights[0]!, 12);
  });

  it('is what counting the concurrency of each unit of time gives', () => {
    fc.assert(
      fc.property(labels, (given) => {
        const { starts, ends } = spansOf(given);
        const concurrency = Array.from(
          { length: 81 },
          (_, unit) => starts.filter((start, row) => start <= unit && unit < ends[row]!).length,
        );
        averageUniqueness(starts, ends).forEach((weight, row) => {
          const own = concurrency.slice(starts[row], ends[row]).map((count) => 1 / count);
          expect(weight).toBeCloseTo(own.reduce((sum, share) => sum + share, 0) / own.length, 12);
        });
      }),
    );
  });

  it('shares out all the time that a label spans, and no more', () => {
    fc.assert(
      fc.property(labels, (given) => {
        const { starts, ends } = spansOf(given);
        const shared = averageUniqueness(starts, ends).reduce(
          (sum, weight, row) => sum + weight * (ends[row]! - starts[row]!),
          0,
        );
        const spanned = new Set(
          given.flatMap(([start, length]) => Array.from({ length }, (_, unit) => start + unit)),
        );
        expect(shared).toBeCloseTo(spanned.size, 9);
      }),
    );
  });

  it('refuses spans that differ in number, are out of order or empty', () => {
    const [none, one] = [new Float64Array(0), Float64Array.of(1)];
    expect(() => averageUniqueness(one, none)).toThrow('1 labels begin, but 0 end');
    expect(() => averageUniqueness(Float64Array.of(2, 1), Float64Array.of(3, 3))).toThrow('1 begins before');
    expect(() => averageUniqueness(one, one)).toThrow('does not end after that: 1');
    expect(() => averageUniqueness(one, Float64Array.of(NaN))).toThrow(RangeError);
  });
});
