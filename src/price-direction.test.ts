import { describe, expect, it } from 'vitest';
import { priceDirection } from './price-direction.ts';

describe('priceDirection', () => {
  it.each([
    [0.5101, 'bullish'],
    [0.51, 'neutral'],
    [0.5, 'neutral'],
    [0.49, 'neutral'],
    [0.4899, 'bearish'],
  ])('calls P(up) = %d %s with a band of 0.01', (probability, direction) => {
    expect(priceDirection({ probabilityUp: probability }, 0.01)).toBe(direction);
  });

  it('is neutral where the model abstains, whatever the probability', () => {
    expect(priceDirection({ probabilityUp: 0.9, abstention: 'model expired' }, 0.01)).toBe('neutral');
    expect(priceDirection({ probabilityUp: 0.9, abstention: null }, 0.01)).toBe('bullish');
  });
});
