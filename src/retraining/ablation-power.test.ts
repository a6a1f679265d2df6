import { describe, expect, it } from 'vitest';
import { MODEL_FAMILIES } from '../models/index.ts';
import type { AblationColumns } from '../registry/index.ts';
import { armsFor, makeMarket, makeRequest } from './market.contract.ts';
import { retrain } from './pipeline.ts';

const isFull = process.env['BELLWETHER_TEST_FULL'] === '1';
/** A market each; 26 weeks of hours teach, eight judge. */
const MARKETS = 100;
const FIRST_SEED = 500;
const families = [armsFor(MODEL_FAMILIES.logistic, { posts: true })];

/** Share of markets in which an interval lies above 0, of accuracy and of gain, by horizon and columns. */
async function sharesFound(strength: number): Promise<Map<string, { accuracy: number; gain: number }>> {
  const found = new Map<string, { accuracy: number; gain: number }>();
  for (let seed = FIRST_SEED; seed < FIRST_SEED + MARKETS; seed += 1) {
    const market = makeMarket({ weeks: 34, strength, posts: 0, seed });
    for (const { horizonMinutes, variants } of (await retrain(makeRequest({ families }, market))).ablations) {
      for (const { columns, low, gainLow } of variants.slice(1)) {
        const place = keyOf(horizonMinutes, columns);
        const { accuracy, gain } = found.get(place) ?? { accuracy: 0, gain: 0 };
        found.set(place, {
          accuracy: accuracy + Number((low ?? NaN) > 0) / MARKETS,
          gain: gain + Number((gainLow ?? NaN) > 0) / MARKETS,
        });
      }
    }
  }
  return found;
}

const keyOf = (horizonMinutes: number, columns: AblationColumns) => `${horizonMinutes} ${columns}`;

describe.runIf(isFull)('ablations of 100 markets (BELLWETHER_TEST_FULL=1)', () => {
  it('say of noise that it helps in no more than 6 %, of each group at each horizon', async () => {
    for (const [place, { accuracy, gain }] of await sharesFound(0)) {
      expect(accuracy, place).toBeLessThanOrEqual(0.06);
      expect(gain, place).toBeLessThanOrEqual(0.06);
    }
  }, 120_000);

  it('find news that are worth six points of accuracy in nine of ten at an hour, and nothing in posts', async () => {
    const found = await sharesFound(0.25);
    expect(found.get(keyOf(60, 'price+sentiment'))!.gain).toBeGreaterThan(0.9);
    expect(found.get(keyOf(60, 'all'))!.accuracy).toBeGreaterThan(0.85);
    expect(found.get(keyOf(1_440, 'price+sentiment'))!.accuracy).toBeGreaterThan(0.7);
    expect(found.get(keyOf(60, 'price+social'))!.gain).toBeLessThanOrEqual(0.08);
  }, 120_000);
});
