import { isoUtc, parseUtc, type EpochMs } from './time.ts';

/** A range of the past that is kept back: nothing is learnt from its labels and nothing is judged by them. */
export interface Holdout {
  from: EpochMs;
  to: EpochMs;
}

/**
 * Reads `FROM/TO`, two moments as `parseUtc` takes them.
 * @returns null where it is no such range, or does not go forward
 * @example parseHoldout('2024-01-01/2024-07-01')
 */
export function parseHoldout(text: string): Holdout | null {
  const [from = NaN, to = NaN, ...rest] = text.split('/').map(parseUtc);
  return from < to && rest.length === 0 ? { from, to } : null;
}

/** As `parseHoldout` reads it. */
export function describeHoldout({ from, to }: Holdout): string {
  return `${isoUtc(from)}/${isoUtc(to)}`;
}

/**
 * True where a label touches the range: it asks for the time from its window's end to its own, and some of that lies
 * inside.
 * @param holdout - null: nothing is kept back
 */
export function isHeldOut(holdout: Holdout | null, label: { windowEnd: EpochMs; end: EpochMs }): boolean {
  return holdout !== null && label.end > holdout.from && label.windowEnd < holdout.to;
}
