import type { Scale } from '../lib/scale.ts';

/** A line across all rows: what a bar is compared with. */
export interface PlotLine {
  at: number;
  look: 'solid' | 'dashed';
}

interface IntervalPlotProps {
  scale: Scale;
  lines: readonly PlotLine[];
  value: number | null;
  low: number | null;
  high: number | null;
  /** A second value, drawn hollow. */
  hollow?: number | null;
  /** For what is there for comparison alone. */
  muted?: boolean;
}

const LINES: Record<PlotLine['look'], string> = {
  solid: 'w-px bg-ink-faint',
  dashed: '-translate-x-1/2 border-l-[1.5px] border-dashed border-ink',
};

/** Dot and whisker of one row over a scale that all rows share. The numbers stand beside it as text. */
export function IntervalPlot({
  scale,
  lines,
  value,
  low,
  high,
  hollow = null,
  muted = false,
}: IntervalPlotProps) {
  const place = (at: number): string => `${placeOf(at, scale)}%`;
  const colour = muted ? 'bg-ink-faint' : 'bg-hit';
  return (
    <div aria-hidden className="relative h-7">
      {scale.ticks.map((tick) => (
        <span key={tick} className="absolute inset-y-0 w-px bg-line" style={{ left: place(tick) }} />
      ))}
      {lines.map(({ at, look }) => (
        <span key={look} className={`absolute inset-y-0 ${LINES[look]}`} style={{ left: place(at) }} />
      ))}
      {low === null || high === null ? null : (
        <span
          className={`absolute top-1/2 h-[3px] -translate-y-1/2 rounded-full opacity-45 ${colour}`}
          style={{ left: place(low), width: `calc(${place(high)} - ${place(low)})` }}
        />
      )}
      {hollow === null ? null : (
        <span
          className={`absolute top-1/2 size-2.5 -translate-x-1/2 -translate-y-1/2 rounded-full border-[1.5px] bg-surface ${muted ? 'border-ink-faint' : 'border-hit'}`}
          style={{ left: place(hollow) }}
        />
      )}
      {value === null ? null : (
        <span
          className={`absolute top-1/2 size-3 -translate-x-1/2 -translate-y-1/2 rounded-full ring-2 ring-surface ${colour}`}
          style={{ left: place(value) }}
        />
      )}
    </div>
  );
}

interface IntervalAxisProps {
  scale: Scale;
  /** The tick that stands out. */
  middle: number;
  label(tick: number): string;
}

/** The scale under the rows. */
export function IntervalAxis({ scale, middle, label }: IntervalAxisProps) {
  return (
    <div aria-hidden className="relative h-4 text-[11px] text-ink-faint">
      {scale.ticks.map((tick, place) => (
        <span
          key={tick}
          className={`absolute whitespace-nowrap ${anchor(place, scale.ticks.length)} ${Math.abs(tick - middle) < 1e-9 ? 'font-medium text-ink' : ''}`}
          style={{ left: `${placeOf(tick, scale)}%` }}
        >
          {label(tick)}
        </span>
      ))}
    </div>
  );
}

/** On a phone the scale fills the card, so that the labels at its ends must not hang over. */
function anchor(place: number, ticks: number): string {
  if (place === 0) return '-translate-x-1/2 max-sm:translate-x-0';
  return place === ticks - 1 ? '-translate-x-1/2 max-sm:-translate-x-full' : '-translate-x-1/2';
}

function placeOf(at: number, { low, high }: Scale): number {
  return ((at - low) / (high - low)) * 100;
}
