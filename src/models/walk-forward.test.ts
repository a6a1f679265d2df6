import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createRandom, DAY_MS, HOUR_MS, MINUTE_MS, SECOND_MS } from '../core/index.ts';
import { evaluateDirection } from './evaluation.ts';
import { MODEL_FAMILIES } from './families.ts';
import { PAST_RETURN, type ModelFamily, type TrainingRows } from './model.ts';
import { selectMatured, VOID_LABEL, type DirectionRows } from './rows.ts';
import { refitTime, walkForward, type WalkForwardOptions } from './walk-forward.ts';

const FRIDAY = Date.UTC(2021, 9, 1);
const MONDAY = Date.UTC(2021, 9, 4);

/** Hourly windows of a market without drift, labels overlapping by the horizon, some of them void. */
function noiseRows(seed: number, count: number, horizonHours: number): DirectionRows {
  const random = createRandom(seed);
  const price = new Float64Array(count + horizonHours);
  for (let row = 1; row < price.length; row += 1) price[row] = price[row - 1]! + random.normal();
  const back = (row: number, hours: number) => (row < hours ? NaN : price[row]! - price[row - hours]!);
  const windowEnds = Float64Array.from({ length: count }, (_, row) => FRIDAY + row * HOUR_MS);
  const futureReturns = windowEnds.map((_, row) => price[row + horizonHours]! - price[row]!);
  return {
    columns: ['return_1bar', 'return_24h', 'hour_of_week', PAST_RETURN],
    values: Float64Array.from(
      [...windowEnds.keys()].flatMap((row) => [
        back(row, 1),
        back(row, 24),
        row % 168,
        back(row, horizonHours),
      ]),
    ),
    count,
    windowEnds,
    labels: Uint8Array.from(futureReturns, (value) =>
      random.uniform() < 0.01 ? VOID_LABEL : value > 0 ? 1 : 0,
    ),
    labelKnownAt: windowEnds.map((end) => end + horizonHours * HOUR_MS + 5 * SECOND_MS),
    futureReturns,
  };
}

function optionsFor(changes: Partial<WalkForwardOptions> = {}): WalkForwardOptions {
  return {
    family: MODEL_FAMILIES.logistic,
    horizonMinutes: 60,
    embargoMinutes: 0,
    from: FRIDAY + 5 * DAY_MS,
    refit: 'weekly',
    seed: 1,
    ...changes,
  };
}

/** The rows as they were known at a moment: later windows gone, later labels not there. */
function asKnownAt(rows: DirectionRows, moment: number): DirectionRows {
  const count = rows.windowEnds.filter((end) => end <= moment).length;
  const known = (row: number) => rows.labelKnownAt[row]! <= moment;
  return {
    columns: rows.columns,
    values: rows.values.slice(0, count * rows.columns.length),
    count,
    windowEnds: rows.windowEnds.slice(0, count),
    labels: rows.labels.slice(0, count).map((label, row) => (known(row) ? label : VOID_LABEL)),
    labelKnownAt: rows.labelKnownAt.slice(0, count).map((at, row) => (known(row) ? at : NaN)),
    futureReturns: rows.futureReturns.slice(0, count).map((value, row) => (known(row) ? value : NaN)),
  };
}

describe('refitTime', () => {
  it('is the last Monday 00:00 UTC, but never before the start', () => {
    expect(refitTime(MONDAY, 0)).toBe(MONDAY);
    expect(refitTime(MONDAY - 1, 0)).toBe(MONDAY - 7 * DAY_MS);
    expect(refitTime(MONDAY + 7 * DAY_MS - 1, 0)).toBe(MONDAY);
    expect(refitTime(MONDAY + HOUR_MS, MONDAY + 1)).toBe(MONDAY + 1);
  });

  it('stands on a grid of other days where it is asked to', () => {
    expect(refitTime(MONDAY + DAY_MS, 0, 1)).toBe(MONDAY + DAY_MS);
    expect(refitTime(MONDAY + DAY_MS - 1, 0, 1)).toBe(MONDAY);
    expect(refitTime(MONDAY + 6 * DAY_MS, 0, 7)).toBe(refitTime(MONDAY + 6 * DAY_MS, 0));
    expect(() => refitTime(MONDAY, 0, 0)).toThrow('got 0');
  });

  it('is a Monday at most a week before the window', () => {
    fc.assert(
      fc.property(fc.integer({ min: DAY_MS * 7, max: 4_000_000_000_000 }), (windowEnd) => {
        const at = refitTime(windowEnd, -Infinity);
        expect(new Date(at).getUTCDay()).toBe(1);
        expect(at % DAY_MS).toBe(0);
        expect(windowEnd - at).toBeGreaterThanOrEqual(0);
        expect(windowEnd - at).toBeLessThan(7 * DAY_MS);
      }),
      { seed: 1 },
    );
  });
});

describe('walkForward', () => {
  it('tells after each fit how far it is', () => {
    const told: [number, number][] = [];
    const onFit = (done: number, total: number) => told.push([done, total]);
    walkForward(noiseRows(2, 24 * 16, 1), optionsFor({ onFit }));
    expect(told).toEqual([
      [1, 2],
      [2, 2],
    ]);
  });

  it('fits at its start and at each Monday, and tests from < windowEnd <= to', () => {
    const rows = noiseRows(1, 24 * 20, 1);
    const from = FRIDAY + 5 * DAY_MS;
    const to = FRIDAY + 15 * DAY_MS;
    const { probabilities, fits } = walkForward(rows, optionsFor({ from, to }));
    expect(fits.map(({ fittedAt }) => fittedAt)).toEqual([from, MONDAY + 7 * DAY_MS]);
    // Wednesday 01:00 to Sunday 23:00, then Monday 00:00 to Saturday 00:00.
    expect(fits.map(({ testedRows }) => testedRows)).toEqual([119, 121]);
    const tested = [...rows.windowEnds].map((end) => end > from && end <= to);
    expect([...probabilities].map((probability) => !Number.isNaN(probability))).toEqual(tested);
  });

  it('answers all windows by one fit where it is told to split once', () => {
    const rows = noiseRows(1, 24 * 20, 1);
    const { fits } = walkForward(rows, optionsFor({ refit: 'once' }));
    expect(fits).toHaveLength(1);
    expect(fits[0]!.testedRows).toBe(24 * 15 - 1);
  });

  it('cuts the tested windows into folds of the same size, each fitted at the end of the window before it', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 30 }), fc.integer({ min: 30, max: 300 }), (folds, tested) => {
        const rows = noiseRows(1, 24 * 20, 1);
        const from = FRIDAY + 5 * DAY_MS;
        const options = optionsFor({ family: MODEL_FAMILIES.majority, from, to: from + tested * HOUR_MS });
        const { fits } = walkForward(rows, { ...options, refit: { folds } });
        const sizes = fits.map(({ testedRows }) => testedRows);
        expect(sizes).toHaveLength(folds);
        expect(Math.max(...sizes) - Math.min(...sizes)).toBeLessThanOrEqual(1);
        let before = 0;
        for (const { fittedAt, testedRows } of fits) {
          expect(fittedAt).toBe(from + before * HOUR_MS);
          before += testedRows;
        }
        expect(before).toBe(tested);
      }),
      { numRuns: 20, seed: 1 },
    );
  });

  it('fits on a grid of days where it is told to', () => {
    const { fits } = walkForward(noiseRows(1, 24 * 20, 1), optionsFor({ refit: { everyDays: 5 } }));
    expect(fits[0]!.fittedAt).toBe(FRIDAY + 5 * DAY_MS);
    fits.slice(1).forEach(({ fittedAt }) => {
      expect((fittedAt - Date.UTC(1970, 0, 5)) % (5 * DAY_MS)).toBe(0);
    });
    expect(fits.length).toBeGreaterThan(3);
  });

  it('forgets what lies before the days of a rolling training', () => {
    const rows = noiseRows(4, 24 * 20, 1);
    const rolling = optionsFor({ trainingDays: 3 });
    const { probabilities, fits } = walkForward(rows, rolling);
    // At most 72 hours, less the hour whose label is not known and a void one now and then.
    for (const { trainingRows } of fits) expect(trainingRows).toBeLessThanOrEqual(72);
    for (const { trainingRows } of fits) expect(trainingRows).toBeGreaterThan(60);
    const forgotten = { ...rows, values: rows.values.slice() };
    forgotten.values.fill(1e9, 0, 24 * rows.columns.length);
    expect(walkForward(forgotten, rolling).probabilities).toEqual(probabilities);
    expect(walkForward(forgotten, optionsFor()).probabilities).not.toEqual(
      walkForward(rows, optionsFor()).probabilities,
    );
  });

  it('weighs rows where it is told to, and lets a family that reads no weights be', () => {
    const rows = noiseRows(5, 24 * 20, 24);
    const walk = (changes: Partial<WalkForwardOptions>) =>
      walkForward(rows, optionsFor({ horizonMinutes: 1440, ...changes })).probabilities;
    expect(walk({ weighting: 'none' })).toEqual(walk({}));
    expect(walk({ weighting: 'uniqueness' })).not.toEqual(walk({}));
    const family = MODEL_FAMILIES['sign-table'];
    expect(walk({ family, weighting: 'uniqueness' })).toEqual(walk({ family }));
  });

  it('gives what a refit by hand at the same schedule gives', () => {
    const rows = noiseRows(2, 24 * 20, 24);
    const options = optionsFor({ horizonMinutes: 1440 });
    const { probabilities } = walkForward(rows, options);
    const width = rows.columns.length;
    for (const row of [150, 239, 240, 400]) {
      const asOf = refitTime(rows.windowEnds[row]!, options.from) + MINUTE_MS;
      const training = selectMatured(rows, { asOf, horizonMinutes: 1440, embargoMinutes: 0 });
      const values = rows.values.slice(row * width, (row + 1) * width);
      const [expected] = options.family
        .fit(training, { seed: 1 })
        .predict({ columns: rows.columns, values, count: 1 });
      expect(probabilities[row]).toBe(expected);
    }
  });

  it('lets somebody else choose the rows that a fit learns from', () => {
    const rows = noiseRows(5, 400, 1);
    const asked: number[] = [];
    const { fits } = walkForward(
      rows,
      optionsFor({
        embargoMinutes: 60,
        select(given, maturity) {
          asked.push(maturity.asOf);
          expect(maturity).toMatchObject({ horizonMinutes: 60, embargoMinutes: 60 });
          return selectMatured(given, { ...maturity, asOf: maturity.asOf - DAY_MS });
        },
      }),
    );
    expect(asked).toEqual(fits.map(({ fittedAt }) => fittedAt + MINUTE_MS));
    const own = walkForward(rows, optionsFor({ embargoMinutes: 60 })).fits;
    fits.forEach((fit, place) => {
      expect(fit.trainingRows).toBeLessThan(own[place]!.trainingRows);
    });
  });

  it('never trains on a label that was not known at the fit, nor within the embargo', () => {
    fc.assert(
      fc.property(
        fc.constantFrom(1, 4, 24),
        fc.integer({ min: 0, max: 48 }),
        fc.integer({ min: 0, max: 1000 }),
        (horizonHours, embargoHours, seed) => {
          const rows = noiseRows(seed, 24 * 20, horizonHours);
          const seen: TrainingRows[] = [];
          const spy: ModelFamily = {
            ...MODEL_FAMILIES.majority,
            fit(training, options) {
              seen.push(training);
              return MODEL_FAMILIES.majority.fit(training, options);
            },
          };
          const { fits } = walkForward(
            rows,
            optionsFor({ family: spy, horizonMinutes: horizonHours * 60, embargoMinutes: embargoHours * 60 }),
          );
          fits.forEach(({ fittedAt }, place) => {
            // Returns are unique, so they tell which row a training row was.
            const used = [...seen[place]!.futureReturns].map((value) => rows.futureReturns.indexOf(value));
            const asOf = fittedAt + MINUTE_MS;
            const reach = (horizonHours + embargoHours) * HOUR_MS;
            expect(used.every((row) => rows.labelKnownAt[row]! <= asOf)).toBe(true);
            expect(used.every((row) => rows.windowEnds[row]! + reach <= asOf)).toBe(true);
          });
        },
      ),
      { numRuns: 15, seed: 1 },
    );
  });

  it('changes nothing before a moment when everything known after it is deleted', () => {
    fc.assert(
      fc.property(fc.integer({ min: 125, max: 470 }), fc.integer({ min: 0, max: 1000 }), (hour, seed) => {
        const rows = noiseRows(seed, 24 * 20, 24);
        const options = optionsFor({ horizonMinutes: 1440 });
        const moment = FRIDAY + hour * HOUR_MS + MINUTE_MS;
        const past = walkForward(asKnownAt(rows, moment), options).probabilities;
        expect(past).toEqual(walkForward(rows, options).probabilities.slice(0, past.length));
      }),
      { numRuns: 10, seed: 1 },
    );
  });

  it('finds a look-ahead that is planted: labels that claim to be known at once', () => {
    const rows = noiseRows(3, 24 * 20, 24);
    const leaking = { ...rows, labelKnownAt: rows.windowEnds.slice() };
    const options = optionsFor({ horizonMinutes: 1440, embargoMinutes: -1440 });
    const moment = FRIDAY + 300 * HOUR_MS;
    const past = walkForward(asKnownAt(rows, moment), options).probabilities;
    expect(past).not.toEqual(walkForward(leaking, options).probabilities.slice(0, past.length));
  });

  it('refuses folds that are none or more than windows', () => {
    for (const folds of [0, 1.5, 361]) {
      expect(() => walkForward(noiseRows(1, 24 * 20, 1), optionsFor({ refit: { folds } }))).toThrow(
        `to the 359 tested windows, got ${folds}`,
      );
    }
  });

  it('refuses rows that do not ascend', () => {
    const rows = noiseRows(1, 24 * 8, 1);
    expect(() => walkForward({ ...rows, windowEnds: rows.windowEnds.toReversed() }, optionsFor())).toThrow(
      RangeError,
    );
  });
});

describe('walk-forward over a market without drift', () => {
  it.each([1, 24])(
    'is right half of the time at %i h, within three standard errors over twenty markets',
    (hours) => {
      const scores = Array.from({ length: 20 }, (_, place) => {
        const rows = noiseRows(place + 1, 24 * 98, hours);
        const horizonMinutes = hours * 60;
        const { probabilities } = walkForward(
          rows,
          optionsFor({ horizonMinutes, from: FRIDAY + 14 * DAY_MS }),
        );
        return evaluateDirection({
          probabilities,
          labels: rows.labels,
          labelsOneBarLater: rows.labels,
          windowEnds: rows.windowEnds,
          barMinutes: 60,
          horizonMinutes,
          baselineProbabilities: {},
          seed: place,
        });
      });
      const mean = scores.reduce((sum, { accuracy }) => sum + accuracy, 0) / 20;
      const spread = Math.sqrt(scores.reduce((sum, { accuracy }) => sum + (accuracy - mean) ** 2, 0) / 19);
      expect(Math.abs(mean - 0.5)).toBeLessThan((3 * spread) / Math.sqrt(20));
      // At a miss rate of 8 % (28 blocks of 72 h) six or more of twenty come once in two hundred.
      expect(scores.filter(({ low, high }) => !(low <= 0.5 && high >= 0.5)).length).toBeLessThanOrEqual(5);
    },
  );
});
