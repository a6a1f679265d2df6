import { assetMismatch, featureSetMismatch } from './errors.ts';
import type { Manifest, ManifestModel } from './manifest.ts';
import { modelVersionOf } from './version-name.ts';

/**
 * Refuses models that learnt from other features than those that they would be served.
 * @param known - version hashes of the feature sets that are computed today
 * @param models - of the manifest; default: all of them
 * @throws AppError `REGISTRY_FEATURE_SET_MISMATCH`
 */
export function requireFeatureSets(
  manifest: Manifest,
  known: readonly string[],
  models: readonly ManifestModel[] = manifest.models,
): void {
  for (const model of models) {
    const found = model.featureSet ?? manifest.featureSet;
    if (known.includes(found)) continue;
    throw featureSetMismatch(modelVersionOf(manifest), { expected: known.join(' or '), found });
  }
}

/**
 * Refuses a version that learnt from the past of another asset.
 * @throws AppError `REGISTRY_ASSET_MISMATCH`
 */
export function requireAsset(manifest: Manifest, asset: string): void {
  if (manifest.asset === asset) return;
  throw assetMismatch(modelVersionOf(manifest), { expected: asset, found: manifest.asset });
}
