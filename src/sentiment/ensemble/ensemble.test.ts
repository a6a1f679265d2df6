import { describe, expect, it } from 'vitest';
import { scorerOverloaded } from '../errors.ts';
import { describeScorer } from '../scorer.contract.ts';
import type { Score, Scorer } from '../scorer.ts';
import { createVader } from '../vader/vader.ts';
import { createEnsemble } from './ensemble.ts';

/** Says always the same. */
function steady(family: string, positive: number, version = '1.0.0'): Scorer {
  const probabilities = { negative: 0.9 - positive, neutral: 0.1, positive };
  const confidence = Math.max(...Object.values(probabilities));
  const label = positive === confidence ? 'positive' : 'negative';
  const score: Score = { sentiment: 2 * positive - 0.9, confidence, label, probabilities };
  return { family, version, score: async (texts) => texts.map(() => score) };
}

function broken(family: string, error: unknown): Scorer {
  return { family, version: '1.0.0', score: () => Promise.reject(error) };
}

const full = () => scorerOverloaded('finbert', { waiting: 9, bound: 8, retryAfterSeconds: 2 });

describeScorer('ensemble', () => createEnsemble({ members: [createVader(), steady('linear', 0.4)] }));

describe('createEnsemble', () => {
  it('is 1.0.0 and counts all members alike until it is fitted', async () => {
    const ensemble = createEnsemble({ members: [steady('linear', 0.8), steady('finbert', 0.2)] });
    expect(ensemble.version).toBe('1.0.0');
    const [score] = await ensemble.score(['x']);
    expect(score).toMatchObject({ answered: ['linear@1.0.0', 'finbert@1.0.0'], missing: [], agreement: 0.5 });
    expect(score!.probabilities.positive).toBeGreaterThan(score!.probabilities.negative);
  });

  it('goes on with the members that answer, and says who did not and why', async () => {
    const members = [
      steady('linear', 0.8),
      broken('finbert', full()),
      { ...steady('cryptobert', 0.2), score: async () => [] },
      { ...steady('other', 0.2), score: () => { throw new Error('not even a promise'); } },
    ]; // prettier-ignore
    const [score] = await createEnsemble({ members }).score(['x']);
    expect(score!.answered).toEqual(['linear@1.0.0']);
    expect(score!.missing.map(({ member }) => member)).toEqual([
      'finbert@1.0.0',
      'cryptobert@1.0.0',
      'other@1.0.0',
    ]);
    expect(score!.missing[0]!.reason).toContain('9 texts waiting');
    expect(score!.missing[1]!.reason).toContain('0 scores for 1 texts');
    expect(score!.missing[2]!.reason).toBe('not even a promise');
    expect(score!.probabilities.positive).toBeCloseTo(0.8, 12);
  });

  it('answers by all of its members or not at all where the answer is kept for good', async () => {
    const patient: Scorer = { ...broken('finbert', full()), lasting: steady('finbert', 0.2) };
    const whole = createEnsemble({ members: [steady('linear', 0.8), patient] });
    const [kept] = await whole.lasting!.score(['x']);
    expect(kept).toMatchObject({ answered: ['linear@1.0.0', 'finbert@1.0.0'], missing: [] });
    expect((await whole.score(['x']))[0]!.answered).toEqual(['linear@1.0.0']);
    const half = createEnsemble({ members: [steady('linear', 0.8), broken('finbert', new Error('gone'))] });
    await expect(half.lasting!.score(['x'])).rejects.toMatchObject({
      code: 'SENTIMENT_UNAVAILABLE',
      message: expect.stringContaining('not all of its members answered') as string,
    });
  });

  it('is unavailable when nobody answers, and overloaded when that may pass', async () => {
    const away = broken('linear', new Error('gone'));
    await expect(createEnsemble({ members: [away] }).score(['x'])).rejects.toMatchObject({
      code: 'SENTIMENT_UNAVAILABLE',
      message: expect.stringContaining('linear@1.0.0: gone') as string,
    });
    await expect(
      createEnsemble({ members: [away, broken('finbert', full())] }).score(['x']),
    ).rejects.toMatchObject({
      code: 'SENTIMENT_OVERLOADED',
      details: { retryAfterSeconds: 2 },
    });
  });

  it('asks all members at the same time', async () => {
    let waiting = 0;
    let release: () => void = () => {};
    const bothAsked = new Promise<void>((resolve) => (release = resolve));
    // Each answers only once the other has been asked too.
    const meeting = (family: string): Scorer => ({
      ...steady(family, 0.8),
      score: async (texts) => {
        waiting += 1;
        if (waiting === 2) release();
        await bothAsked;
        return steady(family, 0.8).score(texts);
      },
    });
    expect(
      await createEnsemble({ members: [meeting('linear'), meeting('finbert')] }).score(['x']),
    ).toHaveLength(1);
  });

  it('uses the combination that was fitted for the members that are there', async () => {
    const combinationOf = (members: number[], intercepts: number[]) => ({
      members,
      intercepts,
      weights: new Array<number>(9 * members.length).fill(0),
    });
    const fitted = {
      version: '2.0.0',
      weights: {
        members: ['linear@1.0.0', 'finbert@1.0.0'],
        combinations: [
          combinationOf([0], [9, 0, 0]),
          combinationOf([1], [0, 9, 0]),
          combinationOf([0, 1], [0, 0, 9]),
        ],
      },
    };
    const [linear, finbert] = [steady('linear', 0.5), steady('finbert', 0.5)];
    const labelOf = async (members: Scorer[]) =>
      (await createEnsemble({ members, fitted }).score(['x']))[0]!.label;
    expect(await labelOf([finbert, linear])).toBe('positive');
    expect(await labelOf([linear])).toBe('negative');
    expect(await labelOf([finbert, broken('linear', full())])).toBe('neutral');
    const [score] = await createEnsemble({ members: [linear], fitted }).score(['x']);
    expect(score!.missing).toEqual([{ member: 'finbert@1.0.0', reason: 'it is not available now' }]);
    expect(createEnsemble({ members: [linear], fitted }).version).toBe('2.0.0');
  });

  it('refuses no members and two of one family', () => {
    expect(() => createEnsemble({ members: [] })).toThrow('at least one member');
    expect(() => createEnsemble({ members: [createVader(), createVader()] })).toThrow(
      'one member of each family',
    );
  });
});
