import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createRandom, type Random } from './random.ts';

const TWO_32 = 2 ** 32;

function draw(random: Random, count: number): number[] {
  return Array.from({ length: count }, () => random.uniform());
}

function correlation(left: number[], right: number[]): number {
  const mean = (values: number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;
  const [leftMean, rightMean] = [mean(left), mean(right)];
  let covariance = 0;
  let leftSquares = 0;
  let rightSquares = 0;
  left.forEach((value, place) => {
    const across = right[place]! - rightMean;
    covariance += (value - leftMean) * across;
    leftSquares += (value - leftMean) ** 2;
    rightSquares += across ** 2;
  });
  return covariance / Math.sqrt(leftSquares * rightSquares);
}

describe('the seeded dice', () => {
  // From sfc32 and splitmix32 written again in Python with 32-bit masks.
  it.each([
    [1, [2_420_951_833, 2_513_034_076, 3_847_892_949, 4_064_752_930]],
    [42, [1_959_603_763, 2_423_114_712, 2_466_933_512, 4_144_396_390]],
    [-7, [3_986_084_578, 3_183_441_412, 314_452_001, 2_737_283_152]],
  ])('throw for seed %i what an independent implementation throws', (seed, expected) => {
    expect(draw(createRandom(seed), 4).map((share) => share * TWO_32)).toEqual(expected);
  });

  it('make normal numbers from them by Box and Muller', () => {
    const random = createRandom(1);
    expect(random.normal()).toBeCloseTo(-1.1081023031459833, 12);
    expect(random.normal()).toBeCloseTo(-0.6563766429983456, 12);
  });

  it('throw the same for the same seed, and another for another', () => {
    fc.assert(
      fc.property(fc.integer(), (seed) => {
        expect(draw(createRandom(seed), 5)).toEqual(draw(createRandom(seed), 5));
        expect(draw(createRandom(seed), 5)).not.toEqual(draw(createRandom((seed + 1) | 0), 5));
      }),
      { numRuns: 100, seed: 1 },
    );
  });

  it('are uniform: chi-square over 100 boxes lies within its 99.9 % range', () => {
    const boxes = new Array<number>(100).fill(0);
    for (const share of draw(createRandom(3), 100_000)) boxes[Math.floor(share * 100)]! += 1;
    const chiSquare = boxes.reduce((sum, count) => sum + (count - 1_000) ** 2 / 1_000, 0);
    // Quantiles 0.0005 and 0.9995 of chi-square with 99 degrees of freedom.
    expect(chiSquare).toBeGreaterThan(57.4);
    expect(chiSquare).toBeLessThan(154.2);
  });

  it('are normal in mean, spread and tail', () => {
    const random = createRandom(4);
    const values = Array.from({ length: 50_000 }, () => random.normal());
    const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
    const variance = values.reduce((sum, value) => sum + value * value, 0) / values.length;
    const outside = values.filter((value) => Math.abs(value) > 1.959964).length / values.length;
    // Four standard errors each.
    expect(Math.abs(mean)).toBeLessThan(4 / Math.sqrt(50_000));
    expect(Math.abs(variance - 1)).toBeLessThan(4 * Math.sqrt(2 / 50_000));
    expect(Math.abs(outside - 0.05)).toBeLessThan(4 * Math.sqrt((0.05 * 0.95) / 50_000));
  });

  it('give every integer below the count and no other', () => {
    const random = createRandom(5);
    const seen = new Set(Array.from({ length: 500 }, () => random.integer(6)));
    expect([...seen].sort()).toEqual([0, 1, 2, 3, 4, 5]);
  });

  it('refuse a seed that is no integer', () => {
    expect(() => createRandom(0.5)).toThrow(RangeError);
    expect(() => createRandom(NaN)).toThrow(/a seed is an integer/);
  });
});

describe('a fork', () => {
  it('does not move the dice that it comes from', () => {
    const forked = createRandom(6);
    forked.uniform();
    forked.fork('prices').uniform();
    const plain = createRandom(6);
    plain.uniform();
    expect(forked.uniform()).toBe(plain.uniform());
  });

  it('depends on seed and name alone, not on how far its parent has come', () => {
    const late = createRandom(7);
    draw(late, 10);
    expect(draw(late.fork('news'), 5)).toEqual(draw(createRandom(7).fork('news'), 5));
    expect(draw(late.fork('news'), 5)).not.toEqual(draw(late.fork('posts'), 5));
  });

  it('is independent of its parent, its siblings and the same name under the next seed', () => {
    const parent = createRandom(8);
    const throws = [
      parent.fork('a'),
      parent.fork('b'),
      parent.fork('a').fork('a'),
      createRandom(9).fork('a'),
      parent,
    ].map((random) => draw(random, 20_000));
    for (const [place, left] of throws.entries()) {
      for (const right of throws.slice(place + 1)) {
        // Four standard errors of a correlation of nothing.
        expect(Math.abs(correlation(left, right))).toBeLessThan(4 / Math.sqrt(20_000));
      }
    }
  });
});
