import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { agreementOf, compareSentiments, summarise } from './comparison.ts';
import type { LabelView, ScorerAnswerView } from './views.ts';

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

describe('several scorers', () => {
  const probabilitiesOf = (label: LabelView, top: number) => {
    const rest = (1 - top) / 2;
    return { negative: rest, neutral: rest, positive: rest, [label]: top };
  };
  const answerOf = (scorer: string, label: LabelView, top = 0.6): ScorerAnswerView => ({
    scorer,
    version: 'v1.0.0',
    sentiment: { negative: -top, neutral: 0, positive: top }[label],
    confidence: top,
    label,
    probabilities: probabilitiesOf(label, top),
  });

  it('are of one mind as far as they give the same label', () => {
    const agreement = agreementOf([
      answerOf('vader', 'neutral'),
      answerOf('linear', 'positive'),
      answerOf('finbert', 'positive', 0.9),
      answerOf('cryptobert', 'negative', 0.7),
    ]);
    expect(agreement).toMatchObject({ label: 'positive', share: 0.5, scorers: 4 });
    expect(agreement?.disagreements).toEqual([
      { scorers: ['finbert', 'cryptobert'], distance: 1.6 },
      { scorers: ['linear', 'cryptobert'], distance: expect.closeTo(1.3, 12) as number },
    ]);
  });

  it('follow the surer half when they are split', () => {
    const split = [answerOf('vader', 'positive', 0.5), answerOf('linear', 'negative', 0.9)];
    expect(agreementOf(split)).toMatchObject({ label: 'negative', share: 0.5 });
  });

  it('need two who gave a label', () => {
    const silent = { ...answerOf('linear', 'neutral'), label: null, probabilities: null };
    expect(agreementOf([answerOf('vader', 'positive'), silent])).toBeNull();
  });

  it('share a label at least as often as chance and at most always', () => {
    const labels = fc.array(fc.constantFrom<LabelView>('negative', 'neutral', 'positive'), { minLength: 2 });
    fc.assert(
      fc.property(labels, (given) => {
        const { share } = agreementOf(given.map((label, place) => answerOf(String(place), label)))!;
        expect(share).toBeGreaterThanOrEqual(1 / 3);
        expect(share).toBeLessThanOrEqual(1);
      }),
    );
  });

  it('keep their own label for one text, and get the likeliest by the means for more', () => {
    const up = { sentiment: 0.1, confidence: 0.5, probabilities: probabilitiesOf('neutral', 0.5) };
    expect(summarise([{ ...up, label: 'positive' }]).label).toBe('positive');
    expect(
      summarise([
        { ...up, label: 'positive' },
        { ...up, label: 'positive' },
      ]).label,
    ).toBe('neutral');
  });
});
