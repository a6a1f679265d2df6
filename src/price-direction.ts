import type { PriceDirection } from './serving/index.ts';

/**
 * bullish and bearish only where the probability leaves the stated band around one half, and where the model does not
 * abstain.
 * @param answer.abstention - why it does; null or absent where it answers
 */
export function priceDirection(
  { probabilityUp, abstention = null }: { probabilityUp: number; abstention?: string | null },
  neutralBand: number,
): PriceDirection {
  if (abstention !== null) return 'neutral';
  if (probabilityUp > 0.5 + neutralBand) return 'bullish';
  return probabilityUp < 0.5 - neutralBand ? 'bearish' : 'neutral';
}
