import type { Health, Signal } from '../../src/serving/contract.ts';

export type Direction = Signal['price_direction'];

/** The part of the probability scale that a gauge shows; honest about hourly skill, which lives within a few points. */
export interface GaugeScale {
  low: number;
  high: number;
}

const NARROW: GaugeScale = { low: 0.35, high: 0.65 };
const WHOLE: GaugeScale = { low: 0, high: 1 };

/** Bars without a new window after which the page calls its numbers old. */
const STALE_AFTER_BARS = 2;

/**
 * One scale for gauges that stand side by side, so that equal lengths mean equal odds: 35 to 65 % while every
 * probability lies inside, else the whole scale.
 */
export function gaugeScale(probabilities: readonly number[]): GaugeScale {
  const isInside = (probability: number): boolean => probability >= NARROW.low && probability <= NARROW.high;
  return probabilities.every(isInside) ? NARROW : WHOLE;
}

/** Where a probability lies on a gauge, 0 (left end) to 1 (right end). */
export function gaugePlace(probability: number, { low, high }: GaugeScale): number {
  return Math.min(1, Math.max(0, (probability - low) / (high - low)));
}

/** True when more than two bars passed without a new window. */
export function isStale(ageSeconds: number | null, barMinutes: number): boolean {
  return ageSeconds !== null && ageSeconds > STALE_AFTER_BARS * barMinutes * 60;
}

/** What runs, in a few words: the market, and where its clock stands. */
export function modePhrase({ mode, simulated, clock }: Pick<Health, 'mode' | 'simulated' | 'clock'>): string {
  if (clock.kind === 'virtual') {
    const kind = simulated ? 'Simulated replay' : 'History replay';
    if (clock.state === 'standing') return kind;
    const { windows_per_second: pace } = clock;
    return pace === null ? `${kind}, playing` : `${kind}, ${pace} windows/s`;
  }
  if (simulated || mode === 'simulated') return 'Simulated market';
  return mode === 'history' ? 'History' : 'Live';
}
