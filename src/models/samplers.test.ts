import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createRandom } from '../core/index.ts';
import { SAMPLERS, SEARCH_METHODS, type Observation, type SearchMethod } from './samplers.ts';
import type { Dimensions, Settings } from './search-space.ts';

const SPACE: Dimensions = {
  share: { kind: 'uniform', low: 0.2, high: 1 },
  rate: { kind: 'log-uniform', low: 0.001, high: 1 },
  depth: { kind: 'integer', low: 1, high: 8 },
  bins: { kind: 'choice', options: [32, 64, 'many'] },
};

/** Least, zero, at share 0.8, rate 0.02, depth 3 and 64 bins. */
function bowl({ share, rate, depth, bins }: Settings): number {
  return (
    (2 * (Number(share) - 0.8)) ** 2 +
    (Math.log(Number(rate) / 0.02) / 3) ** 2 +
    ((Number(depth) - 3) / 4) ** 2 +
    (bins === 64 ? 0 : 0.5)
  );
}

function search(method: SearchMethod, { seed, trials }: { seed: number; trials: number }): Observation[] {
  const dice = createRandom(seed);
  const observed: Observation[] = [];
  for (let trial = 0; trial < trials; trial += 1) {
    const settings = SAMPLERS[method].propose(SPACE, observed, dice.fork(`trial ${trial}`));
    observed.push({ settings, loss: bowl(settings) });
  }
  return observed;
}

describe.each(SEARCH_METHODS)('%s', (method) => {
  it('stays within every range, whatever came of what it tried', () => {
    fc.assert(
      fc.property(fc.integer(), fc.integer({ min: 1, max: 1e6 }), (seed, wild) => {
        const dice = createRandom(seed);
        const losses = createRandom(wild);
        const observed: Observation[] = [];
        for (let trial = 0; trial < 25; trial += 1) {
          const settings = SAMPLERS[method].propose(SPACE, observed, dice.fork(String(trial)));
          expect(Object.keys(settings)).toEqual(Object.keys(SPACE));
          const { share, rate, depth, bins } = settings as Record<string, number>;
          expect(share! >= 0.2 && share! <= 1).toBe(true);
          expect(rate! >= 0.001 && rate! <= 1).toBe(true);
          expect(Number.isInteger(depth) && depth! >= 1 && depth! <= 8).toBe(true);
          expect([32, 64, 'many']).toContain(bins);
          observed.push({ settings, loss: losses.uniform() < 0.2 ? NaN : losses.normal() });
        }
      }),
      { numRuns: 25 },
    );
  });

  it('proposes the same from the same dice and observations', () => {
    expect(search(method, { seed: 3, trials: 20 })).toEqual(search(method, { seed: 3, trials: 20 }));
    expect(search(method, { seed: 4, trials: 20 })).not.toEqual(search(method, { seed: 3, trials: 20 }));
  });
});

describe('random', () => {
  it('draws whole numbers and choices evenly, and a log-uniform one evenly by its logarithm', () => {
    const drawn = search('random', { seed: 1, trials: 4_000 }).map(({ settings }) => settings);
    const share = (holds: (settings: Settings) => boolean) => drawn.filter(holds).length / drawn.length;
    for (let depth = 1; depth <= 8; depth += 1) {
      expect(share((settings) => settings['depth'] === depth)).toBeCloseTo(1 / 8, 1);
    }
    expect(share(({ bins }) => bins === 'many')).toBeCloseTo(1 / 3, 1);
    expect(share(({ rate }) => Number(rate) < 0.01)).toBeCloseTo(1 / 3, 1);
    expect(share(({ share: value }) => Number(value) < 0.4)).toBeCloseTo(1 / 4, 1);
  });
});

describe('tpe', () => {
  it('comes closer to the best settings than random draws do, over twenty seeds', () => {
    const best = (method: SearchMethod, seed: number) =>
      Math.min(...search(method, { seed, trials: 60 }).map(({ loss }) => loss));
    const seeds = Array.from({ length: 20 }, (_, place) => place + 1);
    const wins = seeds.filter((seed) => best('tpe', seed) < best('random', seed)).length;
    // Sixteen or more of twenty would come by chance alone six times in a thousand.
    expect(wins).toBeGreaterThanOrEqual(16);
  });

  it('draws as random does until it has ten observations', () => {
    const [first, second] = (['tpe', 'random'] as const).map((method) =>
      search(method, { seed: 5, trials: 11 }),
    );
    expect(first!.slice(0, 10)).toEqual(second!.slice(0, 10));
    expect(first![10]).not.toEqual(second![10]);
  });
});
