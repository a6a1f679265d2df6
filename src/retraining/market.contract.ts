import { createRandom, DAY_MS, HOUR_MS, SECOND_MS, type EpochMs } from '../core/index.ts';
import {
  createFitPool,
  MODEL_FAMILIES,
  PAST_RETURN,
  VOID_LABEL,
  type DirectionRows,
  type ModelFamily,
} from '../models/index.ts';
import { armsOf } from '../prediction/index.ts';
import { NOTHING_LIVE, type LiveState } from '../registry/index.ts';
import type { Incumbent, RetrainedFamily, Retraining, RetrainingRequest } from './retraining.ts';
import { stateAfter } from './decisions.ts';

/** The Monday on which a market ends; the first training stands a week before. */
export const MONDAY: EpochMs = Date.UTC(2022, 2, 7);
const GRACE_MS = 60 * SECOND_MS;
const HORIZONS = [60, 1_440] as const;
const COLUMNS = ['momentum', 'news_sentiment_4h', 'quiet', PAST_RETURN];
export const SCORER = 'vader@1.0.0';
const LANES = {
  hiddenFrom: (scorer: string | null) => (scorer === SCORER ? [] : ['news_sentiment_4h']),
  scoredBy: () => ({ sentiment: ['news_sentiment_4h'], social: [] }),
};

/** How a made-up market is made. */
export interface MarketOptions {
  weeks?: number;
  seed?: number;
  /** How far the mood of the news moves the next return, in standard deviations of it. */
  strength?: number;
}

/** Hourly windows up to a Monday, with labels as they become known, at any horizon; the mood lasts about a day. */
export function makeMarket({ weeks = 40, seed = 1, strength = 0.25 }: MarketOptions = {}) {
  const random = createRandom(seed);
  const count = weeks * 168;
  const mood = new Float64Array(count);
  const price = new Float64Array(count);
  const quiet = Float64Array.from({ length: count }, () => random.normal());
  const returns = new Float64Array(count);
  for (let row = 0; row < count; row += 1) {
    mood[row] = 0.96 * (mood[row - 1] ?? 0) + 0.28 * random.normal();
    returns[row] = strength * (mood[row - 1] ?? 0) + random.normal();
    price[row] = (price[row - 1] ?? 0) + (returns[row] ?? NaN);
  }
  const start = MONDAY - (count - 1) * HOUR_MS;
  const rowsAt = (horizonMinutes: number, upTo: EpochMs = MONDAY): DirectionRows => {
    const bars = horizonMinutes / 60;
    const kept = Math.max(0, Math.min(count, Math.floor((upTo - start) / HOUR_MS) + 1));
    const ahead = (row: number) => (price[row + bars] ?? NaN) - (price[row] ?? NaN);
    const values = Array.from({ length: kept }, (_, row) => [
      returns[row] ?? NaN,
      mood[row] ?? NaN,
      quiet[row] ?? NaN,
      (price[row] ?? NaN) - (price[row - bars] ?? NaN),
    ]);
    const isKnown = (row: number) => row + bars < kept;
    return {
      columns: COLUMNS,
      values: Float64Array.from(values.flat()),
      count: kept,
      windowEnds: Float64Array.from({ length: kept }, (_, row) => start + row * HOUR_MS),
      labels: Uint8Array.from({ length: kept }, (_, row) =>
        isKnown(row) ? Number(ahead(row) > 0) : VOID_LABEL,
      ),
      labelKnownAt: Float64Array.from({ length: kept }, (_, row) =>
        isKnown(row) ? start + (row + bars) * HOUR_MS + 5 * SECOND_MS : NaN,
      ),
      futureReturns: Float64Array.from({ length: kept }, (_, row) => (isKnown(row) ? ahead(row) : NaN)),
    };
  };
  return { rowsAt };
}

/** The arms of a family, with and without the news. */
export function armsFor(family: ModelFamily): RetrainedFamily {
  return { family, arms: armsOf({ fitted: [family], baselines: [], scorers: [SCORER], lanes: LANES }) };
}

/** A first training of `logistic` on a market in which the news tell something. */
export function makeRequest(
  changes: Partial<RetrainingRequest> = {},
  market = makeMarket(),
): RetrainingRequest {
  const at = changes.at ?? MONDAY - 7 * DAY_MS + GRACE_MS;
  return {
    asset: 'BTC-USD',
    at,
    trigger: 'first',
    families: [armsFor(MODEL_FAMILIES.logistic)],
    horizonsMinutes: HORIZONS,
    rowsAt: (horizonMinutes) => market.rowsAt(horizonMinutes, at - GRACE_MS),
    featureSets: [{ version: 'f1', scorer: SCORER }],
    barMinutes: 60,
    live: NOTHING_LIVE,
    incumbents: () => Promise.resolve(null),
    nextVersion: () => Promise.resolve('1.0.0'),
    firstChampion: 'logistic+vader',
    expiryDays: 28,
    seed: 3,
    pool: createFitPool({ threads: 0 }),
    ...changes,
  };
}

/** The request that follows a training: what it promoted is live now. */
export function following(
  before: Retraining,
  changes: Partial<RetrainingRequest> & { state?: LiveState } = {},
): Partial<RetrainingRequest> {
  const live = stateAfter(changes.state ?? NOTHING_LIVE, before.changes);
  const incumbents = (arm: string, horizonMinutes: number): Promise<Incumbent | null> =>
    Promise.resolve(
      before.trained.find((each) => each.arm === arm && each.horizonMinutes === horizonMinutes) ?? null,
    );
  return {
    at: before.at + 7 * DAY_MS,
    trigger: 'schedule',
    live,
    incumbents,
    nextVersion: () => Promise.resolve('1.0.1'),
    ...changes,
  };
}
