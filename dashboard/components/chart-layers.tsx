'use client';

import { useId } from 'react';
import { usePlotArea, useXAxisScale, useYAxisScale } from 'recharts';
import { clock, day, priceTick, signed } from '../lib/format.ts';
import { bucketMinutes, timeTicks, toBuckets, type Mark, type Result } from '../lib/market.ts';
import { sentimentRuns } from '../lib/sentiment-runs.ts';

/*
 * The drawing inside the chart. Recharts owns scale, size, pointer and keyboard; three panes share its time axis,
 * so that a price, what was predicted there, how that ended and what the news said stand above each other.
 */

/** The panes as shares of the drawing's height. */
export const PANES = { price: [0, 0.58], lane: [0.66, 0.79], sentiment: [0.87, 1] } as const;

export const PRICE_AXIS = 'price';

const MINUTE_MS = 60_000;
const DAY_MS = 86_400_000;
const MARK_ROOM_PX = 5;
const BUCKET_ROOM_PX = 6;
const TICK_ROOM_PX = 60;
const LABEL_HALF_PX = 22;

interface Pane {
  x: number;
  width: number;
  top: number;
  bottom: number;
}

function usePane(name: keyof typeof PANES): Pane | null {
  const plot = usePlotArea();
  if (plot === undefined) return null;
  const [top, bottom] = PANES[name];
  return {
    x: plot.x,
    width: plot.width,
    top: plot.y + top * plot.height,
    bottom: plot.y + bottom * plot.height,
  };
}

/** Time across all panes. */
export function TimeGrid({ from, to }: { from: number; to: number }) {
  const plot = usePlotArea();
  const place = useXAxisScale();
  if (plot === undefined || place === undefined) return null;
  const ticks = timeTicks(from, to, Math.max(2, Math.floor(plot.width / TICK_ROOM_PX)));
  return (
    <g aria-hidden>
      {ticks.map((tick) => {
        const x = place(tick) ?? 0;
        // A label in the middle of its tick would be cut off by the drawing's left edge.
        const isAtEdge = x - plot.x < LABEL_HALF_PX;
        return (
          <g key={tick}>
            <line
              x1={x}
              x2={x}
              y1={plot.y}
              y2={plot.y + plot.height}
              className="stroke-line"
              strokeDasharray="2 4"
            />
            <text
              x={Math.min(plot.x + plot.width - 14, isAtEdge ? plot.x : x)}
              y={plot.y + plot.height + 18}
              textAnchor={isAtEdge ? 'start' : 'middle'}
              className="fill-ink-faint text-[11px]"
            >
              {tick % DAY_MS === 0 ? day(tick) : clock(tick)}
            </text>
          </g>
        );
      })}
    </g>
  );
}

export function PriceGrid({ ticks }: { ticks: readonly number[] }) {
  const pane = usePane('price');
  const place = useYAxisScale(PRICE_AXIS);
  if (pane === null || place === undefined) return null;
  const step = (ticks[1] ?? 0) - (ticks[0] ?? 0);
  return (
    <g aria-hidden>
      {ticks.map((tick) => {
        const y = place(tick) ?? 0;
        return (
          <g key={tick}>
            <line x1={pane.x} x2={pane.x + pane.width} y1={y} y2={y} className="stroke-line" />
            <text x={pane.x + pane.width + 8} y={y + 4} className="fill-ink-faint text-[11px]">
              {priceTick(tick, step)}
            </text>
          </g>
        );
      })}
    </g>
  );
}

const MARK_STYLES: Record<Result, string> = {
  hit: 'fill-hit stroke-hit',
  miss: 'fill-surface stroke-miss',
  pending: 'fill-surface stroke-ink-faint',
  void: 'fill-line-strong stroke-line-strong',
};

/** Predictions beside the price: below it those that say up, above it those that say down. */
export function PredictionMarks({ marks }: { marks: readonly Mark[] }) {
  const pane = usePane('price');
  const across = useXAxisScale();
  const down = useYAxisScale(PRICE_AXIS);
  if (pane === null || across === undefined || down === undefined) return null;
  if (pane.width / marks.length < MARK_ROOM_PX) return null;
  return (
    <g aria-hidden strokeWidth={1.4}>
      <ShapeLegend pane={pane} />
      {marks.map((mark) => {
        if (mark.close === null) return null;
        const offset = mark.side === 'up' ? 11 : -11;
        return (
          <path
            key={mark.at}
            d={GLYPHS[mark.direction]}
            transform={`translate(${across(mark.at) ?? 0} ${(down(mark.close) ?? 0) + offset})`}
            className={MARK_STYLES[mark.result]}
          />
        );
      })}
    </g>
  );
}

const GLYPHS: Record<Mark['direction'], string> = {
  bullish: 'M0-3.6 3.6 2.8H-3.6Z',
  neutral: 'M2.4 0A2.4 2.4 0 1 1-2.4 0 2.4 2.4 0 0 1 2.4 0Z',
  bearish: 'M0 3.6 3.6-2.8H-3.6Z',
};
const SHAPES = ['bullish', 'neutral', 'bearish'] as const satisfies readonly Mark['direction'][];
const SHAPE_ROOM_PX = 62;

/** What the shapes mean; it stands only where they are drawn. */
function ShapeLegend({ pane }: { pane: Pane }) {
  return SHAPES.map((direction, index) => (
    <g key={direction} transform={`translate(${pane.x + 5 + index * SHAPE_ROOM_PX} ${pane.top - 12})`}>
      <path d={GLYPHS[direction]} className="fill-surface stroke-ink-soft" />
      <text x={9} y={4} className="fill-ink-soft text-[11px]">
        {direction}
      </text>
    </g>
  ));
}

interface LaneProps {
  marks: readonly Mark[];
  barMinutes: number;
}

/** Right predictions stand above the line, wrong ones hang below it: a coin would fill both sides alike. */
export function OutcomeLane({ marks, barMinutes }: LaneProps) {
  const pane = usePane('lane');
  const place = useXAxisScale();
  const first = marks[0];
  const last = marks.at(-1);
  if (pane === null || place === undefined || first === undefined || last === undefined) return null;

  const minutes = bucketMinutes((last.at - first.at) / MINUTE_MS, {
    barMinutes,
    most: Math.floor(pane.width / BUCKET_ROOM_PX),
  });
  const middle = (pane.top + pane.bottom) / 2;
  const unit = (pane.bottom - pane.top) / 2 / (minutes / barMinutes);
  const slot = (place(first.at + minutes * MINUTE_MS) ?? 0) - (place(first.at) ?? 0);
  const width = Math.min(12, Math.max(1, slot - Math.min(2, slot * 0.35)));
  return (
    <g aria-hidden>
      <PaneLabel pane={pane} title="Right above, wrong below" />
      {toBuckets(marks, minutes).map((bucket) => {
        const centre = place((bucket.from + bucket.to + barMinutes * MINUTE_MS) / 2) ?? 0;
        const x = Math.min(pane.x + pane.width - width, Math.max(pane.x, centre - width / 2));
        const open = (bucket.pending * unit) / 2;
        return (
          <g key={bucket.to}>
            <rect
              x={x}
              width={width}
              y={middle - bucket.hit * unit}
              height={bucket.hit * unit}
              className="fill-hit"
            />
            <rect x={x} width={width} y={middle} height={bucket.miss * unit} className="fill-miss" />
            <rect x={x} width={width} y={middle - open} height={open * 2} className="fill-line-strong" />
            {bucket.void === 0 ? null : (
              <circle cx={x + width / 2} cy={middle} r={2} className="fill-ink-faint" />
            )}
          </g>
        );
      })}
      <line x1={pane.x} x2={pane.x + pane.width} y1={middle} y2={middle} className="stroke-line-strong" />
    </g>
  );
}

/** The sentiment that each prediction read; where there was none the line stops. */
export function SentimentLane({ marks, barMinutes }: LaneProps) {
  const pane = usePane('sentiment');
  const place = useXAxisScale();
  const clip = useId();
  if (pane === null || place === undefined) return null;
  const reach = marks.reduce((most, { sentiment }) => Math.max(most, Math.abs(sentiment ?? 0)), 0.1);
  const middle = (pane.top + pane.bottom) / 2;
  const half = (pane.bottom - pane.top) / 2;
  const runs = sentimentRuns(marks, barMinutes).map((run) =>
    run.map(({ at, value }) => ({ x: place(at) ?? 0, y: middle - (value / reach) * half })),
  );
  const lines = runs.map((run) =>
    run.map(({ x, y }, index) => `${index === 0 ? 'M' : 'L'}${x.toFixed(1)} ${y.toFixed(1)}`).join(''),
  );
  const areas = runs
    .map((run, index) => `${lines[index]}L${run.at(-1)?.x} ${middle}L${run[0]?.x} ${middle}Z`)
    .join('');
  return (
    <g aria-hidden>
      <PaneLabel pane={pane} title={runs.length === 0 ? 'No sentiment in these windows' : 'Sentiment read'} />
      {(['up', 'down'] as const).map((side) => (
        <g key={side}>
          <clipPath id={`${clip}${side}`}>
            <rect x={pane.x} width={pane.width} y={side === 'up' ? pane.top - 2 : middle} height={half + 2} />
          </clipPath>
          <g clipPath={`url(#${clip}${side})`} className={side === 'up' ? 'text-up' : 'text-down'}>
            <path d={areas} fill="currentColor" opacity={0.18} />
            <path d={lines.join('')} fill="none" stroke="currentColor" strokeWidth={1.4} />
          </g>
        </g>
      ))}
      <line x1={pane.x} x2={pane.x + pane.width} y1={middle} y2={middle} className="stroke-line-strong" />
      {[reach, 0, -reach].map((value) => (
        <text
          key={value}
          x={pane.x + pane.width + 8}
          y={middle - (value / reach) * half + 4}
          className="fill-ink-faint text-[11px]"
        >
          {signed(value)}
        </text>
      ))}
    </g>
  );
}

function PaneLabel({ pane, title }: { pane: Pane; title: string }) {
  return (
    <text x={pane.x} y={pane.top - 9} className="fill-ink-faint text-[11px]">
      {title}
    </text>
  );
}
