import type { FastifyInstance } from 'fastify';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createEmptyPorts, createFakeApp, createFakePorts } from '../fake-ports.ts';

describe('GET /signal', () => {
  let app: FastifyInstance;
  let empty: FastifyInstance;
  beforeAll(async () => {
    app = await createFakeApp();
    empty = await createFakeApp(createEmptyPorts());
  });
  afterAll(() => Promise.all([app.close(), empty.close()]));

  it('answers the newest prediction, sixty minutes ahead unless asked otherwise', async () => {
    const answer = await app.inject('/signal');
    expect(answer.statusCode).toBe(200);
    expect(answer.json()).toMatchObject({
      asset: 'BTC-USD',
      horizon_minutes: 60,
      arm: 'logistic+vader',
      window_end: '2022-11-05T00:00:00Z',
      probability_up: 0.518,
      price_direction: 'bullish',
      outcome: null,
      data_age_seconds: 75,
    });
    const daily = await app.inject('/signal?horizon_minutes=1440');
    expect(daily.json()).toMatchObject({ horizon_minutes: 1_440, matures_at: '2022-11-06T00:00:00Z' });
  });

  it('keeps the probability and gives no direction where the model abstains, and says why', async () => {
    const ports = createFakePorts();
    const reason = 'input unlike the training data: dissimilarity 1.80, limit 1.20';
    const silent = await createFakeApp({
      ...ports,
      async latestSignal(question) {
        const view = await ports.latestSignal(question);
        return view === null ? null : { ...view, priceDirection: 'neutral', abstention: reason };
      },
    });
    const answer = await silent.inject('/signal');
    expect(answer.json()).toMatchObject({
      probability_up: 0.518,
      price_direction: 'neutral',
      abstained: true,
      reason,
    });
    await silent.close();
    const plain = (await app.inject('/signal')).json() as object;
    expect(plain).not.toHaveProperty('abstained');
    expect(plain).not.toHaveProperty('reason');
  });

  it('answers as it stood at a moment, with its age at that moment', async () => {
    const early = await app.inject('/signal?asOf=2022-11-04T23:30:00Z');
    expect(early.json()).toMatchObject({
      window_end: '2022-11-04T23:00:00Z',
      outcome: null,
      data_age_seconds: 1_800,
    });
    const zoned = await app.inject('/signal?asOf=2022-11-05T00:30:00%2B01:00');
    expect(zoned.json()).toEqual(early.json());
    const late = await app.inject('/signal?asOf=2022-11-05T00:00:59Z');
    expect(late.json()).toMatchObject({ window_end: '2022-11-04T23:00:00Z', outcome: null });
  });

  it('says from when on there is an answer, when asked about a moment before', async () => {
    const answer = await app.inject('/signal?asOf=2020-01-01');
    expect(answer.statusCode).toBe(404);
    expect(answer.json().error).toMatchObject({ code: 'SERVING_BEFORE_FIRST_WINDOW' });
    expect(answer.json().error.message).toContain('2022-11-04T22:01:00Z');
  });

  it('answers up to its own clock, and not for a moment that has not been', async () => {
    const present = await app.inject('/signal?asOf=2022-11-05T00:01:15Z');
    expect(present.json()).toMatchObject({ window_end: '2022-11-05T00:00:00Z', data_age_seconds: 75 });
    const ahead = await app.inject('/signal?asOf=2022-11-05T00:01:15.001Z');
    expect(ahead.statusCode).toBe(400);
    expect(ahead.json().error).toMatchObject({ code: 'SERVING_ASOF_IN_FUTURE' });
    expect(ahead.json().error.message).toContain('2022-11-05T00:01:15Z');
  });

  it('asks to come back while no window exists, asOf or not', async () => {
    for (const url of ['/signal', '/signal?asOf=2022-11-05']) {
      const answer = await empty.inject(url);
      expect(answer.statusCode).toBe(503);
      expect(Number(answer.headers['retry-after'])).toBeGreaterThan(0);
      expect(answer.json().error.code).toBe('SERVING_NO_WINDOW_YET');
    }
  });

  it('lists the horizons it serves to who asks for another', async () => {
    const answer = await app.inject('/signal?horizon_minutes=45');
    expect(answer.statusCode).toBe(400);
    expect(answer.json().error.message).toMatch(/60, 1440/);
  });

  it('refuses a misspelt parameter rather than answer another question', async () => {
    const answer = await app.inject('/signal?as_of=2022-11-05');
    expect(answer.statusCode).toBe(400);
    expect(answer.json().error.message).toContain('query.as_of');
  });

  it('refuses moments without a zone and days that do not exist, naming the field', async () => {
    for (const written of ['2022-11-05T00:00:00', '2021-02-30', 'yesterday', '']) {
      const answer = await app.inject(`/signal?asOf=${written}`);
      expect(answer.statusCode).toBe(400);
      expect(answer.json().error.message).toContain('query.asOf');
    }
  });

  it('tells whose + became a space how to write it', async () => {
    const lost = await app.inject('/signal?asOf=2022-11-05T00:30:00+01:00');
    expect(lost.json().error.message).toMatch(/query\.asOf: is a moment like .*%2B/);
    expect((await app.inject('/signal?asOf=noon')).json().error.message).not.toContain('%2B');
  });

  it('says in plain words, once, what a number is', async () => {
    for (const written of ['', 'soon', '1.5', '0.5', '-60', '2000000', 'Infinity']) {
      const answer = await app.inject(`/signal?horizon_minutes=${written}`);
      expect([written, answer.json().error.message]).toEqual([
        written,
        'The request does not fit: query.horizon_minutes: is a whole number of minutes, such as 60. /docs shows what does.',
      ]);
    }
    const greedy = await app.inject('/signal/history?limit=');
    expect(greedy.json().error.message).toContain('query.limit: is a whole number from 1 to 5000.');
  });

  it('passes on what a part of the system says about its own failure', async () => {
    const { noWindowYet } = await import('../errors.ts');
    const down = await createFakeApp(
      createFakePorts({ latestSignal: () => Promise.reject(noWindowYet('BTC-USD')) }),
    );
    const answer = await down.inject('/signal');
    expect([answer.statusCode, answer.headers['retry-after']]).toEqual([503, '5']);
    await down.close();
  });
});

describe('GET /signal/history', () => {
  let app: FastifyInstance;
  beforeAll(async () => {
    app = await createFakeApp();
  });
  afterAll(() => app.close());

  it('gives the windows with closes and outcomes, newest last', async () => {
    const { items, ...rest } = (await app.inject('/signal/history')).json();
    expect(rest).toEqual({ asset: 'BTC-USD', horizon_minutes: 60, arm: 'logistic+vader' });
    expect(items.map((item: { window_end: string }) => item.window_end)).toEqual([
      '2022-11-04T22:00:00Z',
      '2022-11-04T23:00:00Z',
      '2022-11-05T00:00:00Z',
    ]);
    expect(items.map((item: { close: number | null }) => item.close)).toEqual([null, 21_001, 21_002]);
    expect(items.map((item: { outcome: string | null }) => item.outcome)).toEqual(['up', 'up', null]);
  });

  it('means from < window_end <= to, and the newest so many', async () => {
    const ends = async (query: string) =>
      (await app.inject(`/signal/history?${query}`))
        .json()
        .items.map((item: { window_end: string }) => item.window_end);
    expect(await ends('from=2022-11-04T22:00:00Z&to=2022-11-04T23:00:00Z')).toEqual(['2022-11-04T23:00:00Z']);
    expect(await ends('limit=1')).toEqual(['2022-11-05T00:00:00Z']);
  });

  it('refuses a range that runs backwards and a limit beyond 5000', async () => {
    const backwards = await app.inject('/signal/history?from=2022-11-05&to=2022-11-04');
    expect(backwards.statusCode).toBe(400);
    expect(backwards.json().error.message).toContain('query.from');
    const greedy = await app.inject('/signal/history?limit=5001');
    expect(greedy.statusCode).toBe(400);
    expect(greedy.json().error.message).toContain('query.limit');
  });
});
