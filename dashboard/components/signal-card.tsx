import { ArrowDown, ArrowUp, Minus } from 'lucide-react';
import type { Health, ModelsPerformance, Signal } from '../../src/serving/contract.ts';
import { bestBaseline, intervalText, verdictOf, VERDICT_NOTE, VERDICTS } from '../lib/accuracy.ts';
import type { Feed } from '../lib/feed.ts';
import { count, horizon, moment, percent, percentText, relative, signed, span } from '../lib/format.ts';
import { isStale, type Direction, type GaugeScale } from '../lib/signal.ts';
import { ProbabilityGauge } from './probability-gauge.tsx';
import { Badge } from './ui/badge.tsx';
import { Card } from './ui/card.tsx';
import { Fact } from './ui/fact.tsx';
import { Skeleton } from './ui/skeleton.tsx';
import { Waiting } from './waiting.tsx';

interface SignalCardProps {
  horizonMinutes: number;
  signal: Feed<Signal>;
  health: Health | null;
  performance: ModelsPerformance | null;
  /** The same on all cards. */
  scale: GaugeScale;
}

export function SignalCard({ horizonMinutes, signal, health, performance, scale }: SignalCardProps) {
  const name = horizon(horizonMinutes);
  return (
    <Card
      id={`signal-${horizonMinutes}`}
      title={`Next ${name}`}
      actions={<Badges signal={signal.data} health={health} />}
    >
      <div className="flex min-h-[22rem] flex-1 flex-col justify-between gap-6 sm:min-h-[18.5rem] lg:min-h-[19.5rem] xl:min-h-[18.5rem]">
        {signal.data === null ? (
          <Waiting failure={signal.failure} health={health} skeleton={<SignalSkeleton />} />
        ) : (
          <SignalBody signal={signal.data} health={health} performance={performance} scale={scale} />
        )}
      </div>
    </Card>
  );
}

function SignalBody({
  signal,
  health,
  performance,
  scale,
}: { signal: Signal } & Pick<SignalCardProps, 'health' | 'performance' | 'scale'>) {
  return (
    <>
      <div>
        <div className="mb-5 flex flex-wrap items-end justify-between gap-x-6 gap-y-1">
          <DirectionWord direction={signal.price_direction} />
          <p className="leading-none whitespace-nowrap">
            <span className="text-3xl font-medium tracking-tight sm:text-4xl">
              {percent(signal.probability_up)}
            </span>
            <span className="ml-1.5 text-sm text-ink-faint">% up</span>
          </p>
        </div>
        <ProbabilityGauge
          probability={signal.probability_up}
          direction={signal.price_direction}
          neutralBand={health?.neutral_band ?? 0}
          scale={scale}
        />
      </div>
      <Facts signal={signal} now={health === null ? null : Date.parse(health.now)} />
      <TrackRecord signal={signal} performance={performance} />
    </>
  );
}

const WORDS: Record<Direction, { word: string; colour: string; Icon: typeof ArrowUp }> = {
  bullish: { word: 'Bullish', colour: 'text-up', Icon: ArrowUp },
  neutral: { word: 'Neutral', colour: 'text-ink-soft', Icon: Minus },
  bearish: { word: 'Bearish', colour: 'text-down', Icon: ArrowDown },
};

function DirectionWord({ direction }: { direction: Direction }) {
  const { word, colour, Icon } = WORDS[direction];
  return (
    <p
      className={`flex items-center gap-2 text-3xl leading-none font-semibold tracking-tight sm:text-4xl ${colour}`}
    >
      <Icon aria-hidden strokeWidth={2.5} className="size-7 sm:size-8" />
      {word}
    </p>
  );
}

function Facts({ signal, now }: { signal: Signal; now: number | null }) {
  const matures = Date.parse(signal.matures_at);
  return (
    <dl className="grid grid-cols-2 gap-x-4 gap-y-3 text-[0.8125rem] sm:grid-cols-3">
      <Fact name="Arm">{signal.arm}</Fact>
      <Fact name="Model">
        <span className="font-mono text-xs break-all">{signal.model_version}</span>
      </Fact>
      <Fact name="Sentiment read">{signal.sentiment === null ? 'none' : signed(signal.sentiment)}</Fact>
      <Fact name="Window closed">{moment(Date.parse(signal.window_end))}</Fact>
      <Fact name="Matures">
        {moment(matures)}
        {now === null ? null : <span className="text-ink-faint"> · {relative(matures, now)}</span>}
      </Fact>
      <Fact name="Age">{span(signal.data_age_seconds * 1000)}</Fact>
    </dl>
  );
}

/** How often this very arm was right, so that no probability stands without its record. */
function TrackRecord({ signal, performance }: { signal: Signal; performance: ModelsPerformance | null }) {
  if (performance === null) return <Skeleton className="h-10 w-full" />;
  const here = performance.arms.filter((arm) => arm.horizon_minutes === signal.horizon_minutes);
  const arm = here.find((candidate) => candidate.arm === signal.arm);
  const best = bestBaseline(here);
  if (arm === undefined || arm.n === 0 || best === null) {
    return (
      <p className="border-t border-line pt-4 text-[0.8125rem] text-ink-faint">
        Nothing has matured yet: no record.
      </p>
    );
  }
  return (
    <p className="border-t border-line pt-4 text-[0.8125rem] leading-5 text-ink-soft">
      Right in {percentText(arm.accuracy)} of {count(arm.n)} matured ({intervalText(arm)}); best baseline{' '}
      {percentText(best.accuracy)}.{' '}
      <span className="font-medium text-ink" title={VERDICT_NOTE}>
        {sentence(VERDICTS[verdictOf(arm, best)])}
      </span>
    </p>
  );
}

function sentence(words: string): string {
  return `${words.charAt(0).toUpperCase()}${words.slice(1)}.`;
}

function Badges({ signal, health }: { signal: Signal | null; health: Health | null }) {
  if (signal === null) return null;
  const stale = health !== null && isStale(signal.data_age_seconds, health.bar_minutes);
  return (
    <div className="flex gap-1.5">
      {signal.degraded ? (
        <Badge tone="caution" title="A part was missing; the next best was answered.">
          Degraded
        </Badge>
      ) : null}
      {stale ? <Badge tone="caution">Old</Badge> : null}
      <Badge>{signal.outcome === null ? 'Pending' : `Closed ${signal.outcome}`}</Badge>
    </div>
  );
}

function SignalSkeleton() {
  return (
    <>
      <div>
        <div className="mb-6 flex justify-between">
          <Skeleton className="h-9 w-36" />
          <Skeleton className="h-9 w-28" />
        </div>
        <Skeleton className="h-2.5 w-full rounded-full" />
      </div>
      <Skeleton className="h-24 w-full" />
      <Skeleton className="h-10 w-full" />
    </>
  );
}
