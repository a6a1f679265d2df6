import { describe, expect, it } from 'vitest';
import { createFakeApp, createFakePorts, FAKE_HEALTH } from '../fake-ports.ts';

describe('GET /health', () => {
  it('says how the system is, what it works on and what to do about a check', async () => {
    const app = await createFakeApp();
    const answer = await app.inject('/health');
    expect(answer.statusCode).toBe(200);
    expect(answer.headers['cache-control']).toBe('no-store');
    expect(answer.json()).toMatchObject({
      status: 'ok',
      mode: 'history',
      clock: { kind: 'virtual', state: 'standing', windows_per_second: null },
      checks: [{ name: 'postgres' }, { name: 'sources', remedy: 'look at the feed' }],
      sources: [{ last_known_at: '2022-11-05T00:00:05Z' }],
    });
    await app.close();
  });

  it('is 200 while the system starts or is degraded, and 503 when it is failing', async () => {
    for (const [status, code] of [
      ['starting', 200],
      ['degraded', 200],
      ['failing', 503],
    ] as const) {
      const progress = status === 'starting' ? { phrase: 'replaying', share: 0.4 } : null;
      const app = await createFakeApp(
        createFakePorts({ health: () => Promise.resolve({ ...FAKE_HEALTH, status, progress }) }),
      );
      const answer = await app.inject('/health');
      expect([answer.statusCode, answer.json().status]).toEqual([code, status]);
      await app.close();
    }
  });
});
