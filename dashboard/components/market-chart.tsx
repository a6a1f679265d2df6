'use client';

import { memo } from 'react';
import { Area, ComposedChart, ResponsiveContainer, Tooltip, XAxis, YAxis } from 'recharts';
import { roundTicks, type Mark } from '../lib/market.ts';
import {
  OutcomeLane,
  PANES,
  PredictionMarks,
  PRICE_AXIS,
  PriceGrid,
  SentimentLane,
  TimeGrid,
} from './chart-layers.tsx';
import { MarketTooltip } from './market-tooltip.tsx';

interface MarketChartProps {
  marks: readonly Mark[];
  horizonMinutes: number;
  barMinutes: number;
}

const MARGIN = { top: 24, right: 54, bottom: 26, left: 2 };

/** Price, predictions, outcomes and sentiment over one time axis. Drawn again only when a window was added. */
export const MarketChart = memo(function MarketChart(props: MarketChartProps) {
  const { marks, horizonMinutes, barMinutes } = props;
  const from = marks[0]?.at ?? 0;
  const to = marks.at(-1)?.at ?? 1;
  const { domain, ticks, floor } = priceScale(marks);
  return (
    <ResponsiveContainer width="100%" height="100%">
      <ComposedChart
        data={marks as Mark[]}
        margin={MARGIN}
        accessibilityLayer
        aria-label="Price and predictions; the arrow keys move from window to window"
      >
        <XAxis dataKey="at" type="number" scale="time" domain={[from, to]} hide />
        <YAxis yAxisId={PRICE_AXIS} domain={domain} allowDataOverflow hide />
        <TimeGrid from={from} to={to} />
        <PriceGrid ticks={ticks} />
        <OutcomeLane marks={marks} barMinutes={barMinutes} />
        <SentimentLane marks={marks} barMinutes={barMinutes} />
        <Area
          yAxisId={PRICE_AXIS}
          dataKey="close"
          baseValue={floor}
          stroke="var(--ink)"
          strokeWidth={1.5}
          fill="var(--ink)"
          fillOpacity={0.045}
          dot={false}
          activeDot={{ r: 4, fill: 'var(--ink)', stroke: 'var(--surface)', strokeWidth: 2 }}
          isAnimationActive={false}
        />
        <PredictionMarks marks={marks} />
        <Tooltip
          cursor={{ stroke: 'var(--ink-faint)', strokeDasharray: '3 3' }}
          isAnimationActive={false}
          filterNull={false}
          wrapperStyle={{ zIndex: 10 }}
          content={({ active, payload }) => {
            const mark = payload[0]?.payload as Mark | undefined;
            return active && mark !== undefined ? (
              <MarketTooltip mark={mark} horizonMinutes={horizonMinutes} />
            ) : null;
          }}
        />
      </ComposedChart>
    </ResponsiveContainer>
  );
});

/** A price axis over the whole drawing whose known prices fill the upper pane alone. */
function priceScale(marks: readonly Mark[]): { domain: [number, number]; ticks: number[]; floor: number } {
  const closes = marks.flatMap(({ close }) => (close === null ? [] : [close]));
  if (closes.length === 0) return { domain: [0, 1], ticks: [], floor: 0 };
  const lowest = closes.reduce((low, close) => Math.min(low, close));
  const highest = closes.reduce((high, close) => Math.max(high, close));
  const padding = (highest - lowest || highest * 0.01) * 0.09;
  const floor = lowest - padding;
  const top = highest + padding;
  return { domain: [top - (top - floor) / PANES.price[1], top], ticks: roundTicks(floor, top, 5), floor };
}
