import { HORIZONS_MINUTES } from '../prediction/index.ts';
import { barTooLong } from './errors.ts';

/**
 * Every arm predicts every horizon, so a bar has to close at the end of each.
 * @throws AppError `USAGE_INVALID` when one does not
 */
export function requireHorizons(barMinutes: number): void {
  const missed = HORIZONS_MINUTES.filter((horizon) => horizon % barMinutes !== 0);
  if (missed.length > 0) throw barTooLong(barMinutes, missed);
}
