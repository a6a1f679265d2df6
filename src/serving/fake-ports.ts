import { createVirtualClock, HOUR_MS, MINUTE_MS, parseUtc, silentLog, type EpochMs } from '../core/index.ts';
import { createApp } from './app.ts';
import { createFakeAuthority } from './fake-authority.ts';
import { answersOf, createFakeModels, explainedAt, readersOfArms } from './fake-models.ts';
import { createFakeScorers } from './fake-scorers.ts';
import type { ServingOptions, ServingPorts } from './ports.ts';
import type { HealthView, HistoryRowView, SignalView } from './views.ts';

/** In-memory parts for the tests of this module: a few hours of decided windows, of which the last is pending. */

const FIRST_WINDOW = parseUtc('2022-11-04T22:00:00Z');
const LAST_WINDOW = parseUtc('2022-11-05T00:00:00Z');
const GRACE_MS = MINUTE_MS;

export const FAKE_OPTIONS: ServingOptions = {
  version: '0.1.0',
  assets: ['BTC-USD'],
  horizonsMinutes: [60, 1_440],
  featuresCount: 15,
  dashboardDir: '/nonexistent/dashboard/out',
  checkAnswers: true,
};

export const FAKE_HEALTH: HealthView = {
  status: 'ok',
  simulated: false,
  mode: 'history',
  version: '0.1.0',
  workspace: 'w_test',
  asset: 'BTC-USD',
  barMinutes: 60,
  neutralBand: 0.01,
  now: LAST_WINDOW + 75_000,
  clock: { kind: 'virtual', state: 'standing', windowsPerSecond: null },
  lastWindow: LAST_WINDOW,
  dataAgeSeconds: 75,
  windows: 3,
  predictions: 42,
  checks: [
    { name: 'postgres', status: 'ok', detail: 'answers' },
    { name: 'sources', status: 'degraded', detail: 'no news since noon', remedy: 'look at the feed' },
  ],
  dashboard: { state: 'building', detail: '' },
  progress: null,
  sources: [{ name: 'history:candles-60m', lastKnownAt: LAST_WINDOW + 5_000, rows: 3 }],
};

function signalAt(windowEnd: EpochMs, horizonMinutes: number): SignalView {
  return {
    asset: 'BTC-USD',
    windowEnd,
    asOf: windowEnd + GRACE_MS,
    horizonMinutes,
    arm: 'logistic+vader',
    modelVersion: 'logistic@2022-10-31',
    probabilityUp: horizonMinutes === 60 ? 0.518 : 0.527,
    priceDirection: 'bullish',
    sentiment: 0.12,
    predictedAt: windowEnd + GRACE_MS,
    maturesAt: windowEnd + horizonMinutes * MINUTE_MS,
    outcome: null,
    degraded: false,
    revision: 3,
  };
}

/** The ledger as it stood at a moment: outcomes are known a grace after they matured. */
function ledgerAt(moment: EpochMs, horizonMinutes: number): SignalView[] {
  const windows: SignalView[] = [];
  for (let end = FIRST_WINDOW; end <= LAST_WINDOW; end += HOUR_MS) {
    const signal = signalAt(end, horizonMinutes);
    if (signal.asOf > moment) break;
    const isKnown = signal.maturesAt + GRACE_MS <= moment;
    windows.push({ ...signal, outcome: isKnown ? 'up' : null });
  }
  return windows;
}

export function createFakePorts(replaced: Partial<ServingPorts> = {}): ServingPorts {
  const clock = createVirtualClock(LAST_WINDOW + 75_000);
  const kept = new Map<string, string>();
  let ticks = 0;
  const withClose = (signal: SignalView, place: number): HistoryRowView => ({
    ...signal,
    close: place === 0 ? NaN : 21_000 + place,
  });
  const ports: ServingPorts = {
    clock,
    stopwatch: () => (ticks += 1.5),
    latestSignal: ({ horizonMinutes, asOf }) =>
      Promise.resolve(ledgerAt(asOf ?? clock.now(), horizonMinutes).at(-1) ?? null),
    firstSignalAt: () => Promise.resolve(FIRST_WINDOW + GRACE_MS),
    signalHistory: ({ horizonMinutes, from, to, limit }) =>
      Promise.resolve({
        arm: 'logistic+vader',
        items: ledgerAt(clock.now(), horizonMinutes)
          .map(withClose)
          .filter(({ windowEnd }) => windowEnd > (from ?? -Infinity) && windowEnd <= (to ?? Infinity))
          .slice(-limit),
      }),
    latestFeatures: () =>
      Promise.resolve({
        asset: 'BTC-USD',
        featureSet: 'v1-test',
        windowEnd: LAST_WINDOW,
        asOf: LAST_WINDOW + GRACE_MS,
        degraded: false,
        features: { return_1bar: 0.002, news_sentiment_4h: 0.25, fear_greed: NaN },
        units: { return_1bar: 'log return' },
      }),
    performance: ({ days }) =>
      Promise.resolve({
        asset: 'BTC-USD',
        windows: { from: FIRST_WINDOW - HOUR_MS, to: LAST_WINDOW, n: 3 },
        arms: [
          {
            arm: 'logistic+vader',
            horizonMinutes: 1_440,
            accuracy: NaN,
            accuracyOneBarLater: NaN,
            n: 0,
            low: NaN,
            high: NaN,
            baselines: { 'baseline-always-up': NaN },
            pending: 3,
            voids: 0,
          },
        ],
        note: `the last ${days} days`,
      }),
    health: () => Promise.resolve(FAKE_HEALTH),
    dashboard: () => ({ state: 'building', detail: '' }),
    scorers: createFakeScorers(),
    present: () => ({ windowEnd: LAST_WINDOW, revision: 3 }),
    readersOf: () => readersOfArms('logistic+vader', ['logistic+vader', 'logistic+none']),
    // Asked through the ports, so that a test that replaces the signal replaces this too.
    async priceWithTexts({ asset, horizonMinutes, sentiments }) {
      const signal = await ports.latestSignal({ asset, horizonMinutes, asOf: null });
      if (signal === null) return null;
      const { windowEnd, asOf, arm: champion } = signal;
      return { windowEnd, asOf, revision: 3, champion, arms: answersOf(signal, sentiments) };
    },
    explainDirection: ({ horizonMinutes }) =>
      explainedAt(ports.present({ asset: 'BTC-USD' }), horizonMinutes),
    ...createFakeModels(),
    authority: createFakeAuthority(),
    cache: {
      isShared: () => true,
      get: (key) => Promise.resolve(kept.get(key) ?? null),
      set: (key, value) => {
        kept.set(key, value);
        return Promise.resolve();
      },
    },
    ...replaced,
  };
  return ports;
}

/** Ports of a system that has not decided a window yet. */
export function createEmptyPorts(): ServingPorts {
  return createFakePorts({
    latestSignal: () => Promise.resolve(null),
    firstSignalAt: () => Promise.resolve(null),
    latestFeatures: () => Promise.resolve(null),
    present: () => null,
  });
}

export function createFakeApp(
  ports: ServingPorts = createFakePorts(),
  options: Partial<ServingOptions> = {},
) {
  return createApp({ ports, options: { ...FAKE_OPTIONS, ...options }, log: silentLog });
}
