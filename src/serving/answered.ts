import type { KeptAnswers } from './answer-cache.ts';
import type { ServingContext } from './context.ts';
import type { SignalKey } from './ports.ts';
import type { PricedView } from './views.ts';

/** What the predict routes are asked. */
export interface Question {
  key: SignalKey;
  text: string | string[] | undefined;
}

/** An answer that was just made. */
export interface Made<Kept> {
  view: Kept;
  /** Window and entry of the ledger that it is of; null while nothing can be priced. */
  priced: Pick<PricedView, 'windowEnd' | 'revision'> | null;
  /** False where something failed that may answer at the next request: then it is not kept. */
  isWhole: boolean;
}

/** An answer with how long it took, and whether it was kept from before. */
export interface Answered<Kept> {
  view: Kept;
  cacheHit: boolean;
  responseTimeMs: number;
}

/** From the cache, or made and kept. */
export async function answered<Kept extends object>(
  { ports }: ServingContext,
  { key, text }: Question,
  how: { kind: string; scorers: string; kept: KeptAnswers<Kept>; make: () => Promise<Made<Kept>> },
): Promise<Answered<Kept>> {
  const { kind, scorers, kept, make } = how;
  const began = ports.stopwatch();
  const timed = (view: Kept, cacheHit: boolean) => ({
    view,
    cacheHit,
    responseTimeMs: elapsed(ports, began),
  });
  const about = { key, text, kind, scorers };
  const present = ports.present({ asset: key.asset });
  if (present !== null) {
    const found = kept.read({ ...about, ...present });
    const view = found instanceof Promise ? await found : found;
    if (view !== null) return timed(view, true);
  }
  const { view, priced, isWhole } = await make();
  if (isWhole && priced !== null) {
    const { windowEnd, revision } = priced;
    const keeping = kept.keep({ ...about, windowEnd, revision }, view);
    if (keeping !== undefined) await keeping;
  }
  return timed(view, false);
}

/** Milliseconds since a reading of the watch, to the microsecond. */
export function elapsed({ stopwatch }: ServingContext['ports'], began: number): number {
  return Math.max(0, Math.round((stopwatch() - began) * 1_000) / 1_000);
}
