import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createModels } from '../src/compose.ts';
import {
  createRandom,
  createVirtualClock,
  DAY_MS,
  HOUR_MS,
  MINUTE_MS,
  SECOND_MS,
  type EpochMs,
} from '../src/core/index.ts';
import type { FeatureInput } from '../src/features/index.ts';
import { assertKnownTime, bitsOf, type Decision } from '../src/features/known-time.contract.ts';
import { compareObservations } from '../src/lake/index.ts';
import {
  createPredictor,
  createWindowMemory,
  HORIZONS_MINUTES,
  type Predictor,
} from '../src/prediction/index.ts';
import { runWindow, windowsBetween, type WindowEffects, type WindowParts } from '../src/run-window.ts';
import type { TestWorkspace } from './database.ts';
import { learnInMemory } from './learning.ts';
import {
  createRunWorkspace,
  forgetRuns,
  importMarket,
  openTestRun,
  readLeftBehind,
  replayWindows,
} from './run-workspace.ts';
import { BAR_MINUTES, GRACE_SECONDS, observeMarket, ORIGIN } from './simulated-market.ts';

const BARS = 9 * 24;
/** A Friday, so that a weekly fit lies within the run. */
const PREDICT_AFTER = ORIGIN + 4 * DAY_MS;
const GRACE_MS = GRACE_SECONDS * SECOND_MS;
const WINDOWS = windowsBetween(ORIGIN, ORIGIN + BARS * HOUR_MS, BAR_MINUTES);
const models = createModels(BAR_MINUTES);

describe('known time, through the one path', () => {
  it('leaves every feature, prediction and outcome as it is, bit for bit, when the future is deleted', async () => {
    const cut = fc.integer({ min: 100 * 3_600, max: (BARS - 2) * 3_600 });
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: 1, max: 1_000 }), fc.tuple(cut, cut), async (seed, cuts) => {
        await assertKnownTime({
          inputs: await troubledMarket(seed),
          moments: cuts.map((seconds) => ORIGIN + seconds * SECOND_MS),
          produce: (inputs) => decide(inputs),
        });
      }),
      { numRuns: 8, seed: 1 },
    );
  });

  it('holds at the very decision of a window and of a weekly fit', async () => {
    await assertKnownTime({
      inputs: await troubledMarket(7),
      moments: [7 * DAY_MS, 5 * DAY_MS + HOUR_MS].flatMap((after) => [
        ORIGIN + after + GRACE_MS - 1,
        ORIGIN + after + GRACE_MS,
        ORIGIN + after + GRACE_MS + 1,
      ]),
      produce: (inputs) => decide(inputs),
    });
  });

  it('catches a feed that hands out by the time of the event', async () => {
    const byEvent = (inputs: readonly FeatureInput[]) =>
      inputs.map((input) => ({ ...input, knownAt: input.eventTime })).sort(compareObservations);
    await expectCaught(/features of .* knew something/, (inputs) => decide(byEvent(inputs)));
  });

  it('catches a feed that reads a bar ahead', async () => {
    const early = (inputs: readonly FeatureInput[]) =>
      inputs.map((input) => ({ ...input, knownAt: input.knownAt - HOUR_MS }));
    await expectCaught(/features of .* knew something/, (inputs) => decide(early(inputs)));
  });

  it('catches a label that is known one bar early', async () => {
    await expectCaught(/prediction of .* knew something/, (inputs) =>
      decide(inputs, (predictor) => withEarlyLabels(predictor, inputs)),
    );
  });

  it('catches a fit that learns from the whole history', async () => {
    await expectCaught(/prediction of .* knew something/, async (inputs) => {
      const { memory } = await run(inputs);
      return decide(inputs, (predictor) => ({
        ...predictor,
        refitIfDue: (windowEnd) => predictor.refitIfDue(windowEnd + 7 * DAY_MS, memory.history),
      }));
    });
  });
});

describe('known time, in a workspace', () => {
  let workspace: TestWorkspace;

  beforeAll(async () => {
    workspace = await createRunWorkspace();
    await importMarket(workspace, { seed: 5, bars: BARS });
  });
  afterAll(async () => {
    await workspace.drop();
  });

  it('says the same of the past when its tables hold no future', async () => {
    const cut = barEnd(180) + 31 * MINUTE_MS;
    const past = WINDOWS.filter((windowEnd) => windowEnd + GRACE_MS <= cut);
    const replayPast = async (onCommit?: () => Promise<void>) => {
      await forgetRuns(workspace);
      await onCommit?.();
      await replayWindows(past, await openTestRun(workspace, { predictAfter: PREDICT_AFTER }));
      return readLeftBehind(workspace);
    };
    const withFuture = await replayPast();
    expect(withFuture.predictions.length).toBeGreaterThan(1_000);
    const withoutFuture = await replayPast(async () => {
      for (const table of ['candles', 'articles', 'posts', 'indices']) {
        const deleted = await workspace.pool.query(`delete from ${table} where known_at > $1`, [
          new Date(cut),
        ]);
        expect(deleted.rowCount).toBeGreaterThan(0);
      }
    });
    expect(withoutFuture).toEqual(withFuture);
  });
});

/** A planted look-ahead has to be seen at one of some cuts, ten minutes after the close of a bar. */
async function expectCaught(
  told: RegExp,
  produce: (inputs: readonly FeatureInput[]) => Promise<readonly Decision[]>,
): Promise<void> {
  const test = assertKnownTime({
    inputs: await troubledMarket(11),
    moments: [120, 150, 168, 190].map((bar) => barEnd(bar) + 10 * MINUTE_MS),
    produce,
  });
  await expect(test).rejects.toThrow(told);
}

/** The market with an outage and bad records, and on top candles that are late, missing or revised. */
async function troubledMarket(seed: number): Promise<FeatureInput[]> {
  const outage = { kind: 'outage' as const, from: barEnd(60), to: barEnd(75) };
  const badRecords = { kind: 'bad-records' as const, from: barEnd(110), to: barEnd(140) };
  const { inputs } = await observeMarket({ seed, bars: BARS, strength: 0.2, inject: [outage, badRecords] });
  const random = createRandom(seed).fork('troubles');
  return inputs
    .flatMap((input): FeatureInput[] => {
      if (input.kind !== 'candle') return [input];
      const dice = random.uniform();
      if (dice < 0.04) return [];
      const knownAt = input.knownAt + (dice < 0.12 ? random.integer(30 * 60) * MINUTE_MS : 0);
      const revised = { ...input, id: `${input.id}r`, close: input.close * 1.01, knownAt: knownAt + HOUR_MS };
      return [{ ...input, knownAt }, ...(dice > 0.95 ? [revised] : [])];
    })
    .sort(compareObservations);
}

async function decide(
  inputs: readonly FeatureInput[],
  plant: (predictor: Predictor) => Predictor = (predictor) => predictor,
): Promise<Decision[]> {
  const { effects } = await run(inputs, plant);
  return effects.flatMap(decisionsOf);
}

/** Every window of the run, from a feed in memory that knows all inputs and hands out what is known. */
async function run(inputs: readonly FeatureInput[], plant = (predictor: Predictor) => predictor) {
  const { featureSets, lanes, arms } = models;
  const memory = createWindowMemory({
    featureSets,
    horizonsMinutes: HORIZONS_MINUTES,
    graceSeconds: GRACE_SECONDS,
  });
  const predictor = createPredictor({
    arms,
    horizonsMinutes: HORIZONS_MINUTES,
    lanes,
    firstFitAt: PREDICT_AFTER,
    graceMs: GRACE_MS,
    seed: 1,
  });
  const parts: WindowParts = {
    clock: createVirtualClock(0),
    collect: () => Promise.resolve(),
    read: ({ after, upTo }) =>
      Promise.resolve({
        inputs: inputs.filter(({ knownAt }) => knownAt > after && knownAt <= upTo),
        scores: [],
      }),
  };
  const learning = learnInMemory({ featureSets, arms, firstFitAt: PREDICT_AFTER, graceMs: GRACE_MS });
  const windowRun = { memory, learning, predictor: plant(predictor), predictAfter: PREDICT_AFTER };
  const effects: WindowEffects[] = [];
  for (const windowEnd of WINDOWS) effects.push(await runWindow(windowEnd, windowRun, parts));
  return { memory, effects };
}

function decisionsOf({
  windowEnd,
  asOf,
  vectors,
  degraded,
  predictions,
  outcomes,
  revisions,
}: WindowEffects): Decision[] {
  return [
    { name: `features of ${windowEnd}`, asOf, content: `${vectors.map(bitsOf).join(' ')} ${degraded}` },
    { name: `what became true by ${windowEnd}`, asOf, content: JSON.stringify([outcomes, revisions]) },
    ...predictions.map((prediction) => ({
      name: `prediction of ${prediction.arm} for ${windowEnd} + ${prediction.horizonMinutes}`,
      asOf,
      // JSON writes the shortest text that reads back as the same double.
      content: JSON.stringify(prediction),
    })),
  ];
}

/** Before each fit the truth of the last hour is told by the close of the hour that follows it. */
function withEarlyLabels(predictor: Predictor, inputs: readonly FeatureInput[]): Predictor {
  const closes = new Map(
    inputs.flatMap((input) => (input.kind === 'candle' ? [[input.eventTime, input.close]] : [])),
  );
  return {
    ...predictor,
    refitIfDue(windowEnd, history) {
      const entry = closes.get(windowEnd);
      const end = closes.get(windowEnd + HOUR_MS);
      if (entry !== undefined && end !== undefined && entry !== end) {
        history.learn({
          windowEnd: windowEnd - HOUR_MS,
          horizonMinutes: 60,
          entryDelayMinutes: 0,
          outcome: end > entry ? 'up' : 'down',
          knownAt: windowEnd,
          futureReturn: Math.log(end / entry),
        });
      }
      return predictor.refitIfDue(windowEnd, history);
    },
  };
}

function barEnd(bar: number): EpochMs {
  return ORIGIN + bar * HOUR_MS;
}
