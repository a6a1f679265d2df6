import { monitorEventLoopDelay } from 'node:perf_hooks';
import { Gauge, Histogram, Registry } from 'prom-client';
import { messageOf } from '../core/index.ts';
import type { ServingContext } from './context.ts';

/** From a cached answer to one that somebody waits for. */
const DURATION_BUCKETS_SECONDS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5];
const NANOSECONDS = 1e9;

/** Figures for Prometheus. */
export interface Metrics {
  contentType: string;
  observeRequest(request: { method: string; route: string; status: number; seconds: number }): void;
  /** The text that Prometheus reads. */
  collect(): Promise<string>;
  close(): void;
}

/** Own registry: two apps in one process (as in tests) do not mix their figures. */
export function createMetrics({ ports, log }: ServingContext): Metrics {
  const registry = new Registry();
  const loop = monitorEventLoopDelay({ resolution: 20 });
  loop.enable();
  const gauge = (name: string, help: string) =>
    new Gauge({ name: `bellwether_${name}`, help, registers: [registry] });
  const duration = new Histogram({
    name: 'bellwether_http_request_duration_seconds',
    help: 'Time from the first byte of a request to the last of its answer.',
    labelNames: ['method', 'route', 'status'] as const,
    buckets: DURATION_BUCKETS_SECONDS,
    registers: [registry],
  });
  const up = gauge('up', '1 while the system is not failing.');
  const windows = gauge('windows', 'Windows that were decided in this workspace.');
  const predictions = gauge('predictions', 'Predictions in the ledger of this workspace.');
  const dataAge = gauge('data_age_seconds', 'From the close of the newest window to now.');
  const loopLag = gauge(
    'event_loop_lag_seconds',
    '99th percentile of the delay of the event loop since last asked.',
  );
  const memory = gauge('resident_memory_bytes', 'Resident memory of this process.');

  async function readHealth(): Promise<void> {
    try {
      const health = await ports.health();
      up.set(health.status === 'failing' ? 0 : 1);
      windows.set(health.windows);
      predictions.set(health.predictions);
      dataAge.set(health.dataAgeSeconds ?? NaN);
    } catch (error) {
      up.set(0);
      log.warn({ reason: messageOf(error) }, 'health could not be asked for the metrics');
    }
  }

  return {
    contentType: registry.contentType,
    observeRequest({ method, route, status, seconds }) {
      duration.observe({ method, route, status }, seconds);
    },
    async collect() {
      await readHealth();
      loopLag.set(loop.count === 0 ? 0 : loop.percentile(99) / NANOSECONDS);
      loop.reset();
      memory.set(process.memoryUsage.rss());
      return registry.metrics();
    },
    close() {
      loop.disable();
    },
  };
}
