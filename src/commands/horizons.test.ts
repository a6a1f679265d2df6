import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { HORIZONS_MINUTES } from '../prediction/index.ts';
import { requireHorizons } from './horizons.ts';

describe('bars for the horizons that every arm predicts', () => {
  it.each([1, 5, 15, 20, 30, 60])('takes bars of %i minutes', (barMinutes) => {
    expect(() => requireHorizons(barMinutes)).not.toThrow();
  });

  it('refuses a bar of a day, which has no close an hour ahead, and says what to do', () => {
    expect(() => requireHorizons(1_440)).toThrow(/Bars of 1440 minutes .* 60 .*--bar/);
  });

  it('takes exactly those bars that close at the end of every horizon', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 1_440 }), (barMinutes) => {
        const fits = HORIZONS_MINUTES.every((horizon) => Number.isInteger(horizon / barMinutes));
        const check = expect(() => requireHorizons(barMinutes));
        if (fits) check.not.toThrow();
        else check.toThrow();
      }),
    );
  });
});
