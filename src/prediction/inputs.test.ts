import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { articleAt, candleAt, fearGreedOf, ORIGIN, postAt } from '../features/inputs.contract.ts';
import type { TextObservation } from '../lake/index.ts';
import { createVader, type Score, type Scorer } from '../sentiment/index.ts';
import { scoreObservations, scoreSideBySide } from './inputs.ts';

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

describe('scoreSideBySide', () => {
  const observations = [
    candleAt(ORIGIN),
    textAt(1, 'VADER is smart, handsome, and funny.'),
    { ...textAt(2, 'bad'), kind: 'post' as const },
  ];
  const fresh = (scorer: Scorer) => ({ scorer, known: new Map<string, number>() });

  it('gives a text the sentiment of the first scorer, with what the others say beside it in their order', async () => {
    const { inputs, scores } = await scoreSideBySide(observations, [
      fresh(createVader()),
      fresh(saying('second', 0.5)),
      fresh(saying('third', -0.25)),
    ]);
    expect(inputs).toEqual([
      observations[0],
      // The compound that the reference's own documentation prints for this sentence.
      { ...observations[1], sentiment: 0.8316, further: [0.5, -0.25] },
      { ...observations[2], sentiment: -0.5423, further: [0.5, -0.25] },
    ]);
    expect(scores.map(({ scorer, textId, sentiment }) => [scorer, textId, sentiment])).toEqual([
      ['vader@1.0.0', 'a1', 0.8316],
      ['vader@1.0.0', 'a2', -0.5423],
      ['second@0.1.0', 'a1', 0.5],
      ['second@0.1.0', 'a2', 0.5],
      ['third@0.1.0', 'a1', -0.25],
      ['third@0.1.0', 'a2', -0.25],
    ]);
  });

  it('with one scorer says what that one says alone', async () => {
    const texts = fc.array(fc.string({ maxLength: 30 }), { maxLength: 20 });
    await fc.assert(
      fc.asyncProperty(texts, async (given) => {
        const some = [candleAt(ORIGIN), ...given.map((text, place) => textAt(place, text))];
        const alone = await scoreObservations(some, createVader());
        const { inputs, scores } = await scoreSideBySide(some, [fresh(createVader())]);
        expect(inputs).toEqual(alone.inputs);
        expect(scores).toEqual(alone.scores.map((score) => ({ ...score, scorer: 'vader@1.0.0' })));
      }),
      { numRuns: 30, seed: 1 },
    );
  });

  it('asks each scorer only for what silver does not know of it', async () => {
    const { scorer, seen } = countingScorer();
    const second = saying('second', 0.5);
    const { inputs, scores } = await scoreSideBySide(observations, [
      { scorer, known: new Map([['a1', -0.125]]) },
      { scorer: second, known: new Map([['a2', 0.75]]) },
    ]);
    expect(seen).toEqual(['bad']);
    expect(inputs.slice(1)).toMatchObject([
      { sentiment: -0.125, further: [0.5] },
      { sentiment: 0.03, further: [0.75] },
    ]);
    expect(scores.map((score) => [score.scorer, score.textId])).toEqual([
      ['vader@1.0.0', 'a2'],
      ['second@0.1.0', 'a1'],
    ]);
  });

  it('leaves texts of a further scorer that cannot answer without a score, tells of it, and goes on', async () => {
    const told: unknown[] = [];
    const { inputs, scores } = await scoreSideBySide(
      observations,
      [
        fresh(createVader()),
        { scorer: failing('second'), known: new Map([['a2', 0.75]]) },
        fresh(saying('third', -0.25)),
      ],
      { onFailure: (scorer, error) => told.push(scorer, error) },
    );
    expect(told).toEqual(['second@0.1.0', new Error('out of order')]);
    expect(inputs.slice(1)).toMatchObject([
      { sentiment: 0.8316, further: [null, -0.25] },
      // What silver knows stands all the same.
      { sentiment: -0.5423, further: [0.75, -0.25] },
    ]);
    expect(scores.map(({ scorer }) => scorer)).not.toContain('second@0.1.0');
  });

  it('passes on the failure where nobody listens, and that of the first scorer always', async () => {
    const second = [fresh(createVader()), fresh(failing('second'))];
    await expect(scoreSideBySide(observations, second)).rejects.toThrow('out of order');
    const told: string[] = [];
    const first = [fresh(failing('second')), fresh(createVader())];
    const onFailure = (scorer: string) => told.push(scorer);
    await expect(scoreSideBySide(observations, first, { onFailure })).rejects.toThrow('out of order');
    expect(told).toEqual([]);
  });

  it('leaves the one text without a score that a scorer cannot read, and asks it for no other again', async () => {
    const picky: Scorer = {
      ...saying('second', 0.5),
      score: (texts) =>
        texts.includes('bad') ? Promise.reject(new Error('unreadable')) : saying('second', 0.5).score(texts),
    };
    const told: unknown[] = [];
    const onUnreadable = (scorer: string, { texts, error }: { texts: number; error: unknown }) =>
      told.push([scorer, texts, error]);
    const lanes = [fresh(createVader()), fresh(picky)];
    const { inputs } = await scoreSideBySide(observations, lanes, { onUnreadable });
    expect(told).toEqual([['second@0.1.0', 1, new Error('unreadable')]]);
    expect(inputs.slice(1)).toMatchObject([{ further: [0.5] }, { further: [null] }]);
    await expect(scoreSideBySide(observations, lanes)).rejects.toThrow('unreadable');
  });

  it('does not take a scorer that is out of order for texts that cannot be read', async () => {
    const many = Array.from({ length: 40 }, (_, place) => textAt(place, `text ${place}`));
    const asked: string[] = [];
    const dead: Scorer = {
      ...failing('second'),
      score: (texts) => {
        asked.push(...texts);
        return Promise.reject(new Error('out of order'));
      },
    };
    const attempt = scoreSideBySide(many, [fresh(createVader()), fresh(dead)], { onUnreadable: () => {} });
    await expect(attempt).rejects.toThrow('out of order');
    expect(asked).toHaveLength(40 + 3);
  });

  it('asks what is kept for good where a scorer makes a difference', async () => {
    const lane: Scorer = { ...failing('second'), lasting: saying('second', 0.25) };
    const { inputs } = await scoreSideBySide(observations, [fresh(createVader()), fresh(lane)]);
    expect(inputs[1]).toMatchObject({ further: [0.25] });
  });

  it('needs a scorer', async () => {
    await expect(scoreSideBySide(observations, [])).rejects.toThrow(RangeError);
  });
});

/** Says the same of every text. */
function saying(family: string, sentiment: number): Scorer {
  const score: Score = {
    sentiment,
    confidence: 0.5,
    label: sentiment > 0 ? 'positive' : 'negative',
    probabilities: { negative: 0.25, neutral: 0.25, positive: 0.5 },
  };
  return {
    family,
    version: '0.1.0',
    score: (texts) => Promise.resolve(texts.map(() => score)),
  };
}

function failing(family: string): Scorer {
  return { ...saying(family, 0), score: () => Promise.reject(new Error('out of order')) };
}

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
