'use client';

import { FlaskConical, TriangleAlert, Unplug } from 'lucide-react';
import type { ReactNode } from 'react';
import type { Health } from '../../src/serving/contract.ts';
import type { Feed } from '../lib/feed.ts';
import { span } from '../lib/format.ts';
import { isStale } from '../lib/signal.ts';

/** What a reader must know before any number: that the market is invented, that the page is cut off, that data is old. */
export function Notices({ health, onRetry }: { health: Feed<Health>; onRetry(): void }) {
  const { data, failure } = health;
  const stale = data !== null && isStale(data.data_age_seconds, data.bar_minutes);
  return (
    <div role="status" aria-live="polite" className="flex flex-col gap-3 empty:hidden">
      {data?.simulated === true ? <SimulatedNotice /> : null}
      {failure !== null && data !== null ? <CutOffNotice health={health} onRetry={onRetry} /> : null}
      {stale ? (
        <Notice icon={<TriangleAlert aria-hidden size={18} />} title="Old data">
          The newest window closed {span((data.data_age_seconds ?? 0) * 1000)} ago; one is due every{' '}
          {data.bar_minutes} minutes. What stands below is the last that is known.
        </Notice>
      ) : null}
    </div>
  );
}

function SimulatedNotice() {
  return (
    <Notice icon={<FlaskConical aria-hidden size={18} />} title="Simulated market" hazard>
      Prices, headlines and outcomes on this page are invented by a seeded generator. Nothing here is Bitcoin.
    </Notice>
  );
}

function CutOffNotice({ health, onRetry }: { health: Feed<Health>; onRetry(): void }) {
  return (
    <Notice
      icon={<Unplug aria-hidden size={18} />}
      title={`${health.failure?.kind === 'refused' ? 'Health not answered' : 'API not reachable'} since ${localClock(health.failingSince)}`}
      action={
        <button
          type="button"
          onClick={onRetry}
          className="min-h-8 rounded-md border border-caution/50 px-3 text-[0.8125rem] font-medium hover:bg-caution/10"
        >
          Try now
        </button>
      }
    >
      {health.failure?.message} Everything below is as it was at {localClock(health.receivedAt)} (your time).
    </Notice>
  );
}

interface NoticeProps {
  icon: ReactNode;
  title: string;
  hazard?: boolean;
  action?: ReactNode;
  children: ReactNode;
}

function Notice({ icon, title, hazard = false, action, children }: NoticeProps) {
  return (
    <div
      className={`flex flex-wrap items-center gap-x-4 gap-y-2 rounded-xl border border-caution/45 bg-caution-wash px-4 py-3 text-sm text-caution ${hazard ? 'hazard' : ''}`}
    >
      <p className="flex min-w-0 flex-1 basis-64 items-start gap-3">
        <span className="mt-px shrink-0">{icon}</span>
        <span>
          <strong className="font-semibold">{title}.</strong> {children}
        </span>
      </p>
      {action}
    </div>
  );
}

/** The browser's own clock and zone: it says when this page lost its API, whatever time the system is at. */
function localClock(at: number | null): string {
  return at === null
    ? 'the start'
    : new Date(at).toLocaleTimeString([], { hour: '2-digit', minute: '2-digit' });
}
