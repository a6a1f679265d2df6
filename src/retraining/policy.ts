import type { EpochMs } from '../core/index.ts';
import { refitTime } from '../models/index.ts';

/** What decides whether a retraining is due. */
export interface RetrainingSchedule {
  /** T of the window that was just decided. */
  windowEnd: EpochMs;
  /** The moment of the first training; windows up to it are warm-up. */
  firstFitAt: EpochMs;
  /** Days between two trainings; 7 = each Monday 00:00 UTC. */
  cadenceDays: number;
  /** When the last training was tried, whatever came of it; null: never. */
  lastTrainedAt: EpochMs | null;
  /** Expiries of the models that are live. */
  expiries: readonly EpochMs[];
}

/** Why a training is due, and since when. */
export interface DueRetraining {
  trigger: 'first' | 'schedule' | 'expiry';
  since: EpochMs;
}

/**
 * Whether a training is due at a window: the first one, one of the grid (the first window at or after each Monday 00:00
 * UTC where the cadence is seven days), or one because a live model has expired and none was tried since. A training
 * that failed or was skipped counts as tried: it is tried again at the next date of the grid, or by hand.
 * @returns null when none is due; of several reasons the first of `first`, `schedule`, `expiry`
 * @throws RangeError when the cadence is not above 0
 * @example retrainingDue({ windowEnd: tuesday, firstFitAt, cadenceDays: 7, lastTrainedAt: sunday, expiries: [] })
 * // { trigger: 'schedule', since: monday }
 */
export function retrainingDue(schedule: RetrainingSchedule): DueRetraining | null {
  const { windowEnd, firstFitAt, cadenceDays, lastTrainedAt, expiries } = schedule;
  if (windowEnd < firstFitAt) return null;
  if (lastTrainedAt === null) return { trigger: 'first', since: firstFitAt };
  const date = refitTime(windowEnd, firstFitAt, cadenceDays);
  if (date > lastTrainedAt) return { trigger: 'schedule', since: date };
  const expired = expiries.filter((expiry) => expiry < windowEnd && expiry > lastTrainedAt);
  return expired.length === 0 ? null : { trigger: 'expiry', since: Math.min(...expired) };
}
