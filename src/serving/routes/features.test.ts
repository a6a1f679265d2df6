import { describe, expect, it } from 'vitest';
import { createEmptyPorts, createFakeApp } from '../fake-ports.ts';

describe('GET /features/latest', () => {
  it('gives the newest vector with its units, missing values as null', async () => {
    const app = await createFakeApp();
    const answer = await app.inject('/features/latest?asset=BTC-USD');
    expect(answer.json()).toMatchObject({
      feature_set: 'v1-test',
      features: { return_1bar: 0.002, news_sentiment_4h: 0.25, fear_greed: null },
      units: { return_1bar: 'log return' },
    });
    await app.close();
  });

  it('refuses an asset that is not measured, and asks to come back before the first window', async () => {
    const app = await createFakeApp(createEmptyPorts());
    expect((await app.inject('/features/latest?asset=ETH-USD')).json().error.code).toBe(
      'SERVING_ASSET_UNKNOWN',
    );
    expect((await app.inject('/features/latest?asset=bitcoin')).json().error.message).toContain(
      'query.asset',
    );
    expect((await app.inject('/features/latest')).statusCode).toBe(503);
    await app.close();
  });
});
