'use client';

import dynamic from 'next/dynamic';
import { useMemo, useState } from 'react';
import type { Health, SignalHistory } from '../../src/serving/contract.ts';
import type { Feed } from '../lib/feed.ts';
import { count, horizon, moment, price, signed, span } from '../lib/format.ts';
import { tally, toMarks, type Mark, type Result, type Tally } from '../lib/market.ts';
import { HORIZONS, useHistory } from '../lib/use-dashboard.ts';
import { RecentPredictions } from './recent-predictions.tsx';
import { ResultSwatch, RESULT_WORDS } from './result-words.tsx';
import { Card } from './ui/card.tsx';
import { Segmented } from './ui/segmented.tsx';
import { Skeleton } from './ui/skeleton.tsx';
import { Waiting } from './waiting.tsx';

const MarketChart = dynamic(() => import('./market-chart.tsx').then((module) => module.MarketChart), {
  ssr: false,
  loading: () => <Skeleton className="size-full" />,
});

const RANGES = [
  { value: '1', label: '1 d', spoken: 'One day' },
  { value: '7', label: '7 d', spoken: 'Seven days' },
  { value: '28', label: '28 d', spoken: 'Twenty-eight days' },
] as const;
type Range = (typeof RANGES)[number]['value'];

interface MarketCardProps {
  health: Health | null;
  /** False while there is nothing to ask for, or nobody who answers. */
  open: boolean;
  refreshKey: string;
}

export function MarketCard({ health, open, refreshKey }: MarketCardProps) {
  const [chosen, setRange] = useState<Range | null>(null);
  const [horizonMinutes, setHorizonMinutes] = useState<number>(HORIZONS[0]);
  const range = chosen ?? rangeWithRoom(health?.bar_minutes ?? 60);
  const barMinutes = open && health !== null ? health.bar_minutes : null;
  const history = useHistory({ days: Number(range), horizonMinutes, barMinutes, refreshKey });
  return (
    <Card
      id="market"
      title="Price and predictions"
      note="Marks under the price said up, those over it down; dense ranges show outcomes alone. Times are UTC."
      actions={
        <div className="flex flex-wrap gap-2">
          <Segmented
            label="Horizon of the predictions"
            value={String(horizonMinutes)}
            options={HORIZONS.map((minutes) => ({ value: String(minutes), label: horizon(minutes) }))}
            onChange={(value) => setHorizonMinutes(Number(value))}
          />
          <Segmented label="Time range" value={range} options={RANGES} onChange={setRange} />
        </div>
      }
    >
      <MarketBody history={history} health={health} horizonMinutes={horizonMinutes} />
    </Card>
  );
}

/** Until the reader chooses: the longest range in which single predictions can be told apart. */
function rangeWithRoom(barMinutes: number): Range {
  return barMinutes >= 60 ? '7' : '1';
}

interface BodyProps {
  history: Feed<SignalHistory>;
  health: Health | null;
  horizonMinutes: number;
}

function MarketBody({ history, health, horizonMinutes }: BodyProps) {
  const marks = useMemo(() => toMarks(history.data?.items ?? []), [history.data]);
  const shownHorizon = history.data?.horizon_minutes ?? horizonMinutes;
  const counts = useMemo(() => tally(marks), [marks]);
  const known = marks.length > 0 && health !== null;
  return (
    <>
      <div className="mb-3 flex min-h-9 flex-wrap items-end justify-between gap-x-8 gap-y-2">
        {known ? <PriceLine marks={marks} health={health} /> : null}
        {known || health?.last_window === null ? null : <Skeleton className="h-9 w-44" />}
        {known ? <Legend counts={counts} /> : null}
      </div>
      <figure
        className="h-[26rem] sm:h-[30rem]"
        aria-label={known ? summaryOf(marks, counts, shownHorizon) : 'No data yet'}
      >
        {known ? (
          <div
            className={`size-full transition-opacity ${shownHorizon === horizonMinutes ? '' : 'opacity-40'}`}
          >
            <MarketChart marks={marks} horizonMinutes={shownHorizon} barMinutes={health.bar_minutes} />
          </div>
        ) : (
          <div className="flex size-full">
            <Waiting
              failure={history.failure}
              health={health}
              skeleton={<Skeleton className="size-full" />}
            />
          </div>
        )}
      </figure>
      <div className="min-h-12">
        {known ? <RecentPredictions marks={marks} horizonMinutes={shownHorizon} /> : null}
      </div>
    </>
  );
}

function PriceLine({ marks, health }: { marks: readonly Mark[]; health: Health }) {
  const priced = marks.filter(({ close }) => close !== null);
  const first = priced[0];
  const last = priced.at(-1);
  const change = first?.close && last?.close ? (last.close / first.close - 1) * 100 : null;
  const covered = first === undefined || last === undefined ? 0 : last.at - first.at;
  const colour = change === null || change === 0 ? 'text-ink-faint' : change > 0 ? 'text-up' : 'text-down';
  return (
    <p className="flex flex-wrap items-baseline gap-x-3">
      <span className="text-2xl font-medium tracking-tight sm:text-3xl">{price(last?.close ?? null)}</span>
      <span className="text-sm text-ink-faint">
        {health.simulated ? 'simulated ' : ''}
        {health.asset.split('-')[1]}
      </span>
      <span className={`text-sm font-medium ${colour}`}>
        {signed(change)}
        {'\u00a0'}% <span className="font-normal text-ink-faint">in {span(covered)}</span>
      </span>
    </p>
  );
}

const SHOWN: readonly Result[] = ['hit', 'miss', 'pending', 'void'];

function Legend({ counts }: { counts: Tally }) {
  return (
    <ul
      className="flex flex-wrap gap-x-3 gap-y-1 text-xs text-ink-soft sm:gap-x-4 sm:text-[0.8125rem]"
      aria-label="Predictions in this range"
    >
      {SHOWN.map((result) => (
        <li key={result} className="inline-flex items-center gap-1.5">
          <ResultSwatch result={result} />
          {RESULT_WORDS[result]} <span className="text-ink">{count(counts[result])}</span>
        </li>
      ))}
    </ul>
  );
}

function summaryOf(marks: readonly Mark[], counts: Tally, horizonMinutes: number): string {
  const from = marks[0];
  const to = marks.at(-1);
  if (from === undefined || to === undefined) return 'No predictions';
  return `Price from ${moment(from.at)} (${price(from.close)}) to ${moment(to.at)} UTC (${price(to.close)}), with ${marks.length} predictions ${horizon(horizonMinutes)} ahead: ${counts.hit} right, ${counts.miss} wrong, ${counts.pending} pending, ${counts.void} void.`;
}
