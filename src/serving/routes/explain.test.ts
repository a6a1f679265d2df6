import type { FastifyInstance } from 'fastify';
import { afterEach, describe, expect, it } from 'vitest';
import { createEmptyPorts, createFakeApp, createFakePorts } from '../fake-ports.ts';
import { createFakeScorer, createFakeScorers, createOverloadedScorer } from '../fake-scorers.ts';
import type { Scorer, ScorerState } from '../../sentiment/index.ts';

const open: FastifyInstance[] = [];
afterEach(() => Promise.all(open.splice(0).map((app) => app.close())));

async function appOf(ready: readonly Scorer[], states: readonly ScorerState[] = []) {
  const app = await createFakeApp(createFakePorts({ scorers: createFakeScorers({ ready, states }) }));
  open.push(app);
  return (payload?: object) => app.inject({ method: 'POST', url: '/explain', payload });
}

const TEXT = 'going up 🚀 today';

describe('POST /explain', () => {
  it('says which words carried a score, where they stand, and which arms read that scorer', async () => {
    const post = await appOf([createFakeScorer()]);
    const answer = await post({ text: TEXT, family: 'vader' });
    expect(answer.statusCode).toBe(200);
    const { explanations, unexplained, performance } = answer.json();
    expect(explanations).toEqual([
      {
        scorer: 'vader',
        version: 'v1.0.0',
        sentiment: 0.5,
        confidence: 0.8,
        label: 'positive',
        unit: 'half points',
        parts: [{ text: 'up', from: 6, to: 8, weight: 0.5, note: null }],
        read_by: ['logistic+vader'],
      },
    ]);
    expect(TEXT.slice(6, 8)).toBe('up');
    expect(unexplained).toEqual([]);
    expect(performance.response_time_ms).toBeGreaterThan(0);
  });

  it('says beside it which features carry the direction of the champion, the largest first', async () => {
    const post = await appOf([createFakeScorer()]);
    const { direction } = (await post({ text: TEXT })).json();
    expect(direction).toEqual({
      horizon_minutes: 60,
      window_end: '2022-11-05T00:00:00Z',
      as_of: '2022-11-05T00:01:00Z',
      arm: 'logistic+vader',
      model_version: 'logistic@1.0.2',
      probability_up: 0.518,
      base_probability: 0.51,
      contributions: [
        { feature: 'return_1bar', value: 0.002, contribution: -0.04 },
        { feature: 'fear_greed', value: null, contribution: 0.01 },
      ],
      reason: null,
    });
  });

  it('says why no features can be named where a baseline answers, and before the first window', async () => {
    const post = await appOf([createFakeScorer()]);
    const day = (await post({ text: TEXT, horizon_minutes: 1_440 })).json().direction;
    expect(day).toMatchObject({ horizon_minutes: 1_440, arm: 'baseline-majority', contributions: null });
    expect(day.reason).toContain('baseline');
    const early = await createFakeApp(createEmptyPorts());
    open.push(early);
    const answer = await early.inject({ method: 'POST', url: '/explain', payload: { text: TEXT } });
    expect(answer.statusCode).toBe(200);
    expect(answer.json().direction).toMatchObject({ window_end: null, arm: null, contributions: null });
  });

  it('asks everyone who can tell when no family is named, and names the rest with the reason', async () => {
    const ready = [
      createFakeScorer(),
      createFakeScorer({ family: 'linear', isMute: true }),
      createOverloadedScorer('finbert'),
    ];
    const post = await appOf(ready, [{ family: 'cryptobert', state: 'loading', progress: 'warming up' }]);
    const { explanations, unexplained } = (await post({ text: TEXT })).json();
    expect(explanations.map(({ scorer }: { scorer: string }) => scorer)).toEqual(['vader']);
    expect(unexplained).toEqual([
      expect.objectContaining({ scorer: 'finbert', reason: 'finbert is full. Ask again in 2 s.' }),
      expect.objectContaining({ scorer: 'linear', reason: expect.stringContaining('cannot tell') }),
      expect.objectContaining({ scorer: 'cryptobert', reason: expect.stringContaining('warming up') }),
      { scorer: 'ensemble', reason: 'it was never trained.', remedy: 'Train it.' },
    ]);
  });

  it('answers for a family that is there and cannot tell, with the reason', async () => {
    const post = await appOf([createFakeScorer({ isMute: true })]);
    expect((await post({ text: TEXT, family: 'vader' })).json()).toMatchObject({
      explanations: [],
      unexplained: [{ scorer: 'vader' }],
    });
  });

  it.each([
    { family: 'finbert', status: 503, code: 'SENTIMENT_OVERLOADED', retryAfter: '2' },
    { family: 'linear', status: 503, code: 'SENTIMENT_UNAVAILABLE', retryAfter: '60' },
    { family: 'gpt', status: 404, code: 'SERVING_SCORER_UNKNOWN', retryAfter: undefined },
  ])('refuses $family by $status $code', async ({ family, status, code, retryAfter }) => {
    const post = await appOf([createFakeScorer(), createOverloadedScorer('finbert')]);
    const answer = await post({ text: TEXT, family });
    expect([answer.statusCode, answer.json().error.code]).toEqual([status, code]);
    expect(answer.headers['retry-after']).toBe(retryAfter);
  });

  it.each([
    [{}, 'body.text'],
    [undefined, 'body'],
    [{ text: ['up'] }, 'body.text'],
    [{ text: 'x'.repeat(10_001) }, 'body.text'],
    [{ text: 'up', family: '' }, 'body.family'],
    [{ text: 'up', horizon_minutes: 5 }, 'horizon_minutes'],
    [{ text: 'up', words: 3 }, 'body.words'],
  ])('names the field in which %j does not fit', async (payload, path) => {
    const post = await appOf([createFakeScorer()]);
    const answer = await post(payload);
    expect(answer.statusCode).toBe(400);
    expect(answer.json().error.message).toContain(path);
  });
});
