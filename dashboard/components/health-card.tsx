import type { ReactNode } from 'react';
import type { Health } from '../../src/serving/contract.ts';
import type { Feed } from '../lib/feed.ts';
import { count } from '../lib/format.ts';
import { lastHeard, STALE_SOURCE_DAYS } from '../lib/sources.ts';
import { StatusDot, STATUS_WORDS } from './status-dot.tsx';
import { Badge } from './ui/badge.tsx';
import { Card } from './ui/card.tsx';
import { Skeleton } from './ui/skeleton.tsx';

export function HealthCard({ health }: { health: Feed<Health> }) {
  const { data } = health;
  return (
    <Card
      id="health"
      title="Health"
      note={
        data === null
          ? 'What the system says of itself.'
          : `${count(data.windows)} windows and ${count(data.predictions)} predictions so far.`
      }
    >
      {data === null ? (
        <Skeleton className="h-[36rem] w-full" />
      ) : (
        <>
          <ul className="space-y-3">
            {data.checks.map((check) => (
              <CheckRow key={check.name} check={check} />
            ))}
            {data.checks.some(({ name }) => name === 'page') ? null : (
              <CheckRow
                check={{
                  name: 'page',
                  detail: data.dashboard.detail,
                  status: PAGE_STATUS[data.dashboard.state],
                }}
              />
            )}
          </ul>
          <Sources sources={data.sources} now={Date.parse(data.now)} />
          <p className="mt-auto pt-6 text-xs text-ink-faint">
            Workspace <span className="font-mono break-all">{data.workspace}</span>, one window every{' '}
            {data.bar_minutes} minutes.
          </p>
        </>
      )}
    </Card>
  );
}

type Check = Health['checks'][number];

const PAGE_STATUS: Record<Health['dashboard']['state'], Check['status']> = {
  ready: 'ok',
  building: 'ok',
  failed: 'degraded',
  off: 'ok',
};

function CheckRow({ check }: { check: Check }) {
  return (
    <li className="grid grid-cols-[auto_1fr] gap-x-3 text-[0.8125rem] leading-5">
      <span className="flex h-5 items-center">
        <StatusDot status={check.status} />
      </span>
      <div className="min-w-0">
        <p>
          <span className="font-medium">{check.name}</span>{' '}
          <span className={check.status === 'ok' ? 'sr-only' : 'text-xs text-ink-soft'}>
            {STATUS_WORDS[check.status].toLowerCase()}
          </span>
          <span className="block text-ink-faint">{check.detail}</span>
        </p>
        {check.remedy === undefined ? null : (
          <p className="mt-1.5 rounded-md border-l-2 border-caution-mark bg-caution-wash px-3 py-1.5 text-ink">
            {check.remedy}
          </p>
        )}
      </div>
    </li>
  );
}

function Sources({ sources, now }: { sources: Health['sources']; now: number }) {
  if (sources.length === 0) return null;
  return (
    <table className="mt-6 w-full text-left text-[0.8125rem]">
      <caption className="sr-only">Sources</caption>
      <thead className="text-xs text-ink-faint">
        <tr className="border-b border-line">
          <Heading>Source</Heading>
          <Heading>Last known</Heading>
          <Heading right>Rows</Heading>
        </tr>
      </thead>
      <tbody>
        {sources.map((source) => (
          <tr key={source.name} className="border-b border-line align-top last:border-0">
            <td className="py-1.5 pr-3 break-words">{source.name}</td>
            <td className="py-1.5 pr-3 text-ink-soft">
              <LastHeard at={source.last_known_at} now={now} />
            </td>
            <td className="py-1.5 text-right">{count(source.rows)}</td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}

function LastHeard({ at, now }: { at: string | null; now: number }) {
  const heard = lastHeard(at, now);
  if (heard === null) return <span className="text-ink-faint italic">never</span>;
  return (
    <>
      <span className="whitespace-nowrap">{heard.when}</span>
      <span className="flex flex-wrap items-center gap-x-2 gap-y-1 text-xs text-ink-faint">
        {heard.age}
        {heard.isStale ? (
          <Badge title={`Nothing new for more than ${STALE_SOURCE_DAYS} days.`}>Stale</Badge>
        ) : null}
      </span>
    </>
  );
}

function Heading({ right = false, children }: { right?: boolean; children: ReactNode }) {
  return (
    <th scope="col" className={`py-1.5 font-medium ${right ? 'text-right' : 'pr-3'}`}>
      {children}
    </th>
  );
}
