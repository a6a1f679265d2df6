import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { articleAt, candleAt, fearGreedOf, ORIGIN, postAt } from '../features/inputs.contract.ts';
import type { TextObservation } from '../lake/index.ts';
import { createVader, type Scorer } from '../sentiment/index.ts';
import { scoreObservations } from './inputs.ts';

describe('scoreObservations', () => {
  it('attaches what the scorer says to every text and leaves the rest as it is', async () => {
    const observations = [
      candleAt(ORIGIN),
      textAt(1, 'VADER is smart, handsome, and funny.'),
      fearGreedOf(ORIGIN, 50),
    ];
    const { inputs, scores } = await scoreObservations(observations, createVader());
    expect(inputs[0]).toBe(observations[0]);
    expect(inputs[2]).toBe(observations[2]);
    // The compound that the reference's own documentation prints for this sentence.
    expect(inputs[1]).toEqual({ ...observations[1], sentiment: 0.8316 });
    expect(scores).toHaveLength(1);
    expect(scores[0]).toMatchObject({ textId: 'a1', sentiment: 0.8316 });
    const { negative = 0, neutral = 0, positive = 0 } = scores[0] ?? {};
    expect(negative + neutral + positive).toBeCloseTo(1, 12);
  });

  it('does not score again what silver knows', async () => {
    const { scorer, seen } = countingScorer();
    const observations = [
      textAt(1, 'good'),
      textAt(2, 'bad'),
      { ...textAt(3, 'fine'), kind: 'post' as const },
    ];
    const { inputs, scores } = await scoreObservations(observations, scorer, new Map([['a1', -0.25]]));
    expect(seen).toEqual(['bad', 'fine']);
    expect(scores.map(({ textId }) => textId)).toEqual(['a2', 'a3']);
    expect(inputs[0]).toMatchObject({ id: 'a1', sentiment: -0.25 });
  });

  it('keeps order and pairs every text with its own score, across batches', async () => {
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: 1, max: 5_000 }), async (count) => {
        const { scorer } = countingScorer();
        const observations = Array.from({ length: count }, (_, place) =>
          textAt(place, 'x'.repeat(place % 50)),
        );
        const { inputs, scores } = await scoreObservations(observations, scorer);
        expect(inputs.map(({ id }) => id)).toEqual(observations.map(({ id }) => id));
        expect(scores).toHaveLength(count);
        const wrong = inputs.filter(
          (input, place) => input.kind === 'article' && input.sentiment !== (place % 50) / 100,
        );
        expect(wrong).toEqual([]);
      }),
      { numRuns: 5, seed: 1 },
    );
  });

  it('asks the scorer nothing when there is no text', async () => {
    const { scorer, seen } = countingScorer();
    expect(await scoreObservations([candleAt(ORIGIN)], scorer)).toEqual({
      inputs: [candleAt(ORIGIN)],
      scores: [],
    });
    expect(seen).toEqual([]);
  });

  it('passes on the failure of a scorer instead of calling its texts neutral', async () => {
    const scorer: Scorer = { ...createVader(), score: () => Promise.reject(new Error('out of order')) };
    await expect(scoreObservations([postAt(ORIGIN, null)], scorer)).rejects.toThrow('out of order');
  });
});

function textAt(place: number, text: string): TextObservation {
  const { source, asset, eventTime, knownAt } = articleAt(ORIGIN + place, null);
  return { kind: 'article', source, asset, eventTime, knownAt, id: `a${place}`, text };
}

/** Scores a text by its length, and notes what it was asked. */
function countingScorer(): { scorer: Scorer; seen: string[] } {
  const seen: string[] = [];
  const vader = createVader();
  const scorer: Scorer = {
    ...vader,
    async score(texts) {
      seen.push(...texts);
      const like = await vader.score(texts);
      return like.map((score, place) => ({ ...score, sentiment: (texts[place]?.length ?? 0) / 100 }));
    },
  };
  return { scorer, seen };
}
