import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { DAY_MS, HOUR_MS, MINUTE_MS } from '../core/index.ts';
import { retrainingDue, type RetrainingSchedule } from './policy.ts';

const FRIDAY = Date.UTC(2021, 9, 1);
const MONDAY = Date.UTC(2021, 9, 4);

function schedule(changes: Partial<RetrainingSchedule> = {}): RetrainingSchedule {
  return {
    windowEnd: MONDAY,
    firstFitAt: FRIDAY,
    cadenceDays: 7,
    lastTrainedAt: FRIDAY + MINUTE_MS,
    expiries: [],
    ...changes,
  };
}

describe('retrainingDue', () => {
  it('asks for the first training at the first moment that it may stand at, not before', () => {
    expect(retrainingDue(schedule({ windowEnd: FRIDAY - HOUR_MS, lastTrainedAt: null }))).toBeNull();
    const first = { trigger: 'first', since: FRIDAY };
    expect(retrainingDue(schedule({ windowEnd: FRIDAY, lastTrainedAt: null }))).toEqual(first);
    expect(retrainingDue(schedule({ windowEnd: MONDAY, lastTrainedAt: null }))).toEqual(first);
  });

  it('asks at the first window at or after Monday 00:00 UTC, and once only', () => {
    expect(retrainingDue(schedule({ windowEnd: MONDAY - HOUR_MS }))).toBeNull();
    expect(retrainingDue(schedule())).toEqual({ trigger: 'schedule', since: MONDAY });
    expect(retrainingDue(schedule({ windowEnd: MONDAY + 3 * HOUR_MS }))).toEqual({
      trigger: 'schedule',
      since: MONDAY,
    });
    const tried = { lastTrainedAt: MONDAY + MINUTE_MS };
    expect(retrainingDue(schedule({ windowEnd: MONDAY + HOUR_MS, ...tried }))).toBeNull();
  });

  it('follows another cadence', () => {
    const daily = { cadenceDays: 1, lastTrainedAt: MONDAY + MINUTE_MS };
    expect(retrainingDue(schedule({ ...daily, windowEnd: MONDAY + DAY_MS - HOUR_MS }))).toBeNull();
    expect(retrainingDue(schedule({ ...daily, windowEnd: MONDAY + DAY_MS }))).toEqual({
      trigger: 'schedule',
      since: MONDAY + DAY_MS,
    });
  });

  it('asks when a live model has expired and none was tried since, failed ones included', () => {
    const expiry = MONDAY + DAY_MS;
    const at = (windowEnd: number, lastTrainedAt: number) =>
      retrainingDue(schedule({ windowEnd, lastTrainedAt, expiries: [expiry + 5 * DAY_MS, expiry] }));
    expect(at(expiry, MONDAY + MINUTE_MS)).toBeNull();
    expect(at(expiry + HOUR_MS, MONDAY + MINUTE_MS)).toEqual({ trigger: 'expiry', since: expiry });
    expect(at(expiry + 2 * HOUR_MS, expiry + HOUR_MS + MINUTE_MS)).toBeNull();
  });

  it('is due once a date of the grid, however the windows lie', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 30 }),
        fc.integer({ min: 0, max: 60 }),
        fc.constantFrom(15, 60, 240),
        (cadenceDays, offsetDays, bar) => {
          const firstFitAt = FRIDAY + offsetDays * DAY_MS;
          let lastTrainedAt: number | null = null;
          const moments: number[] = [];
          for (let end = firstFitAt; end <= firstFitAt + 100 * DAY_MS; end += bar * MINUTE_MS) {
            const due = retrainingDue(schedule({ windowEnd: end, firstFitAt, cadenceDays, lastTrainedAt }));
            if (due === null) continue;
            lastTrainedAt = end + MINUTE_MS;
            moments.push(end);
          }
          const gaps = moments.slice(1).map((moment, place) => moment - moments[place]!);
          expect(gaps.slice(1).every((gap) => gap === cadenceDays * DAY_MS)).toBe(true);
          expect(Math.abs(moments.length - 1 - 100 / cadenceDays)).toBeLessThanOrEqual(1);
        },
      ),
      { seed: 1, numRuns: 15 },
    );
  });

  it('refuses a cadence that is none', () => {
    expect(() => retrainingDue(schedule({ cadenceDays: 0 }))).toThrow('got 0');
  });
});
