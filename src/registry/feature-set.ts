import { assetMismatch, featureSetMismatch } from './errors.ts';
import type { Manifest } from './manifest.ts';
import { modelVersionOf } from './version-name.ts';

/**
 * Refuses a version that learnt from other features than those that it would be served.
 * @param featureSet - version hash of the feature set of today
 * @throws AppError `REGISTRY_FEATURE_SET_MISMATCH`
 */
export function requireFeatureSet(manifest: Manifest, featureSet: string): void {
  if (manifest.featureSet === featureSet) return;
  throw featureSetMismatch(modelVersionOf(manifest), { expected: featureSet, found: manifest.featureSet });
}

/**
 * Refuses a version that learnt from the past of another asset.
 * @throws AppError `REGISTRY_ASSET_MISMATCH`
 */
export function requireAsset(manifest: Manifest, asset: string): void {
  if (manifest.asset === asset) return;
  throw assetMismatch(modelVersionOf(manifest), { expected: asset, found: manifest.asset });
}
