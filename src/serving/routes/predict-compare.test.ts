import type { FastifyInstance } from 'fastify';
import { afterEach, describe, expect, it } from 'vitest';
import { createFakeApp, createFakePorts } from '../fake-ports.ts';
import { createFakeScorer, createFakeScorers, createOverloadedScorer } from '../fake-scorers.ts';
import type { Scorer } from '../../sentiment/index.ts';
import type { ServingPorts } from '../ports.ts';

const open: FastifyInstance[] = [];
afterEach(() => Promise.all(open.splice(0).map((app) => app.close())));

async function appOf(ready: readonly Scorer[], replaced: Partial<ServingPorts> = {}) {
  const app = await createFakeApp(createFakePorts({ scorers: createFakeScorers({ ready }), ...replaced }));
  open.push(app);
  return async (payload: object) => {
    const answer = await app.inject({ method: 'POST', url: '/predict/compare', payload });
    expect(answer.statusCode).toBe(200);
    return answer.json();
  };
}

const minded = () => [
  createFakeScorer(),
  createFakeScorer({ family: 'linear', sentiment: 0.2 }),
  createFakeScorer({ family: 'finbert', sentiment: -0.6 }),
];

describe('POST /predict/compare with several scorers', () => {
  it('shows what each says, how far they agree and who contradicts whom', async () => {
    const ask = await appOf(minded());
    const answer = await ask({ text: 'up' });
    expect(answer.scorers.map((one: { scorer: string; label: string }) => [one.scorer, one.label])).toEqual([
      ['vader', 'positive'],
      ['linear', 'positive'],
      ['finbert', 'negative'],
    ]);
    expect(answer.scorers[0].probabilities).toEqual({ negative: 0.1, neutral: 0.1, positive: 0.8 });
    expect(answer.agreement).toMatchObject({ label: 'positive', share: 2 / 3, scorers: 3 });
    expect(answer.agreement.disagreements).toEqual([
      { scorers: ['vader', 'finbert'], distance: 1.1 },
      { scorers: ['linear', 'finbert'], distance: expect.closeTo(0.8, 12) },
    ]);
    expect(answer.comparison).toMatchObject({
      vader_sentiment: 0.5,
      finbert_sentiment: -0.6,
      agreement: false,
    });
    expect(answer.unavailable).toEqual([
      { scorer: 'cryptobert', reason: 'it was never trained.', remedy: 'Train it.' },
      { scorer: 'ensemble', reason: 'it was never trained.', remedy: 'Train it.' },
    ]);
    expect(answer).not.toHaveProperty('degraded');
    expect((await ask({ text: 'up' })).performance.cache_hit).toBe(true);
  });

  it('gives several texts one label by the means of the probabilities', async () => {
    const ask = await appOf([createFakeScorer()]);
    const answer = await ask({ text: ['up', 'no', 'no', 'no'] });
    expect(answer.scorers[0]).toMatchObject({ sentiment: -0.25, label: 'negative' });
    expect(answer.agreement).toBeNull();
    expect(answer.items).toHaveLength(4);
  });

  it('says without text what the arms know that read each scorer', async () => {
    const ask = await appOf(minded());
    const answer = await ask({});
    expect(answer.scorers).toMatchObject([
      { scorer: 'vader', sentiment: 0.25, label: null, confidence: null, probabilities: null },
      { scorer: 'linear', sentiment: null },
      { scorer: 'finbert', sentiment: null },
    ]);
    expect(answer.agreement).toBeNull();
  });

  it('leaves out who is full or fails, says so, and does not remember it', async () => {
    const broken: Scorer = {
      ...createFakeScorer({ family: 'linear' }),
      score: () => Promise.reject(new TypeError('secret of the inside')),
    };
    const ask = await appOf([createFakeScorer(), broken, createOverloadedScorer('finbert')]);
    for (const cacheHit of [false, false]) {
      const answer = await ask({ text: 'up' });
      expect(answer).toMatchObject({ degraded: true, performance: { cache_hit: cacheHit } });
      expect(answer.scorers.map(({ scorer }: { scorer: string }) => scorer)).toEqual(['vader']);
      expect(answer.comparison.finbert_sentiment).toBeNull();
      const reasons = Object.fromEntries(
        answer.unavailable.map((one: { scorer: string; reason: string }) => [one.scorer, one.reason]),
      );
      expect(reasons).toMatchObject({
        linear: expect.not.stringContaining('secret'),
        finbert: 'finbert is full. Ask again in 2 s.',
      });
    }
  });

  it('is degraded where an arm is missing because its scorer is', async () => {
    const ask = await appOf([createFakeScorer()], {
      readersOf: () => ({
        champion: 'vader@1.0.0',
        byArm: new Map([
          ['logistic+vader', 'vader@1.0.0'],
          ['trees+linear', 'linear@1.0.0'],
        ]),
      }),
    });
    expect(await ask({ text: 'up' })).toMatchObject({
      degraded: true,
      arms: [{ arm: 'logistic+vader' }, {}, {}],
    });
  });
});
