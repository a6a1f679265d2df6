'use client';

import { useReducer } from 'react';
import type {
  Health,
  LatestFeatures,
  ModelsPerformance,
  ModelsStatus,
  Signal,
  SignalHistory,
} from '../../src/serving/contract.ts';
import type { Feed } from './feed.ts';
import { useFeed } from './use-feed.ts';

/** Minutes ahead that the page shows. */
export const HORIZONS = [60, 1440] as const satisfies readonly number[];

/** What changes by the second: health and the present signals. */
const POLL_MS = 5_000;
/** What changes with a window is asked for when one is added, and now and then in case that was missed. */
const SETTLED_MS = 60_000;
/** Somebody may deploy or roll back between two windows, and then looks here. */
const MODELS_MS = 15_000;
/** Decisions of the gate and entries of the ledger: a retraining makes about ten decisions. */
const MODELS_NEWEST = 60;

/** The most windows that the API gives at once. */
const HISTORY_MOST = 5_000;

export interface DashboardFeeds {
  health: Feed<Health>;
  signals: { horizonMinutes: number; feed: Feed<Signal> }[];
  features: Feed<LatestFeatures>;
  performance: Feed<ModelsPerformance>;
  models: Feed<ModelsStatus>;
  /** True while there is something to ask for and somebody who answers. */
  open: boolean;
  /** Changes when everything should be asked for again. */
  refreshKey: string;
  retry(): void;
}

/** Everything that the page shows but the chart's history, which follows the reader's choice of range. */
export function useDashboard(): DashboardFeeds {
  const [attempt, retry] = useReducer((count: number) => count + 1, 0);
  const health = useFeed<Health>('/health', { intervalMs: POLL_MS, refreshKey: attempt });
  const { data, failure } = health;
  // Nothing else is asked while health says that there is nothing to ask for, or does not answer at all.
  const open = data !== null && data.last_window !== null && failure?.kind !== 'unreachable';
  const refreshKey = `${data?.last_window ?? 'none'} ${attempt}`;
  const when = (path: string): string | null => (open ? path : null);

  const present = { intervalMs: POLL_MS, refreshKey };
  const hour = useFeed<Signal>(when(`/signal?horizon_minutes=${HORIZONS[0]}`), present);
  const dayAhead = useFeed<Signal>(when(`/signal?horizon_minutes=${HORIZONS[1]}`), present);
  const settled = { intervalMs: SETTLED_MS, refreshKey };
  const features = useFeed<LatestFeatures>(when('/features/latest'), settled);
  const performance = useFeed<ModelsPerformance>(when('/models/performance'), settled);
  const models = useFeed<ModelsStatus>(when(`/models/status?limit=${MODELS_NEWEST}`), {
    intervalMs: MODELS_MS,
    refreshKey,
  });
  const signals = [
    { horizonMinutes: HORIZONS[0], feed: hour },
    { horizonMinutes: HORIZONS[1], feed: dayAhead },
  ];
  return { health, signals, features, performance, models, open, refreshKey, retry };
}

interface HistoryQuestion {
  days: number;
  horizonMinutes: number;
  /** null: nothing is asked. */
  barMinutes: number | null;
  refreshKey: string;
}

/** The windows of the last days with their predictions. */
export function useHistory({
  days,
  horizonMinutes,
  barMinutes,
  refreshKey,
}: HistoryQuestion): Feed<SignalHistory> {
  const windows =
    barMinutes === null ? 0 : Math.min(HISTORY_MOST, Math.round((days * 1440) / barMinutes) + 1);
  const path = windows === 0 ? null : `/signal/history?horizon_minutes=${horizonMinutes}&limit=${windows}`;
  return useFeed<SignalHistory>(path, { intervalMs: SETTLED_MS, refreshKey });
}
