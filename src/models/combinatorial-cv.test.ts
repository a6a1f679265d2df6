import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createRandom, HOUR_MS, MINUTE_MS } from '../core/index.ts';
import { combinatorialPaths, combinatorialSplits } from './combinatorial-cv.ts';
import { MODEL_FAMILIES } from './families.ts';
import { PAST_RETURN, type ModelFamily, type TrainingRows } from './model.ts';
import { VOID_LABEL, type DirectionRows } from './rows.ts';

/** Hourly rows with gaps, void labels and labels that became known late or never. */
function troubledRows(seed: number, count: number, horizonHours: number): DirectionRows {
  const random = createRandom(seed);
  let hour = 0;
  const windowEnds = Float64Array.from({ length: count }, () => {
    hour += random.uniform() < 0.05 ? 1 + random.integer(30) : 1;
    return hour * HOUR_MS;
  });
  const labels = Uint8Array.from(windowEnds, () => (random.uniform() < 0.1 ? VOID_LABEL : random.integer(2)));
  const labelKnownAt = windowEnds.map((end, row) => {
    if (labels[row] === VOID_LABEL && random.uniform() < 0.5) return NaN;
    const late = random.uniform() < 0.05 ? random.integer(20) : 0;
    return end + (horizonHours + late) * HOUR_MS + 5_000;
  });
  return {
    columns: ['x', PAST_RETURN],
    values: Float64Array.from(windowEnds, () => random.normal()).reduce<Float64Array>(
      (values, value, row) => (values.fill(value, 2 * row, 2 * row + 2), values),
      new Float64Array(2 * count),
    ),
    count,
    windowEnds,
    labels,
    labelKnownAt,
    futureReturns: Float64Array.from({ length: count }, (_, row) => row),
  };
}

const plans = fc
  .integer({ min: 2, max: 9 })
  .chain((groups) =>
    fc.record({ groups: fc.constant(groups), testGroups: fc.integer({ min: 1, max: groups - 1 }) }),
  );

function choose(count: number, size: number): number {
  return size === 0 ? 1 : (count * choose(count - 1, size - 1)) / size;
}

describe('combinatorialSplits', () => {
  it('makes the fifteen splits and five paths of six groups tested by two', () => {
    // The worked example of chapter 12.4.
    const rows = troubledRows(1, 60, 1);
    const { splits, paths, bounds } = combinatorialSplits(rows, {
      groups: 6,
      testGroups: 2,
      embargoMinutes: 0,
    });
    expect(splits.map(({ testedGroups }) => testedGroups.join(''))).toEqual([
      '01',
      '02',
      '03',
      '04',
      '05',
      '12',
      '13',
      '14',
      '15',
      '23',
      '24',
      '25',
      '34',
      '35',
      '45',
    ]);
    expect([...bounds]).toEqual([0, 10, 20, 30, 40, 50, 60]);
    expect(paths).toHaveLength(5);
    expect(paths[0]).toEqual([0, 0, 1, 2, 3, 4]);
    expect(paths[4]).toEqual([4, 8, 11, 13, 14, 14]);
  });

  it('has N choose k splits and k / N of that as paths; each path covers all, each answer is used once', () => {
    fc.assert(
      fc.property(plans, fc.integer({ min: 9, max: 100 }), ({ groups, testGroups }, count) => {
        const { splits, paths, bounds } = combinatorialSplits(troubledRows(1, count, 1), {
          groups,
          testGroups,
          embargoMinutes: 0,
        });
        expect(splits).toHaveLength(Math.round(choose(groups, testGroups)));
        expect(paths).toHaveLength(Math.round((testGroups / groups) * choose(groups, testGroups)));
        const used = new Set<string>();
        for (const path of paths) {
          expect(path).toHaveLength(groups);
          path.forEach((split, group) => {
            expect(splits[split]!.testedGroups).toContain(group);
            used.add(`${split} answers ${group}`);
          });
        }
        expect(used.size).toBe(paths.length * groups);
        const sizes = [...bounds.subarray(1)].map((end, group) => end - bounds[group]!);
        expect(Math.max(...sizes) - Math.min(...sizes)).toBeLessThanOrEqual(1);
        expect(bounds.at(-1)).toBe(count);
        for (const { tested, testedGroups } of splits) {
          expect(tested.length).toBe(testedGroups.reduce((sum, group) => sum + sizes[group]!, 0));
        }
      }),
      { numRuns: 40 },
    );
  });

  it('never teaches a label whose interval comes within the embargo of a tested one, on either side', () => {
    fc.assert(
      fc.property(
        plans,
        fc.integer({ min: 1, max: 1e6 }),
        fc.record({ horizonHours: fc.constantFrom(1, 4, 24), embargoHours: fc.integer({ min: 0, max: 48 }) }),
        (plan, seed, { horizonHours, embargoHours }) => {
          const rows = troubledRows(seed, 120, horizonHours);
          const { windowEnds, labelKnownAt, labels } = rows;
          const { splits } = combinatorialSplits(rows, { ...plan, embargoMinutes: 60 * embargoHours });
          const embargo = embargoHours * HOUR_MS;
          for (const { training, tested } of splits) {
            for (const row of training) {
              expect(labels[row]).toBeLessThanOrEqual(1);
              const [from, to] = [windowEnds[row]! - embargo, labelKnownAt[row]! + embargo];
              const touched = tested.some((other) => {
                const known = labelKnownAt[other]!;
                return windowEnds[other]! <= to && (Number.isNaN(known) ? windowEnds[other]! : known) >= from;
              });
              expect(touched).toBe(false);
            }
          }
        },
      ),
      { numRuns: 25 },
    );
  });

  it('leaves out no more than the labels and the embargo ask for', () => {
    const hours = Float64Array.from({ length: 30 }, (_, hour) => hour * HOUR_MS);
    const rows = {
      count: 30,
      windowEnds: hours,
      labels: new Uint8Array(30),
      labelKnownAt: hours.map((hour) => hour + 2 * HOUR_MS),
    };
    const middle = (embargoMinutes: number) =>
      combinatorialSplits(rows, { groups: 3, testGroups: 1, embargoMinutes }).splits[1]!.training;
    // Tested: 10..19, known by 21. A label from 7 is known at 9, one from 22 begins after all of them.
    expect([...middle(0)]).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 22, 23, 24, 25, 26, 27, 28, 29]);
    expect([...middle(120)]).toEqual([0, 1, 2, 3, 4, 5, 24, 25, 26, 27, 28, 29]);
  });

  it('refuses plans that cut nothing, test all, or never end', () => {
    const rows = troubledRows(1, 40, 1);
    const splits = (groups: number, testGroups: number, embargoMinutes = 0) =>
      combinatorialSplits(rows, { groups, testGroups, embargoMinutes });
    expect(() => splits(1, 1)).toThrow('from 2 to the 40 rows, got 1');
    expect(() => splits(41, 1)).toThrow('got 41');
    expect(() => splits(6, 0)).toThrow('1 to 5 are tested together, got 0');
    expect(() => splits(6, 6)).toThrow('got 6');
    expect(() => splits(6, 2, -1)).toThrow('got -1');
    expect(() => splits(40, 5)).toThrow('658008 splits');
  });
});

describe('combinatorialPaths', () => {
  const options = { groups: 6, testGroups: 2, embargoMinutes: 60, horizonMinutes: 60, seed: 1 };

  it('answers every row on every path, each group by a fit that has not seen it', () => {
    const rows = troubledRows(2, 120, 1);
    const seen: number[][] = [];
    /** Says which of its fits it is. */
    const numbered: ModelFamily = {
      ...MODEL_FAMILIES.majority,
      fit(training: TrainingRows) {
        seen.push([...training.futureReturns]);
        const place = seen.length;
        const model = MODEL_FAMILIES.majority.fit(training, { seed: 1 });
        return { ...model, predict: ({ count }) => new Float64Array(count).fill(place) };
      },
    };
    const told: number[] = [];
    const paths = combinatorialPaths(rows, {
      ...options,
      family: numbered,
      onFit: (done) => told.push(done),
    });
    expect(told).toEqual(Array.from({ length: 15 }, (_, place) => place + 1));
    const plan = combinatorialSplits(rows, options);
    paths.forEach((answers, path) => {
      answers.forEach((place, row) => {
        const group = plan.bounds.findLastIndex((first) => first <= row);
        expect(place - 1).toBe(plan.paths[path]![group]);
        expect(seen[place - 1]).not.toContain(row);
      });
    });
  });

  it('weighs rows where it is told to', () => {
    const rows = troubledRows(3, 300, 24);
    const paths = (weighting: 'none' | 'uniqueness') =>
      combinatorialPaths(rows, {
        ...options,
        embargoMinutes: 24 * 60,
        horizonMinutes: (24 * HOUR_MS) / MINUTE_MS,
        family: MODEL_FAMILIES.logistic,
        weighting,
      });
    expect(paths('uniqueness')).not.toEqual(paths('none'));
  });
});
