import fc from 'fast-check';
import { Histogram, Registry } from 'prom-client';
import { describe, expect, it } from 'vitest';
import { createRequestTimes, type AnsweredRequest } from './request-times.ts';

const BUCKETS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5];

describe('createRequestTimes', () => {
  it('says the same as prom-client of the same requests', async () => {
    const request = fc.record<AnsweredRequest>({
      method: fc.constantFrom('GET', 'POST'),
      route: fc.constantFrom('/signal', '/predict/vader', '/a"b\\c', 'unmatched'),
      status: fc.constantFrom(200, 404, 503),
      seconds: fc.oneof(fc.double({ min: 0, max: 9, noNaN: true }), fc.constantFrom(...BUCKETS)),
    });
    await fc.assert(
      fc.asyncProperty(fc.array(request), async (requests) => {
        const times = createRequestTimes();
        const registry = new Registry();
        const peer = new Histogram({
          name: 'bellwether_http_request_duration_seconds',
          help: 'Time from the first byte of a request to the last of its answer.',
          labelNames: ['method', 'route', 'status'],
          buckets: BUCKETS,
          registers: [registry],
        });
        for (const { seconds, ...labels } of requests) {
          times.observe({ seconds, ...labels });
          peer.observe(labels, seconds);
        }
        expect(times.describe().split('\n').sort()).toEqual(
          (await registry.metrics()).trimEnd().split('\n').sort(),
        );
      }),
    );
  });

  it('counts a request into every bucket that it is not too long for', () => {
    const times = createRequestTimes();
    times.observe({ method: 'GET', route: '/signal', status: 200, seconds: 0.01 });
    const labels = 'method="GET",route="/signal",status="200"';
    expect(times.describe()).toContain(`_bucket{le="0.005",${labels}} 0\n`);
    expect(times.describe()).toContain(`_bucket{le="0.01",${labels}} 1\n`);
    expect(times.describe()).toContain(`_bucket{le="+Inf",${labels}} 1\n`);
  });
});
