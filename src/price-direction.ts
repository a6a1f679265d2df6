/** What a probability is called. */
export type PriceDirection = 'bullish' | 'neutral' | 'bearish';

/** bullish and bearish only where the probability leaves the stated band around one half. */
export function priceDirection(probabilityUp: number, neutralBand: number): PriceDirection {
  if (probabilityUp > 0.5 + neutralBand) return 'bullish';
  return probabilityUp < 0.5 - neutralBand ? 'bearish' : 'neutral';
}
