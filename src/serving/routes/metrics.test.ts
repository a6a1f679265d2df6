import { describe, expect, it } from 'vitest';
import { createFakeApp, createFakePorts } from '../fake-ports.ts';

describe('GET /metrics', () => {
  it('gives Prometheus windows, predictions, age, lag and the time of requests by route', async () => {
    const app = await createFakeApp();
    await app.inject('/signal');
    await app.inject('/signal?horizon_minutes=45');
    await app.inject('/no/such/path');
    const answer = await app.inject('/metrics');
    expect(answer.headers['content-type']).toContain('text/plain; version=0.0.4');
    expect(answer.body).toMatch(/^bellwether_up 1$/m);
    expect(answer.body).toMatch(/^bellwether_windows 3$/m);
    expect(answer.body).toMatch(/^bellwether_predictions 42$/m);
    expect(answer.body).toMatch(/^bellwether_data_age_seconds 75$/m);
    expect(answer.body).toMatch(/^bellwether_event_loop_lag_seconds \d/m);
    expect(answer.body).toContain('seconds_count{method="GET",route="/signal",status="200"} 1');
    expect(answer.body).toContain('seconds_count{method="GET",route="/signal",status="400"} 1');
    expect(answer.body).not.toContain('/no/such/path');
    await app.close();
  });

  it('says that the system is down when health cannot be asked', async () => {
    const app = await createFakeApp(
      createFakePorts({ health: () => Promise.reject(new Error('no database')) }),
    );
    const answer = await app.inject('/metrics');
    expect(answer.statusCode).toBe(200);
    expect(answer.body).toMatch(/^bellwether_up 0$/m);
    await app.close();
  });
});
