import type { FastifyInstance } from 'fastify';
import { afterEach, describe, expect, it } from 'vitest';
import { createVirtualClock, silentLog } from '../../core/index.ts';
import type { DeployedModels } from '../../prediction/index.ts';
import type { Deployment } from '../../registry/index.ts';
import { readersOfArms } from '../fake-models.ts';
import { createFakeApp, createFakePorts } from '../fake-ports.ts';
import type { ServingPorts } from '../ports.ts';
import { createModelRouter } from '../router.ts';
import type { ArmAnswerView, PricedView } from '../views.ts';

const open: FastifyInstance[] = [];
afterEach(() => Promise.all(open.splice(0).map((app) => app.close())));

async function appOf(replaced: Partial<ServingPorts> = {}) {
  const app = await createFakeApp(createFakePorts(replaced));
  open.push(app);
  return (url: string, payload?: object) => app.inject({ method: 'POST', url, payload });
}

const WINDOW = 1_667_606_400_000;

function armOf(arm: string, changes: Partial<ArmAnswerView> = {}): ArmAnswerView {
  return {
    arm,
    horizonMinutes: 60,
    modelVersion: 'trees@1.0.3',
    probabilityUp: 0.52,
    priceDirection: 'bullish',
    sentiment: arm.endsWith('+vader') ? 0.1 : null,
    featuresCount: arm.endsWith('+vader') ? 15 : 11,
    isChampion: false,
    degraded: false,
    ...changes,
  };
}

const pricing = (champion: string, arms: readonly ArmAnswerView[]): Partial<ServingPorts> => ({
  readersOf: () => readersOfArms(champion, [champion, ...arms.map(({ arm }) => arm)]),
  priceWithTexts: () =>
    Promise.resolve({ windowEnd: WINDOW, asOf: WINDOW + 60_000, revision: 14, champion, arms } as PricedView),
});

describe('an arm that abstains', () => {
  const reason = 'model expired at 2022-11-04T00:00:00Z';
  const silent = armOf('trees+vader', { isChampion: true, priceDirection: 'neutral', abstention: reason });
  const arms = [silent, armOf('trees+none')];

  it('keeps its probability, gives no direction and says why, at /predict and beside the others', async () => {
    const post = await appOf(pricing('trees+vader', arms));
    // The second time from the cache.
    for (const text of ['up', 'up']) {
      const { prediction } = (await post('/predict', { text })).json();
      expect(prediction).toMatchObject({
        price_direction: 'neutral',
        probability_up: 0.52,
        abstained: true,
        reason,
      });
    }
    const compared = (await post('/predict/compare', { text: 'up' })).json();
    expect(compared.arms).toMatchObject([
      { arm: 'trees+vader', abstained: true, reason, probability_up: 0.52 },
      { arm: 'trees+none', price_direction: 'bullish' },
    ]);
    expect(compared.arms[1]).not.toHaveProperty('abstained');
  });
});

describe('POST /predict', () => {
  it('answers by the champion, and names its model and its deployment in headers', async () => {
    const post = await appOf();
    const answer = await post('/predict', { text: 'up' });
    expect(answer.statusCode).toBe(200);
    expect(answer.json().prediction).toEqual({
      sentiment: 0.5,
      confidence: 0.8,
      price_direction: 'bullish',
      probability_up: 0.5185,
      model_used: 'vader',
      features_count: 15,
    });
    expect(answer.headers).toMatchObject({ 'x-price-model': 'logistic@2022-10-31', 'x-deployment': '3' });
    expect(answer.json()).not.toHaveProperty('degraded');
  });

  it('moves with the text, and hands the sentiment of each to the models', async () => {
    const asked: ([string, readonly number[]][] | null)[] = [];
    const ports = createFakePorts();
    const post = await appOf({
      priceWithTexts: (question) => {
        asked.push(question.sentiments === null ? null : [...question.sentiments]);
        return ports.priceWithTexts(question);
      },
    });
    const probability = async (text?: string | string[]) =>
      (await post('/predict', { text })).json().prediction.probability_up as number;
    expect(await probability(['up', 'no', 'up'])).toBeCloseTo(0.5185, 12);
    expect(await probability('no')).toBeCloseTo(0.5175, 12);
    expect(await probability()).toBe(0.518);
    expect(asked).toEqual([[['vader@1.0.0', [0.5, -0.5, 0.5]]], [['vader@1.0.0', [-0.5]]], null]);
  });

  it('scores the text by the default scorer although the champion reads none, and says whose score it is', async () => {
    const arms = [armOf('trees+none', { isChampion: true, probabilityUp: 0.47, priceDirection: 'bearish' })];
    const post = await appOf(pricing('trees+none', [...arms, armOf('trees+vader')]));
    const { prediction, degraded } = (await post('/predict', { text: 'up' })).json();
    expect(prediction).toMatchObject({
      sentiment: 0.5,
      model_used: 'vader',
      probability_up: 0.47,
      features_count: 11,
    });
    expect(degraded).toBeUndefined();
    // Without text: what the news say by the default scorer, which the champion does not read.
    expect((await post('/predict')).json().prediction).toMatchObject({ sentiment: 0.25, confidence: null });
    const vader = (await post('/predict/vader', { text: 'up' })).json();
    expect(vader.prediction).toMatchObject({ probability_up: 0.52, features_count: 15 });
    expect((await post('/predict/vader')).json().prediction.sentiment).toBe(0.1);
  });

  it('is degraded where the next best stands in, a model is past its expiry, or no arm is there', async () => {
    const down = await appOf(pricing('trees+vader', [armOf('trees+none'), armOf('logistic+vader')]));
    const standIn = await down('/predict', { text: 'up' });
    expect(standIn.json()).toMatchObject({ degraded: true, prediction: { features_count: 15 } });
    // A champion that is down for an instant is not remembered as such.
    expect((await down('/predict', { text: 'up' })).json().performance.cache_hit).toBe(false);
    const old = await appOf(
      pricing('trees+vader', [armOf('trees+vader', { isChampion: true, degraded: true })]),
    );
    expect((await old('/predict', { text: 'up' })).json().degraded).toBe(true);
    const nobody = await appOf(pricing('trees+vader', []));
    const answer = await nobody('/predict', { text: 'up' });
    expect(answer.json()).toMatchObject({
      degraded: true,
      prediction: { sentiment: 0.5, probability_up: null, price_direction: null },
    });
    expect(answer.headers).not.toHaveProperty('x-price-model');
    expect(answer.headers['x-deployment']).toBe('14');
  });

  it('answers from the cache within a window and a deployment, each route its own, and not beyond', async () => {
    let present = { windowEnd: WINDOW, revision: 3 };
    const ports = createFakePorts();
    const post = await appOf({
      present: () => present,
      priceWithTexts: async (question) => {
        const priced = await ports.priceWithTexts(question);
        return priced === null ? null : { ...priced, ...present };
      },
    });
    const isHit = async (url: string, body: object) => {
      const answer = await post(url, body);
      return [answer.json().performance.cache_hit, answer.headers['x-deployment']];
    };
    expect(await isHit('/predict', { text: 'up' })).toEqual([false, '3']);
    expect(await isHit('/predict', { text: 'up' })).toEqual([true, '3']);
    expect(await isHit('/predict', { text: 'up', horizon_minutes: 1_440 })).toEqual([false, '3']);
    expect(await isHit('/predict/vader', { text: 'up' })).toEqual([false, '3']);
    expect(await isHit('/predict/compare', { text: 'up' })).toEqual([false, '3']);
    expect(await isHit('/predict/compare', { text: 'up' })).toEqual([true, '3']);
    present = { ...present, revision: 4 };
    expect(await isHit('/predict', { text: 'up' })).toEqual([false, '4']);
    present = { windowEnd: WINDOW + 3_600_000, revision: 4 };
    expect(await isHit('/predict', { text: 'up' })).toEqual([false, '4']);
    present = { windowEnd: WINDOW, revision: 3 };
    expect(await isHit('/predict', { text: 'up' })).toEqual([true, '3']);
  });
});

describe('POST /predict/compare', () => {
  it('lays every arm and every scorer side by side, the champion first', async () => {
    const champion = armOf('trees+vader', { isChampion: true });
    const post = await appOf(pricing('trees+vader', [armOf('trees+none'), champion]));
    const answer = await post('/predict/compare', { text: ['up', 'no'] });
    expect(answer.json()).toMatchObject({
      asset: 'BTC-USD',
      horizon_minutes: 60,
      window_end: '2022-11-05T00:00:00Z',
      deployment: 14,
      arms: [
        { arm: 'trees+vader', is_champion: true, sentiment: 0.1 },
        { arm: 'trees+none', is_champion: false, sentiment: null },
      ],
      scorers: [{ scorer: 'vader', version: 'v1.0.0', sentiment: 0 }],
      comparison: { vader_sentiment: 0, finbert_sentiment: null, agreement: null, confidence_delta: null },
      performance: { cache_hit: false },
      items: [{ label: 'positive' }, { label: 'negative' }],
    });
    expect(answer.headers).toMatchObject({ 'x-price-model': 'trees@1.0.3', 'x-deployment': '14' });
    expect(answer.json()).not.toHaveProperty('degraded');
  });

  it('answers the text all the same when there is no window', async () => {
    const post = await appOf({ present: () => null, priceWithTexts: () => Promise.resolve(null) });
    const answer = await post('/predict/compare', { text: 'up' });
    expect(answer.json()).toMatchObject({
      window_end: null,
      as_of: null,
      deployment: null,
      arms: [],
      scorers: [{ sentiment: 0.5, confidence: 0.8 }],
      degraded: true,
    });
    expect(answer.headers).not.toHaveProperty('x-deployment');
  });
});

describe('GET /signal', () => {
  it('names the model and the deployment of its prediction, where it is known', async () => {
    const app = await createFakeApp();
    open.push(app);
    const { headers } = await app.inject('/signal');
    expect(headers).toMatchObject({ 'x-price-model': 'logistic@2022-10-31', 'x-deployment': '3' });
    const ports = createFakePorts();
    const unknown = await createFakeApp(
      createFakePorts({
        latestSignal: async (question) => {
          const signal = await ports.latestSignal(question);
          return signal === null ? null : { ...signal, revision: null };
        },
      }),
    );
    open.push(unknown);
    expect((await unknown.inject('/signal')).headers).not.toHaveProperty('x-deployment');
  });
});

describe('swapping under a hundred clients', () => {
  const REVISIONS = 21;
  const modelsOf = (revision: number): DeployedModels => ({
    revision,
    champions: new Map([[60, 'trees+vader']]),
    models: [
      {
        arm: 'trees+vader',
        horizonMinutes: 60,
        modelVersion: `trees@1.0.${revision}`,
        model: {
          family: 'fake',
          predict: ({ count }) => new Float64Array(count).fill(revision / 1_000),
          toJson: () => ({}),
        },
        scorer: 'vader@1.0.0',
        expiresAt: Infinity,
      },
    ],
  });

  it('answers every request, and each from one deployment', async () => {
    let newest = 1;
    const router = createModelRouter({
      initial: modelsOf(1),
      readLedger: () => Promise.resolve({ id: newest, kind: 'deploy', actor: 'ops' } as Deployment),
      load: ({ id }) => Promise.resolve(modelsOf(id)),
      warmRows: () => new Map(),
      onRefused: ({ message }) => Promise.reject(new Error(message)),
      clock: createVirtualClock(WINDOW),
      log: silentLog,
    });
    const app = await createFakeApp(
      createFakePorts({
        present: () => ({ windowEnd: WINDOW, revision: router.current().revision }),
        priceWithTexts: async () => {
          const { revision, models } = router.current();
          const [deployed] = models;
          await new Promise((settle) => setImmediate(settle));
          const [probabilityUp = NaN] = deployed!.model.predict({
            columns: [],
            values: new Float64Array(0),
            count: 1,
          });
          const { arm, modelVersion } = deployed!;
          const answer = armOf(arm, { modelVersion, probabilityUp, isChampion: true });
          return { windowEnd: WINDOW, asOf: WINDOW, revision, champion: arm, arms: [answer] };
        },
      }),
      { checkAnswers: false },
    );
    open.push(app);
    let isOver = false;
    const seen = new Set<string>();
    let answers = 0;

    async function ask(client: number): Promise<void> {
      while (!isOver) {
        const text = `up ${client % 10}`;
        const answer = await app.inject({ method: 'POST', url: '/predict', payload: { text } });
        const revision = String(answer.headers['x-deployment']);
        const said = [
          answer.statusCode,
          answer.headers['x-price-model'],
          answer.json().prediction?.probability_up,
        ];
        if (String(said) !== String([200, `trees@1.0.${revision}`, Number(revision) / 1_000])) {
          throw new Error(`deployment ${revision}: ${String(said)}`);
        }
        seen.add(revision);
        answers += 1;
      }
    }

    async function operate(): Promise<void> {
      for (newest = 2; newest <= REVISIONS; newest += 1) {
        await router.follow();
        const seenBefore = answers;
        while (answers === seenBefore) await new Promise((settle) => setImmediate(settle));
      }
      isOver = true;
    }

    const clients = Array.from({ length: 100 }, (_, client) => ask(client));
    await Promise.all([operate(), ...clients]);
    expect(seen.size).toBeGreaterThan(10);
    expect(answers).toBeGreaterThan(100);
  });
});
