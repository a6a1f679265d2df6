import type { EpochMs } from './time.ts';

/** The only source of "now". Live parts get the real one, a replay gets a virtual one. */
export interface Clock {
  readonly isVirtual: boolean;
  now(): EpochMs;
}

/** A clock that stands still until it is moved, and never moves back. */
export interface VirtualClock extends Clock {
  /** @throws RangeError when the moment lies before the present one or is not a number */
  advanceTo(moment: EpochMs): void;
}

/** The machine's clock. */
export function createRealClock(): Clock {
  return { isVirtual: false, now: () => Date.now() };
}

/**
 * A clock that a replay or a test moves by hand.
 * @param start - epoch milliseconds
 */
export function createVirtualClock(start: EpochMs): VirtualClock {
  let present = start;
  return {
    isVirtual: true,
    now: () => present,
    advanceTo(moment) {
      if (!(moment >= present)) {
        throw new RangeError(`a virtual clock at ${present} cannot move to ${moment}`);
      }
      present = moment;
    },
  };
}
