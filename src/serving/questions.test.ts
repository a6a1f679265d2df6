import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { isAppError, isoUtc } from '../core/index.ts';
import { resolveAsset, resolveKey, resolveMoment } from './questions.ts';

const SERVED = { assets: ['BTC-USD', 'ETH-USD'], horizonsMinutes: [60, 1_440] };

function codeOf(act: () => unknown): string {
  try {
    act();
  } catch (error) {
    return isAppError(error) ? `${error.status} ${error.code}` : String(error);
  }
  return 'nothing was thrown';
}

describe('questions at the edge', () => {
  it('means the first asset when none is named', () => {
    expect(resolveKey(SERVED, { horizon_minutes: 60 })).toEqual({ asset: 'BTC-USD', horizonMinutes: 60 });
    expect(resolveKey(SERVED, { horizon_minutes: 1_440, asset: 'ETH-USD' }).asset).toBe('ETH-USD');
  });

  it('refuses an asset and a horizon that are not served', () => {
    expect(codeOf(() => resolveAsset(SERVED, 'DOGE-USD'))).toBe('400 SERVING_ASSET_UNKNOWN');
    expect(codeOf(() => resolveKey(SERVED, { horizon_minutes: 45 }))).toBe('400 SERVING_HORIZON_UNKNOWN');
    expect(() => resolveAsset({ assets: [], horizonsMinutes: [] }, undefined)).toThrow(RangeError);
  });

  it('reads back every moment that it is given in ISO 8601', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 4e12 }), (moment) => {
        expect(resolveMoment('asOf', isoUtc(moment))).toBe(moment);
      }),
    );
    expect(resolveMoment('asOf', undefined)).toBeNull();
  });

  it('refuses the thirtieth of February', () => {
    expect(codeOf(() => resolveMoment('asOf', '2021-02-30'))).toBe('400 SERVING_REQUEST_INVALID');
  });
});
