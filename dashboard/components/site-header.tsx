import type { Health } from '../../src/serving/contract.ts';
import type { Feed } from '../lib/feed.ts';
import { fullMoment } from '../lib/format.ts';
import { modePhrase } from '../lib/signal.ts';
import { Logo } from './logo.tsx';
import { StatusDot, STATUS_WORDS, type Status } from './status-dot.tsx';
import { ThemeSwitch } from './theme-switch.tsx';
import { Skeleton } from './ui/skeleton.tsx';

export function SiteHeader({ health }: { health: Feed<Health> }) {
  return (
    <header className="flex flex-wrap items-center justify-between gap-x-6 gap-y-3">
      <div className="flex min-w-0 items-center gap-3">
        <Logo />
        <div className="min-w-0">
          <h1 className="text-lg leading-6 font-semibold tracking-tight">
            Bellwether
            {health.data === null ? null : (
              <span className="ml-2 font-normal text-ink-faint">{health.data.asset}</span>
            )}
          </h1>
          <ClockLine health={health.data} />
        </div>
      </div>
      <div className="flex items-center gap-2 max-sm:w-full max-sm:justify-between">
        <HealthLink health={health} />
        <ThemeSwitch />
      </div>
    </header>
  );
}

function ClockLine({ health }: { health: Health | null }) {
  if (health === null) return <Skeleton className="mt-1 h-4 w-52" />;
  const standing = health.clock.state === 'standing' ? 'clock stands at ' : '';
  return (
    <p className="text-[0.8125rem] leading-5 text-ink-faint">
      {modePhrase(health)}
      <span aria-hidden className="mx-1.5 max-sm:hidden">
        ·
      </span>
      <span className="max-sm:block">{standing + fullMoment(Date.parse(health.now))}</span>
    </p>
  );
}

function HealthLink({ health }: { health: Feed<Health> }) {
  const status: Status = health.failure === null ? (health.data?.status ?? 'unknown') : 'failing';
  const words =
    health.failure === null ? (health.data === null ? 'Connecting' : STATUS_WORDS[status]) : 'Not reachable';
  return (
    <a
      href="#health"
      className="inline-flex min-h-9 items-center gap-2 rounded-lg border border-line bg-surface px-3 text-[0.8125rem] font-medium text-ink-soft transition-colors hover:border-line-strong hover:text-ink"
    >
      <StatusDot status={status} />
      <span>
        <span className="sr-only">Health: </span>
        {words}
      </span>
    </a>
  );
}
