import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { aggregateOf, chooseChampion, chooseWithScorer } from './choose-arm.ts';
import type { ArmAnswerView, PricedView } from './views.ts';

function pricedOf(champion: string | null, arms: readonly string[]): PricedView {
  return {
    windowEnd: 0,
    asOf: 0,
    revision: 1,
    champion,
    arms: arms.map((arm): ArmAnswerView => ({
      arm,
      horizonMinutes: 60,
      modelVersion: 'trees@1.0.0',
      probabilityUp: 0.5,
      priceDirection: 'neutral',
      sentiment: null,
      featuresCount: 15,
      isChampion: arm === champion,
      degraded: false,
    })),
  };
}

const chosen = ({ answer, isStandIn }: ReturnType<typeof chooseChampion>) => [answer?.arm ?? null, isStandIn];

describe('who answers', () => {
  it.each([
    ['trees+vader', ['logistic+vader', 'trees+vader'], 'trees+vader', false],
    ['trees+vader', ['trees+none', 'logistic+vader', 'baseline-ar1'], 'logistic+vader', true],
    ['trees+none', ['logistic+vader', 'logistic+none'], 'logistic+none', true],
    ['trees+vader', ['baseline-ar1', 'trees+none'], 'trees+none', true],
    ['trees+vader', ['baseline-ar1'], 'baseline-ar1', true],
    ['trees+vader', [], null, true],
    [null, ['logistic+none'], 'logistic+none', true],
  ])('for %s of %j: %s', (champion, arms, ...who) => {
    expect(chosen(chooseChampion(pricedOf(champion, arms), 'vader'))).toEqual(who);
  });

  it.each([
    ['trees+none', ['logistic+vader', 'trees+vader', 'trees+none'], 'trees+vader', false],
    ['trees+none', ['logistic+vader', 'trees+none'], 'logistic+vader', false],
    ['trees+vader', ['logistic+vader'], 'logistic+vader', true],
    ['trees+none', ['trees+none', 'logistic+none'], 'trees+none', true],
    ['baseline-ar1', ['baseline-ar1', 'trees+vader'], 'trees+vader', false],
  ])('with VADER beside %s of %j: %s', (champion, arms, ...who) => {
    expect(chosen(chooseWithScorer(pricedOf(champion, arms), 'vader', [champion, ...arms]))).toEqual(who);
  });

  it('stands in with the arm whose scorer read the text before any other that learns', () => {
    const priced = pricedOf('trees+finbert', ['logistic+none', 'logistic+linear']);
    expect(chosen(chooseChampion(priced, 'linear'))).toEqual(['logistic+linear', true]);
  });

  it('lasts unless somebody failed', () => {
    const priced = pricedOf('trees+vader', ['trees+vader']);
    expect(chooseWithScorer(priced, 'linear', ['trees+vader'])).toMatchObject({
      isStandIn: true,
      isLasting: true,
    });
    expect(chooseWithScorer(priced, 'linear', ['trees+linear'])).toMatchObject({
      isStandIn: true,
      isLasting: false,
    });
  });

  it('knows the present news by an arm that reads the scorer', () => {
    const priced = pricedOf('trees+vader', ['trees+none', 'trees+vader']);
    const arms = priced.arms.map((arm) => ({ ...arm, sentiment: arm.arm === 'trees+vader' ? 0.3 : null }));
    expect(aggregateOf({ ...priced, arms }, 'vader')).toBe(0.3);
    expect([aggregateOf({ ...priced, arms }, 'linear'), aggregateOf(null, 'vader')]).toEqual([null, null]);
  });

  it('is somebody whenever anybody could answer, and the champion whenever it could', () => {
    const arm = fc.constantFrom('trees+vader', 'trees+none', 'logistic+vader', 'baseline-ar1');
    fc.assert(
      fc.property(fc.uniqueArray(arm), arm, (arms, champion) => {
        const { answer, isStandIn } = chooseChampion(pricedOf(champion, arms), 'vader');
        expect(answer === null).toBe(arms.length === 0);
        expect(isStandIn).toBe(!arms.includes(champion));
        if (!isStandIn) expect(answer?.arm).toBe(champion);
      }),
    );
  });
});
