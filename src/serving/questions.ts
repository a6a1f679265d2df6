import { parseUtc, type EpochMs } from '../core/index.ts';
import { assetUnknown, horizonUnknown, requestInvalid } from './errors.ts';
import type { ServingOptions, SignalKey } from './ports.ts';

type Served = Pick<ServingOptions, 'assets' | 'horizonsMinutes'>;

/**
 * @returns the asset that was named, or the first one served
 * @throws AppError `SERVING_ASSET_UNKNOWN`
 */
export function resolveAsset(served: Served, named: string | undefined): string {
  const asset = named ?? served.assets[0];
  if (asset === undefined) throw new RangeError('at least one asset is served');
  if (!served.assets.includes(asset)) throw assetUnknown(asset, served.assets);
  return asset;
}

/** @throws AppError `SERVING_HORIZON_UNKNOWN`, `SERVING_ASSET_UNKNOWN` */
export function resolveKey(
  served: Served,
  asked: { horizon_minutes: number; asset?: string | undefined },
): SignalKey {
  const asset = resolveAsset(served, asked.asset);
  requireHorizon(served, asked.horizon_minutes);
  return { asset, horizonMinutes: asked.horizon_minutes };
}

/** @throws AppError `SERVING_HORIZON_UNKNOWN` */
export function requireHorizon(served: Served, horizonMinutes: number): void {
  if (served.horizonsMinutes.includes(horizonMinutes)) return;
  throw horizonUnknown(horizonMinutes, served.horizonsMinutes);
}

/**
 * @param field - name of the parameter, for the message
 * @returns null when nothing was given
 * @throws AppError `SERVING_REQUEST_INVALID` for a day or hour that no calendar has
 */
export function resolveMoment(field: string, written: string | undefined): EpochMs | null {
  if (written === undefined) return null;
  const moment = parseUtc(written);
  if (Number.isNaN(moment)) throw requestInvalid([`query.${field}: ${written} is no moment of any calendar`]);
  return moment;
}
