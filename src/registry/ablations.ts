import type { EpochMs, Queryable } from '../core/index.ts';
import type { Ablation } from './records.ts';
import * as sql from './statements.ts';

/** Notes what a training measured of the columns of its scorers, in the order in which it did. */
export async function recordAblations(
  db: Queryable,
  { asset, ablations }: { asset: string; ablations: readonly Ablation[] },
): Promise<void> {
  for (const ablation of ablations) {
    const { at, modelVersion, arm, scorer, horizonMinutes, from, to, n, seed, variants } = ablation;
    const facts = [asset, at, modelVersion, arm, scorer, horizonMinutes, from, to, n, seed];
    await db.query(sql.INSERT_ABLATION, [...facts, JSON.stringify(variants)]);
  }
}

/**
 * The newest ablation of each arm and horizon, by horizon, then arm.
 * @param request.scorer - a family, `vader`, or one version of it, `vader@1.0.0`; left out: all, as with the horizon
 * @param request.upTo - nothing that was recorded later; default: all
 */
export async function readLatestAblations(
  db: Queryable,
  request: { asset: string; horizonMinutes?: number; scorer?: string; upTo?: EpochMs },
): Promise<Ablation[]> {
  const { asset, horizonMinutes, scorer, upTo } = request;
  const values = [asset, horizonMinutes ?? null, scorer ?? null, upTo ?? null];
  const { rows } = await db.query<Ablation>(sql.LATEST_ABLATIONS, values);
  return rows;
}
