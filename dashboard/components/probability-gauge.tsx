import { percent, percentText } from '../lib/format.ts';
import { gaugePlace, type Direction, type GaugeScale } from '../lib/signal.ts';

/** The colour of a direction on a bar. */
export const FILLS: Record<Direction, string> = {
  bullish: 'bg-up',
  neutral: 'bg-ink-faint',
  bearish: 'bg-down',
};

interface GaugeProps {
  probability: number;
  direction: Direction;
  /** P(up) within 0.5 ± this is neutral. */
  neutralBand: number;
  scale: GaugeScale;
}

/** P(up) on a bar that starts at 50 %, with the neutral band around it. */
export function ProbabilityGauge({ probability, direction, neutralBand, scale }: GaugeProps) {
  const at = (share: number): number => gaugePlace(share, scale) * 100;
  const start = Math.min(at(probability), 50);
  const band = {
    left: at(0.5 - neutralBand),
    right: at(0.5 + neutralBand),
    words: `${shortPercent(0.5 - neutralBand)} to ${shortPercent(0.5 + neutralBand)} %`,
  };
  return (
    <div
      role="img"
      aria-label={`${percent(probability)} percent probability of a higher close, on a scale from ${percent(scale.low, 0)} to ${percent(scale.high, 0)} percent; neutral from ${band.words}`}
    >
      <div className="relative h-2.5 rounded-full bg-sunken">
        <div
          className="absolute -inset-y-1.5 rounded-[3px] border-x border-line-strong bg-line/70"
          style={{ left: `${band.left}%`, width: `${band.right - band.left}%` }}
        />
        <div
          className={`absolute inset-y-0 transition-all duration-500 ${FILLS[direction]} ${probability < 0.5 ? 'rounded-l-full' : 'rounded-r-full'}`}
          style={{ left: `${start}%`, width: `${Math.abs(at(probability) - 50)}%` }}
        />
        <div className="absolute -inset-y-1.5 left-1/2 w-px -translate-x-1/2 bg-ink" />
        <div
          className={`absolute top-1/2 size-4 -translate-x-1/2 -translate-y-1/2 rounded-full border-[3px] border-surface shadow-[0_0_0_1px_var(--line-strong)] transition-all duration-500 ${FILLS[direction]}`}
          style={{ left: `${at(probability)}%` }}
        />
      </div>
      <div aria-hidden className="mt-2.5 grid grid-cols-3 text-xs text-ink-faint">
        <span>Down, {percentText(scale.low, 0)}</span>
        <span className="text-center whitespace-nowrap">neutral {band.words}</span>
        <span className="text-right">Up, {percentText(scale.high, 0)}</span>
      </div>
    </div>
  );
}

function shortPercent(share: number): string {
  return percent(share).replace(/\.0$/, '');
}
