import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createVirtualClock, DAY_MS, HOUR_MS, MINUTE_MS, parseUtc, SECOND_MS } from './core/index.ts';
import { articleAt, candleAt, GRACE_SECONDS, ORIGIN, sorted } from './features/inputs.contract.ts';
import { learnInMemory } from '../test/learning.ts';
import { createFeatureLanes, createFeatureSet, type FeatureInput } from './features/index.ts';
import { MODEL_FAMILIES, refitTime } from './models/index.ts';
import { armsOf, createPredictor, createWindowMemory, HORIZONS_MINUTES } from './prediction/index.ts';
import {
  runWindow,
  windowsBetween,
  type WindowEffects,
  type WindowParts,
  type WindowRun,
} from './run-window.ts';

const featureSet = createFeatureSet({ barMinutes: 60, scorer: 'vader@1.0.0' });
const GRACE_MS = GRACE_SECONDS * SECOND_MS;
const HISTORY = sorted(
  Array.from({ length: 40 }, (_, bar) => [
    candleAt(ORIGIN + bar * HOUR_MS, { close: 100 + ((bar * 7) % 11) }),
    articleAt(ORIGIN + bar * HOUR_MS + 10 * MINUTE_MS, 0.25),
  ]).flat(),
);

const LONG = sorted(
  Array.from({ length: 24 * 8 }, (_, bar) =>
    candleAt(ORIGIN + bar * HOUR_MS, { close: 100 + ((bar * 7) % 11) }),
  ),
);

describe('runWindow', () => {
  it('collects up to its decision, then reads what became known since the last one, and nothing later', async () => {
    const told: string[] = [];
    const run = newRun({ predictAfter: ORIGIN + 100 * HOUR_MS });
    const parts: WindowParts = {
      clock: createVirtualClock(0),
      collect: async (upTo) => void told.push(`collect ${upTo - ORIGIN}`),
      async read({ after, upTo }) {
        told.push(`read ${after - ORIGIN}..${upTo - ORIGIN}`);
        return { inputs: known(HISTORY, { after, upTo }), scores: [] };
      },
    };
    await runWindow(ORIGIN, run, parts);
    await runWindow(ORIGIN + HOUR_MS, run, parts);
    expect(told).toEqual([
      `collect ${GRACE_MS}`,
      `read -Infinity..${GRACE_MS}`,
      `collect ${HOUR_MS + GRACE_MS}`,
      `read ${GRACE_MS}..${HOUR_MS + GRACE_MS}`,
    ]);
  });

  it('learns from the warm-up, but says nothing about it and keeps its truth out of the ledger', async () => {
    const after = ORIGIN + 10 * HOUR_MS;
    const effects = await runAll({ predictAfter: after });
    const warmUp = effects.filter(({ windowEnd }) => windowEnd <= after);
    expect(
      warmUp.flatMap(({ predictions, fits, outcomes }) => [...predictions, ...fits, ...outcomes]),
    ).toEqual([]);
    expect(warmUp.every(({ vectors }) => vectors[0]?.length === featureSet.names.length)).toBe(true);
    const [first] = effects.filter(({ windowEnd }) => windowEnd > after);
    // Ten of the hours up to `after` have their truth by then.
    expect(first?.fits.map(({ arm, horizonMinutes, rows }) => [arm, horizonMinutes, rows])).toEqual([
      ['baseline-majority', 60, 10],
      ['baseline-majority', 1_440, 0],
    ]);
    const [training] = first?.retrainings ?? [];
    expect(training?.trigger).toBe('first');
    expect(
      training?.drafts[0]?.manifest.models.map(({ arm, horizonMinutes, rows }) => [
        arm,
        horizonMinutes,
        rows,
      ]),
    ).toEqual([
      ['logistic+vader', 60, 10],
      ['logistic+none', 60, 10],
      ['logistic+vader', 1_440, 0],
      ['logistic+none', 1_440, 0],
    ]);
    const outcomes = effects.flatMap((each) => each.outcomes);
    expect(Math.min(...outcomes.map(({ windowEnd }) => windowEnd))).toBe(after + HOUR_MS);
  });

  it('retrains after the predictions of the window that it is due at', async () => {
    // Bars begin on a Tuesday; the sixth day on is a Monday.
    const monday = refitTime(ORIGIN + 7 * DAY_MS, ORIGIN);
    const effects = await runAll({ predictAfter: ORIGIN + 2 * DAY_MS, history: LONG, bars: 24 * 8 });
    const trained = effects.filter(({ retrainings }) => retrainings.length > 0);
    expect(trained.map(({ windowEnd, retrainings }) => [windowEnd, retrainings[0]?.trigger])).toEqual([
      [ORIGIN + 2 * DAY_MS + HOUR_MS, 'first'],
      [monday, 'schedule'],
    ]);
    const [retraining] = effects.find(({ windowEnd }) => windowEnd === monday)?.retrainings ?? [];
    expect([retraining?.at, retraining?.recordedAt]).toEqual([monday + GRACE_MS, monday + GRACE_MS + 1]);
    // Eight days are too few to learn from anew, so the first version stays, and the run says why.
    expect(retraining?.runs.map(({ status }) => status)).toEqual(['skipped']);
    const versionsAt = (windowEnd: number) => [
      ...new Set(
        effects
          .find((each) => each.windowEnd === windowEnd)
          ?.predictions.filter(({ arm }) => arm.startsWith('logistic'))
          .map(({ modelVersion }) => modelVersion),
      ),
    ];
    expect(retraining?.changes).toEqual([]);
    expect(versionsAt(monday)).toEqual(['logistic@1.0.0']);
    expect(versionsAt(monday + HOUR_MS)).toEqual(['logistic@1.0.0']);
  });

  it('leaves a retraining that is due to the queue where windows do not wait', async () => {
    const effects = await runAll({
      predictAfter: ORIGIN + 2 * DAY_MS,
      history: LONG,
      bars: 24 * 8,
      isRetrainingQueued: true,
    });
    expect(effects.flatMap(({ retrainings }) => retrainings.map(({ trigger }) => trigger))).toEqual([
      'first',
    ]);
  });

  it('tells a prediction at the decision, and when the run is late at the moment in which it was really made', async () => {
    const effects = await runAll({ predictAfter: ORIGIN, now: ORIGIN + 5 * HOUR_MS });
    const predictedAt = effects
      .flatMap(({ predictions }) => predictions.slice(0, 1))
      .map((each) => each.predictedAt);
    expect(predictedAt.slice(0, 6).map((moment) => moment - ORIGIN)).toEqual([
      ...[1, 2, 3, 4].map(() => 5 * HOUR_MS),
      5 * HOUR_MS + GRACE_MS,
      6 * HOUR_MS + GRACE_MS,
    ]);
  });

  it('decides a window without its candle, degraded', async () => {
    const missing = ORIGIN + 20 * HOUR_MS;
    const effects = await runAll({
      predictAfter: ORIGIN + 10 * HOUR_MS,
      history: HISTORY.filter(({ kind, eventTime }) => kind !== 'candle' || eventTime !== missing),
    });
    const degraded = effects.filter((each) => each.degraded);
    expect(degraded.map(({ windowEnd }) => windowEnd)).toEqual([missing]);
    expect(degraded[0]?.predictions.every((prediction) => prediction.degraded)).toBe(true);
    expect(degraded[0]?.predictions).toHaveLength(6);
  });

  it('fails as a whole when its records cannot be collected', async () => {
    const run = newRun({ predictAfter: ORIGIN });
    const collect = () => Promise.reject(new Error('the exchange is away'));
    const parts = { clock: createVirtualClock(0), collect, read: readerOf(HISTORY) };
    await expect(runWindow(ORIGIN, run, parts)).rejects.toThrow('the exchange is away');
    expect(run.memory.knownUpTo).toBe(-Infinity);
  });
});

describe('windowsBetween', () => {
  it('gives the ends of bars after the one moment and up to the other', () => {
    const hours = windowsBetween(parseUtc('2022-03-07T00:00:00Z'), parseUtc('2022-03-07T02:30:00Z'), 60);
    expect(hours).toEqual([parseUtc('2022-03-07T01:00:00Z'), parseUtc('2022-03-07T02:00:00Z')]);
  });

  it('covers every window once however the span is cut', () => {
    const moment = fc.integer({ min: 0, max: 10 * 86_400_000 });
    fc.assert(
      fc.property(fc.tuple(moment, moment, moment), fc.constantFrom(15, 60, 1_440), (moments, bar) => {
        const [first, middle, last] = moments.sort((left, right) => left - right);
        const whole = windowsBetween(first, last, bar);
        expect([...windowsBetween(first, middle, bar), ...windowsBetween(middle, last, bar)]).toEqual(whole);
        expect(whole.every((end) => end > first && end <= last && end % (bar * MINUTE_MS) === 0)).toBe(true);
      }),
      { numRuns: 50, seed: 1 },
    );
  });

  it('gives none where there is none', () => {
    expect(windowsBetween(ORIGIN, ORIGIN, 60)).toEqual([]);
    expect(windowsBetween(ORIGIN + HOUR_MS, ORIGIN, 60)).toEqual([]);
  });
});

const LANES = createFeatureLanes([featureSet]);
const ARMS = armsOf({
  fitted: [MODEL_FAMILIES.logistic],
  baselines: [MODEL_FAMILIES.majority],
  scorers: ['vader@1.0.0'],
  lanes: LANES,
});

function newRun({ predictAfter }: { predictAfter: number }): WindowRun {
  return {
    predictAfter,
    learning: learnInMemory({
      featureSets: [featureSet],
      arms: ARMS,
      firstFitAt: predictAfter,
      graceMs: GRACE_MS,
    }),
    memory: createWindowMemory({
      featureSets: [featureSet],
      horizonsMinutes: HORIZONS_MINUTES,
      graceSeconds: GRACE_SECONDS,
    }),
    predictor: createPredictor({
      arms: ARMS,
      horizonsMinutes: HORIZONS_MINUTES,
      lanes: LANES,
      firstFitAt: predictAfter,
      graceMs: GRACE_MS,
      seed: 1,
    }),
  };
}

async function runAll(options: {
  predictAfter: number;
  history?: readonly FeatureInput[];
  now?: number;
  bars?: number;
  isRetrainingQueued?: boolean;
}): Promise<WindowEffects[]> {
  const { predictAfter, history = HISTORY, now = 0, bars = 40, isRetrainingQueued } = options;
  const run = newRun({ predictAfter });
  const parts = {
    clock: createVirtualClock(now),
    collect: () => Promise.resolve(),
    read: readerOf(history),
    isRetrainingQueued,
  };
  const effects: WindowEffects[] = [];
  for (let bar = 0; bar < bars; bar += 1) effects.push(await runWindow(ORIGIN + bar * HOUR_MS, run, parts));
  return effects;
}

function readerOf(history: readonly FeatureInput[]): WindowParts['read'] {
  return async (range) => ({ inputs: known(history, range), scores: [] });
}

function known(
  history: readonly FeatureInput[],
  { after, upTo }: { after: number; upTo: number },
): FeatureInput[] {
  return history.filter(({ knownAt }) => knownAt > after && knownAt <= upTo);
}
