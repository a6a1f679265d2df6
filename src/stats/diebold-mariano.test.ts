import { describe, expect, it } from 'vitest';
import { createRandom } from '../core/index.ts';
import { dieboldMariano } from './diebold-mariano.ts';
import { studentTail } from './student.ts';

const round = (value: number, digits: number) => Math.round(value * 10 ** digits) / 10 ** digits;
const range = (count: number) => Array.from({ length: count }, (_, place) => place);

/** Series without dice, so that Python makes the same ones. */
const FREE = range(120).map((i) => round(Math.sin(1.3 * i) + 0.3 * Math.cos(0.7 * i * i) + 0.15, 3));
const SMOOTH = range(120).map((i) => {
  const waves = range(6).map((step) => Math.sin(2.1 * (i + step) ** 1.3) / 6);
  return round(waves.reduce((sum, wave) => sum + wave, 0) - 0.08, 3);
});
const ALTERNATING = range(40).map((k) => (-1) ** k + 0.05 * (k % 3));

/*
 * statsmodels 0.15.0, SciPy 1.17.1:
 * m = OLS(d, ones(n)).fit(cov_type='HAC', cov_kwds=dict(maxlags=h-1, weights_func=weights_uniform, use_correction=False))
 * s = m.params[0] / m.bse[0] * sqrt((n + 1 - 2*h + h*(h-1)/n) / n); p = 2 * t.sf(abs(s), n - 1)
 * and with the default weights (Bartlett) for the last, whose uniform sum is -0.95.
 */
describe('dieboldMariano', () => {
  it.each([
    {
      what: 'one period ahead',
      differences: FREE,
      horizon: 1,
      known: { mean: 0.1680333333333333, statistic: 2.5746731323456884, p: 0.011259048619682356 },
    },
    {
      what: 'six periods ahead',
      differences: SMOOTH,
      horizon: 6,
      known: { mean: -0.04671666666666666, statistic: -1.0906911322037287, p: 0.27761235213632335 },
    },
    {
      what: 'a variance below 0',
      differences: ALTERNATING,
      horizon: 2,
      known: { mean: 0.04875, statistic: 1.8447132822884267, p: 0.07268385763079191 },
    },
  ])('gives the values of statsmodels: $what', ({ differences, horizon, known }) => {
    const found = dieboldMariano({ differences: Float64Array.from(differences), horizon });
    expect(found.mean).toBeCloseTo(known.mean, 12);
    expect(found.statistic).toBeCloseTo(known.statistic, 9);
    expect(found.p).toBeCloseTo(known.p, 9);
    expect(found.n).toBe(differences.length);
  });

  it('says the opposite of the other way round, and nothing of equals', () => {
    const forth = dieboldMariano({ differences: Float64Array.from(SMOOTH), horizon: 6 });
    const back = dieboldMariano({ differences: Float64Array.from(SMOOTH, (value) => -value), horizon: 6 });
    expect(back.statistic).toBeCloseTo(-forth.statistic, 12);
    expect(back.p).toBeCloseTo(forth.p, 12);
    expect(dieboldMariano({ differences: new Float64Array(50), horizon: 1 }).p).toBeNaN();
  });

  it('calls about 5 % of overlapping noise significant at 5 %', () => {
    const { normal } = createRandom(7);
    const found = range(400).filter(() => {
      const noise = range(607).map(() => normal());
      const differences = Float64Array.from(range(600), (i) =>
        noise.slice(i, i + 8).reduce((sum, one) => sum + one, 0),
      );
      return dieboldMariano({ differences, horizon: 8 }).p < 0.05;
    }).length;
    expect(found / 400).toBeGreaterThan(0.02);
    expect(found / 400).toBeLessThan(0.1);
  });

  it('leaves gaps out, keeps their length, and is silent where there is too little', () => {
    const gappy = Float64Array.from(FREE, (value, place) => (place % 10 === 3 ? NaN : value));
    const found = dieboldMariano({ differences: gappy, horizon: 1 });
    expect(found.n).toBe(108);
    expect(found.p).toBeGreaterThan(0);
    const few = dieboldMariano({ differences: Float64Array.from(FREE.slice(0, 40)), horizon: 6 });
    expect([few.statistic, few.p, few.n]).toEqual([NaN, NaN, 40]);
    expect(() => dieboldMariano({ differences: gappy, horizon: 0 })).toThrow(RangeError);
  });
});

describe('studentTail', () => {
  it('gives the values of scipy.stats.t.sf (SciPy 1.17.1), and refuses what has none', () => {
    const known = [
      [0, 3, 0.5],
      [2, 10, 0.03669401738537018],
      [1.5, 1, 0.18716704181099886],
      [3.2, 36_000, 0.0006877335793627602],
      [6, 25, 1.4426638294494286e-6],
    ] as const;
    for (const [x, degrees, tail] of known) expect(studentTail(x, degrees)).toBeCloseTo(tail, 11);
    expect(() => studentTail(-1, 3)).toThrow(RangeError);
    expect(() => studentTail(1, 0.5)).toThrow(RangeError);
  });
});
