import type { Mark } from './market.ts';

const MINUTE_MS = 60_000;

/** A window's sentiment, -1..1. */
export interface SentimentPoint {
  at: number;
  value: number;
}

/** Sentiment in unbroken runs: a window without one, or a window that is not there, ends a run. */
export function sentimentRuns(
  marks: readonly Pick<Mark, 'at' | 'sentiment'>[],
  barMinutes: number,
): SentimentPoint[][] {
  const runs: SentimentPoint[][] = [];
  let last: number | null = null;
  for (const { at, sentiment } of marks) {
    if (sentiment === null) {
      last = null;
      continue;
    }
    const point = { at, value: sentiment };
    if (last !== null && at - last <= barMinutes * MINUTE_MS) runs.at(-1)?.push(point);
    else runs.push([point]);
    last = at;
  }
  return runs;
}
