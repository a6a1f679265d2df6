import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createRandom } from '../core/index.ts';
import { choiceFrequencies, parzenDensity } from './parzen.ts';

const places = fc.array(fc.double({ min: 0, max: 1, noNaN: true }), { maxLength: 30 });

describe('parzenDensity', () => {
  it('is the prior without observations: a normal of the width of the range, cut off at its ends', () => {
    // scipy.stats.truncnorm.pdf(0.5, -0.5, 0.5, 0.5, 1), version 1.17.1.
    expect(parzenDensity([]).at(0.5)).toBeCloseTo(1.0418289771969533, 12);
    expect(parzenDensity([]).mass(0, 1)).toBeCloseTo(1, 12);
  });

  it('is as wide at an observation as the farther neighbour is away', () => {
    // Kernels at 0.2, 0.3 and the prior's 0.5: spreads max(0.2, 0.1, 1/3), max(0.1, 0.2, 1/3) and 1.
    // The mean of scipy.stats.truncnorm.pdf (1.17.1) at 0.2 over the three.
    expect(parzenDensity([0.3, 0.2]).at(0.2)).toBeCloseTo(1.3658585782190353, 12);
  });

  it('has all of its mass within the range, and its mass is the sum of its density', () => {
    fc.assert(
      fc.property(places, fc.double({ min: 0, max: 1, noNaN: true }), (observations, cut) => {
        const density = parzenDensity(observations);
        expect(density.mass(0, cut) + density.mass(cut, 1)).toBeCloseTo(1, 10);
        const steps = 2_000;
        let sum = 0;
        for (let step = 0; step < steps; step += 1) sum += density.at((step + 0.5) / steps) / steps;
        expect(sum).toBeCloseTo(1, 3);
      }),
      { numRuns: 30 },
    );
  });

  it('draws from the range only, and most where observations are', () => {
    fc.assert(
      fc.property(places, fc.integer(), (observations, seed) => {
        const density = parzenDensity(observations);
        const dice = createRandom(seed);
        for (let thrown = 0; thrown < 50; thrown += 1) {
          const place = density.draw(dice);
          expect(place >= 0 && place <= 1).toBe(true);
        }
      }),
    );
    const near = parzenDensity(new Array<number>(20).fill(0.9));
    const dice = createRandom(1);
    const drawn = Array.from({ length: 1_000 }, () => near.draw(dice));
    expect(drawn.filter((place) => place > 0.75).length / 1_000).toBeCloseTo(near.mass(0.75, 1), 1);
    expect(near.mass(0.75, 1)).toBeGreaterThan(0.8);
  });

  it('refuses what lies outside', () => {
    expect(() => parzenDensity([0.5, 1.01])).toThrow('got 1.01');
    expect(() => parzenDensity([NaN])).toThrow(RangeError);
  });
});

describe('choiceFrequencies', () => {
  it('counts one observation beforehand, shared by all choices', () => {
    expect([...choiceFrequencies([0, 0, 2], 4)]).toEqual([2.25 / 4, 0.25 / 4, 1.25 / 4, 0.25 / 4]);
    expect([...choiceFrequencies([], 2)]).toEqual([0.5, 0.5]);
  });
});
