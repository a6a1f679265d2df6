import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { mixed } from './fixtures/mixed.ts';
import reference from './fixtures/significance-reference.json' with { type: 'json' };
import { pesaranTimmermann } from './pesaran-timmermann.ts';

/** Truth, and a forecast that copies it with a chance of `skill`; as in Python. */
function directions({ seed, n, skill, up }: { seed: number; n: number; skill: number; up: number }) {
  const dice = mixed(seed, 3 * n);
  const actual = Uint8Array.from({ length: n }, (_, row) => (dice[row]! < up ? 1 : 0));
  const predicted = actual.map((truth, row) =>
    dice[n + row]! < skill ? truth : dice[2 * n + row]! < 0.5 ? 1 : 0,
  );
  return { predicted, actual };
}

describe('pesaranTimmermann', () => {
  it("equals the paper's variances, written out in NumPy, and SciPy's normal", () => {
    for (const known of reference.pesaranTimmermann) {
      const { predicted, actual } = directions(known);
      const { statistic, p } = pesaranTimmermann(predicted, actual);
      expect(statistic).toBeCloseTo(known.statistic, 10);
      expect(p).toBeCloseTo(known.p, 12);
    }
  });

  it('says the opposite of the opposite forecast', () => {
    const bit = fc.integer({ min: 0, max: 1 });
    fc.assert(
      fc.property(fc.array(fc.tuple(bit, bit), { minLength: 2, maxLength: 40 }), (rows) => {
        const predicted = Uint8Array.from(rows, ([said]) => said);
        const actual = Uint8Array.from(rows, ([, truth]) => truth);
        const one = pesaranTimmermann(predicted, actual);
        const other = pesaranTimmermann(
          predicted.map((said) => 1 - said),
          actual,
        );
        if (Number.isNaN(one.p)) expect(other).toEqual({ statistic: NaN, p: NaN });
        else {
          expect(other.statistic).toBeCloseTo(-one.statistic, 12);
          expect(other.p).toBeCloseTo(1 - one.p, 12);
        }
      }),
      { seed: 1 },
    );
  });

  it('finds skill in one of twenty where there is none', () => {
    let found = 0;
    for (let seed = 0; seed < 1_000; seed += 1) {
      const { predicted, actual } = directions({ seed, n: 200, skill: 0, up: 0.5 });
      if (pesaranTimmermann(predicted, actual).p < 0.05) found += 1;
    }
    expect(found / 1_000).toBeGreaterThan(0.03);
    expect(found / 1_000).toBeLessThan(0.07);
  });

  it('says nothing where one side never changes, and refuses shapes that differ', () => {
    const silent = { statistic: NaN, p: NaN };
    expect(pesaranTimmermann(Uint8Array.of(1, 1, 1), Uint8Array.of(0, 1, 1))).toEqual(silent);
    expect(pesaranTimmermann(Uint8Array.of(0, 1, 1), Uint8Array.of(0, 0, 0))).toEqual(silent);
    expect(pesaranTimmermann(new Uint8Array(), new Uint8Array())).toEqual(silent);
    expect(() => pesaranTimmermann(Uint8Array.of(1), Uint8Array.of(0, 1))).toThrow(RangeError);
  });
});
