import type { FastifyInstance } from 'fastify';
import { afterEach, describe, expect, it } from 'vitest';
import { SCORER_FAMILIES } from '../../sentiment/index.ts';
import { readersOfArms } from '../fake-models.ts';
import { createFakeApp, createFakePorts } from '../fake-ports.ts';
import {
  createFakeScorer,
  createFakeScorers,
  createOverloadedScorer,
  createSlowScorer,
} from '../fake-scorers.ts';
import type { PriceReaders, ServingPorts } from '../ports.ts';
import type { ArmAnswerView, PricedView } from '../views.ts';

const open: FastifyInstance[] = [];
afterEach(() => Promise.all(open.splice(0).map((app) => app.close())));

async function appOf(replaced: Partial<ServingPorts> = {}) {
  const app = await createFakeApp(createFakePorts(replaced));
  open.push(app);
  return (url: string, payload?: object) => app.inject({ method: 'POST', url, payload });
}

const WINDOW = 1_667_606_400_000;
const ARMS = ['trees+vader', 'trees+linear', 'trees+none', 'logistic+vader', 'baseline-ar1'];

/** Arms that say of the texts what their own scorer said; those whose scorer did not read them are left out. */
function livePorts(champion: string, live: readonly string[] = ARMS) {
  const given: (ReadonlyMap<string, readonly number[]> | null)[] = [];
  const readers: PriceReaders = readersOfArms(champion, live);
  const ports: Partial<ServingPorts> = {
    readersOf: () => readers,
    priceWithTexts({ horizonMinutes, sentiments }) {
      given.push(sentiments);
      const arms = live.flatMap((arm): ArmAnswerView[] => {
        const name = readers.byArm.get(arm);
        const read = name === undefined || sentiments === null ? 0.1 : sentiments.get(name)?.[0];
        if (read === undefined) return [];
        return [
          {
            arm,
            horizonMinutes,
            modelVersion: `${arm.split('+')[0]}@1.0.3`,
            probabilityUp: 0.5 + read / 10,
            priceDirection: 'neutral',
            sentiment: name === undefined ? null : read,
            featuresCount: 15,
            isChampion: arm === champion,
            degraded: false,
          },
        ];
      });
      const priced: PricedView = { windowEnd: WINDOW, asOf: WINDOW, revision: 3, champion, arms };
      return Promise.resolve(priced);
    },
  };
  return { ports, given };
}

const three = () => [
  createFakeScorer(),
  createFakeScorer({ family: 'linear', sentiment: 0.7 }),
  createFakeScorer({ family: 'finbert', sentiment: 0.9 }),
];

describe('POST /predict/{scorer}', () => {
  it('answers by the scorer and the sibling of the champion that reads it', async () => {
    const { ports, given } = livePorts('trees+vader');
    const post = await appOf({ ...ports, scorers: createFakeScorers({ ready: three() }) });
    const answer = (await post('/predict/linear', { text: 'up' })).json();
    expect(answer.prediction).toMatchObject({ sentiment: 0.7, model_used: 'linear', probability_up: 0.57 });
    expect(answer.performance.model_version).toBe('v1.0.0');
    expect(answer.comparison).toEqual({
      vader_sentiment: 0.5,
      finbert_sentiment: null,
      agreement: null,
      confidence_delta: null,
    });
    expect(answer).not.toHaveProperty('degraded');
    expect(given).toEqual([new Map([['linear@1.0.0', [0.7]]])]);
    const again = (await post('/predict/linear', { text: 'up' })).json();
    expect(again.performance.cache_hit).toBe(true);
  });

  it('compares FinBERT with VADER where FinBERT is asked', async () => {
    const post = await appOf({ scorers: createFakeScorers({ ready: three() }) });
    expect((await post('/predict/finbert', { text: 'up' })).json().comparison).toEqual({
      vader_sentiment: 0.5,
      finbert_sentiment: 0.9,
      agreement: true,
      confidence_delta: 0.4,
    });
  });

  it('lets the champion stand in, with its own scorer, where no arm reads what was asked for', async () => {
    const { ports, given } = livePorts('trees+vader');
    const post = await appOf({ ...ports, scorers: createFakeScorers({ ready: three() }) });
    const answer = (await post('/predict/finbert', { text: 'up' })).json();
    expect(answer).toMatchObject({
      degraded: true,
      prediction: { sentiment: 0.9, model_used: 'finbert', probability_up: 0.55 },
    });
    expect(given).toEqual([
      new Map([
        ['finbert@1.0.0', [0.9]],
        ['vader@1.0.0', [0.5]],
      ]),
    ]);
    expect((await post('/predict/finbert', { text: 'up' })).json().performance.cache_hit).toBe(true);
  });

  it('lets the champion stand in where the arm that reads it fails, and asks the arm again', async () => {
    const { ports } = livePorts('trees+vader', ['trees+vader', 'trees+none']);
    const readers = readersOfArms('trees+vader', ['trees+vader', 'trees+linear']);
    const scorers = createFakeScorers({ ready: three() });
    const post = await appOf({ ...ports, scorers, readersOf: () => readers });
    const answer = (await post('/predict/linear', { text: 'up' })).json();
    expect(answer).toMatchObject({
      degraded: true,
      prediction: { model_used: 'linear', probability_up: 0.55 },
    });
    expect((await post('/predict/linear', { text: 'up' })).json().performance.cache_hit).toBe(false);
  });

  it('gives an older price model the scorer that it was trained on', async () => {
    const { ports, given } = livePorts('trees+vader');
    const newer = createFakeScorer({ version: '1.1.0', sentiment: 0.6 });
    const scorers = createFakeScorers({ ready: [newer], older: [createFakeScorer()] });
    const post = await appOf({ ...ports, scorers });
    const answer = (await post('/predict/vader', { text: 'up' })).json();
    expect(answer.prediction).toMatchObject({ sentiment: 0.6, probability_up: 0.55 });
    expect(answer.performance.model_version).toBe('v1.1.0');
    expect(given[0]?.get('vader@1.0.0')).toEqual([0.5]);
  });

  it('keeps answers apart by the version of the scorer', async () => {
    let ready = [createFakeScorer()];
    const families = () => createFakeScorers({ ready });
    const scorers = {
      all: () => families().all(),
      of: (family: string) => families().of(family),
      named: () => createFakeScorer(),
    };
    const post = await appOf({ scorers });
    const ask = async () => (await post('/predict/vader', { text: 'up' })).json().performance;
    expect(await ask()).toMatchObject({ model_version: 'v1.0.0', cache_hit: false });
    ready = [createFakeScorer({ version: '1.1.0' })];
    expect(await ask()).toMatchObject({ model_version: 'v1.1.0', cache_hit: false });
    expect(await ask()).toMatchObject({ model_version: 'v1.1.0', cache_hit: true });
  });

  it('answers without text from what the arm with that scorer knows, and from nobody else', async () => {
    const { ports, given } = livePorts('trees+vader');
    const post = await appOf({ ...ports, scorers: createFakeScorers({ ready: three() }) });
    expect((await post('/predict/linear')).json()).toMatchObject({
      prediction: { sentiment: 0.1, confidence: null, model_used: 'linear' },
      comparison: { vader_sentiment: 0.1 },
    });
    expect((await post('/predict/finbert')).json()).toMatchObject({
      prediction: { sentiment: null, confidence: null, model_used: 'finbert' },
      degraded: true,
    });
    expect(given).toEqual([null, null]);
  });
});

describe('a scorer that cannot answer', () => {
  const loading = { family: 'finbert', state: 'loading', progress: '61 of 110 MB' } as const;

  it('is 503 with why, what to do and when to come back, for whoever asks for it', async () => {
    const post = await appOf({ scorers: createFakeScorers({ states: [loading] }) });
    for (const [family, words] of [
      ['linear', 'it was never trained. Train it.'],
      ['finbert', '61 of 110 MB'],
    ] as const) {
      for (const payload of [{ text: 'up' }, undefined]) {
        const answer = await post(`/predict/${family}`, payload);
        expect([answer.statusCode, answer.json().error.code]).toEqual([503, 'SENTIMENT_UNAVAILABLE']);
        expect(answer.json().error.message).toContain(words);
        expect(Number(answer.headers['retry-after'])).toBeGreaterThan(0);
      }
    }
  });

  it('is 503 with the time to come back when its queue is full', async () => {
    const ready = [createFakeScorer(), createOverloadedScorer('finbert')];
    const post = await appOf({ scorers: createFakeScorers({ ready }) });
    const answer = await post('/predict/finbert', { text: 'up' });
    expect([answer.statusCode, answer.json().error.code]).toEqual([503, 'SENTIMENT_OVERLOADED']);
    expect(answer.headers['retry-after']).toBe('2');
  });

  it('is 404 when no family has that name, with those that there are', async () => {
    const post = await appOf();
    const answer = await post('/predict/gpt', { text: 'up' });
    expect([answer.statusCode, answer.json().error.code]).toEqual([404, 'SERVING_SCORER_UNKNOWN']);
    for (const family of SCORER_FAMILIES) expect(answer.json().error.message).toContain(family);
  });

  it('is stood in for at /predict, where the next best reads the text and moves the price', async () => {
    const { ports } = livePorts('trees+linear');
    for (const ready of [[createFakeScorer()], [createFakeScorer(), createOverloadedScorer('linear')]]) {
      const post = await appOf({ ...ports, scorers: createFakeScorers({ ready }) });
      for (const cacheHit of [false, false]) {
        const answer = await post('/predict', { text: 'up' });
        expect(answer.json()).toMatchObject({
          degraded: true,
          prediction: { sentiment: 0.5, model_used: 'vader', probability_up: 0.55 },
          performance: { cache_hit: cacheHit },
        });
      }
    }
  });

  it('costs a direction at most where a price model needed it beside the one that was asked for', async () => {
    const { ports } = livePorts('trees+linear', ['trees+linear', 'trees+none']);
    const ready = [createFakeScorer(), createOverloadedScorer('linear')];
    const post = await appOf({ ...ports, scorers: createFakeScorers({ ready }) });
    expect((await post('/predict/vader', { text: 'up' })).json()).toMatchObject({
      degraded: true,
      prediction: { sentiment: 0.5, model_used: 'vader', probability_up: 0.51 },
    });
  });
});

describe('POST /predict with a champion that reads another scorer', () => {
  it('reads the text by that scorer', async () => {
    const { ports, given } = livePorts('trees+finbert', [...ARMS, 'trees+finbert']);
    const post = await appOf({ ...ports, scorers: createFakeScorers({ ready: three() }) });
    const answer = (await post('/predict', { text: ['up', 'no'] })).json();
    expect(answer.prediction).toMatchObject({ sentiment: 0, model_used: 'finbert' });
    expect(answer.prediction.probability_up).toBeCloseTo(0.59, 12);
    expect(answer.comparison).toMatchObject({ vader_sentiment: 0, finbert_sentiment: 0 });
    expect(answer).not.toHaveProperty('degraded');
    expect(given).toEqual([new Map([['finbert@1.0.0', [0.9, -0.9]]])]);
  });
});

describe('a hundred clients at a slow scorer', () => {
  const askAll = async (bound: number) => {
    const slow = createSlowScorer('finbert', { takesMs: 30, bound });
    const post = await appOf({ scorers: createFakeScorers({ ready: [createFakeScorer(), slow] }) });
    const ask = (client: number) => post('/predict/finbert', { text: `up ${client}` });
    return Promise.all(Array.from({ length: 100 }, (_, client) => ask(client)));
  };

  it('are all answered while its queue has room', async () => {
    const answers = await askAll(100);
    expect(answers.map(({ statusCode }) => statusCode)).toEqual(Array(100).fill(200));
    expect(answers.every((answer) => answer.json().prediction.sentiment === 0.8)).toBe(true);
  });

  it('are told when to come back beyond its bound, and none sees a fault', async () => {
    const answers = await askAll(40);
    const refused = answers.filter(({ statusCode }) => statusCode !== 200);
    expect(refused).toHaveLength(60);
    for (const answer of refused) {
      expect([answer.statusCode, answer.json().error.code]).toEqual([503, 'SENTIMENT_OVERLOADED']);
      expect(answer.headers['retry-after']).toBe('2');
    }
  });
});
