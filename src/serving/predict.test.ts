import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { compareSentiments } from './predict.ts';

describe('two scorers side by side', () => {
  it('shows the example of the design', () => {
    expect(compareSentiments(0.68, 0.75)).toEqual({
      vaderSentiment: 0.68,
      finbertSentiment: 0.75,
      agreement: true,
      confidenceDelta: expect.closeTo(0.07, 12) as number,
    });
    expect(compareSentiments(-0.1, 0.1)).toMatchObject({ agreement: false });
  });

  it('leaves open what one of them does not say', () => {
    for (const [vader, finbert] of [
      [null, 0.5],
      [0.5, null],
      [null, null],
    ] as const) {
      expect(compareSentiments(vader, finbert)).toMatchObject({ agreement: null, confidenceDelta: null });
    }
  });

  it('does not depend on who is named first', () => {
    const sentiment = fc.double({ min: -1, max: 1, noNaN: true });
    fc.assert(
      fc.property(sentiment, sentiment, (one, other) => {
        const [there, back] = [compareSentiments(one, other), compareSentiments(other, one)];
        expect(back.agreement).toBe(there.agreement);
        expect(back.confidenceDelta).toBe(there.confidenceDelta);
        expect(there.confidenceDelta).toBeLessThanOrEqual(2);
      }),
    );
  });
});
