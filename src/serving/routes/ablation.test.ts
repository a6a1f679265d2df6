import type { FastifyInstance } from 'fastify';
import { afterEach, describe, expect, it } from 'vitest';
import { ABLATION_EXAMPLES } from '../examples.ts';
import { createFakeApp, createFakePorts } from '../fake-ports.ts';
import type { ServingPorts } from '../ports.ts';

const open: FastifyInstance[] = [];
afterEach(() => Promise.all(open.splice(0).map((app) => app.close())));

async function appOf(replaced: Partial<ServingPorts> = {}) {
  const app = await createFakeApp(createFakePorts(replaced));
  open.push(app);
  return app;
}

describe('GET /models/ablation', () => {
  it('tells of each arm and horizon what news and posts are worth beside price, on which windows', async () => {
    const app = await appOf();
    const answer = await app.inject('/models/ablation');
    expect(answer.statusCode).toBe(200);
    const { asset, ablations, note } = answer.json();
    expect(asset).toBe('BTC-USD');
    expect(note).toContain('an interval that covers 0 shows nothing');
    expect(note).toBe(ABLATION_EXAMPLES[0]?.note);
    expect(ablations.map((each: Record<string, unknown>) => [each['arm'], each['horizon_minutes']])).toEqual([
      ['logistic+vader', 60],
      ['logistic+vader', 1_440],
    ]);
    expect(ablations[0]).toMatchObject({
      at: '2022-11-04T22:00:00Z',
      model_version: 'logistic@1.0.2',
      scorer: 'vader@1.0.0',
      windows: { from: '2022-09-09T23:00:00Z', to: '2022-11-04T21:00:00Z', n: 1_343 },
      seed: 1,
    });
    expect(ablations[0].variants).toEqual([
      {
        columns: 'price',
        accuracy: 0.516,
        log_loss: 0.6925,
        ...{ accuracy_difference: null, low: null, high: null, gain: null, gain_low: null, gain_high: null },
        ...{ mcnemar_p: null, diebold_mariano_p: null, reason: null },
      },
      {
        columns: 'price+sentiment',
        accuracy: 0.521,
        log_loss: 0.6921,
        ...{ accuracy_difference: 0.005, low: -0.007, high: 0.017 },
        ...{ gain: 0.0004, gain_low: -0.0005, gain_high: 0.0013 },
        ...{ mcnemar_p: 0.44, diebold_mariano_p: 0.38 },
        reason: 'the fit of all stands for this one',
      },
    ]);
  });

  it('hands on which horizon and scorer are asked for', async () => {
    const asked: unknown[] = [];
    const app = await appOf({
      ablations: (question) => {
        asked.push(question);
        return Promise.resolve([]);
      },
    });
    for (const query of ['', '?horizon_minutes=1440', '?scorer=vader', '?scorer=linear@1.0.2&asset=BTC-USD'])
      expect((await app.inject(`/models/ablation${query}`)).statusCode).toBe(200);
    const none = { asset: 'BTC-USD', horizonMinutes: null, scorer: null };
    expect(asked).toEqual([
      none,
      { ...none, horizonMinutes: 1_440 },
      { ...none, scorer: 'vader' },
      { ...none, scorer: 'linear@1.0.2' },
    ]);
  });

  it('says that there is nothing yet where nothing is', async () => {
    const app = await appOf({ ablations: () => Promise.resolve([]) });
    expect((await app.inject('/models/ablation')).json()).toEqual({
      asset: 'BTC-USD',
      ablations: [],
      note: expect.stringMatching(/^No training that could compare its columns is recorded here/),
    });
  });

  it('refuses a horizon that is none or not served, and a scorer that is none or unknown', async () => {
    const app = await appOf();
    for (const [query, status, code, words] of [
      ['horizon_minutes=soon', 400, 'SERVING_REQUEST_INVALID', 'query.horizon_minutes'],
      ['horizon_minutes=', 400, 'SERVING_REQUEST_INVALID', 'query.horizon_minutes'],
      ['horizon_minutes=45', 400, 'SERVING_HORIZON_UNKNOWN', '60, 1440'],
      ['scorer=Vader', 400, 'SERVING_REQUEST_INVALID', 'query.scorer: is a family of scorers like vader'],
      ['scorer=vader@1', 400, 'SERVING_REQUEST_INVALID', 'query.scorer'],
      ['scorer=oracle', 404, 'SERVING_SCORER_UNKNOWN', 'vader'],
      ['horizon=60', 400, 'SERVING_REQUEST_INVALID', 'horizon'],
      ['asset=ETH-USD', 400, 'SERVING_ASSET_UNKNOWN', 'BTC-USD'],
    ] as const) {
      const answer = await app.inject(`/models/ablation?${query}`);
      expect([query, answer.statusCode, answer.json().error.code]).toEqual([query, status, code]);
      expect(answer.json().error.message).toContain(words);
    }
  });
});
