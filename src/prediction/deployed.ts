import type { EpochMs } from '../core/index.ts';
import type { Dissimilarity, Model } from '../models/index.ts';

/** A model that answers for an arm at a horizon. */
export interface DeployedModel {
  arm: string;
  horizonMinutes: number;
  /** `trees@1.0.3`. */
  modelVersion: string;
  model: Model;
  /** `family@version` of the scorer whose sentiment it was trained on; null where it reads none. */
  scorer: string | null;
  /** After this moment its answers are degraded. */
  expiresAt: EpochMs;
  /** Says which inputs are unlike its training data; null or absent where that was not measured. */
  dissimilarity?: Dissimilarity | null;
}

/**
 * Everything that is live at once, never changed in place: who holds one answers from one state of the ledger, whatever
 * is deployed meanwhile.
 */
export interface DeployedModels {
  /** Id of the ledger entry that it stands for; 0 before the first. */
  revision: number;
  models: readonly DeployedModel[];
  /** Per horizon in minutes, the arm that answers. */
  champions: ReadonlyMap<number, string>;
}

/** Before the first entry of the ledger. */
export const NOTHING_DEPLOYED: DeployedModels = { revision: 0, models: [], champions: new Map() };
