import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createRandom, isAppError } from '../core/index.ts';
import { expectedCalibrationError, sigmoid } from '../stats/index.ts';
import { createTrees, trees, type TreesParameters } from './boosted-trees/trees.ts';
import {
  calibrate,
  calibrationParameters,
  fitCalibration,
  rowsBetween,
  type CalibrationParameters,
} from './calibration.ts';
import { calibratedFamily } from './families.ts';
import { createLogistic, logistic } from './logistic.ts';
import { describeModelFamily, signalRows } from './model.contract.ts';
import type { Model, ModelFamily } from './model.ts';

const PLATT: CalibrationParameters = { method: 'platt', fewestRows: 20 };
const ISOTONIC: CalibrationParameters = { method: 'isotonic', fewestRows: 20 };
const SMALL = {
  ...(trees.parameters as unknown as TreesParameters),
  minChildWeight: 2,
  lambda: 1,
  gapRows: 5,
};
const HELD_BACK = { l2: 100, judgingShare: 0.15, gapRows: 5 };

for (const calibration of [PLATT, ISOTONIC]) {
  describe(`calibrated by ${calibration.method}`, () => {
    describeModelFamily(createTrees({ ...SMALL, calibration }));
    describeModelFamily(createLogistic({ ...HELD_BACK, calibration }));
  });
}

describe('fitCalibration', () => {
  it('finds the sigmoid that undoes log-odds at half their size', () => {
    const { probabilities, labels } = doubtful(40_000);
    const fit = fitCalibration(PLATT, { probabilities, labels });
    expect(fit).toMatchObject({ method: 'platt', rows: 40_000 });
    if (fit.method !== 'platt') return;
    expect(fit.slope).toBeCloseTo(2, 1);
    expect(fit.intercept).toBeCloseTo(0, 1);
    const before = expectedCalibrationError({ probabilities, labels, bins: 10, by: 'mass' });
    const after = expectedCalibrationError({
      probabilities: calibrate(fit, probabilities),
      labels,
      bins: 10,
      by: 'mass',
    });
    expect(before).toBeGreaterThan(0.07);
    expect(after).toBeLessThan(0.01);
  });

  it('pools what falls, and ends a curve where the rule of succession does', () => {
    // By hand: 0.2 (1 of 2 up) and 0.4 (0 of 2) are pooled to 1 of 4; 0.6 has 3 of 4; 0.8 has 2 of 2, which is 1 - 1 / 12.
    const probabilities = Float64Array.of(0.2, 0.2, 0.4, 0.4, 0.6, 0.6, 0.6, 0.6, 0.8, 0.8);
    const labels = Uint8Array.of(0, 1, 0, 0, 1, 1, 1, 0, 1, 1);
    const fit = fitCalibration({ method: 'isotonic', fewestRows: 10 }, { probabilities, labels });
    expect(fit).toEqual({
      method: 'isotonic',
      x: [0.2, 0.4, 0.6, 0.8],
      y: [0.25, 0.25, 0.75, 1 - 1 / 12],
      rows: 10,
    });
    const [below, between, above] = calibrate(fit, Float64Array.of(0, 0.5, 1));
    expect([below, between, above]).toEqual([0.25, expect.closeTo(0.5, 12), 1 - 1 / 12]);
  });

  it('takes the best constant where a sigmoid would turn the order around', () => {
    const probabilities = Float64Array.from({ length: 90 }, (_, row) => (row % 3 === 0 ? 0.6 : 0.4));
    const labels = Uint8Array.from(probabilities, (probability) => (probability > 0.5 ? 0 : 1));
    const fit = fitCalibration(PLATT, { probabilities, labels });
    expect(fit).toMatchObject({ method: 'platt', slope: 0 });
    // 60 of 90 are up, each class drawn in by one row: 60 x 61/62 + 30 x 1/32 of 90.
    for (const probability of calibrate(fit, probabilities)) {
      expect(probability).toBeCloseTo((60 * (61 / 62) + 30 / 32) / 90, 9);
    }
  });

  it('leaves probabilities as they are where it has few rows, or all say the same', () => {
    const few = { probabilities: Float64Array.of(0.4, 0.6), labels: Uint8Array.of(0, 1) };
    const alike = { probabilities: new Float64Array(50).fill(0.5), labels: new Uint8Array(50).fill(1) };
    const none = { probabilities: new Float64Array(0), labels: new Uint8Array(0) };
    for (const rows of [few, alike, none]) {
      const fit = fitCalibration(PLATT, rows);
      expect(fit).toEqual({ method: 'identity', rows: rows.labels.length });
      expect(calibrate(fit, rows.probabilities)).toEqual(rows.probabilities);
    }
  });

  it('keeps every answer a probability and the order of answers', () => {
    const probability = fc.double({ min: 0, max: 1, noNaN: true });
    const row = fc.record({ probability, label: fc.integer({ min: 0, max: 1 }) });
    fc.assert(
      fc.property(fc.array(row, { minLength: 20, maxLength: 60 }), (rows) => {
        const probabilities = Float64Array.from(rows, (one) => one.probability);
        const labels = Uint8Array.from(rows, (one) => one.label);
        const ordered = probabilities.toSorted();
        for (const parameters of [PLATT, ISOTONIC]) {
          const after = calibrate(fitCalibration(parameters, { probabilities, labels }), ordered);
          expect(after.every((value) => value >= 0 && value <= 1)).toBe(true);
          expect(after.toSorted()).toEqual(after);
        }
      }),
    );
  });

  it('refuses what does not fit together', () => {
    expect(() =>
      fitCalibration(PLATT, { probabilities: Float64Array.of(0.5), labels: new Uint8Array(2) }),
    ).toThrow('1 probabilities, but 2 labels');
    expect(() =>
      fitCalibration(PLATT, { probabilities: Float64Array.of(1.5), labels: new Uint8Array(1) }),
    ).toThrow('1.5');
    expect(() => createTrees({ ...SMALL, calibration: { method: 'platt', fewestRows: 1 } })).toThrow(
      'fewestRows',
    );
    const beta = { method: 'beta', fewestRows: 20 } as unknown as CalibrationParameters;
    expect(() => createLogistic({ ...HELD_BACK, calibration: beta })).toThrow('beta');
  });
});

describe('a calibrated family', () => {
  it('never looks at the truth of rows that it is asked about, only at the newest of those that it was given', () => {
    const rows = signalRows(3, 1_000);
    const family = createLogistic({ ...HELD_BACK, calibration: PLATT });
    const [first, end] = [845, 850];
    const spoiled = { ...rows, labels: rows.labels.slice() };
    const calibrationOf = (model: Model) => (model.toJson() as { calibration: unknown }).calibration;
    const known = calibrationOf(family.fit(rows, { seed: 1 }));
    // The gap counts for nothing in the calibration, the held-back rows do.
    spoiled.labels.fill(1, first, end);
    expect(calibrationOf(family.fit(spoiled, { seed: 1 }))).toEqual(known);
    spoiled.labels.fill(1, end);
    expect(calibrationOf(family.fit(spoiled, { seed: 1 }))).not.toEqual(known);
  });

  it('has the plain model inside: without the calibration the bytes are the very same', () => {
    const rows = signalRows(1, 1_000);
    const plain = createTrees(SMALL).fit(rows, { seed: 1 });
    const family = createTrees({ ...SMALL, calibration: PLATT });
    const saved = JSON.parse(JSON.stringify(family.fit(rows, { seed: 1 }).toJson())) as {
      learner: { attributes: Record<string, string> };
    };
    const { bellwether_calibration: text, ...others } = saved.learner.attributes;
    expect(JSON.parse(text!)).toMatchObject({ method: 'platt', rows: 150 });
    saved.learner.attributes = others;
    expect(saved).toEqual(JSON.parse(JSON.stringify(plain.toJson())));
    const { calibration, ...rest } = createLogistic({ ...HELD_BACK, calibration: PLATT })
      .fit(rows, { seed: 1 })
      .toJson() as Record<string, unknown>;
    expect(calibration).toMatchObject({ method: 'platt', rows: 150 });
    expect(rest).toEqual(logistic.fit(rows, { seed: 1 }).toJson());
  });

  it('says in the model that it is not calibrated where too few rows were held back', () => {
    const rows = signalRows(1, 600);
    const saved = calibratedFamily('trees', 'isotonic').fit(rows, { seed: 1 }).toJson();
    const { attributes } = (saved as { learner: { attributes: Record<string, string> } }).learner;
    expect(attributes['bellwether_calibration']).toBe('{"method":"identity","rows":90}');
    expect(calibratedFamily('trees', 'isotonic').fit(rows, { seed: 1 }).predict(rows)).toEqual(
      trees.fit(rows, { seed: 1 }).predict(rows),
    );
  });

  it('is loaded by the plain family, and refused where its calibration is none', () => {
    const rows = signalRows(1, 1_000);
    const model = createTrees({ ...SMALL, calibration: ISOTONIC }).fit(rows, { seed: 1 });
    expect(trees.load(model.toJson()).predict(rows)).toEqual(model.predict(rows));
    for (const text of [
      'no json',
      '{}',
      '{"method":"platt","slope":-1,"intercept":0,"rows":9}',
      '{"method":"isotonic","x":[0,1],"y":[0.6,0.4],"rows":9}',
    ]) {
      const saved = JSON.parse(JSON.stringify(model.toJson())) as {
        learner: { attributes: Record<string, string> };
      };
      saved.learner.attributes['bellwether_calibration'] = text;
      expect(codeOf(trees, saved)).toBe('MODEL_INVALID');
    }
    const own = logistic.fit(rows, { seed: 1 }).toJson() as object;
    expect(codeOf(logistic, { ...own, calibration: { method: 'platt' } })).toBe('MODEL_INVALID');
  });

  it('is there for trees and logistic; a baseline is refused, and none is the family as it is', () => {
    expect(calibratedFamily('trees', 'none')).toBe(trees);
    expect(calibratedFamily('majority', 'none').name).toBe('majority');
    expect(() => calibratedFamily('majority', 'platt')).toThrow('majority is not calibrated');
    expect(calibrationParameters('platt')).toEqual({ method: 'platt', fewestRows: 500 });
    expect(Object.keys(trees.parameters)).not.toContain('calibration');
    expect(logistic.parameters).toEqual({ l2: 100, furthest: 8 });
  });
});

describe('rowsBetween', () => {
  it('gives the rows from the first on and before the end', () => {
    const rows = signalRows(1, 10);
    const part = rowsBetween(rows, 3, 5);
    expect(part.count).toBe(2);
    expect([...part.labels]).toEqual([...rows.labels.slice(3, 5)]);
    expect(part.values[0]).toBe(rows.values[3 * rows.columns.length]);
  });
});

/** Probabilities whose log-odds are half of what they should be. */
function doubtful(count: number): { probabilities: Float64Array; labels: Uint8Array } {
  const random = createRandom(5);
  const logOdds = Float64Array.from({ length: count }, () => random.normal());
  return {
    probabilities: logOdds.map((value) => sigmoid(value / 2)),
    labels: Uint8Array.from(logOdds, (value) => (random.uniform() < sigmoid(value) ? 1 : 0)),
  };
}

function codeOf(family: ModelFamily, json: unknown): string {
  try {
    family.load(json);
  } catch (error) {
    return isAppError(error) ? error.code : String(error);
  }
  return 'no error';
}
