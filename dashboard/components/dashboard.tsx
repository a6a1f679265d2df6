'use client';

import { gaugeScale } from '../lib/signal.ts';
import { useDashboard } from '../lib/use-dashboard.ts';
import { AccuracyCard } from './accuracy-card.tsx';
import { FeaturesCard } from './features-card.tsx';
import { GateCard } from './gate-card.tsx';
import { HeadlineCard } from './headline-card.tsx';
import { HealthCard } from './health-card.tsx';
import { LedgerCard } from './ledger-card.tsx';
import { MarketCard } from './market-card.tsx';
import { ModelsCard } from './models-card.tsx';
import { Notices } from './notices.tsx';
import { SignalCard } from './signal-card.tsx';
import { SiteFooter } from './site-footer.tsx';
import { SiteHeader } from './site-header.tsx';
import { Starting } from './starting.tsx';
import { Unreachable } from './unreachable.tsx';

/** The whole page: what the models say now, how it went, which are live and why, what they saw, and how the system is. */
export function Dashboard() {
  const feeds = useDashboard();
  const { health, retry } = feeds;
  return (
    <div className="mx-auto flex min-h-dvh max-w-[82rem] flex-col gap-5 px-4 py-5 sm:gap-6 sm:px-8 sm:py-8">
      <SiteHeader health={health} />
      <Notices health={health} onRetry={retry} />
      <main className="flex flex-1 flex-col gap-5 sm:gap-6">
        {health.data === null && health.failure !== null ? (
          <Unreachable failure={health.failure} onRetry={retry} />
        ) : (
          <Sections feeds={feeds} />
        )}
      </main>
      <SiteFooter version={health.data?.version ?? null} />
    </div>
  );
}

function Sections({ feeds }: { feeds: ReturnType<typeof useDashboard> }) {
  const { health, signals, features, performance, models, open, refreshKey } = feeds;
  const scale = gaugeScale(signals.flatMap(({ feed }) => feed.data?.probability_up ?? []));
  return (
    <>
      {health.data !== null && health.data.last_window === null ? (
        <Starting progress={health.data.progress} />
      ) : null}
      <div className="grid gap-5 sm:gap-6 lg:grid-cols-2">
        {signals.map(({ horizonMinutes, feed }) => (
          <SignalCard
            key={horizonMinutes}
            horizonMinutes={horizonMinutes}
            signal={feed}
            health={health.data}
            performance={performance.data}
            scale={scale}
          />
        ))}
      </div>
      <MarketCard health={health.data} open={open} refreshKey={refreshKey} />
      <HeadlineCard />
      <AccuracyCard performance={performance} health={health.data} />
      <ModelsCard models={models} health={health.data} />
      <GateCard models={models} health={health.data} />
      <LedgerCard models={models} health={health.data} />
      <div className="grid gap-5 sm:gap-6 lg:grid-cols-[7fr_5fr]">
        <FeaturesCard features={features} health={health.data} />
        <HealthCard health={health} />
      </div>
    </>
  );
}
