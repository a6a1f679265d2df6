import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createRandom } from '../core/index.ts';
import { blockBootstrapInterval } from './bootstrap.ts';
import {
  classificationIntervals,
  type ClassificationMetric,
  type ClassificationProblem,
} from './classification-bootstrap.ts';
import { diceOf, judgedRows, mixed } from './fixtures/mixed.ts';
import reference from './fixtures/metrics-reference.json' with { type: 'json' };

const METRICS: ClassificationMetric[] = [
  'accuracy',
  'balancedAccuracy',
  'matthewsCorrelation',
  'areaUnderRoc',
  'brierScore',
  'logLoss',
];

function problemOf(
  { probabilities, labels }: Pick<ClassificationProblem, 'probabilities' | 'labels'>,
  changes: Partial<ClassificationProblem> = {},
): ClassificationProblem {
  return {
    probabilities,
    labels,
    predicted: Uint8Array.from(probabilities, (probability) => (probability >= 0.5 ? 1 : 0)),
    blockLength: 6,
    resamples: 200,
    level: 0.95,
    uniform: createRandom(3).uniform,
    ...changes,
  };
}

describe('classificationIntervals', () => {
  it("gives the quantiles of scikit-learn's figures on the same rows, with and without gaps", () => {
    for (const known of reference.figureIntervals) {
      const { probabilities, labels } = judgedRows(known);
      const absent = mixed(known.seed + 1, known.n);
      const found = classificationIntervals(
        problemOf(
          {
            probabilities: probabilities.map((one, row) => (absent[row]! < known.missing ? NaN : one)),
            labels,
          },
          {
            blockLength: known.blockLength,
            resamples: known.resamples,
            level: 0.9,
            uniform: diceOf(mixed(known.seed + 2, known.resamples * known.n)),
          },
        ),
      );
      for (const metric of METRICS) {
        expect(found[metric].low, metric).toBeCloseTo(known[metric][0]!, 10);
        expect(found[metric].high, metric).toBeCloseTo(known[metric][1]!, 10);
      }
    }
  });

  it('has the very accuracy interval of the bootstrap of hits with the same dice', () => {
    const { probabilities, labels } = judgedRows({ seed: 9, n: 500, steps: 100, skill: 0.4 });
    for (let row = 40; row < 90; row += 1) probabilities[row] = NaN;
    const problem = problemOf({ probabilities, labels }, { blockLength: 24 });
    const values = probabilities.map((one, row) =>
      Number.isNaN(one) ? NaN : Number(one >= 0.5 === (labels[row] === 1)),
    );
    const { low, high } = blockBootstrapInterval({ ...problem, values, uniform: createRandom(3).uniform });
    expect(classificationIntervals(problem).accuracy).toEqual({ low, high });
  });

  it('turns around with the forecast, whatever the rows', () => {
    const row = fc.tuple(fc.integer({ min: 0, max: 8 }), fc.integer({ min: 0, max: 1 }));
    fc.assert(
      fc.property(fc.array(row, { minLength: 48, maxLength: 90 }), (rows) => {
        const labels = Uint8Array.from(rows, ([, label]) => label);
        const probabilities = Float64Array.from(rows, ([eighths]) => (eighths + 0.5) / 9);
        const plain = problemOf({ probabilities, labels }, { resamples: 50 });
        const one = classificationIntervals(plain);
        const other = classificationIntervals({
          ...plain,
          probabilities: probabilities.map((probability) => 1 - probability),
          predicted: plain.predicted.map((said) => 1 - said),
          uniform: createRandom(3).uniform,
        });
        expect(other.accuracy.low).toBeCloseTo(1 - one.accuracy.high, 10);
        expect(other.areaUnderRoc.low).toBeCloseTo(1 - one.areaUnderRoc.high, 10);
        expect(other.balancedAccuracy.high).toBeCloseTo(1 - one.balancedAccuracy.low, 10);
        expect(other.matthewsCorrelation.high).toBeCloseTo(-one.matthewsCorrelation.low, 10);
      }),
      { seed: 1, numRuns: 20 },
    );
  });

  it('has no bounds below eight blocks, nor of figures that one class leaves undefined', () => {
    const rows = judgedRows({ seed: 2, n: 47, steps: 10, skill: 0 });
    const few = classificationIntervals(problemOf(rows));
    for (const metric of METRICS) expect(few[metric]).toEqual({ low: NaN, high: NaN });
    const alone = classificationIntervals(
      problemOf({ probabilities: new Float64Array(60).fill(0.7), labels: new Uint8Array(60).fill(1) }),
    );
    expect(alone.accuracy).toEqual({ low: 1, high: 1 });
    expect(alone.areaUnderRoc).toEqual({ low: NaN, high: NaN });
    expect(alone.balancedAccuracy).toEqual({ low: NaN, high: NaN });
  });

  it('refuses shapes that differ and a bootstrap that makes no sense', () => {
    const rows = judgedRows({ seed: 2, n: 60, steps: 10, skill: 0 });
    expect(() => classificationIntervals(problemOf(rows, { labels: new Uint8Array(3) }))).toThrow(
      'has 3 rows',
    );
    expect(() => classificationIntervals(problemOf(rows, { blockLength: 0 }))).toThrow('got 0');
    expect(() => classificationIntervals(problemOf(rows, { level: 1 }))).toThrow('got 1');
  });
});
