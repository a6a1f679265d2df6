/** Where the price goes: `up` is strictly above the start. */
export type Direction = 'up' | 'down';

/**
 * The direction that a probability stands for. Exactly 0.5 is `up`: a fixed side, so it wins and loses alike in a
 * market without drift, and costs no dice.
 * @param probabilityUp - 0..1
 * @throws RangeError when it is no probability
 * @example directionOf(0.49) // 'down'
 */
export function directionOf(probabilityUp: number): Direction {
  if (!(probabilityUp >= 0 && probabilityUp <= 1)) {
    throw new RangeError(`a probability lies in 0..1, got ${probabilityUp}`);
  }
  return probabilityUp >= 0.5 ? 'up' : 'down';
}
