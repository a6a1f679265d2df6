import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { fitTemperature, softmaxLogLoss } from './calibration.ts';
import { mixed } from './fixtures/mixed.ts';
import metrics from './fixtures/metrics-reference.json' with { type: 'json' };
import reference from './fixtures/multinomial-reference.json' with { type: 'json' };

const rated = {
  logOdds: Float64Array.from(reference.logOdds),
  labels: Uint8Array.from(reference.labels),
  classes: 3,
};

describe('fitTemperature', () => {
  it('finds the temperature that SciPy finds', () => {
    expect(fitTemperature(rated)).toBeCloseTo(reference.temperature, 6);
  });

  it('finds it for two, three and five classes, with the log-loss before and after', () => {
    for (const { seed, rows, classes, unit, noise, ...known } of metrics.temperatures) {
      const logOdds = mixed(seed, rows * classes).map((die) => (die - 0.5) * unit);
      const blurred = mixed(seed + 1, rows * classes).map((die, place) => logOdds[place]! + die * noise);
      const labels = Uint8Array.from({ length: rows }, (_, row) => {
        const own = blurred.subarray(row * classes, (row + 1) * classes);
        return own.indexOf(Math.max(...own));
      });
      const drawn = { logOdds, labels, classes };
      expect(fitTemperature(drawn)).toBeCloseTo(known.temperature, 9);
      expect(softmaxLogLoss(drawn)).toBeCloseTo(known.loss, 12);
      expect(softmaxLogLoss(drawn, known.temperature)).toBeCloseTo(known.bestLoss, 12);
    }
  });

  it('leaves no better temperature near by', () => {
    const row = fc.tuple(
      fc.double({ min: -4, max: 4, noNaN: true }),
      fc.double({ min: -4, max: 4, noNaN: true }),
      fc.nat(1),
    );
    fc.assert(
      fc.property(fc.array(row, { minLength: 1, maxLength: 30 }), (rows) => {
        const drawn = {
          logOdds: Float64Array.from(rows.flatMap(([a, b]) => [a, b])),
          labels: Uint8Array.from(rows, ([, , label]) => label),
          classes: 2,
        };
        const best = fitTemperature(drawn);
        expect(best >= 1 / 50 && best <= 50).toBe(true);
        for (const other of [best * 1.01, best / 1.01].filter((one) => one > 1 / 50 && one < 50)) {
          expect(softmaxLogLoss(drawn, best)).toBeLessThanOrEqual(softmaxLogLoss(drawn, other) + 1e-12);
        }
      }),
      { seed: 12 },
    );
  });

  it('refuses no rows, other shapes, and labels that are no class', () => {
    expect(() => fitTemperature({ ...rated, labels: new Uint8Array() })).toThrow('no rows');
    expect(() => fitTemperature({ ...rated, labels: new Uint8Array(2) })).toThrow(
      '2 rows of 3 classes need 6 log-odds',
    );
    expect(() =>
      fitTemperature({ logOdds: new Float64Array(2), labels: Uint8Array.of(2), classes: 2 }),
    ).toThrow('a label is not below 2');
  });
});

describe('softmaxLogLoss', () => {
  it('gives the log-loss of SciPy at every temperature', () => {
    for (const [temperature, loss] of reference.logLoss) {
      expect(softmaxLogLoss(rated, temperature)).toBeCloseTo(loss!, 10);
    }
  });

  it('stays finite where a probability is too small for a number', () => {
    const hopeless = { logOdds: Float64Array.of(0, 5_000), labels: Uint8Array.of(0), classes: 2 };
    expect(softmaxLogLoss(hopeless)).toBe(5_000);
  });
});
