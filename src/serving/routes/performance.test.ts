import { describe, expect, it } from 'vitest';
import { createFakeApp } from '../fake-ports.ts';

describe('GET /models/performance', () => {
  it('gives every arm, with null for what has not matured, over 28 days unless asked otherwise', async () => {
    const app = await createFakeApp();
    const answer = (await app.inject('/models/performance')).json();
    expect(answer.note).toBe('the last 28 days');
    expect(answer.windows).toEqual({ from: '2022-11-04T21:00:00Z', to: '2022-11-05T00:00:00Z', n: 3 });
    expect(answer.arms[0]).toMatchObject({
      accuracy: null,
      low: null,
      baselines: { 'baseline-always-up': null },
      pending: 3,
    });
    expect((await app.inject('/models/performance?days=90')).json().note).toBe('the last 90 days');
    await app.close();
  });

  it('refuses a number of days that is none', async () => {
    const app = await createFakeApp();
    for (const days of ['0', '-1', '1.5', 'all', '']) {
      const answer = await app.inject(`/models/performance?days=${days}`);
      expect(answer.statusCode).toBe(400);
      expect(answer.json().error.message).toContain('query.days');
    }
    await app.close();
  });
});
