import type { FastifyInstance } from 'fastify';
import { afterEach, describe, expect, it } from 'vitest';
import { createVader } from '../../sentiment/index.ts';
import { PREDICT_ANSWER_EXAMPLES, PREDICT_REQUEST_EXAMPLES } from '../examples.ts';
import { createEmptyPorts, createFakeApp, createFakePorts } from '../fake-ports.ts';
import { createFakeScorer, createFakeScorers } from '../fake-scorers.ts';
import type { ServingPorts } from '../ports.ts';

describe('POST /predict/vader', () => {
  const open: FastifyInstance[] = [];
  afterEach(() => Promise.all(open.splice(0).map((app) => app.close())));

  async function appOf(ports: ServingPorts = createFakePorts()) {
    const app = await createFakeApp(ports);
    open.push(app);
    return (payload?: object) => app.inject({ method: 'POST', url: '/predict/vader', payload });
  }

  it('answers one text with its own score beside the present direction', async () => {
    const post = await appOf();
    expect((await post({ text: 'up we go' })).json()).toEqual({
      prediction: {
        sentiment: 0.5,
        confidence: 0.8,
        price_direction: 'bullish',
        probability_up: 0.5185,
        model_used: 'vader',
        features_count: 15,
      },
      performance: { response_time_ms: 1.5, model_version: 'v1.0.0', cache_hit: false },
      comparison: { vader_sentiment: 0.5, finbert_sentiment: null, agreement: null, confidence_delta: null },
    });
  });

  it('answers the example of the docs as the docs say, when VADER itself scores it', async () => {
    const post = await appOf(createFakePorts({ scorers: createFakeScorers({ ready: [createVader()] }) }));
    const { prediction } = (await post(PREDICT_REQUEST_EXAMPLES[0])).json();
    const shown = PREDICT_ANSWER_EXAMPLES[0]!.prediction;
    expect(prediction.sentiment).toBeCloseTo(shown.sentiment, 4);
    expect(prediction.confidence).toBeCloseTo(shown.confidence, 4);
  });

  it('answers several texts with their means, and with each one in order', async () => {
    const post = await appOf();
    const answer = (await post({ text: ['up', 'no', 'up'] })).json();
    expect(answer.prediction.sentiment).toBeCloseTo(1 / 6, 12);
    expect(answer.prediction.confidence).toBeCloseTo(2.2 / 3, 12);
    expect(answer.items.map((item: { label: string }) => item.label)).toEqual([
      'positive',
      'negative',
      'positive',
    ]);
  });

  it('answers without text from the present four hours of news, with an empty body and with none', async () => {
    const post = await appOf();
    for (const answer of [await post({}), await post()]) {
      expect(answer.statusCode).toBe(200);
      expect(answer.json().prediction).toMatchObject({ sentiment: 0.25, confidence: null });
    }
  });

  it('takes the direction of the horizon that is asked for', async () => {
    const post = await appOf();
    const aDay = (await post({ text: 'up', horizon_minutes: 1_440 })).json();
    expect(aDay.prediction.probability_up).toBe(0.5275);
    expect((await post({ text: 'up', horizon_minutes: 5 })).statusCode).toBe(400);
  });

  it('scores the same text in the same window once', async () => {
    const scorer = createFakeScorer();
    const post = await appOf(createFakePorts({ scorers: createFakeScorers({ ready: [scorer] }) }));
    const first = (await post({ text: 'up' })).json();
    const second = (await post({ text: 'up' })).json();
    expect([first.performance.cache_hit, second.performance.cache_hit]).toEqual([false, true]);
    expect(second.prediction).toEqual(first.prediction);
    await post({ text: ['up'] });
    await post({ text: 'down' });
    expect(scorer.asked).toBe(2);
  });

  it('answers the text all the same when there is no window yet', async () => {
    const post = await appOf(createEmptyPorts());
    const answer = await post({ text: 'up' });
    expect(answer.statusCode).toBe(200);
    expect(answer.json().prediction).toMatchObject({
      sentiment: 0.5,
      price_direction: null,
      probability_up: null,
    });
    expect(answer.json().degraded).toBe(true);
    expect((await post({})).json().prediction.sentiment).toBeNull();
  });

  it('answers the text all the same when the signal or the cache is down', async () => {
    const down = () => Promise.reject(new Error('connection refused'));
    const post = await appOf(
      createFakePorts({ latestSignal: down, cache: { isShared: () => true, get: down, set: down } }),
    );
    const answer = await post({ text: 'up' });
    expect(answer.statusCode).toBe(200);
    expect(answer.json()).toMatchObject({ prediction: { sentiment: 0.5 }, degraded: true });
  });

  it('keeps answers as they are, and writes nothing, where the cache is of this process alone', async () => {
    const scorer = createFakeScorer();
    const unused = () => Promise.reject(new Error('not to be asked'));
    const cache = { isShared: () => false, get: unused, set: unused };
    const post = await appOf(createFakePorts({ scorers: createFakeScorers({ ready: [scorer] }), cache }));
    const hits = [];
    for (const text of ['up', 'up', ['up'], 'down', ['up', 'down']]) {
      hits.push((await post({ text })).json().performance.cache_hit);
    }
    expect(hits).toEqual([false, true, true, false, false]);
    expect(scorer.asked).toBe(3);
  });

  it('takes nothing from a cache that holds something else', async () => {
    const cache = {
      isShared: () => true,
      get: () => Promise.resolve('{"not": "scores"}'),
      set: () => Promise.resolve(),
    };
    const post = await appOf(createFakePorts({ cache }));
    expect((await post({ text: 'up' })).json()).toMatchObject({
      prediction: { sentiment: 0.5 },
      performance: { cache_hit: false },
    });
  });

  it.each([
    [{ text: ['fine', 3] }, 'body.text.1'],
    [{ text: ['fine', 'x'.repeat(10_001)] }, 'body.text.1'],
    [{ text: '' }, 'body.text'],
    [{ text: 7 }, 'body.text: expected a text or a list of texts'],
    [{ text: 'up', horizon_minutes: '60' }, 'body.horizon_minutes'],
    [{ txt: 'up' }, 'body.txt'],
    [['up'], 'body'],
  ])('names the field in which %j breaks the schema', async (payload, path) => {
    const post = await appOf();
    const answer = await post(payload);
    expect(answer.statusCode).toBe(400);
    expect(answer.json().error.code).toBe('SERVING_REQUEST_INVALID');
    expect(answer.json().error.message).toContain(path);
  });
});
