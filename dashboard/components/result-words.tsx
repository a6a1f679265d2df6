import type { Result } from '../lib/market.ts';

export const RESULT_WORDS: Record<Result, string> = {
  hit: 'Right',
  miss: 'Wrong',
  pending: 'Pending',
  void: 'Void',
};

const SWATCHES: Record<Result, string> = {
  hit: 'bg-hit border-hit',
  miss: 'bg-transparent border-miss',
  pending: 'bg-transparent border-ink-faint',
  void: 'bg-line-strong border-line-strong',
};

/** The colour of a result as the chart draws it: filled when right, hollow when wrong or open. Shapes say directions. */
export function ResultSwatch({ result }: { result: Result }) {
  return (
    <span
      aria-hidden
      className={`inline-block size-2.5 shrink-0 rounded-[3px] border-[1.5px] ${SWATCHES[result]}`}
    />
  );
}
