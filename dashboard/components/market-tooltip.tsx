import type { ReactNode } from 'react';
import { horizon, moment, percentText, price, signed } from '../lib/format.ts';
import type { Mark } from '../lib/market.ts';
import { ResultSwatch, RESULT_WORDS } from './result-words.tsx';

const DIRECTION_WORDS: Record<Mark['direction'], string> = {
  bullish: 'Bullish',
  neutral: 'Neutral',
  bearish: 'Bearish',
};

/** One window in full, beside the pointer. */
export function MarketTooltip({ mark, horizonMinutes }: { mark: Mark; horizonMinutes: number }) {
  const leaning = mark.direction === 'neutral' ? `, leans ${mark.side}` : '';
  return (
    <div className="min-w-52 rounded-xl border border-line bg-surface p-3 text-xs shadow-[0_8px_24px_rgb(0_0_0/0.14)]">
      <p className="mb-2 flex items-baseline justify-between gap-4">
        <span className="font-medium">{moment(mark.at)} UTC</span>
        <span className="text-ink-soft">{price(mark.close)}</span>
      </p>
      <dl className="grid grid-cols-[auto_1fr] gap-x-4 gap-y-1">
        <Row name={`Next ${horizon(horizonMinutes)}`}>
          {DIRECTION_WORDS[mark.direction]}
          {leaning}
        </Row>
        <Row name="Probability up">{percentText(mark.probabilityUp)}</Row>
        <Row name={mark.result === 'pending' ? 'Matures' : 'Ended'}>
          <span className="inline-flex items-center gap-1.5">
            <ResultSwatch result={mark.result} />
            {mark.result === 'pending' ? moment(mark.maturesAt) : RESULT_WORDS[mark.result]}
          </span>
        </Row>
        <Row name="Sentiment">{mark.sentiment === null ? 'none' : signed(mark.sentiment)}</Row>
        <Row name="Model">
          <span className="font-mono text-[11px]">{mark.modelVersion}</span>
        </Row>
        {mark.degraded ? <Row name="Note">degraded</Row> : null}
      </dl>
    </div>
  );
}

function Row({ name, children }: { name: string; children: ReactNode }) {
  return (
    <>
      <dt className="text-ink-faint">{name}</dt>
      <dd className="text-right">{children}</dd>
    </>
  );
}
