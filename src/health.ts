import { messageOf, MINUTE_MS, SECOND_MS, type Cache, type EpochMs } from './core/index.ts';
import { readFreshness, type FeedFreshness } from './lake/index.ts';
import type { Operation } from './operation.ts';
import type { DashboardView, HealthCheckView, HealthView } from './serving/index.ts';
import { VERSION } from './version.ts';

/** A window that is late by more bars than this is worth a look. */
const PATIENCE_BARS = 2;

/** What the system says of itself: its state, its checks with what to do about each, its feeds. */
export async function describeHealth(operation: Operation, dashboard: DashboardView): Promise<HealthView> {
  const { config, storage, lastWindow, barMinutes, pace, clock } = operation;
  const now = clock.now();
  const database = await askDatabase(operation);
  const checks = [
    database.check,
    checkWindows(operation, now),
    ...(storage === null ? [] : [checkCache(storage.cache)]),
    ...(dashboard.state === 'failed' ? [pageCheck(dashboard)] : []),
  ];
  return {
    status: overall(operation, checks),
    simulated: operation.isSimulated,
    mode: operation.mode,
    version: VERSION,
    workspace: operation.workspaceName,
    asset: config.asset,
    barMinutes,
    neutralBand: config.neutralBand,
    now,
    clock: {
      kind: clock.isVirtual ? 'virtual' : 'real',
      state: pace.state,
      windowsPerSecond: pace.windowsPerSecond,
    },
    lastWindow,
    dataAgeSeconds: lastWindow === null ? null : Math.max(0, (now - lastWindow) / SECOND_MS),
    windows: operation.windows,
    predictions: operation.predictions,
    checks,
    dashboard,
    progress: operation.progress,
    sources: database.feeds.map(({ source, lastKnownAt, rows }) => ({ name: source, lastKnownAt, rows })),
  };
}

function overall(
  { lastWindow, progress }: Operation,
  checks: readonly HealthCheckView[],
): HealthView['status'] {
  if (checks.some(({ status }) => status === 'failing')) return 'failing';
  if (lastWindow === null || progress !== null) return 'starting';
  return checks.some(({ status }) => status === 'degraded') ? 'degraded' : 'ok';
}

/** Remembered per storage and window, because counting millions of rows every five seconds would be a burden. */
const freshness = new WeakMap<object, { window: EpochMs | null; feeds: FeedFreshness[] }>();

async function askDatabase(
  operation: Operation,
): Promise<{ check: HealthCheckView; feeds: FeedFreshness[] }> {
  const { storage, lastWindow, config, clock } = operation;
  if (storage === null) {
    return { check: { name: 'database', status: 'ok', detail: 'is being started' }, feeds: [] };
  }
  try {
    await storage.workspace.pool.query('SELECT 1');
    const known = freshness.get(storage);
    if (known !== undefined && known.window === lastWindow && lastWindow !== null) {
      return { check: databaseFine(storage.postgres.isEmbedded), feeds: known.feeds };
    }
    const feeds = await readFreshness(storage.workspace.pool, { asset: config.asset, asOf: clock.now() });
    freshness.set(storage, { window: lastWindow, feeds });
    return { check: databaseFine(storage.postgres.isEmbedded), feeds };
  } catch (error) {
    return {
      check: {
        name: 'database',
        status: 'failing',
        detail: `does not answer: ${messageOf(error)}`,
        remedy:
          'It is opened again by itself; if this lasts, stop Bellwether and start it again. What was committed is safe.',
      },
      feeds: freshness.get(storage)?.feeds ?? [],
    };
  }
}

function databaseFine(isEmbedded: boolean): HealthCheckView {
  return {
    name: 'database',
    status: 'ok',
    detail: isEmbedded ? 'built-in Postgres answers' : 'Postgres answers',
  };
}

function checkWindows(operation: Operation, now: EpochMs): HealthCheckView {
  const { failure, lastWindow, barMinutes, pace, config } = operation;
  if (failure !== null) {
    return { name: 'windows', status: 'failing', detail: failure.reason, remedy: failure.remedy };
  }
  if (lastWindow === null)
    return { name: 'windows', status: 'ok', detail: 'the first one is being prepared' };
  if (pace.state !== 'running') {
    return {
      name: 'windows',
      status: 'ok',
      detail: pace.state === 'playing' ? 'history plays' : 'the clock stands',
    };
  }
  const lateMs = now - lastWindow - (barMinutes * MINUTE_MS + config.graceSeconds * SECOND_MS);
  if (lateMs <= PATIENCE_BARS * barMinutes * MINUTE_MS) {
    return { name: 'windows', status: 'ok', detail: `decided every ${barMinutes} minutes` };
  }
  return {
    name: 'windows',
    status: 'degraded',
    detail: `the newest one is ${Math.round(lateMs / MINUTE_MS)} minutes late`,
    remedy: 'Missed windows are caught up in order; if none arrives, look into the log for the reason.',
  };
}

function checkCache({ kind, isAway }: Cache): HealthCheckView {
  if (!isAway()) {
    return { name: 'cache', status: 'ok', detail: kind === 'redis' ? 'Redis answers' : 'in process' };
  }
  return {
    name: 'cache',
    status: 'degraded',
    detail: 'Redis does not answer; everything is read from the database meanwhile',
    remedy:
      'Start the server of REDIS_URL again, it is connected by itself; or unset REDIS_URL and start again to do without.',
  };
}

function pageCheck(dashboard: DashboardView): HealthCheckView {
  return {
    name: 'page',
    status: 'degraded',
    detail: dashboard.detail,
    remedy: 'Read the log it names; API and predictions go on. Starting again builds it again.',
  };
}
