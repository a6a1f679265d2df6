import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createRandom, DAY_MS, HOUR_MS } from '../core/index.ts';
import {
  articleAt,
  candleAt,
  GRACE_SECONDS,
  ORIGIN,
  sorted,
  troubledHistory,
} from '../features/inputs.contract.ts';
import { createFeatureSet, type FeatureInput } from '../features/index.ts';
import { MODEL_FAMILIES, VOID_LABEL } from '../models/index.ts';
import { armsOf } from './arms.ts';
import { studyDirection, type DirectionStudyOptions } from './direction-study.ts';
import { NOTHING_DEPLOYED } from './deployed.ts';
import { createPredictor } from './predictor.ts';
import { createWindowMemory } from './window-memory.ts';

const featureSet = createFeatureSet({ barMinutes: 60, scorer: 'vader@1.0.0' });

describe('studyDirection', () => {
  it('finds a direction that the news tells, and only where the news is read', () => {
    const inputs = toldByNews({ bars: 800, share: 0.9 });
    const fourHours = {
      featureSet: createFeatureSet({ barMinutes: 240, scorer: 'vader@1.0.0' }),
      horizonMinutes: 240,
    };
    const reading = studyDirection(optionsFor(inputs, fourHours));
    expect(reading.accuracy).toBeGreaterThan(0.8);
    expect(reading.low).toBeGreaterThan(0.75);
    const blind = studyDirection(optionsFor(inputs, { ...fourHours, usesSentiment: false }));
    expect(Math.abs(blind.accuracy - 0.5)).toBeLessThan(0.06);
  });

  it('scores the baselines on the very same windows', () => {
    // Always up is right as often as the price rose: 2 of 3 bars.
    const inputs = Array.from({ length: 301 }, (_, bar) =>
      candleAt(ORIGIN + bar * HOUR_MS, { close: 100 + (bar % 3 === 0 ? -1 : bar % 3) }),
    );
    const study = studyDirection(
      optionsFor(inputs, { baselines: { 'always-up': MODEL_FAMILIES['always-up'] }, from: ORIGIN }),
    );
    expect(study.n).toBe(299);
    expect(study.baselines['always-up']).toBeCloseTo(2 / 3, 2);
  });

  it('tests the last three quarters unless it is told where to begin', () => {
    const inputs = troubledHistory(3, { bars: 400 });
    const study = studyDirection(optionsFor(inputs));
    const first = study.windowEnds[0] ?? NaN;
    expect(study.from).toBe(study.windowEnds[Math.floor(study.windowEnds.length / 4)]);
    expect(study.to).toBe(study.windowEnds.at(-1));
    expect((study.to - study.from) / (study.to - first)).toBeCloseTo(0.75, 1);
    const tested = [...study.probabilities].map((probability) => !Number.isNaN(probability));
    expect(tested).toEqual([...study.windowEnds].map((end) => end > study.from && end <= study.to));
  });

  it('neither trains nor tests on what is held out, whatever happened there', () => {
    const inputs = troubledHistory(6, { bars: 600 });
    const hours = (count: number) => ORIGIN + count * HOUR_MS;
    const holdout = { from: hours(200), to: hours(400) };
    const free = studyDirection(optionsFor(inputs));
    const held = studyDirection(optionsFor(inputs, { holdout }));
    expect(free.n - held.n).toBeGreaterThan(150);
    held.windowEnds.forEach((windowEnd, row) => {
      const touches = windowEnd + HOUR_MS > holdout.from && windowEnd < holdout.to;
      if (touches) expect(held.judged.labels[row]).toBe(VOID_LABEL);
    });
    const poisoned = { ...optionsFor(inputs, { holdout }), from: hours(150), to: hours(199) };
    expect(studyDirection(poisoned).lastTrainingRows).toBeLessThan(150);
    const after = studyDirection({ ...poisoned, from: hours(450), to: hours(599), refit: 'once' });
    expect(after.lastTrainingRows).toBeLessThan(450 - 200);
  });

  it('fits once where it is told to, else at the beginning and each Monday', () => {
    const inputs = troubledHistory(4, { bars: 24 * 21 });
    const range = { from: ORIGIN + 3 * DAY_MS, to: ORIGIN + 20 * DAY_MS };
    expect(studyDirection(optionsFor(inputs, { ...range, refit: 'once' })).fits).toBe(1);
    expect(studyDirection(optionsFor(inputs, { ...range, refit: 'weekly' })).fits).toBe(3);
  });

  it('tells how far it is, fit by fit, then baseline by baseline', () => {
    const told: [number, number][] = [];
    const { majority, ar1 } = MODEL_FAMILIES;
    studyDirection(
      optionsFor(troubledHistory(5, { bars: 200 }), {
        baselines: { majority, ar1 },
        onProgress: (done, total) => told.push([done, total]),
      }),
    );
    expect(told).toEqual([
      [1, 4],
      [2, 4],
      [3, 4],
      [4, 4],
    ]);
  });

  it('says without an embargo what the windows say in operation, bit for bit', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 1_000 }), fc.constantFrom(60, 1_440), (seed, horizonMinutes) => {
        const inputs = troubledHistory(seed, { bars: 24 * 16 });
        const from = ORIGIN + 5 * DAY_MS;
        const study = studyDirection(optionsFor(inputs, { from, horizonMinutes, embargoMinutes: 0 }));
        expect([...study.probabilities].slice(-24 * 10)).toEqual(
          inOperation(inputs, { from, to: study.to, horizonMinutes }).slice(-24 * 10),
        );
      }),
      { numRuns: 6, seed: 1 },
    );
  });

  it('refuses a span without a window', () => {
    const inputs = troubledHistory(6, { bars: 50 });
    const tooLate = { from: ORIGIN + 60 * HOUR_MS };
    expect(() => studyDirection(optionsFor(inputs, tooLate))).toThrow(/no window to test/);
    expect(() => studyDirection(optionsFor([]))).toThrow(RangeError);
  });
});

function optionsFor(
  inputs: readonly FeatureInput[],
  changes: Partial<DirectionStudyOptions> = {},
): DirectionStudyOptions {
  return {
    featureSet,
    inputs,
    graceSeconds: GRACE_SECONDS,
    horizonMinutes: 60,
    family: MODEL_FAMILIES.logistic,
    usesSentiment: true,
    baselines: {},
    refit: 'weekly',
    seed: 1,
    ...changes,
  };
}

/**
 * Fair coin tosses of a price in bars of four hours, and at the end of each an article that is right about the next
 * one with the given probability; the mean of the last four hours holds no other.
 */
function toldByNews({ bars, share }: { bars: number; share: number }): FeatureInput[] {
  const random = createRandom(7);
  const inputs: FeatureInput[] = [];
  let close = 40_000;
  for (let bar = 0; bar < bars; bar += 1) {
    const eventTime = ORIGIN + bar * 4 * HOUR_MS;
    inputs.push(candleAt(eventTime, { close, barMinutes: 240 }));
    const move = random.uniform() < 0.5 ? -1 : 1;
    inputs.push(articleAt(eventTime, random.uniform() < share ? move : -move));
    close *= Math.exp(0.01 * move);
  }
  return sorted(inputs);
}

/** P(up) of every window after `from`, by the parts that decide windows in operation. */
function inOperation(
  inputs: readonly FeatureInput[],
  { from, to, horizonMinutes }: { from: number; to: number; horizonMinutes: number },
): number[] {
  const memory = createWindowMemory({
    featureSets: [featureSet],
    horizonsMinutes: [horizonMinutes],
    graceSeconds: GRACE_SECONDS,
  });
  const predictor = createPredictor({
    arms: armsOf({
      fitted: [MODEL_FAMILIES.logistic],
      baselines: [],
      scorers: ['vader@1.0.0'],
      lanes: memory.lanes,
    })
      .slice(0, 1)
      .map((arm) => ({ ...arm, isGoverned: false })),
    horizonsMinutes: [horizonMinutes],
    lanes: memory.lanes,
    firstFitAt: from,
    graceMs: memory.graceMs,
    seed: 1,
  });
  const said: number[] = [];
  const first = Math.min(...inputs.flatMap((input) => (input.kind === 'candle' ? [input.eventTime] : [])));
  for (let windowEnd = first; windowEnd <= to; windowEnd += HOUR_MS) {
    const asOf = windowEnd + memory.graceMs;
    const known = memory.knownUpTo;
    const row = memory.fold(
      inputs.filter(({ knownAt }) => knownAt > known && knownAt <= asOf),
      windowEnd,
    );
    memory.settle(asOf);
    if (windowEnd <= from) continue;
    predictor.refitIfDue(windowEnd, memory.history);
    said.push(
      predictor.predict(row, { predictedAt: asOf, degraded: row.degraded }, NOTHING_DEPLOYED)[0]
        ?.probabilityUp ?? NaN,
    );
  }
  return said;
}
