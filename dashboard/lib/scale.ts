/** The part of a line that a picture shows, with the places of its ticks. */
export interface Scale {
  low: number;
  high: number;
  ticks: number[];
}

/** So many steps lie between the values: more labels would run into each other on a phone. */
const STEPS = 4;
/** A value this close to an end, in steps, gets another step: half a dot must not hang over the edge. */
const ROOM = 0.1;

/**
 * A scale with room for all values, on steps of 1, 2 or 5 times a power of ten.
 * @param values - at least one, finite
 * @param narrowest - the least distance between its ends
 */
export function roundScale(values: readonly number[], narrowest: number): Scale {
  const least = Math.min(...values);
  const most = Math.max(...values);
  const step = roundStep(Math.max(most - least, narrowest) / STEPS);
  const first = Math.floor(least / step - ROOM);
  const last = Math.ceil(most / step + ROOM);
  const ticks = Array.from({ length: last - first + 1 }, (_, place) => (first + place) * step);
  return { low: first * step, high: last * step, ticks };
}

/** Decimals that tell two neighbouring ticks apart. */
export function tickDigits({ ticks }: Scale): number {
  const step = (ticks[1] ?? 1) - (ticks[0] ?? 0);
  return Math.max(0, -Math.floor(Math.log10(step) + 1e-9));
}

function roundStep(least: number): number {
  const power = 10 ** Math.floor(Math.log10(least));
  const factor = [1, 2, 5].find((candidate) => candidate * power >= least * (1 - 1e-9)) ?? 10;
  return factor * power;
}
