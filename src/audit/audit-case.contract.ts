import {
  ASSET,
  BAR_MINUTES,
  GRACE_SECONDS,
  openMarket,
  type MarketPlan,
} from '../../test/simulated-market.ts';
import { createFeatureSet } from '../features/index.ts';
import { MODEL_FAMILIES, type FamilyName } from '../models/index.ts';
import { createVader, scorerName } from '../sentiment/index.ts';
import type { RawRecord } from '../sources/index.ts';
import { createAuditedPipeline, type AuditedPipeline } from './pipeline.ts';

/** All that a simulated market has said, as raw records. */
export async function recordMarket(plan: MarketPlan): Promise<RawRecord[]> {
  const { simulator, range } = openMarket(plan);
  const records: RawRecord[] = [];
  for await (const record of simulator.fetch(range)) records.push(record);
  return records;
}

/** The real stages for a simulated market. */
export function marketPipeline({
  family = 'logistic',
  horizonMinutes = 60,
}: { family?: FamilyName; horizonMinutes?: number } = {}): AuditedPipeline {
  const scorer = createVader();
  return createAuditedPipeline({
    asset: ASSET,
    barMinutes: BAR_MINUTES,
    horizonMinutes,
    embargoMinutes: horizonMinutes,
    graceSeconds: GRACE_SECONDS,
    holdout: null,
    family: MODEL_FAMILIES[family],
    seed: 1,
    featureSet: createFeatureSet({ barMinutes: BAR_MINUTES, scorer: scorerName(scorer) }),
    scorer,
    usesSentiment: true,
    now: Date.UTC(2026, 0, 1),
  });
}
