import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createRandom, DAY_MS, HOUR_MS, SECOND_MS } from '../core/index.ts';
import { logLoss } from '../stats/index.ts';
import { createLogistic } from './logistic.ts';
import { PAST_RETURN } from './model.ts';
import { VOID_LABEL, type DirectionRows } from './rows.ts';
import { searchDirection, type SearchOptions, type TrialRecord } from './search.ts';
import type { SearchSpace } from './search-space.ts';
import { walkForward } from './walk-forward.ts';

const ORIGIN = Date.UTC(2021, 9, 1);
const HOURS = 24 * 40;

/** Hourly windows whose direction a column tells more often than not; some labels are void. */
function toldRows(seed: number): DirectionRows {
  const random = createRandom(seed);
  const windowEnds = Float64Array.from({ length: HOURS }, (_, hour) => ORIGIN + hour * HOUR_MS);
  const values = new Float64Array(3 * HOURS);
  const futureReturns = windowEnds.map((_, row) => {
    const told = random.normal();
    values.set([told, random.normal(), 0], 3 * row);
    return 0.01 * (told + random.normal());
  });
  return {
    columns: ['told', 'noise', PAST_RETURN],
    values,
    count: HOURS,
    windowEnds,
    labels: Uint8Array.from(futureReturns, (value) =>
      random.uniform() < 0.02 ? VOID_LABEL : Number(value > 0),
    ),
    labelKnownAt: windowEnds.map((end) => end + 4 * HOUR_MS + 5 * SECOND_MS),
    futureReturns,
  };
}

/** Untuned it says little more than the base rate. */
const SPACE: SearchSpace = {
  family: 'logistic',
  dimensions: {
    l2: { kind: 'log-uniform', low: 0.1, high: 1e5 },
    trainingDays: { kind: 'choice', options: [5, 'all'] },
  },
  defaults: { l2: 1e5, trainingDays: 'all' },
  resource: 'newest rows',
  recipe: ({ l2, trainingDays }) => ({
    family: createLogistic({ l2: Number(l2) }),
    trainingDays: trainingDays === 'all' ? undefined : Number(trainingDays),
  }),
};

const ROWS = toldRows(1);

function search(changes: Partial<SearchOptions> = {}, rows: DirectionRows = ROWS) {
  return searchDirection(rows, {
    space: SPACE,
    method: 'tpe',
    horizonMinutes: 240,
    embargoMinutes: 240,
    from: ORIGIN + 20 * DAY_MS,
    folds: 3,
    trials: 14,
    seed: 1,
    ...changes,
  });
}

describe('searchDirection', () => {
  const whole = search();

  it('finds settings that foretell better than the untuned ones, out of sample', () => {
    const tested = [...whole.testedRows].filter((row) => ROWS.labels[row]! <= 1);
    const truth = Uint8Array.from(tested, (row) => ROWS.labels[row]!);
    const lossOf = (probabilities: Float64Array) =>
      logLoss(
        Float64Array.from(tested, (row) => probabilities[row]!),
        truth,
      );
    expect(lossOf(whole.defaultProbabilities)).toBeGreaterThan(0.66);
    expect(lossOf(whole.probabilities)).toBeLessThan(0.56);
    for (const { best, defaultLogLoss } of whole.folds) {
      expect(best.logLoss).toBeLessThan(defaultLogLoss);
      expect(best.settings['l2']).toBeLessThan(1_000);
    }
  });

  it('answers by what each fold chose, fitted on all that was known, and by the untuned family beside it', () => {
    const { embargoMinutes, horizonMinutes, seed } = { embargoMinutes: 240, horizonMinutes: 240, seed: 1 };
    const walk = { embargoMinutes, horizonMinutes, seed, from: ORIGIN + 20 * DAY_MS };
    const untuned = { ...walk, ...SPACE.recipe(SPACE.defaults), refit: { folds: 3 } };
    expect(whole.defaultProbabilities).toEqual(walkForward(ROWS, untuned).probabilities);
    const { best, fittedAt, testedRows } = whole.folds[1]!;
    const chosen = walkForward(ROWS, {
      ...walk,
      ...SPACE.recipe(best.settings),
      from: fittedAt,
      refit: 'once',
    }).probabilities;
    const first = whole.testedRows[whole.folds[0]!.testedRows]!;
    expect(whole.probabilities.slice(first, first + testedRows)).toEqual(
      chosen.slice(first, first + testedRows),
    );
  });

  it('notes what every trial lost on each tested window', () => {
    const untuned = whole.trialLosses.get(0)!;
    expect(untuned.length).toBe(whole.testedRows.length);
    whole.testedRows.forEach((row, place) => {
      const label = ROWS.labels[row]!;
      if (label === VOID_LABEL) return expect(untuned[place]).toBeNaN();
      const probability = whole.defaultProbabilities[row]!;
      expect(untuned[place]).toBeCloseTo(-Math.log(label === 1 ? probability : 1 - probability), 12);
    });
    expect([...whole.trialLosses.keys()]).toEqual(Array.from({ length: 14 }, (_, trial) => trial));
  });

  it('tries at random the same settings in every fold, so that a trial is one strategy', () => {
    const { records } = search({ method: 'random', trials: 5 });
    for (let trial = 0; trial < 5; trial += 1) {
      const tried = records.filter((record) => record.trial === trial).map(({ settings }) => settings);
      expect(tried).toHaveLength(3);
      for (const settings of tried) expect(settings).toEqual(tried[0]);
    }
  });

  it('goes on from any record as if it had not been broken off', () => {
    fc.assert(
      fc.property(
        fc.constantFrom('random', 'tpe'),
        fc.boolean(),
        fc.double({ min: 0, max: 1, noNaN: true }),
        (method, halving, share) => {
          const options = { method, halving } as const;
          const uninterrupted = search(options);
          const kept = uninterrupted.records.slice(0, Math.floor(share * uninterrupted.records.length));
          const made: TrialRecord[] = [];
          const known = JSON.parse(JSON.stringify(kept)) as TrialRecord[];
          expect(search({ ...options, known, onTrial: (record) => made.push(record) })).toEqual(
            uninterrupted,
          );
          expect(made).toEqual(uninterrupted.records.slice(kept.length));
        },
      ),
      { numRuns: 8, seed: 1 },
    );
  });

  it('goes further than a search of fewer trials on the same way', () => {
    const few = search({ trials: 6 });
    for (const record of few.records) expect(whole.records).toContainEqual(record);
  });

  it('chooses in no fold by what was not known at its fit', () => {
    const [, second] = whole.folds;
    const asOf = second!.fittedAt + 60 * SECOND_MS;
    const spoiled = {
      ...ROWS,
      values: ROWS.values.map((value, place) =>
        ROWS.windowEnds[Math.floor(place / 3)]! + 8 * HOUR_MS > asOf ? 1e6 : value,
      ),
      labels: ROWS.labels.map((label, row) => (ROWS.labelKnownAt[row]! > asOf ? 1 : label)),
    };
    const early = ({ fold }: TrialRecord) => fold <= 1;
    expect(search({}, spoiled).records.filter(early)).toEqual(whole.records.filter(early));
  });

  it('judges few on all of the resource where it halves, the untuned one always among them', () => {
    const { records, folds, trialLosses } = search({ halving: true, method: 'random', trials: 18 });
    const rungs = (rung: number) => records.filter((record) => record.fold === 0 && record.rung === rung);
    // Two brackets of nine, three and one; the untuned one goes on beside them, unless it is of them.
    expect(rungs(0)).toHaveLength(18);
    expect([6, 7]).toContain(rungs(1).length);
    expect([2, 3]).toContain(rungs(2).length);
    expect(rungs(2).map(({ trial }) => trial)).toContain(0);
    expect(rungs(0)[0]!.share).toBeCloseTo(1 / 9, 12);
    for (const fold of folds) expect(fold.fullTrials).toBeLessThan(fold.trials);
    expect(trialLosses.has(0)).toBe(true);
  });

  it('begins no trial after its time, but one in every fold', () => {
    let now = 0;
    const stopwatch = () => (now += 500);
    const { folds } = search({ method: 'random', trials: 1_000, time: { seconds: 6, stopwatch } });
    // Two seconds a fold; each look at the watch takes half a second, each trial two looks.
    const trials = folds.map((fold) => fold.trials);
    for (const count of trials) expect(count).toBeLessThan(6);
    for (const count of trials) expect(count).toBeGreaterThanOrEqual(1);
    const none = search({ trials: 9, time: { seconds: 0.001, stopwatch } });
    expect(none.folds.map((fold) => fold.trials)).toEqual([1, 1, 1]);
    expect(none.probabilities).toEqual(none.defaultProbabilities);
  });

  it('refuses budgets out of range, ways that are none, too little to judge by and records of another search', () => {
    expect(() => search({ trials: 0 })).toThrow('from 1 to 100000, got 0');
    expect(() => search({ folds: 0 })).toThrow('got 0');
    expect(() => search({ time: { seconds: 0, stopwatch: () => 0 } })).toThrow('got 0');
    expect(() => search({ method: 'grid' as 'random' })).toThrow('no way to search is named grid');
    expect(() => search({ from: ORIGIN + 9 * HOUR_MS })).toThrow('fold 0 begins after 2 windows');
    const known = whole.records.map((record) => ({ ...record, settings: { l2: 3, trainingDays: 5 } }));
    expect(() => search({ known })).toThrow("another search's");
  });
});
