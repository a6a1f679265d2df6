import fc from 'fast-check';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { createTestWorkspace, type TestWorkspace } from '../../test/database.ts';
import { migrationDrift } from '../../test/migrations.ts';
import { DAY_MS, HOUR_MS, inTransaction, MINUTE_MS, parseUtc } from '../core/index.ts';
import type { Prediction } from './predictor.ts';
import {
  countPredictions,
  firstPredictedAt,
  predictionLine,
  readArm,
  readPredictions,
  readScored,
  writeOutcomes,
  writePredictions,
  predictionMigrations,
} from './store.ts';
import * as tables from './tables.ts';
import type { SettledOutcome } from './truth.ts';

const asset = 'BTC-USD';
const T = parseUtc('2022-03-07T05:00:00Z');
const ALL = { asset, after: -Infinity, upTo: Infinity };

describe('the store of predictions and outcomes', () => {
  let workspace: TestWorkspace;

  beforeAll(async () => {
    workspace = await createTestWorkspace([predictionMigrations]);
  });
  afterAll(async () => {
    await workspace.drop();
  });
  beforeEach(async () => {
    await workspace.pool.query('truncate predictions, outcomes');
  });

  it('has the tables that tables.ts describes', async () => {
    expect(await migrationDrift(tables, predictionMigrations.folder)).toEqual([]);
  });

  it('gives back what was written, bit for bit', async () => {
    const anything = fc.record({
      probabilityUp: fc.double({ min: 0, max: 1, noNaN: true }),
      // Features hold no negative zero, so none can come here.
      sentiment: fc.option(fc.double({ min: -1, max: 1, noNaN: true }).map((value) => value + 0)),
      degraded: fc.boolean(),
      abstention: fc.string({ minLength: 1 }).filter((text) => !text.includes('\0')),
      predictedAt: fc.integer({ min: T, max: T + DAY_MS }),
    });
    await fc.assert(
      fc.asyncProperty(fc.array(anything, { minLength: 1, maxLength: 20 }), async (contents) => {
        await workspace.pool.query('truncate predictions, outcomes');
        const written = contents.map((content, place) =>
          predictionOf({ windowEnd: hour(place), ...content }),
        );
        await writePredictions(workspace.pool, asset, written);
        const read = await readPredictions(workspace.pool, { ...ALL, knownBy: Infinity });
        expect(read).toEqual(written.map((prediction) => ({ ...prediction, asset, outcome: null })));
      }),
      { numRuns: 15, seed: 1 },
    );
  });

  it('shows an outcome from the moment it was known, and not before', async () => {
    await writePredictions(workspace.pool, asset, [predictionOf()]);
    const knownAt = T + HOUR_MS + 5_000;
    await writeOutcomes(workspace.pool, asset, [outcomeOf({ knownAt, outcome: 'down' })]);
    const outcomes = async (knownBy: number) =>
      (await readPredictions(workspace.pool, { ...ALL, knownBy })).map(({ outcome }) => outcome);
    expect(await outcomes(knownAt - 1)).toEqual([null]);
    expect(await outcomes(knownAt)).toEqual(['down']);
    expect(await outcomes(Infinity)).toEqual(['down']);
  });

  it('gives the outcome of its own horizon, and none that belongs to a later entry', async () => {
    await writePredictions(workspace.pool, asset, [
      predictionOf(),
      predictionOf({ horizonMinutes: 1_440, maturesAt: T + DAY_MS }),
    ]);
    await writeOutcomes(workspace.pool, asset, [
      outcomeOf({ outcome: 'up' }),
      outcomeOf({ outcome: 'down', entryDelayMinutes: 60 }),
    ]);
    const read = await readPredictions(workspace.pool, { ...ALL, knownBy: Infinity });
    expect(read.map(({ horizonMinutes, outcome }) => [horizonMinutes, outcome])).toEqual([
      [60, 'up'],
      [1_440, null],
    ]);
  });

  it('reads in the order of the prediction file: window, horizon, arm by its bytes', async () => {
    const arms = ['logistic+vader', 'logistic+none', 'baseline-ar1', 'Baseline', 'logistic'];
    const written = [hour(1), hour(0)].flatMap((windowEnd) =>
      [1_440, 60].flatMap((horizonMinutes) =>
        arms.map((arm) => predictionOf({ windowEnd, horizonMinutes, arm })),
      ),
    );
    await writePredictions(workspace.pool, asset, written);
    const read = await readPredictions(workspace.pool, { ...ALL, knownBy: Infinity });
    const sortedArms = ['Baseline', 'baseline-ar1', 'logistic', 'logistic+none', 'logistic+vader'];
    const wanted = [hour(0), hour(1)].flatMap((windowEnd) =>
      [60, 1_440].flatMap((horizon) => sortedArms.map((arm) => [windowEnd, horizon, arm])),
    );
    expect(read.map(({ windowEnd, horizonMinutes, arm }) => [windowEnd, horizonMinutes, arm])).toEqual(
      wanted,
    );
    const scored = await readScored(workspace.pool, { ...ALL, barMinutes: 60 });
    expect(scored.map(({ windowEnd, horizonMinutes, arm }) => [windowEnd, horizonMinutes, arm])).toEqual(
      wanted,
    );
  });

  it('reads the windows with after < T <= upTo of its asset alone', async () => {
    await writePredictions(
      workspace.pool,
      asset,
      [0, 1, 2, 3].map((place) => predictionOf({ windowEnd: hour(place) })),
    );
    await writePredictions(workspace.pool, 'ETH-USD', [predictionOf({ windowEnd: hour(2) })]);
    const range = { asset, after: hour(0), upTo: hour(2) };
    const ends = (read: { windowEnd: number }[]) => read.map(({ windowEnd }) => windowEnd);
    const wanted = [hour(1), hour(2)];
    expect(ends(await readPredictions(workspace.pool, { ...range, knownBy: Infinity }))).toEqual(wanted);
    expect(ends(await readScored(workspace.pool, { ...range, barMinutes: 60 }))).toEqual(wanted);
    const arm = { arm: 'logistic+vader', horizonMinutes: 60, knownBy: Infinity, limit: 10 };
    expect(ends(await readArm(workspace.pool, { ...range, ...arm }))).toEqual(wanted.reverse());
  });

  it('reads one arm newest first, as of a moment, up to a number', async () => {
    const written = [0, 1, 2, 3].flatMap((place) => [
      predictionOf({ windowEnd: hour(place), predictedAt: hour(place) + MINUTE_MS }),
      predictionOf({ windowEnd: hour(place), arm: 'logistic+none' }),
      predictionOf({ windowEnd: hour(place), horizonMinutes: 1_440 }),
    ]);
    await writePredictions(workspace.pool, asset, written);
    await writeOutcomes(workspace.pool, asset, [outcomeOf({ windowEnd: hour(0), knownAt: hour(1) + 5_000 })]);
    const arm = { ...ALL, arm: 'logistic+vader', horizonMinutes: 60 };
    const asOf = await readArm(workspace.pool, { ...arm, knownBy: hour(2) + MINUTE_MS - 1, limit: 10 });
    expect(asOf.map(({ windowEnd, outcome }) => [windowEnd, outcome])).toEqual([
      [hour(1), null],
      [hour(0), 'up'],
    ]);
    const newest = await readArm(workspace.pool, { ...arm, knownBy: Infinity, limit: 1 });
    expect(newest.map(({ windowEnd }) => windowEnd)).toEqual([hour(3)]);
  });

  it('lays both truths beside a prediction for scoring', async () => {
    await writePredictions(workspace.pool, asset, [predictionOf(), predictionOf({ windowEnd: hour(1) })]);
    await writeOutcomes(workspace.pool, asset, [
      outcomeOf({ outcome: 'up' }),
      outcomeOf({ outcome: 'void', entryDelayMinutes: 60, futureReturn: NaN }),
      outcomeOf({ outcome: 'down', entryDelayMinutes: 15 }),
    ]);
    const scored = await readScored(workspace.pool, { ...ALL, barMinutes: 60 });
    expect(scored).toEqual([
      {
        windowEnd: T,
        horizonMinutes: 60,
        arm: 'logistic+vader',
        probabilityUp: 0.53,
        outcome: 'up',
        outcomeOneBarLater: 'void',
      },
      expect.objectContaining({ windowEnd: hour(1), outcome: null, outcomeOneBarLater: null }),
    ]);
  });

  it('counts predictions and windows, and knows the first and the last of them', async () => {
    expect(await countPredictions(workspace.pool, asset)).toEqual({
      predictions: 0,
      windows: 0,
      lastWindow: null,
    });
    const champion = { asset, arm: 'logistic+vader', horizonMinutes: 60 };
    expect(await firstPredictedAt(workspace.pool, champion)).toBeNull();
    await writePredictions(workspace.pool, asset, [
      predictionOf({ windowEnd: hour(1), predictedAt: hour(1) + MINUTE_MS }),
      predictionOf({ predictedAt: T + MINUTE_MS }),
      predictionOf({ arm: 'logistic+none' }),
    ]);
    expect(await countPredictions(workspace.pool, asset)).toEqual({
      predictions: 3,
      windows: 2,
      lastWindow: hour(1),
    });
    expect(await firstPredictedAt(workspace.pool, champion)).toBe(T + MINUTE_MS);
  });

  it('writes nothing and asks nothing when there is nothing to write', async () => {
    await writePredictions(workspace.pool, asset, []);
    await writeOutcomes(workspace.pool, asset, []);
    expect((await countPredictions(workspace.pool, asset)).predictions).toBe(0);
  });

  it('refuses to write a prediction or an outcome twice, and keeps nothing of such a transaction', async () => {
    await writePredictions(workspace.pool, asset, [predictionOf()]);
    await writeOutcomes(workspace.pool, asset, [outcomeOf()]);
    const again = inTransaction(workspace.pool, async (client) => {
      await writePredictions(client, asset, [predictionOf({ windowEnd: hour(1) })]);
      await writePredictions(client, asset, [predictionOf({ probabilityUp: 0.9 })]);
    });
    await expect(again).rejects.toThrow(/predictions_pk/);
    await expect(writeOutcomes(workspace.pool, asset, [outcomeOf({ outcome: 'down' })])).rejects.toThrow(
      /outcomes_pk/,
    );
    const read = await readPredictions(workspace.pool, { ...ALL, knownBy: Infinity });
    expect(read.map(({ probabilityUp, outcome }) => [probabilityUp, outcome])).toEqual([[0.53, 'up']]);
  });
});

describe('predictionLine', () => {
  it('is this very line, because the hash of a replay is made of it', () => {
    expect(predictionLine({ ...predictionOf(), asset, outcome: null })).toBe(
      '{"windowEnd":"2022-03-07T05:00:00Z","horizonMinutes":60,"arm":"logistic+vader","modelVersion":"logistic@2022-03-07","probabilityUp":0.53,"direction":"up","sentiment":-0.125,"maturesAt":"2022-03-07T06:00:00Z","outcome":null}',
    );
  });

  it('tells a missing sentiment and a known outcome, and nothing of when it was said', () => {
    const prediction = predictionOf({ sentiment: null, predictedAt: T + DAY_MS, degraded: true });
    const line = predictionLine({ ...prediction, asset, outcome: 'void' });
    expect(line).toContain('"sentiment":null');
    expect(line).toContain('"outcome":"void"}');
    expect(line).toBe(predictionLine({ ...prediction, asset, outcome: 'void', predictedAt: T }));
  });
});

function hour(place: number): number {
  return T + place * HOUR_MS;
}

function predictionOf(changes: Partial<Prediction> = {}): Prediction {
  const windowEnd = changes.windowEnd ?? T;
  return {
    windowEnd,
    horizonMinutes: 60,
    arm: 'logistic+vader',
    modelVersion: 'logistic@2022-03-07',
    probabilityUp: 0.53,
    direction: 'up',
    sentiment: -0.125,
    predictedAt: windowEnd + MINUTE_MS,
    maturesAt: windowEnd + HOUR_MS,
    degraded: false,
    ...changes,
  };
}

function outcomeOf(changes: Partial<SettledOutcome> = {}): SettledOutcome {
  const windowEnd = changes.windowEnd ?? T;
  return {
    windowEnd,
    horizonMinutes: 60,
    entryDelayMinutes: 0,
    outcome: 'up',
    knownAt: windowEnd + HOUR_MS + 5_000,
    futureReturn: 0.01,
    ...changes,
  };
}
