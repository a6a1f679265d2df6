import { isoUtc, type EpochMs } from '../core/index.ts';
import { knownSinceOf, type Scorer } from '../sentiment/index.ts';
import type { Terminal } from './terminal.ts';

/** Says which scorers are younger than the windows that a run begins with, and what follows from it. */
export function tellHindsight(
  terminal: Pick<Terminal, 'say'>,
  { scorers, from }: { scorers: readonly Scorer[]; from: EpochMs },
): void {
  for (const [scorer, since] of knownSinceOf(scorers)) {
    if (since <= from) continue;
    terminal.say(
      `  ${scorer} was trained at ${isoUtc(since)}: what it says of earlier texts is hindsight, so its arms answer but cannot become champion by it`,
    );
  }
}
