import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Score } from '../scorer.ts';
import { combine, concordOf, equalCombination } from './combination.ts';

/** A score of three probabilities; what is left goes to neutral. */
function scoreOf(negative: number, positive: number): Score {
  const probabilities = { negative, neutral: 1 - negative - positive, positive };
  const confidence = Math.max(...Object.values(probabilities));
  const label = positive === confidence ? 'positive' : negative === confidence ? 'negative' : 'neutral';
  return { sentiment: positive - negative, confidence, label, probabilities };
}

const anyScore = fc
  .tuple(fc.double({ min: 0, max: 1, noNaN: true }), fc.double({ min: 0, max: 1, noNaN: true }))
  .map(([a, b]) => scoreOf(Math.min(a, b), 1 - Math.max(a, b)));

describe('combine', () => {
  it('pools equal shares as the normalised geometric mean', () => {
    // Geometric means of (0.1, 0.2, 0.7) and (0.4, 0.4, 0.2): 0.2, 0.2828, 0.3742; sum 0.8571.
    const pooled = combine(equalCombination([0, 1]), [scoreOf(0.1, 0.7), scoreOf(0.4, 0.2)]);
    expect(pooled.probabilities.negative).toBeCloseTo(0.2334, 4);
    expect(pooled.probabilities.neutral).toBeCloseTo(0.33, 3);
    expect(pooled.probabilities.positive).toBeCloseTo(0.4366, 4);
    expect(pooled.label).toBe('positive');
  });

  it('says of one member alone what that member says', () => {
    const alone = combine(equalCombination([3]), [scoreOf(0.25, 0.45)]);
    expect(alone.sentiment).toBeCloseTo(0.2, 12);
    expect(alone.confidence).toBeCloseTo(0.45, 12);
  });

  it('follows intercepts and weights', () => {
    const combination = {
      members: [0],
      intercepts: [0, Math.log(2), 0],
      weights: new Array<number>(9).fill(0),
    };
    expect(combine(combination, [scoreOf(1, 0)]).probabilities.neutral).toBeCloseTo(0.5, 12);
  });

  it('lets no member silence the others, and is sound for all scores', () => {
    const pooled = combine(equalCombination([0, 1]), [scoreOf(0, 1), scoreOf(0.98, 0.01)]);
    expect(pooled.probabilities.negative).toBeGreaterThan(0.2);
    fc.assert(
      fc.property(fc.array(anyScore, { minLength: 1, maxLength: 4 }), (scores) => {
        const { probabilities, confidence, label, sentiment } = combine(
          equalCombination(scores.map((_, member) => member)),
          scores,
        );
        const each = Object.values(probabilities);
        expect(each.reduce((sum, one) => sum + one, 0)).toBeCloseTo(1, 9);
        expect(confidence).toBe(Math.max(...each));
        expect(probabilities[label]).toBe(confidence);
        expect(Math.abs(sentiment)).toBeLessThanOrEqual(1);
      }),
      { seed: 3 },
    );
  });
});

describe('concordOf', () => {
  it('counts members of the same label and pairs of the same sign', () => {
    const scores = [scoreOf(0.1, 0.7), scoreOf(0.2, 0.3), scoreOf(0.6, 0.3)];
    expect(concordOf('positive', scores)).toMatchObject({ agreement: 1 / 3, signAgreement: 1 / 3 });
  });

  it('measures disagreement by the Jensen-Shannon divergence, 1 at the most', () => {
    expect(concordOf('positive', [scoreOf(1, 0), scoreOf(0, 1)]).disagreement).toBeCloseTo(1, 12);
    // scipy.spatial.distance.jensenshannon([.1, .2, .7], [.4, .4, .2], base=2) ** 2
    expect(concordOf('positive', [scoreOf(0.1, 0.7), scoreOf(0.4, 0.2)]).disagreement).toBeCloseTo(
      0.2001372,
      6,
    );
  });

  it('is of one mind alone, and for members that say the same', () => {
    const alone = { agreement: 1, signAgreement: 1, disagreement: 0 };
    expect(concordOf('positive', [scoreOf(0, 1)])).toEqual(alone);
    expect(concordOf('neutral', [scoreOf(0.2, 0.3), scoreOf(0.2, 0.3)])).toEqual(alone);
  });

  it('stays within 0 and 1', () => {
    fc.assert(
      fc.property(fc.array(anyScore, { minLength: 1, maxLength: 5 }), (scores) => {
        for (const share of Object.values(concordOf('neutral', scores))) {
          expect(share >= 0 && share <= 1).toBe(true);
        }
      }),
      { seed: 6 },
    );
  });
});
