import { monitorEventLoopDelay } from 'node:perf_hooks';
import { Gauge, Registry } from 'prom-client';
import { messageOf } from '../core/index.ts';
import type { ServingContext } from './context.ts';
import { createRequestTimes, type AnsweredRequest } from './request-times.ts';

const NANOSECONDS = 1e9;

/** Figures for Prometheus. */
export interface Metrics {
  contentType: string;
  observeRequest(request: AnsweredRequest): void;
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
  const times = createRequestTimes();
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
    observeRequest: times.observe,
    async collect() {
      await readHealth();
      loopLag.set(loop.count === 0 ? 0 : loop.percentile(99) / NANOSECONDS);
      loop.reset();
      memory.set(process.memoryUsage.rss());
      return `${times.describe()}\n${await registry.metrics()}`;
    },
    close() {
      loop.disable();
    },
  };
}
