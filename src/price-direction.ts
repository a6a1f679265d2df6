import type { PriceDirection } from './serving/index.ts';

/** bullish and bearish only where the probability leaves the stated band around one half. */
export function priceDirection(probabilityUp: number, neutralBand: number): PriceDirection {
  if (probabilityUp > 0.5 + neutralBand) return 'bullish';
  return probabilityUp < 0.5 - neutralBand ? 'bearish' : 'neutral';
}
