import { isAppError, messageOf, type Clock, type Log } from '../../core/index.ts';
import type { Deployment } from '../../registry/index.ts';
import { modelsUnusable } from '../errors.ts';
import type { RouterProblemView } from '../views.ts';

/** A load that fails for a passing reason is tried again; after so many times the reason is taken to be lasting. */
const LOAD_ATTEMPTS = 5;

/** An entry of the ledger that is not, or no longer, to be answered from. */
export interface Refusal extends RouterProblemView {
  /** Entries newer than this one may be taken back; what stands up to it can be answered from. */
  lastGood: number;
}

/** What was refused, and what is still to be told about it. */
export function createRefusals({
  onRefused,
  clock,
  log,
}: {
  onRefused(refusal: Refusal): Promise<void>;
  clock: Clock;
  log: Log;
}) {
  const refused = new Set<number>();
  const untold: Refusal[] = [];
  let problem: RouterProblemView | null = null;
  let attempts = { revision: NaN, count: 0 };

  function add(refusal: Refusal): void {
    const { lastGood, ...view } = refusal;
    refused.add(view.revision);
    problem = view;
    untold.push(refusal);
    log.error({ ...view, lastGood }, 'a deployment was refused');
  }

  return {
    add,
    has: (revision: number) => refused.has(revision),
    problem: () => problem,
    loadFailed(entry: Deployment, { error, lastGood }: { error: unknown; lastGood: number }): void {
      const count = attempts.revision === entry.id ? attempts.count + 1 : 1;
      attempts = { revision: entry.id, count };
      const isLasting = isAppError(error) && !error.retryable;
      if (!isLasting && count < LOAD_ATTEMPTS) {
        log.warn(
          { revision: entry.id, reason: messageOf(error), count },
          'a deployment could not be loaded yet',
        );
        return;
      }
      const { code, message } = isAppError(error) ? error : modelsUnusable(entry.id, error);
      add({ at: clock.now(), revision: entry.id, code, message, lastGood });
    },
    /** A problem that was only taken back stays to be seen until something new is live. */
    passed({ kind, actor }: Deployment): void {
      if (kind !== 'rollback' || actor !== 'system') problem = null;
    },
    /**
     * Tells what is untold; what cannot be told for a passing reason is kept for the next look.
     * @returns whether anything was told: then the ledger may have moved
     */
    async settle(): Promise<boolean> {
      let isMoved = false;
      for (let first = untold[0]; first !== undefined; first = untold[0]) {
        try {
          await onRefused(first);
          isMoved = true;
        } catch (error) {
          const facts = { revision: first.revision, reason: messageOf(error) };
          if (!isAppError(error) || error.retryable) {
            log.warn(facts, 'a refusal could not be followed up yet');
            return isMoved;
          }
          log.error(facts, 'a refusal could not be followed up');
        }
        untold.shift();
      }
      return isMoved;
    },
  };
}
