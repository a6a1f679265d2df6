import { HOUR_MS, type EpochMs } from '../src/core/index.ts';
import { createModels } from '../src/compose.ts';
import type { FeatureInput } from '../src/features/index.ts';
import { observeInMemory } from '../src/lake/index.ts';
import { scoreObservations } from '../src/prediction/index.ts';
import { createSimulator, type Injection, type Simulator } from '../src/sources/index.ts';

export const ASSET = 'BTC-USD';
export const BAR_MINUTES = 60;
export const GRACE_SECONDS = 60;
/** A Monday. */
export const ORIGIN: EpochMs = Date.UTC(2022, 0, 3);

/** A simulated market of hourly bars. */
export interface MarketPlan {
  seed: number;
  bars: number;
  /** Push of the hidden mood; 0, the default, is pure noise. */
  strength?: number;
  inject?: readonly Injection[];
}

/** Its simulator, and all that it had said by the close of the last bar. */
export function openMarket({ seed, bars, strength = 0, inject }: MarketPlan): {
  simulator: Simulator;
  range: { after: EpochMs; upTo: EpochMs };
} {
  const market = { seed, asset: ASSET, barMinutes: BAR_MINUTES, origin: ORIGIN, sentimentStrength: strength };
  return {
    simulator: createSimulator({ ...market, inject }),
    range: { after: -Infinity, upTo: ORIGIN + bars * HOUR_MS + GRACE_SECONDS * 1_000 },
  };
}

/** The same, through the lake's door and VADER, as the features fold it. */
export async function observeMarket(
  plan: MarketPlan,
): Promise<{ simulator: Simulator; inputs: FeatureInput[] }> {
  const { simulator, range } = openMarket(plan);
  const { observations } = await observeInMemory(simulator, {
    asset: ASSET,
    now: range.upTo,
    range,
    indexNames: ['fear_greed'],
  });
  const { inputs } = await scoreObservations(observations, createModels(BAR_MINUTES).scorer);
  return { simulator, inputs };
}
