import type { ArmRow, BestBaseline } from '../lib/accuracy.ts';

export interface PlotScale {
  low: number;
  high: number;
  ticks: number[];
}

interface IntervalPlotProps {
  row: Pick<ArmRow, 'accuracy' | 'low' | 'high' | 'oneBarLater' | 'isBaseline'>;
  scale: PlotScale;
  best: BestBaseline | null;
}

/** Dot and whisker of one arm over a scale that all rows share. The numbers stand beside it as text. */
export function IntervalPlot({ row, scale, best }: IntervalPlotProps) {
  const place = (share: number): string => `${((share - scale.low) / (scale.high - scale.low)) * 100}%`;
  const { accuracy, low, high, oneBarLater } = row;
  const colour = row.isBaseline ? 'bg-ink-faint' : 'bg-hit';
  return (
    <div aria-hidden className="relative h-7">
      {scale.ticks.map((tick) => (
        <span key={tick} className="absolute inset-y-0 w-px bg-line" style={{ left: place(tick) }} />
      ))}
      <span className="absolute inset-y-0 w-px bg-ink-faint" style={{ left: place(0.5) }} />
      {best === null ? null : (
        <span
          className="absolute inset-y-0 border-l-[1.5px] border-dashed border-ink"
          style={{ left: place(best.accuracy) }}
        />
      )}
      {low === null || high === null ? null : (
        <span
          className={`absolute top-1/2 h-[3px] -translate-y-1/2 rounded-full opacity-45 ${colour}`}
          style={{ left: place(low), width: `calc(${place(high)} - ${place(low)})` }}
        />
      )}
      {oneBarLater === null ? null : (
        <span
          className={`absolute top-1/2 size-2.5 -translate-x-1/2 -translate-y-1/2 rounded-full border-[1.5px] bg-surface ${row.isBaseline ? 'border-ink-faint' : 'border-hit'}`}
          style={{ left: place(oneBarLater) }}
        />
      )}
      {accuracy === null ? null : (
        <span
          className={`absolute top-1/2 size-3 -translate-x-1/2 -translate-y-1/2 rounded-full ring-2 ring-surface ${colour}`}
          style={{ left: place(accuracy) }}
        />
      )}
    </div>
  );
}

/** The scale under the rows. */
export function IntervalAxis({ scale }: { scale: PlotScale }) {
  return (
    <div aria-hidden className="relative h-4 text-[11px] text-ink-faint">
      {scale.ticks.map((tick) => (
        <span
          key={tick}
          className={`absolute -translate-x-1/2 ${Math.abs(tick - 0.5) < 1e-9 ? 'font-medium text-ink' : ''}`}
          style={{ left: `${((tick - scale.low) / (scale.high - scale.low)) * 100}%` }}
        >
          {Math.round(tick * 100)}
        </span>
      ))}
    </div>
  );
}
