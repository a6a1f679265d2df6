import { useMemo } from 'react';
import type { Health, ModelsPerformance } from '../../src/serving/contract.ts';
import {
  accuracyScale,
  byHorizon,
  VERDICT_NOTE,
  VERDICTS,
  type ArmRow,
  type HorizonAccuracy,
} from '../lib/accuracy.ts';
import type { Feed } from '../lib/feed.ts';
import { count, horizon, moment, percent, percentText } from '../lib/format.ts';
import type { Scale } from '../lib/scale.ts';
import { IntervalAxis, IntervalPlot, type PlotLine } from './interval-plot.tsx';
import { Card } from './ui/card.tsx';
import { Skeleton } from './ui/skeleton.tsx';
import { Waiting } from './waiting.tsx';

interface AccuracyCardProps {
  performance: Feed<ModelsPerformance>;
  health: Health | null;
}

export function AccuracyCard({ performance, health }: AccuracyCardProps) {
  const { data } = performance;
  return (
    <Card
      id="accuracy"
      title="Were they right?"
      note="Share of matured predictions on the right side, each with its 95 % interval, against arms that know nothing."
      actions={<AccuracyLegend />}
    >
      {data === null || data.arms.length === 0 ? (
        <div className="flex min-h-[74rem] sm:min-h-[46rem] lg:min-h-[23rem]">
          <Waiting
            failure={performance.failure}
            health={health}
            skeleton={<Skeleton className="h-auto w-full" />}
          />
        </div>
      ) : (
        <AccuracyPanels performance={data} />
      )}
    </Card>
  );
}

function AccuracyPanels({ performance }: { performance: ModelsPerformance }) {
  const groups = useMemo(() => byHorizon(performance.arms), [performance]);
  const { from, to, n } = performance.windows;
  return (
    <>
      <div className="grid gap-x-12 gap-y-10 lg:grid-cols-2">
        {groups.map((group) => (
          <HorizonPanel key={group.horizonMinutes} group={group} />
        ))}
      </div>
      <p className="mt-6 max-w-3xl text-xs leading-5 text-ink-faint">
        {from === null || to === null
          ? ''
          : `${count(n)} windows from ${moment(Date.parse(from))} to ${moment(Date.parse(to))} UTC. `}
        {performance.note}
      </p>
      <p className="mt-2 max-w-3xl text-xs leading-5 text-ink-faint">{VERDICT_NOTE}</p>
    </>
  );
}

function HorizonPanel({ group }: { group: HorizonAccuracy }) {
  const { best, rows, horizonMinutes } = group;
  const scale = accuracyScale(rows);
  const matured = rows.reduce((most, { n }) => Math.max(most, n), 0);
  const pending = rows.reduce((most, row) => Math.max(most, row.pending), 0);
  return (
    <section aria-label={`Accuracy ${horizon(horizonMinutes)} ahead`} className="min-w-0">
      <div className="mb-3 flex flex-wrap items-baseline justify-between gap-x-4 text-[0.8125rem]">
        <h3 className="font-medium">{horizon(horizonMinutes)} ahead</h3>
        <p className="text-ink-faint">
          {count(matured)} matured, {count(pending)} pending
          {best === null ? null : (
            <>
              {' '}
              · best baseline <span className="text-ink-soft">{best.name}</span> {percentText(best.accuracy)}
            </>
          )}
        </p>
      </div>
      <ul>
        {rows.map((row, index) => (
          <AccuracyRow
            key={row.arm}
            row={row}
            scale={scale}
            best={best}
            isFirstBaseline={row.isBaseline && rows[index - 1]?.isBaseline === false}
          />
        ))}
      </ul>
      <div className={ROW}>
        <span className="max-sm:hidden" />
        <IntervalAxis scale={scale} middle={0.5} label={(tick) => percent(tick, 0)} />
        <span className="text-right text-[11px] text-ink-faint max-sm:hidden">% right</span>
      </div>
    </section>
  );
}

const ROW =
  'grid grid-cols-[1fr_auto] items-center gap-x-4 sm:grid-cols-[8rem_1fr_9.5rem] max-sm:[&>:nth-child(2)]:col-span-2 max-sm:[&>:nth-child(2)]:row-start-2';

interface AccuracyRowProps {
  row: ArmRow;
  scale: Scale;
  best: HorizonAccuracy['best'];
  isFirstBaseline: boolean;
}

function AccuracyRow({ row, scale, best, isFirstBaseline }: AccuracyRowProps) {
  return (
    <li className={`${ROW} text-[0.8125rem] ${isFirstBaseline ? 'mt-2 border-t border-line pt-2' : ''}`}>
      <span className={row.isBaseline ? 'text-ink-faint' : 'font-medium'}>{row.arm}</span>
      <IntervalPlot
        scale={scale}
        lines={linesOf(best)}
        value={row.accuracy}
        low={row.low}
        high={row.high}
        hollow={row.oneBarLater}
        muted={row.isBaseline}
      />
      <AccuracyNumbers row={row} />
      {row.isBaseline ? null : (
        <span className="col-span-full mb-2 text-xs text-ink-soft sm:pl-[9rem]">
          n {count(row.n)} · <span title={VERDICT_NOTE}>{VERDICTS[row.verdict]}</span>
          {row.oneBarLater === null ? '' : ` · one bar later ${percentText(row.oneBarLater)}`}
        </span>
      )}
    </li>
  );
}

/** A coin, and the best that knows nothing. */
function linesOf(best: HorizonAccuracy['best']): PlotLine[] {
  const coin: PlotLine = { at: 0.5, look: 'solid' };
  return best === null ? [coin] : [coin, { at: best.accuracy, look: 'dashed' }];
}

function AccuracyNumbers({ row }: { row: ArmRow }) {
  if (row.accuracy === null)
    return <span className="text-right text-xs text-ink-faint italic">none yet</span>;
  return (
    <span className="text-right whitespace-nowrap">
      <span className={row.isBaseline ? 'text-ink-soft' : 'font-medium'}>{percent(row.accuracy)}</span>
      {row.low === null || row.high === null ? null : (
        <span className="ml-2 text-xs text-ink-faint">
          {percent(row.low)}–{percent(row.high)}
        </span>
      )}
      <span className="sr-only">
        percent of {row.n}; one bar later {percent(row.oneBarLater)} percent; {row.voids} void.
      </span>
    </span>
  );
}

function AccuracyLegend() {
  return (
    <ul className="flex flex-wrap gap-x-4 gap-y-1 text-xs text-ink-soft" aria-label="Legend">
      <li className="inline-flex items-center gap-1.5">
        <span aria-hidden className="relative inline-block h-3 w-6">
          <span className="absolute top-1/2 h-[3px] w-full -translate-y-1/2 rounded-full bg-hit opacity-45" />
          <span className="absolute top-1/2 left-1/2 size-2.5 -translate-1/2 rounded-full bg-hit" />
        </span>
        accuracy, 95 % interval
      </li>
      <li className="inline-flex items-center gap-1.5">
        <span aria-hidden className="size-2.5 rounded-full border-[1.5px] border-hit" />
        entered one bar later
      </li>
      <li className="inline-flex items-center gap-1.5">
        <span aria-hidden className="h-3 border-l-[1.5px] border-dashed border-ink" />
        best baseline
      </li>
      <li className="inline-flex items-center gap-1.5">
        <span aria-hidden className="h-3 w-px bg-ink-faint" />
        50 %
      </li>
    </ul>
  );
}
