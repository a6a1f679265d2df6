import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { weighContrast } from './contrast.ts';

/** The plain statement of the rule: look the value up from the front, change what is found. */
function plainly(values: number[], but: number): number[] {
  const changed = [...values];
  for (let place = 0; place < changed.length; place += 1) {
    const found = changed.indexOf(changed[place]!);
    if (found !== but) changed[found] = changed[found]! * (found < but ? 0.5 : 1.5);
  }
  return changed;
}

/** As if every word were rated, so that a word's number is its place. */
function weigh(given: number[], but: number): number[] {
  const values = Float64Array.from(given);
  const rated = Int32Array.from(given, (_, place) => place);
  weighContrast(values, { rated, ratedCount: given.length }, but);
  return [...values];
}

describe('weighContrast', () => {
  it('halves what stands before and strengthens what stands after', () => {
    expect(weigh([2, 0, -1], 1)).toEqual([1, 0, -1.5]);
  });

  it('weighs the first of equal values twice', () => {
    // The third word looks itself up after the first was halved to the same value.
    expect(weigh([2, 0, 1], 1)).toEqual([0.5, 0, 1]);
  });

  it('changes the same places as searching from the front', () => {
    const values = fc.array(fc.constantFrom(0, 1, 2, 3, 0.5, 1.5, -1, -1.5), { maxLength: 40 });
    fc.assert(
      fc.property(values, fc.nat(), (given, draw) => {
        const but = given.length === 0 ? 0 : draw % given.length;
        const numbers = given.map((value, place) => (place === but ? 0 : value));
        expect(weigh(numbers, but)).toEqual(plainly(numbers, but));
      }),
      { seed: 3, numRuns: 500 },
    );
  });
});
